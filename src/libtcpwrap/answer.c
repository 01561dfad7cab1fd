/*
 * NAME     answer - a request, as policy asks about it
 * PURPOSE  The first question looks a fact up, and later ones get the same answer.
 * INVARIANTS  What could not be looked up because something ran out is NULL or -1, never a fact.
 *          Nothing is looked up after the deadline: then it is unknown, as documented.
 * LIMITS   PEER_NAME_BUDGET_MS for names, PEER_IDENT_MAX_S for a user; the deadline for both.
 */
#include "libtcpwrap/answer.h"

#include <string.h>

#include "table/table.h"

static const char unknown[] = "unknown", paranoid[] = "paranoid";

static bool
is_late(const struct answers *answers)
{
	return peer_now_ms() >= answers->deadline_ms;
}

static const struct addr_fact *
addr(void *ctx, enum end end)
{
	struct answers *answers = ctx;
	const struct request_end *of = &answers->request->ends[end];
	char *text = answers->addr_texts[end];

	if (answers->has_addr[end])
		return &answers->addrs[end];
	if (!of->has_address)
		memcpy(text, unknown, sizeof unknown);
	else if (!peer_addr_text((const struct sockaddr *)&of->address, text))
		return NULL;
	if (!addr_fact_init(&answers->addrs[end], text, &answers->facts))
		return NULL;
	answers->has_addr[end] = true;
	return &answers->addrs[end];
}

static const struct name_fact *
set_name(struct answers *answers, enum end end, enum name_state state, const char *text)
{
	struct name_fact *fact = &answers->names[end];

	if (state != NAME_KNOWN)
		text = state == NAME_PARANOID ? paranoid : unknown;
	*fact = (struct name_fact){.state = state, .text = text, .len = strlen(text)};
	answers->has_name[end] = true;
	return fact;
}

static const struct name_fact *
look_up_name(struct answers *answers, enum end end)
{
	static const enum name_state states[] = {[PEER_NAME_UNKNOWN] = NAME_UNKNOWN,
	    [PEER_NAME_PARANOID] = NAME_PARANOID,
	    [PEER_NAME_KNOWN] = NAME_KNOWN};
	const struct request_end *of = &answers->request->ends[end];
	struct peer_name *found = &answers->found[end];
	int64_t began = peer_now_ms(), spent;
	int64_t deadline = began + PEER_NAME_BUDGET_MS - answers->names_spent_ms;
	int error;

	if (!of->has_address || is_late(answers))
		return set_name(answers, end, NAME_UNKNOWN, NULL);
	if (deadline > answers->deadline_ms)
		deadline = answers->deadline_ms;
	error = peer_name((const struct sockaddr *)&of->address, deadline, found);
	spent = peer_now_ms() - began;
	answers->names_spent_ms += spent > 0 ? spent : 0;
	if (error != 0)
		return NULL;
	return set_name(answers, end, states[found->state], found->text);
}

/* A name that the program gave; NULL: it gave none. */
static const struct name_fact *
given_name(struct answers *answers, enum end end)
{
	const struct request_end *of = &answers->request->ends[end];

	switch (of->name_state) {
	case TW_NAME_KNOWN:
		return set_name(answers, end, NAME_KNOWN, of->name);
	case TW_NAME_UNKNOWN:
		return set_name(answers, end, NAME_UNKNOWN, NULL);
	case TW_NAME_PARANOID:
		return set_name(answers, end, NAME_PARANOID, NULL);
	case TW_NAME_LOOK_UP:
		break;
	}
	return NULL;
}

static const struct name_fact *
known_name(void *ctx, enum end end)
{
	struct answers *answers = ctx;

	return answers->has_name[end] ? &answers->names[end] : given_name(answers, end);
}

static const struct name_fact *
name(void *ctx, enum end end)
{
	const struct name_fact *known = known_name(ctx, end);

	return known != NULL ? known : look_up_name(ctx, end);
}

static const char *
daemon_name(void *ctx)
{
	return ((struct answers *)ctx)->request->daemon;
}

static bool
look_up_user(struct answers *answers)
{
	const struct tw_request *request = answers->request;
	const struct request_end *client = &request->ends[END_CLIENT];
	const struct request_end *server = &request->ends[END_SERVER];

	memcpy(answers->user, unknown, sizeof unknown);
	if (request->is_datagram || !client->has_address || !server->has_address ||
	    is_late(answers))
		return true;
	return peer_ident((const struct sockaddr *)&client->address,
	           (const struct sockaddr *)&server->address, answers->deadline_ms,
	           answers->user) != PEER_IDENT_FAULT;
}

static const char *
user(void *ctx)
{
	struct answers *answers = ctx;
	const struct tw_request *request = answers->request;

	if (request->has_user)
		return request->user[0] != '\0' ? request->user : unknown;
	if (!answers->has_user)
		answers->has_user = look_up_user(answers);
	return answers->has_user ? answers->user : NULL;
}

static int
server_port(void *ctx, enum way way)
{
	const struct request_end *server = &((struct answers *)ctx)->request->ends[END_SERVER];

	return peer_server_port(
	    server->has_address ? (const struct sockaddr *)&server->address : NULL,
	    way == WAY_CLASSIC);
}

/* Nothing is carried out here, and what a command would say is not known. */
static enum command_status
aclexec(void *ctx, const struct tail *tail, unsigned number)
{
	struct answers *answers = ctx;
	struct diag diag = {.file = tail->file, .line = tail->line};

	(void)number;
	diag_set(&diag, DIAG_ACLEXEC_NOT_HERE, "", 0);
	answers->report(answers->ctx, &diag);
	return COMMAND_FAILED;
}

static void
report(void *ctx, const struct diag *diag)
{
	struct answers *answers = ctx;

	answers->report(answers->ctx, diag);
}

static const struct facts_ops ops = {addr, name, known_name, daemon_name, user, server_port,
    peer_netgroup, peer_scope, aclexec, table_list_open, table_list_read, table_list_close, report};

void
answers_init(struct answers *answers, const struct tw_request *request, int timeout_ms,
    void (*to_report)(void *ctx, const struct diag *), void *ctx)
{
	memset(answers, 0, offsetof(struct answers, addrs));
	answers->request = request;
	answers->facts = (struct facts){.ops = &ops, .ctx = answers};
	answers->deadline_ms = timeout_ms < 0 ? INT64_MAX : peer_now_ms() + timeout_ms;
	answers->report = to_report;
	answers->ctx = ctx;
	for (unsigned end = 0; end < 2; end++)
		answers->has_addr[end] = answers->has_name[end] = false;
	answers->has_user = false;
}
