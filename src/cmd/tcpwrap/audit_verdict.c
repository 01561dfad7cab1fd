/*
 * NAME     audit_verdict - what the tables say of kinds of clients
 * PURPOSE  The engine that enforces is asked for single clients: of a private network at both ends and
 *          wherever a rule begins or ends in it, and of everybody else for some whom no rule names.
 * INVARIANTS  Nothing is looked up and nothing is run. Clients who come to different ends are never told
 *          as one. A table that cannot be read says nothing here.
 * LIMITS   POINTS_MAX of a network: where more rules begin in it, not every one is tried.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/tcpwrap/audit_tables.h"
#include "peer/name.h"
#include "peer/socket.h"
#include "policy/decide.h"
#include "table/table.h"

enum { POINTS_MAX = 256, STRANGERS = 4, TRIES = 256 };

const char *const audit_outcomes[] = {
    [OUTCOME_NONE] = "-",
    [OUTCOME_OPEN] = "open",
    [OUTCOME_ADMITTED] = "admitted",
    [OUTCOME_REFUSED] = "refused",
    [OUTCOME_TWIST] = "twist",
    [OUTCOME_SOME] = "some",
    [OUTCOME_UNKNOWN] = "unknown",
};

static const struct {
	const char *from, *until;
} nets[AUDIENCES] = {
    [AUDIENCE_NET10] = {"10.0.0.0", "10.255.255.255"},
    [AUDIENCE_NET172] = {"172.16.0.0", "172.31.255.255"},
    [AUDIENCE_NET192] = {"192.168.0.0", "192.168.255.255"},
    [AUDIENCE_NET_FC00] = {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
};

const char *const audit_audiences[] = {
    [AUDIENCE_ANYBODY] = "anybody",
    [AUDIENCE_LOOPBACK] = "loopback",
    [AUDIENCE_NET10] = "10.0.0.0/8",
    [AUDIENCE_NET172] = "172.16.0.0/12",
    [AUDIENCE_NET192] = "192.168.0.0/16",
    [AUDIENCE_NET_FC00] = "fc00::/7",
};

/* ---- one question ---- */

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

/* ---- who asks, for whom ---- */

struct asking {
	const struct audited *audited;
	const struct audit_tables *tables;
	const char *daemon;
	bool is_local;
	char server[ADDR_TEXT_MAX]; /* "unknown" */
};

static enum outcome
decide(const struct asking *asking, struct asked *asked, enum name_state state)
{
	static const char *const names[] = {[NAME_UNKNOWN] = "unknown",
	    [NAME_PARANOID] = "paranoid",
	    [NAME_KNOWN] = "somebody.tcpwrap.invalid"};
	const char *name = asking->is_local && state == NAME_KNOWN ? "localhost" : names[state];
	struct facts facts = {.ops = &ops, .ctx = asked};
	struct option_context context = {.resident = asking->audited->guard.kind == GUARD_LINKED};
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

static void
join(struct verdict_of *verdict, enum outcome outcome, bool is_more)
{
	verdict->is_more |= is_more;
	if (verdict->outcome == OUTCOME_NONE || outcome == OUTCOME_UNKNOWN)
		verdict->outcome = outcome;
	else if (outcome != OUTCOME_NONE && verdict->outcome != outcome &&
	    verdict->outcome != OUTCOME_UNKNOWN)
		verdict->outcome = OUTCOME_SOME;
}

/* A client by an address: with a name that no rule has, without one, and, if that would get him in, with
 * one that does not lead back. */
static void
ask(const struct asking *asking, const struct addr *client, struct verdict_of *verdict)
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
	join(verdict, decide(asking, &asked, NAME_KNOWN), false);
	if (asked.needs_name && !asking->is_local) {
		join(verdict, decide(asking, &asked, NAME_UNKNOWN), false);
		outcome = decide(asking, &asked, NAME_PARANOID);
		if (outcome != OUTCOME_REFUSED)
			join(verdict, outcome, false);
	}
	verdict->is_more |= asked.is_more;
}

/* ---- addresses ---- */

static struct addr
parse(const char *text)
{
	struct addr addr = {.scope = 0};
	const char *scope;
	size_t len;

	addr_parse(text, strlen(text), &addr, &scope, &len);
	return addr;
}

static bool
is_within(const struct addr *addr, const struct addr *from, const struct addr *until)
{
	return memcmp(addr->bytes, from->bytes, sizeof addr->bytes) >= 0 &&
	    memcmp(addr->bytes, until->bytes, sizeof addr->bytes) <= 0;
}

/* The next address, or the one before. */
static struct addr
beside(struct addr addr, bool is_next)
{
	for (unsigned i = sizeof addr.bytes; i-- > 0;) {
		addr.bytes[i] = (uint8_t)(addr.bytes[i] + (is_next ? 1 : 0xff));
		if (addr.bytes[i] != (is_next ? 0 : 0xff))
			break;
	}
	return addr;
}

static void
ask_net(const struct asking *asking, const struct addr *from, const struct addr *until,
    struct verdict_of *verdict)
{
	const struct audit_tables *tables = asking->tables;
	unsigned points = 0;

	ask(asking, from, verdict);
	ask(asking, until, verdict);
	for (size_t i = 0;
	     i < tables->count && points < POINTS_MAX && verdict->outcome != OUTCOME_SOME; i++) {
		const struct addr at[] = {beside(tables->ranges[i].from, false),
		    tables->ranges[i].from, tables->ranges[i].until,
		    beside(tables->ranges[i].until, true)};

		for (size_t j = 0; j < sizeof at / sizeof *at; j++) {
			if (!is_within(&at[j], from, until))
				continue;
			ask(asking, &at[j], verdict);
			points++;
		}
	}
}

static bool
is_named(const struct audit_tables *tables, const struct addr *addr)
{
	for (size_t i = 0; i < tables->count; i++) {
		const struct table_range *range = &tables->ranges[i];

		if (is_within(addr, &range->from, &range->until))
			return true;
	}
	return false;
}

/* Of public addresses, the same each time. */
static struct addr
stranger(bool is_v6, uint32_t *state)
{
	uint8_t bytes[16] = {0x20, 0x01};

	for (unsigned i = 2; i < sizeof bytes; i++) {
		*state = *state * UINT32_C(1664525) + UINT32_C(1013904223);
		bytes[i] = (uint8_t)(*state >> 24);
	}
	if (is_v6)
		return addr_from_v6(bytes, 0);
	/* 128 to 159: no private network, no loopback, no multicast is among them. */
	bytes[4] = (uint8_t)(128 + bytes[4] % 32);
	return addr_from_v4(bytes + 4);
}

static void
ask_anybody(const struct asking *asking, bool is_v6, struct verdict_of *verdict)
{
	uint32_t state = 1;
	unsigned found = 0;

	for (unsigned i = 0; i < TRIES && found < STRANGERS; i++) {
		struct addr addr = stranger(is_v6, &state);

		/* If everybody is named, those that are left are as good as any. */
		if (is_named(asking->tables, &addr) && i + STRANGERS - found < TRIES)
			continue;
		ask(asking, &addr, verdict);
		found++;
	}
}

/* ---- sockets ---- */

/* By its address; a socket of IPv6 for all of them has clients of both. */
static bool
serves(const struct host_socket *socket, bool v6)
{
	if (host_is_any(&socket->line.addr))
		return socket->is_v6 ? v6 || !socket->is_v6_only : !v6;
	return addr_is_v4(&socket->line.addr) != v6;
}

static void
ask_audience(struct asking *asking, enum audience audience, struct verdict_of *verdict)
{
	const struct host_socket *socket = asking->audited->socket;
	bool is_any = host_is_any(&socket->line.addr);

	snprintf(asking->server, sizeof asking->server, "unknown");
	if (!is_any)
		addr_format(&socket->line.addr, asking->server);
	asking->is_local = audience == AUDIENCE_LOOPBACK;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct addr from, until;

		if (!serves(socket, v6 == 1))
			continue;
		if (audience == AUDIENCE_ANYBODY) {
			ask_anybody(asking, v6 == 1, verdict);
		} else if (audience == AUDIENCE_LOOPBACK) {
			from = parse(v6 == 1 ? "::1" : "127.0.0.1");
			if (is_any)
				addr_format(&from, asking->server);
			ask(asking, &from, verdict);
		} else {
			from = parse(nets[audience].from);
			until = parse(nets[audience].until);
			if (addr_is_v4(&from) == (v6 == 0))
				ask_net(asking, &from, &until, verdict);
		}
	}
}

/* All that are asked have to admit; of those among which one asks, none is known to. */
static void
merge(struct verdict_of *verdict, const struct verdict_of *other, bool is_each)
{
	static const unsigned worse[] = {[OUTCOME_NONE] = 0,
	    [OUTCOME_OPEN] = 1,
	    [OUTCOME_ADMITTED] = 2,
	    [OUTCOME_TWIST] = 3,
	    [OUTCOME_SOME] = 4,
	    [OUTCOME_UNKNOWN] = 5,
	    [OUTCOME_REFUSED] = 6};

	if (!is_each) {
		join(verdict, other->outcome, other->is_more);
		return;
	}
	verdict->is_more |= other->is_more;
	if (worse[other->outcome] > worse[verdict->outcome])
		verdict->outcome = other->outcome;
}

/* Who cannot come at all. */
static bool
can_come(const struct audited *audited, enum audience audience)
{
	if (audience == AUDIENCE_LOOPBACK)
		return audited->is_loopback || host_is_any(&audited->socket->line.addr);
	if (audited->is_loopback)
		return false;
	if (audience == AUDIENCE_ANYBODY)
		return true;
	return serves(audited->socket, audience == AUDIENCE_NET_FC00);
}

static struct verdict_of
judge_audience(
    const struct audited *audited, const struct audit_tables *tables, enum audience audience)
{
	const struct guard *guard = &audited->guard;
	struct verdict_of all = {OUTCOME_NONE, false};

	for (unsigned i = 0; i < guard->name_count; i++) {
		struct asking asking = {audited, tables, guard->names[i], false, ""};
		struct verdict_of one = {OUTCOME_NONE, false};

		ask_audience(&asking, audience, &one);
		merge(&all, &one, guard->is_each);
	}
	return all;
}

void
audit_judge(struct audit *audit, struct audited *audited)
{
	const struct guard *guard = &audited->guard;
	const struct audit_tables *tables = NULL;

	if (guard_asks(guard))
		tables = audit_tables_of(audit, guard->process->root);
	for (enum audience audience = 0; audience < AUDIENCES; audience++) {
		struct verdict_of *verdict = &audited->verdicts[audience];

		verdict->outcome = OUTCOME_NONE;
		if (!can_come(audited, audience))
			continue;
		if (tables != NULL)
			*verdict = judge_audience(audited, tables, audience);
		else
			verdict->outcome =
			    guard->kind == GUARD_NOTHING ? OUTCOME_OPEN : OUTCOME_UNKNOWN;
	}
}

struct verdict_of
audit_private(const struct audited *audited)
{
	struct verdict_of all = {OUTCOME_NONE, false};

	for (enum audience net = AUDIENCE_NET10; net < AUDIENCES; net++)
		join(&all, audited->verdicts[net].outcome, audited->verdicts[net].is_more);
	return all;
}
