/*
 * NAME     asked - a request, as policy asks about it
 * PURPOSE  Answers from the command line and, once each, from the name service; remembers what was wanted.
 * INVARIANTS  A name is looked up when a rule wants it, as where a client is judged; nobody's host is
 *          asked for a user. After asked_is_over nothing is looked up.
 * LIMITS   PEER_NAME_BUDGET_MS
 */
#include "cmd/tcpwrap/explain/asked.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/tcpwrap/explain/dry.h"
#include "table/table.h"

static const char unknown[] = "unknown", paranoid[] = "paranoid";

struct name_fact
asked_name_fact(const char *text)
{
	enum name_state state = NAME_KNOWN;

	if (strcasecmp(text, unknown) == 0)
		state = NAME_UNKNOWN;
	else if (strcasecmp(text, paranoid) == 0)
		state = NAME_PARANOID;
	return (struct name_fact){state, text, strlen(text)};
}

static const struct addr_fact *
addr(void *ctx, enum end end)
{
	struct asked *asked = ctx;

	return asked->addrs[end].text != NULL ? &asked->addrs[end] : NULL;
}

static void
look_up(struct asked *asked, enum end end)
{
	static const enum name_state states[] = {[PEER_NAME_UNKNOWN] = NAME_UNKNOWN,
	    [PEER_NAME_PARANOID] = NAME_PARANOID,
	    [PEER_NAME_KNOWN] = NAME_KNOWN};
	struct peer_name *found = &asked->found[end];
	int64_t began = peer_now_ms();
	const char *text;

	if (peer_name((const struct sockaddr *)&asked->ends[end].socket,
	        began + PEER_NAME_BUDGET_MS - asked->names_spent_ms, found) != 0) {
		asked->failed[end] = true;
		return;
	}
	asked->names_spent_ms += peer_now_ms() - began;
	text = found->state == PEER_NAME_KNOWN   ? found->text
	    : found->state == PEER_NAME_PARANOID ? paranoid
	                                         : unknown;
	asked->names[end] = (struct name_fact){states[found->state], text, strlen(text)};
}

static bool
can_look_up(const struct asked *asked, enum end end)
{
	return asked->looks_up && asked->ends[end].socket.ss_family != AF_UNSPEC;
}

static const struct name_fact *
name(void *ctx, enum end end)
{
	struct asked *asked = ctx;
	unsigned bit = 1U << (end == END_CLIENT ? ASKED_CLIENT_NAME : ASKED_SERVER_NAME);

	asked->wanted |= bit;
	if (!asked->ends[end].has_name && !(asked->known & bit) && can_look_up(asked, end)) {
		asked->known |= bit;
		look_up(asked, end);
	}
	return asked->failed[end] ? NULL : &asked->names[end];
}

/* Who goes the way again does not know a name before it was wanted the first time. */
static const struct name_fact *
known_name(void *ctx, enum end end)
{
	struct asked *asked = ctx;
	unsigned bit = 1U << (end == END_CLIENT ? ASKED_CLIENT_NAME : ASKED_SERVER_NAME);

	return asked->ends[end].has_name || asked->wanted & bit ? &asked->names[end] : NULL;
}

static const char *
daemon_name(void *ctx)
{
	return ((struct asked *)ctx)->daemon;
}

static const char *
user(void *ctx)
{
	struct asked *asked = ctx;

	asked->wanted |= 1U << ASKED_USER;
	return asked->user != NULL && asked->user[0] != '\0' ? asked->user : unknown;
}

static int
server_port(void *ctx, enum way way)
{
	(void)way;
	return ((struct asked *)ctx)->port;
}

static enum command_status
aclexec(void *ctx, const struct tail *tail, unsigned number)
{
	struct asked *asked = ctx;

	free(asked->tail);
	asked->tail = strndup(tail->text, tail->len);
	asked->tail_len = tail->len;
	asked->tail_file = tail->file;
	asked->tail_line = tail->line;
	return asked->tail != NULL ? dry_command(asked, tail, number) : COMMAND_FAILED;
}

static void
report(void *ctx, const struct diag *diag)
{
	struct asked *asked = ctx;

	if (asked->report != NULL)
		asked->report(asked->ctx, diag);
}

static const struct facts_ops ops = {addr, name, known_name, daemon_name, user, server_port,
    peer_netgroup, peer_scope, aclexec, table_list_open, table_list_read, table_list_close, report};

void
asked_begin(struct asked *asked)
{
	asked->facts = (struct facts){.ops = &ops, .ctx = asked};
	asked->wanted = asked->known = 0;
	asked->names_spent_ms = 0;
	asked->tail = NULL;
	asked->tail_len = 0;
	asked->tail_file = NULL;
	for (unsigned end = 0; end < 2; end++) {
		const struct asked_end *of = &asked->ends[end];

		asked->failed[end] = false;
		if (!addr_fact_init(&asked->addrs[end], of->addr, &asked->facts))
			asked->addrs[end].text = NULL;
		asked->names[end] = asked_name_fact(of->has_name ? of->name : unknown);
	}
}

void
asked_end(struct asked *asked)
{
	free(asked->tail);
	asked->tail = NULL;
}

void
asked_is_over(struct asked *asked)
{
	asked->looks_up = false;
	asked->report = NULL;
	asked->wanted = 0;
}

enum asked_source
asked_source(const struct asked *asked, enum asked_fact fact)
{
	unsigned bit = 1U << fact;

	if (fact == ASKED_USER ? asked->user != NULL : asked->ends[fact].has_name)
		return ASKED_GIVEN;
	if (asked->known & bit)
		return ASKED_LOOKED_UP;
	return asked->wanted & bit ? ASKED_IMPOSSIBLE : ASKED_NOT;
}

const char *
asked_text(struct asked *asked, enum asked_fact fact)
{
	if (fact == ASKED_USER)
		return asked->user != NULL && asked->user[0] != '\0' ? asked->user : unknown;
	return asked->names[fact].text;
}
