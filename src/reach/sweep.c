/*
 * NAME     sweep - all addresses, one interval after the other
 * PURPOSE  Pieces begin and end; between that, the first rule that matches for certain decides, unless one
 *          before it matches, too, which only may.
 * INVARIANTS  "Certain" is never said too often: what is certain is so whatever the conditions come to, each for
 *          itself. "Depends" may be: conditions that exclude each other are not known to.
 * SEE      docs/decisions/exact-sets.md
 */
#include "reach/sweep.h"

#include <stdlib.h>
#include <string.h>

/* ---- a tree of counts ---- */

static void
count(struct reach_sweep *sweep, uint32_t rule, uint32_t by)
{
	for (size_t i = (size_t)rule + 1; i <= sweep->reach->rule_count; i += i & (~i + 1))
		sweep->counts[i] += by;
}

uint32_t
sweep_count(const struct reach_sweep *sweep, uint32_t rule)
{
	uint32_t ret = 0;

	for (size_t i = rule; i > 0; i -= i & (~i + 1))
		ret += sweep->counts[i];
	return ret;
}

/* ---- pieces come and go ---- */

static enum way
way_of(const struct reach *reach, enum table table, enum reading reading)
{
	enum lines_mode mode = reach->tables[table].mode;

	if (mode == LINES_TWO_WAYS)
		return reading == READING_CLASSIC ? WAY_CLASSIC : WAY_PLAIN;
	return mode == LINES_CLASSIC ? WAY_CLASSIC : WAY_PLAIN;
}

struct state
sweep_state(const struct reach_sweep *sweep, const struct piece *piece, enum reading reading)
{
	const struct entry *entry = &sweep->reach->rules[piece->rule];
	enum way way = way_of(sweep->reach, (enum table)entry->table, reading);
	matchset daemons = entry->is_end ? MATCH_ALL : sweep->daemons[entry->daemons];
	matchset found = piece->found & daemons;
	bool is_fault = (piece->fault & way) != 0;
	struct state state = {.can = entry->can[way == WAY_PLAIN]};

	state.is_sure =
	    (match_certain(found) & way) != 0 || (is_fault && (match_certain(daemons) & way) != 0);
	state.is_fault = is_fault && state.is_sure;
	state.is_maybe = !state.is_sure && (match_ways(found) & way) != 0;
	if (state.is_fault)
		state.can = CAN_REFUSE;
	else if (state.is_maybe && is_fault)
		state.can = CAN_REFUSE;
	else if (state.is_maybe && (piece->may_fault || (daemons & DAEMONS_MAY_FAULT) != 0))
		state.can |= CAN_REFUSE;
	return state;
}

static unsigned
maybe_of(uint8_t can)
{
	switch (can) {
	case CAN_REFUSE:
		return MAYBE_REFUSE;
	case CAN_TWIST:
		return MAYBE_TWIST;
	case CAN_GRANT:
		return MAYBE_GRANT;
	default:
		return MAYBE_MORE;
	}
}

static void
put(struct ranks *ranks, uint32_t rule, bool is_in)
{
	if (is_in)
		ranks_set(ranks, rule);
	else
		ranks_clear(ranks, rule);
}

/* More than one thing can come of it, though it matches. */
static bool
is_open(uint8_t can)
{
	return can != CAN_REFUSE && can != CAN_TWIST && can != CAN_GRANT && can != CAN_PASS;
}

/* A piece begins, or is over. False: it is not of this daemon. */
static bool
apply(struct reach_sweep *sweep, const struct piece *piece, bool begins)
{
	struct state states[READINGS];
	bool is_any = false, is_unsure = false;
	uint32_t rule = piece->rule;

	for (unsigned r = 0; r < READINGS; r++) {
		struct state *state = &states[r];

		*state = sweep_state(sweep, piece, (enum reading)r);
		if (state->is_sure)
			put(&sweep->sides[r].sure, rule, begins);
		if (state->is_maybe) {
			put(&sweep->sides[r].maybe[maybe_of(state->can)], rule, begins);
			put(&sweep->sides[r].fresh, rule, begins);
		}
		is_any |= state->is_sure || state->is_maybe;
		is_unsure |= state->is_maybe || (state->is_sure && is_open(state->can));
		if (state->is_fault)
			put(&sweep->sides[r].fault, rule, begins);
	}
	if (is_unsure) {
		put(&sweep->unsure, rule, begins);
		if (sweep->reach->rules[rule].has_tail)
			put(&sweep->tailed, rule, begins);
		count(sweep, rule, begins ? 1 : UINT32_MAX);
		if (begins)
			sweep->hands[rule] = (uint32_t)(piece - sweep->reach->pieces);
		sweep->changes++;
	}
	if (states[0].is_sure != states[1].is_sure || states[0].is_maybe != states[1].is_maybe ||
	    states[0].can != states[1].can || states[0].is_fault != states[1].is_fault)
		sweep->differing += begins ? 1 : (size_t)-1;
	return is_any;
}

/* ---- what a reading comes to ---- */

/* Of one rule that matches for certain. */
static uint8_t
sure_can(const struct reach_sweep *sweep, const struct side *side, uint32_t rule)
{
	const struct entry *entry = &sweep->reach->rules[rule];
	enum reading reading = side == sweep->sides ? READING_CLASSIC : READING_PLAIN;

	if (ranks_has(&side->fault, rule))
		return CAN_REFUSE;
	return entry->can[way_of(sweep->reach, (enum table)entry->table, reading) == WAY_PLAIN];
}

/* Of the rules of a table. */
static uint8_t
table_can(const struct reach_sweep *sweep, struct side *side, enum table table)
{
	static const uint8_t cans[MAYBES] = {
	    CAN_REFUSE, CAN_TWIST, CAN_GRANT, CAN_DECIDE | CAN_PASS};
	const struct reach *reach = sweep->reach;
	uint32_t from = table == TABLE_ALLOW ? 0 : (uint32_t)reach->deny_from;
	uint32_t to = (uint32_t)(table == TABLE_ALLOW ? reach->deny_from : reach->rule_count);
	uint32_t decides = ranks_next(&side->sure, from);
	uint8_t can = 0;

	side->decides[table] = decides < to ? decides : RANKS_NONE;
	side->ends[table] = decides < to ? decides + 1 : to;
	for (unsigned i = 0; i < MAYBES; i++)
		if (ranks_next(&side->maybe[i], from) < side->ends[table])
			can |= cans[i];
	if (decides >= to)
		return can | CAN_PASS;
	return can | sure_can(sweep, side, decides);
}

static void
judge(struct reach_sweep *sweep, struct side *side)
{
	uint8_t can = table_can(sweep, side, TABLE_ALLOW);

	side->decides[TABLE_DENY] = RANKS_NONE;
	side->ends[TABLE_DENY] = (uint32_t)sweep->reach->deny_from;
	side->passes = (can & CAN_PASS) != 0;
	side->can = can & CAN_DECIDE;
	if (!side->passes)
		return;
	can = table_can(sweep, side, TABLE_DENY);
	side->can |= can & CAN_DECIDE;
	if ((can & CAN_PASS) != 0)
		side->can |= CAN_GRANT;
}

static void
judge_all(struct reach_sweep *sweep)
{
	struct side *classic = &sweep->sides[READING_CLASSIC];
	struct side *plain = &sweep->sides[READING_PLAIN];

	judge(sweep, classic);
	if (sweep->differing > 0) {
		judge(sweep, plain);
		return;
	}
	memcpy(plain->decides, classic->decides, sizeof plain->decides);
	memcpy(plain->ends, classic->ends, sizeof plain->ends);
	plain->passes = classic->passes;
	plain->can = classic->can;
}

/* ---- stops ---- */

/* It may lie in two lines of the cache. */
static void
expect_all(const void *object, size_t size)
{
	__builtin_prefetch(object);
	__builtin_prefetch((const char *)object + size - 1);
}

/* Pieces and rules are where the tables have them, and so all over the memory: have the next ones come. */
static void
expect(const struct reach *reach, const struct mark *marks, size_t at)
{
	enum { RULES_AHEAD = 8, PIECES_AHEAD = 16 };

	if (at + PIECES_AHEAD >= reach->piece_count)
		return;
	expect_all(&reach->pieces[marks[at + PIECES_AHEAD].piece], sizeof *reach->pieces);
	expect_all(
	    &reach->rules[reach->pieces[marks[at + RULES_AHEAD].piece].rule], sizeof *reach->rules);
}

static void
take_marks(struct reach_sweep *sweep, bool *is_new)
{
	const struct reach *reach = sweep->reach;

	while (sweep->last < reach->piece_count &&
	    point_compare(reach->lasts[sweep->last].at, sweep->at) < 0) {
		expect(reach, reach->lasts, sweep->last);
		*is_new |= apply(sweep, &reach->pieces[reach->lasts[sweep->last++].piece], false);
	}
	while (sweep->first < reach->piece_count &&
	    point_compare(reach->firsts[sweep->first].at, sweep->at) <= 0) {
		expect(reach, reach->firsts, sweep->first);
		*is_new |= apply(sweep, &reach->pieces[reach->firsts[sweep->first++].piece], true);
	}
}

/* The address before the next mark, or the last one of the family. */
static struct point
find_end(const struct reach_sweep *sweep)
{
	const struct reach *reach = sweep->reach;
	struct point before_v4 = point_before(point_of_v4(0)), v4_last = point_of_v4(UINT32_MAX);
	struct point end = point_last;

	if (point_compare(sweep->at, before_v4) <= 0)
		end = before_v4;
	else if (point_compare(sweep->at, v4_last) <= 0)
		end = v4_last;
	if (sweep->first < reach->piece_count &&
	    point_compare(reach->firsts[sweep->first].at, end) <= 0)
		end = point_before(reach->firsts[sweep->first].at);
	if (sweep->last < reach->piece_count &&
	    point_compare(reach->lasts[sweep->last].at, end) < 0)
		end = reach->lasts[sweep->last].at;
	return end;
}

bool
sweep_step(struct reach_sweep *sweep)
{
	bool is_new = !sweep->is_begun;

	if (sweep->is_over)
		return false;
	if (sweep->is_begun)
		sweep->at = point_next(sweep->end);
	sweep->is_begun = true;
	take_marks(sweep, &is_new);
	sweep->end = find_end(sweep);
	if (is_new)
		judge_all(sweep);
	sweep->is_over = point_eq(sweep->end, point_last);
	return true;
}

/* ---- telling ---- */

uint32_t
sweep_end(const struct reach_sweep *sweep, enum table table)
{
	uint32_t classic = sweep->sides[READING_CLASSIC].ends[table];
	uint32_t plain = sweep->sides[READING_PLAIN].ends[table];

	return classic > plain ? classic : plain;
}

/* The lower of two verdicts, for all that either may be. */
static uint8_t
lower(uint8_t a, uint8_t b)
{
	uint8_t ret = (a | b) & CAN_REFUSE;

	if ((a & CAN_TWIST && b & (CAN_TWIST | CAN_GRANT)) ||
	    (b & CAN_TWIST && a & (CAN_TWIST | CAN_GRANT)))
		ret |= CAN_TWIST;
	return ret | (a & b & CAN_GRANT);
}

uint8_t
sweep_can(const struct reach_sweep *sweep)
{
	return lower(sweep->sides[READING_CLASSIC].can, sweep->sides[READING_PLAIN].can);
}

static enum reach_outcome
outcome_of(uint8_t can)
{
	switch (can) {
	case CAN_REFUSE:
		return REACH_REFUSED;
	case CAN_TWIST:
		return REACH_TWISTED;
	case CAN_GRANT:
		return REACH_ADMITTED;
	default:
		return REACH_DEPENDS;
	}
}

/* The rule that decides if no condition holds: one that only ends its table does not. */
uint32_t
sweep_decider(const struct reach_sweep *sweep, const struct side *side)
{
	uint32_t allow = side->decides[TABLE_ALLOW];

	if (allow != RANKS_NONE && (sure_can(sweep, side, allow) & CAN_DECIDE) != 0)
		return allow;
	return side->decides[TABLE_DENY];
}

/* The reading whose rule counts: that which comes to the verdict, or to the lower one if no condition holds. */
static const struct side *
counting(const struct reach_sweep *sweep, uint8_t can)
{
	const struct side *classic = &sweep->sides[READING_CLASSIC];
	const struct side *plain = &sweep->sides[READING_PLAIN];

	if (classic->can != can && plain->can == can)
		return plain;
	return classic;
}

/* What a reading may come to if no condition holds. */
static uint8_t
otherwise(const struct reach_sweep *sweep, const struct side *side)
{
	uint32_t rule = sweep_decider(sweep, side);

	return rule == RANKS_NONE ? CAN_GRANT : sure_can(sweep, side, rule) & CAN_DECIDE;
}

static void
list_conditions(const struct reach_sweep *sweep, struct reach_interval *ret)
{
	static const enum table tables[] = {TABLE_ALLOW, TABLE_DENY};
	size_t shown = 0;

	ret->condition_count = 0;
	for (unsigned t = 0; t < 2; t++) {
		uint32_t from = t == 0 ? 0 : (uint32_t)sweep->reach->deny_from;
		uint32_t end = sweep_end(sweep, tables[t]);
		uint32_t rule = ranks_next(&sweep->unsure, from);

		if (rule >= end)
			continue;
		ret->condition_count += sweep_count(sweep, end) - sweep_count(sweep, from);
		for (; rule < end && shown < REACH_SHOWN_MAX;
		     rule = ranks_next(&sweep->unsure, rule + 1))
			ret->conditions[shown++] = rule;
	}
}

void
sweep_tell(const struct reach_sweep *sweep, struct reach_interval *ret)
{
	uint8_t can = sweep_can(sweep);
	const struct side *side = counting(sweep, can);

	*ret = (struct reach_interval){.first = point_addr(sweep->at),
	    .last = point_addr(sweep->end),
	    .outcome = outcome_of(can),
	    .rule = sweep_decider(sweep, side)};
	ret->otherwise = outcome_of(lower(otherwise(sweep, &sweep->sides[READING_CLASSIC]),
	    otherwise(sweep, &sweep->sides[READING_PLAIN])));
	ret->is_fault = ret->rule != RANKS_NONE && ranks_has(&side->fault, ret->rule);
	list_conditions(sweep, ret);
}

/* ---- for everybody ---- */

struct reach_sweep *
reach_sweep_open(const struct reach *reach, const struct reach_question *question)
{
	struct reach_sweep *sweep = calloc(1, sizeof *sweep);
	uint32_t limit = (uint32_t)reach->rule_count;
	bool is_done = sweep != NULL;

	if (!is_done)
		return NULL;
	sweep->reach = reach;
	sweep->daemons = calloc(reach->daemon_count + 1, sizeof *sweep->daemons);
	sweep->counts = calloc(reach->rule_count + 1, sizeof *sweep->counts);
	sweep->left.of = calloc(reach->daemon_count + 1, sizeof *sweep->left.of);
	sweep->hands = calloc(reach->rule_count + 1, sizeof *sweep->hands);
	is_done = sweep->daemons != NULL && sweep->counts != NULL && sweep->left.of != NULL &&
	    sweep->hands != NULL && ranks_init(&sweep->unsure, limit) &&
	    ranks_init(&sweep->tailed, limit);
	for (unsigned r = 0; r < READINGS && is_done; r++) {
		is_done = ranks_init(&sweep->sides[r].sure, limit) &&
		    ranks_init(&sweep->sides[r].fault, limit) &&
		    ranks_init(&sweep->sides[r].fresh, limit);
		for (unsigned i = 0; i < MAYBES && is_done; i++)
			is_done = ranks_init(&sweep->sides[r].maybe[i], limit);
	}
	if (is_done && daemons_ask(reach, question, sweep->daemons, &sweep->left))
		return sweep;
	reach_sweep_close(sweep);
	return NULL;
}

void
reach_sweep_close(struct reach_sweep *sweep)
{
	if (sweep == NULL)
		return;
	free(sweep->daemons);
	free(sweep->left.of);
	residues_release(&sweep->left.residues);
	free(sweep->hands);
	free(sweep->counts);
	ranks_release(&sweep->unsure);
	ranks_release(&sweep->tailed);
	for (unsigned r = 0; r < READINGS; r++) {
		ranks_release(&sweep->sides[r].sure);
		ranks_release(&sweep->sides[r].fault);
		ranks_release(&sweep->sides[r].fresh);
		for (unsigned i = 0; i < MAYBES; i++)
			ranks_release(&sweep->sides[r].maybe[i]);
	}
	free(sweep);
}

bool
sweep_is_alike(const struct reach_interval *a, const struct reach_interval *b, bool is_still)
{
	size_t shown = a->condition_count < REACH_SHOWN_MAX ? a->condition_count : REACH_SHOWN_MAX;

	return a->outcome == b->outcome && a->otherwise == b->otherwise && a->rule == b->rule &&
	    a->is_fault == b->is_fault && a->condition_count == b->condition_count &&
	    memcmp(a->conditions, b->conditions, shown * sizeof *a->conditions) == 0 &&
	    (shown == a->condition_count || is_still);
}

bool
reach_sweep_next(struct reach_sweep *sweep, struct reach_interval *ret)
{
	struct reach_interval stop;

	while (sweep_step(sweep)) {
		sweep_tell(sweep, &stop);
		if (sweep->has_next &&
		    sweep_is_alike(&sweep->next, &stop, sweep->next_changes == sweep->changes) &&
		    addr_is_v4(&sweep->next.first) == addr_is_v4(&stop.first)) {
			sweep->next.last = stop.last;
			continue;
		}
		sweep->next_changes = sweep->changes;
		if (sweep->has_next) {
			*ret = sweep->next;
			sweep->next = stop;
			return true;
		}
		sweep->next = stop;
		sweep->has_next = true;
	}
	if (!sweep->has_next)
		return false;
	sweep->has_next = false;
	*ret = sweep->next;
	return true;
}
