/*
 * NAME     answer - a request, as policy asks about it
 * PURPOSE  The first question looks a fact up, through the public functions, and later ones get the
 *          same answer.
 * INVARIANTS  What could not be looked up because something ran out is NULL or -1, never a fact.
 */
#include "libwrap/answer.h"

#include <string.h>

#include "event/log.h"
#include "peer/name.h"
#include "peer/socket.h"
#include "table/table.h"

static struct host_info *
host_of(const struct answers *answers, enum end end)
{
	return end == END_CLIENT ? answers->request->client : answers->request->server;
}

static const struct addr_fact *
addr(void *ctx, enum end end)
{
	struct answers *answers = ctx;
	const char *text;

	if (answers->has_addr[end])
		return &answers->addrs[end];
	text = eval_hostaddr(host_of(answers, end));
	if (answers->thread->lookup_failed ||
	    !addr_fact_init(&answers->addrs[end], text, &answers->facts))
		return NULL;
	answers->has_addr[end] = true;
	return &answers->addrs[end];
}

/* A name that the name service gave is a name, even if it is spelled like a state. */
static const struct name_fact *
set_name(struct answers *answers, enum end end, const char *text)
{
	struct name_fact *fact = &answers->names[end];

	*fact = (struct name_fact){.state = NAME_KNOWN, .text = text, .len = strlen(text)};
	if (!thread_is_name(answers->thread, host_of(answers, end))) {
		if (STR_EQ(text, unknown))
			fact->state = NAME_UNKNOWN;
		else if (STR_EQ(text, paranoid))
			fact->state = NAME_PARANOID;
	}
	answers->has_name[end] = true;
	return fact;
}

static const struct name_fact *
known_name(void *ctx, enum end end)
{
	struct answers *answers = ctx;
	const char *text = host_of(answers, end)->name;

	if (answers->has_name[end])
		return &answers->names[end];
	return *text != '\0' ? set_name(answers, end, text) : NULL;
}

static const struct name_fact *
name(void *ctx, enum end end)
{
	struct answers *answers = ctx;
	const char *text;

	if (answers->has_name[end])
		return &answers->names[end];
	text = eval_hostname(host_of(answers, end));
	return answers->thread->lookup_failed ? NULL : set_name(answers, end, text);
}

static const char *
daemon_name(void *ctx)
{
	struct answers *answers = ctx;

	return answers->request->daemon;
}

static const char *
user(void *ctx)
{
	struct answers *answers = ctx;
	const char *text = eval_user(answers->request);

	return answers->thread->lookup_failed ? NULL : text;
}

static int
server_port(void *ctx, enum way way)
{
	struct answers *answers = ctx;

	return peer_server_port(answers->request->server->sin, way == WAY_CLASSIC);
}

static void
report(void *ctx, const struct diag *diag)
{
	(void)ctx;
	event_diag(diag);
}

static const struct facts_ops ops = {addr, name, known_name, daemon_name, user, server_port,
    peer_netgroup, peer_scope, command_aclexec, table_list_open, table_list_read, table_list_close,
    report};

void
answers_init(struct answers *answers, struct request_info *request, struct thread *thread)
{
	answers->request = request;
	answers->thread = thread;
	answers->facts = (struct facts){.ops = &ops, .ctx = answers};
	answers->has_addr[END_CLIENT] = answers->has_addr[END_SERVER] = false;
	answers->has_name[END_CLIENT] = answers->has_name[END_SERVER] = false;
	answers->commands = NULL;
	answers->arena = (struct arena){.last = NULL};
}

void
answers_release(struct answers *answers)
{
	arena_release(&answers->arena);
}
