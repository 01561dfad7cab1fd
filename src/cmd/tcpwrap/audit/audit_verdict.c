/*
 * NAME     audit_verdict - what the tables say of kinds of clients
 * PURPOSE  All addresses, interval by interval, as they fare: of a network whoever is in it, of everybody
 *          what becomes of most. Where more than the address counts, the engine that enforces is asked for
 *          one client whose name no rule has.
 * INVARIANTS  Nothing is looked up and nothing is run. Clients of a network who come to different ends are
 *          never told as one. Tables that cannot be read say nothing here.
 * SEE      reach/reach.h
 */
#include <stdio.h>
#include <string.h>

#include "cmd/tcpwrap/audit/audit_ask.h"

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

/* ---- everybody ---- */

/* Addresses by what becomes of them: how many, and whether more than the address counts for some. */
struct tally {
	double count[OUTCOME_UNKNOWN + 1];
	bool is_more[OUTCOME_UNKNOWN + 1];
};

static double
number(const struct addr *addr)
{
	double value = 0;

	for (unsigned i = addr_is_v4(addr) ? 12 : 0; i < sizeof addr->bytes; i++)
		value = 256 * value + addr->bytes[i];
	return value;
}

static void
add(struct tally *tally, const struct reach_interval *interval, struct verdict_of verdict)
{
	tally->count[verdict.outcome] += number(&interval->last) - number(&interval->first) + 1;
	tally->is_more[verdict.outcome] |= verdict.is_more;
}

static void
join_most(struct verdict_of *verdict, const struct tally *tally)
{
	enum outcome most = OUTCOME_NONE;

	for (enum outcome outcome = OUTCOME_OPEN; outcome <= OUTCOME_UNKNOWN; outcome++) {
		if (tally->count[outcome] > tally->count[most])
			most = outcome;
	}
	audit_join(verdict, most, tally->is_more[most]);
}

/* ---- intervals ---- */

/* The sweep over all addresses for a name, and the rule with options that was asked about last. */
struct sweep {
	const struct asking *asking;
	struct table_answer *answer;
	struct tally tallies[2]; /* IPv4, IPv6 */
	uint32_t rule;
	enum outcome outcome;
};

/* If no condition holds. What a rule's options come to is the engine's to say. */
static enum outcome
outcome_by_rule(struct sweep *sweep, const struct reach_interval *interval)
{
	struct verdict_of verdict = {OUTCOME_NONE, false};
	struct reach_rule rule;

	if (interval->is_fault)
		return OUTCOME_REFUSED;
	if (interval->rule == REACH_NO_RULE)
		return OUTCOME_ADMITTED;
	rule = reach_rule(sweep->asking->tables->reach, interval->rule);
	if (!rule.has_tail && !rule.is_end)
		return rule.table == TABLE_ALLOW ? OUTCOME_ADMITTED : OUTCOME_REFUSED;
	if (sweep->rule != interval->rule) {
		audit_ask(sweep->asking, &interval->first, &verdict);
		sweep->rule = interval->rule;
		sweep->outcome = verdict.outcome;
	}
	return sweep->outcome;
}

static struct verdict_of
verdict_of(struct sweep *sweep, const struct reach_interval *interval)
{
	static const enum outcome outcomes[] = {[REACH_REFUSED] = OUTCOME_REFUSED,
	    [REACH_TWISTED] = OUTCOME_TWIST,
	    [REACH_ADMITTED] = OUTCOME_ADMITTED};

	if (interval->outcome == REACH_DEPENDS)
		return (struct verdict_of){outcome_by_rule(sweep, interval), true};
	return (struct verdict_of){outcomes[interval->outcome], false};
}

static bool
overlaps(const struct reach_interval *interval, enum audience net)
{
	struct addr from = parse(nets[net].from), until = parse(nets[net].until);

	return is_within(&interval->first, &from, &until) ||
	    is_within(&from, &interval->first, &interval->last);
}

static void
take_interval(struct sweep *sweep, const struct reach_interval *interval)
{
	struct verdict_of verdict = verdict_of(sweep, interval);

	bool v6 = !addr_is_v4(&interval->first);

	add(&sweep->tallies[v6], interval, verdict);
	for (enum audience net = AUDIENCE_NET10; net < AUDIENCES; net++) {
		if (overlaps(interval, net))
			audit_join(
			    &sweep->answer->verdicts[v6][net], verdict.outcome, verdict.is_more);
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
ask_loopback(struct asking asking, bool v6, struct verdict_of *verdict)
{
	struct addr client = parse(v6 ? "::1" : "127.0.0.1");

	asking.is_local = true;
	if (host_is_any(&asking.audited->socket->line.addr))
		addr_format(&client, asking.server);
	audit_ask(&asking, &client, verdict);
}

/* False: out of memory. */
static bool
ask_addresses(const struct asking *asking, struct table_answer *answer)
{
	const struct reach_question question = {
	    answer->daemon, answer->server[0] != '\0' ? answer->server : NULL, (int)answer->port};
	struct reach_sweep *from = reach_sweep_open(asking->tables->reach, &question);
	struct sweep sweep = {.asking = asking, .answer = answer, .rule = REACH_NO_RULE};
	struct reach_interval interval;

	while (from != NULL && reach_sweep_next(from, &interval))
		take_interval(&sweep, &interval);
	reach_sweep_close(from);
	for (unsigned v6 = 0; v6 < 2; v6++)
		join_most(&answer->verdicts[v6][AUDIENCE_ANYBODY], &sweep.tallies[v6]);
	return from != NULL;
}

/* Given before, or found now. NULL: out of memory. */
static const struct table_answer *
answer_to(struct audit *audit, const struct asking *asking)
{
	struct audit_tables *tables = asking->tables;
	bool has_server = tables->has_servers && strcmp(asking->server, "unknown") != 0;
	const char *server = has_server ? asking->server : "";
	unsigned port = tables->has_ports ? asking->audited->socket->line.port : 0;
	struct table_answer *answer = tables->answers;

	while (answer != NULL &&
	    (answer->port != port || strcmp(answer->server, server) != 0 ||
	        strcmp(answer->daemon, asking->daemon) != 0))
		answer = answer->next;
	if (answer != NULL)
		return answer;
	answer = arena_alloc(&audit->arena, sizeof *answer);
	if (answer == NULL)
		return NULL;
	answer->daemon = asking->daemon;
	answer->port = port;
	snprintf(answer->server, sizeof answer->server, "%s", server);
	if (!ask_addresses(asking, answer))
		return NULL;
	answer->next = tables->answers;
	tables->answers = answer;
	return answer;
}

/* By one name. False: out of memory. */
static bool
ask_all(struct audit *audit, struct asking *asking, struct verdict_of verdicts[AUDIENCES])
{
	const struct host_socket *socket = asking->audited->socket;
	const struct table_answer *answer;

	if (!host_is_any(&socket->line.addr))
		addr_format(&socket->line.addr, asking->server);
	answer = answer_to(audit, asking);
	for (unsigned v6 = 0; v6 < 2 && answer != NULL; v6++) {
		if (!serves(socket, v6 == 1))
			continue;
		for (enum audience audience = 0; audience < AUDIENCES; audience++)
			audit_join(&verdicts[audience], answer->verdicts[v6][audience].outcome,
			    answer->verdicts[v6][audience].is_more);
		ask_loopback(*asking, v6 == 1, &verdicts[AUDIENCE_LOOPBACK]);
	}
	return answer != NULL;
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
		audit_join(verdict, other->outcome, other->is_more);
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

/* False: out of memory. */
static bool
judge(struct audit *audit, const struct audited *audited, struct audit_tables *tables,
    struct verdict_of ret[AUDIENCES])
{
	const struct guard *guard = &audited->guard;

	for (unsigned i = 0; i < guard->name_count; i++) {
		struct asking asking = {audited, tables, guard->names[i], false, "unknown"};
		struct verdict_of one[AUDIENCES] = {{OUTCOME_NONE, false}};

		if (!ask_all(audit, &asking, one))
			return false;
		for (enum audience audience = 0; audience < AUDIENCES; audience++)
			merge(&ret[audience], &one[audience], guard->is_each);
	}
	return true;
}

void
audit_judge(struct audit *audit, struct audited *audited)
{
	const struct guard *guard = &audited->guard;
	struct audit_tables *tables =
	    guard_asks(guard) ? audit_tables_of(audit, guard->process->root) : NULL;
	struct verdict_of verdicts[AUDIENCES] = {{OUTCOME_NONE, false}};
	bool is_judged = tables != NULL && tables->reach != NULL;

	if (is_judged && !judge(audit, audited, tables, verdicts)) {
		audit->failed = true;
		is_judged = false;
	}
	for (enum audience audience = 0; audience < AUDIENCES; audience++) {
		struct verdict_of *verdict = &audited->verdicts[audience];

		verdict->outcome = OUTCOME_NONE;
		if (!can_come(audited, audience))
			continue;
		if (is_judged)
			*verdict = verdicts[audience];
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
		audit_join(&all, audited->verdicts[net].outcome, audited->verdicts[net].is_more);
	return all;
}
