/*
 * NAME     audit_ask - what becomes of one client
 * PURPOSE  Asks the engine that enforces, with facts about a client who has an address and no name that
 *          counts.
 * INVARIANTS  Nothing is looked up, nothing is run, and what a table says on the way is not told: that is
 *          tcpwrap check's.
 */
#include "cmd/tcpwrap/audit/audit_ask.h"

#include <string.h>

#include "peer/name.h"
#include "peer/socket.h"
#include "table/table.h"

struct asked {
	const char *daemon;
	unsigned port;
	struct addr_fact addrs[2];
	struct name_fact names[2];
	bool has_server; /* its address is known */
	bool is_local; /* the client's name is known, too: this host's */
	bool needs_name, is_more;
};

static const struct addr_fact *
get_addr(void *ctx, enum end end)
{
	struct asked *asked = ctx;

	asked->is_more |= end == END_SERVER && !asked->has_server;
	return &asked->addrs[end];
}

static const struct name_fact *
get_name(void *ctx, enum end end)
{
	struct asked *asked = ctx;

	asked->needs_name |= end == END_CLIENT;
	asked->is_more |= end == END_SERVER || !asked->is_local;
	return &asked->names[end];
}

static const struct name_fact *
get_known_name(void *ctx, enum end end)
{
	(void)ctx;
	(void)end;
	return NULL;
}

static const char *
get_daemon(void *ctx)
{
	return ((struct asked *)ctx)->daemon;
}

static const char *
get_user(void *ctx)
{
	((struct asked *)ctx)->is_more = true;
	return "unknown";
}

static int
get_port(void *ctx, enum way way)
{
	(void)way;
	return (int)((struct asked *)ctx)->port;
}

/* Nobody's name is in a netgroup; somebody's may be. */
static int
get_netgroup(void *ctx, const char *group, const char *name)
{
	(void)group;
	(void)name;
	((struct asked *)ctx)->is_more = true;
	return 0;
}

/* As if it said no. */
static enum command_status
get_aclexec(void *ctx, const struct tail *tail, unsigned number)
{
	(void)tail;
	(void)number;
	((struct asked *)ctx)->is_more = true;
	return COMMAND_FALSE;
}

/* What is wrong with a table is tcpwrap check's to tell. */
static void
report(void *ctx, const struct diag *diag)
{
	(void)ctx;
	(void)diag;
}

static const struct facts_ops ops = {get_addr, get_name, get_known_name, get_daemon, get_user,
    get_port, get_netgroup, peer_scope, get_aclexec, table_list_open, table_list_read,
    table_list_close, report};

static enum outcome
outcome_of(const struct decision *decision)
{
	static const enum outcome outcomes[] = {[VERDICT_REFUSE] = OUTCOME_REFUSED,
	    [VERDICT_TWIST] = OUTCOME_TWIST,
	    [VERDICT_GRANT] = OUTCOME_ADMITTED};

	/* Not by the table: by us, who may not read it. */
	if (decision->by == BY_FAULT &&
	    (decision->fault == DIAG_CANNOT_OPEN || decision->fault == DIAG_READ_FAILED))
		return OUTCOME_UNKNOWN;
	return outcomes[decision->verdict];
}

static enum outcome
decide(const struct asking *asking, struct asked *asked, enum name_state state)
{
	static const char *const names[] = {[NAME_UNKNOWN] = "unknown",
	    [NAME_PARANOID] = "paranoid",
	    [NAME_KNOWN] = "somebody.tcpwrap.invalid"};
	const char *name = asking->is_local && state == NAME_KNOWN ? "localhost" : names[state];
	struct facts facts = {.ops = &ops, .ctx = asked};
	struct option_context context = {.resident = false};
	enum outcome outcome;
	struct pass pass;

	asked->names[END_CLIENT] = (struct name_fact){state, name, strlen(name)};
	asked->names[END_SERVER] = (struct name_fact){NAME_UNKNOWN, "unknown", 7};
	pass_init(&pass, &facts, &context);
	table_decide(&pass, asking->tables->paths[TABLE_ALLOW], asking->tables->paths[TABLE_DENY]);
	outcome = outcome_of(pass_decide(&pass));
	pass_release(&pass);
	return outcome;
}

void
audit_join(struct verdict_of *verdict, enum outcome outcome, bool is_more)
{
	verdict->is_more |= is_more;
	if (verdict->outcome == OUTCOME_NONE || outcome == OUTCOME_UNKNOWN)
		verdict->outcome = outcome;
	else if (outcome != OUTCOME_NONE && verdict->outcome != outcome &&
	    verdict->outcome != OUTCOME_UNKNOWN)
		verdict->outcome = OUTCOME_SOME;
}

void
audit_ask(const struct asking *asking, const struct addr *client, struct verdict_of *verdict)
{
	struct asked asked = {.daemon = asking->daemon,
	    .port = asking->audited->socket->line.port,
	    .has_server = strcmp(asking->server, "unknown") != 0,
	    .is_local = asking->is_local};
	struct facts facts = {.ops = &ops, .ctx = &asked};
	char text[ADDR_TEXT_MAX];
	enum outcome outcome;

	addr_format(client, text);
	if (!addr_fact_init(&asked.addrs[END_CLIENT], text, &facts) ||
	    !addr_fact_init(&asked.addrs[END_SERVER], asking->server, &facts)) {
		verdict->outcome = OUTCOME_UNKNOWN;
		return;
	}
	audit_join(verdict, decide(asking, &asked, NAME_KNOWN), false);
	if (asked.needs_name && !asking->is_local) {
		audit_join(verdict, decide(asking, &asked, NAME_UNKNOWN), false);
		outcome = decide(asking, &asked, NAME_PARANOID);
		if (outcome != OUTCOME_REFUSED)
			audit_join(verdict, outcome, false);
	}
	verdict->is_more |= asked.is_more;
}
