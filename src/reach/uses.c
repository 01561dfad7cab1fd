/*
 * NAME     uses - rules that are never reached
 * PURPOSE  One walk notes which rules ever have a say; of the others, who takes their clients is looked up in
 *          what the walk has passed.
 * INVARIANTS  NEVER is proved, for clients that have an address: at no stop does the rule stand before the one
 *          that decides for certain.
 * LIMITS   WORK_MAX: beyond it, those that take a rule's clients are several, of which the first is told.
 */
#include <stdlib.h>
#include <string.h>

#include "reach/sweep.h"

#define WORK_MAX (UINT64_C(1) << 26) /* stops that are looked at once more: a second of them */

enum { CANDIDATES = 4 };

/* Who decides from an address on, in each reading: in the allow table, or if that does not, in the other. */
struct stop {
	struct point at;
	uint32_t decides[READINGS];
};

struct usage {
	const struct reach *reach;
	struct reach_sweep *sweep;
	struct reach_rule_use *uses;
	struct stop *stops; /* heap */
	size_t stop_count, stop_size;
	size_t work_left;
};

/* ---- the walk ---- */

static void
note(struct usage *usage, uint32_t rule, enum reach_use use)
{
	if (rule != RANKS_NONE && usage->uses[rule].use < use)
		usage->uses[rule].use = use;
}

/* Unsure rules of a table that have a say here: each is found once. */
static void
note_unsure(struct usage *usage, struct side *side, enum table table)
{
	uint32_t from = table == TABLE_ALLOW ? 0 : (uint32_t)usage->reach->deny_from, rule;

	while ((rule = ranks_next(&side->fresh, from)) < side->ends[table]) {
		note(usage, rule, REACH_PERHAPS);
		ranks_clear(&side->fresh, rule);
	}
}

static void
note_side(struct usage *usage, struct side *side)
{
	bool is_first = side->decides[TABLE_ALLOW] == RANKS_NONE;

	note(usage, side->decides[TABLE_ALLOW], REACH_DECIDES);
	note(usage, side->decides[TABLE_DENY], is_first ? REACH_DECIDES : REACH_PERHAPS);
	note_unsure(usage, side, TABLE_ALLOW);
	if (side->passes)
		note_unsure(usage, side, TABLE_DENY);
}

static bool
note_stop(struct usage *usage)
{
	struct stop stop = {.at = usage->sweep->at};
	struct stop *stops =
	    reach_grow(usage->stops, usage->stop_count, &usage->stop_size, sizeof *usage->stops);

	if (stops == NULL)
		return false;
	usage->stops = stops;
	for (unsigned r = 0; r < READINGS; r++) {
		struct side *side = &usage->sweep->sides[r];

		note_side(usage, side);
		stop.decides[r] = side->decides[TABLE_ALLOW] != RANKS_NONE
		    ? side->decides[TABLE_ALLOW]
		    : side->decides[TABLE_DENY];
	}
	stops[usage->stop_count++] = stop;
	return true;
}

/* ---- who takes a rule's clients ---- */

/* Does a rule match all that another may, for certain? */
static bool
covers(const struct usage *usage, uint32_t by, uint32_t rule, enum reading reading)
{
	const struct reach *reach = usage->reach;
	const struct entry *cover = &reach->rules[by], *entry = &reach->rules[rule];
	const struct piece *have = &reach->pieces[cover->first_piece];
	const struct piece *end = have + cover->piece_count;

	for (uint32_t j = 0; j < entry->piece_count; j++) {
		const struct piece *piece = &reach->pieces[entry->first_piece + j];
		struct state state = sweep_state(usage->sweep, piece, reading);
		struct point from = piece->first;

		if (!state.is_sure && !state.is_maybe)
			continue;
		for (;; have++) {
			if (have == end)
				return false;
			if (point_compare(have->last, from) < 0 ||
			    !sweep_state(usage->sweep, have, reading).is_sure)
				continue;
			if (point_compare(have->first, from) > 0)
				return false;
			if (point_compare(have->last, piece->last) >= 0)
				break;
			from = point_next(have->last);
		}
	}
	return true;
}

static size_t
find_stop(const struct usage *usage, struct point at)
{
	size_t low = 0, high = usage->stop_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (point_compare(usage->stops[middle].at, at) <= 0)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The first few of those that decide where the rule matches. */
struct candidates {
	uint32_t rules[CANDIDATES];
	unsigned count;
	bool is_over; /* there are more, or they were not all looked at */
};

static void
add_candidate(struct candidates *candidates, uint32_t rule)
{
	for (unsigned i = 0; i < candidates->count; i++)
		if (candidates->rules[i] == rule)
			return;
	if (candidates->count == CANDIDATES)
		candidates->is_over = true;
	else
		candidates->rules[candidates->count++] = rule;
}

static void
find_candidates(
    struct usage *usage, const struct piece *piece, enum reading reading, struct candidates *ret)
{
	struct state state = sweep_state(usage->sweep, piece, reading);
	size_t stop = find_stop(usage, piece->first);

	if (!state.is_sure && !state.is_maybe)
		return;
	for (; stop < usage->stop_count && !ret->is_over &&
	     point_compare(usage->stops[stop].at, piece->last) <= 0;
	     stop++) {
		add_candidate(ret, usage->stops[stop].decides[reading]);
		ret->is_over |= usage->work_left == 0;
		usage->work_left -= usage->work_left > 0;
	}
}

static void
find_cover(struct usage *usage, uint32_t rule)
{
	const struct entry *entry = &usage->reach->rules[rule];
	struct candidates candidates = {.count = 0};
	struct reach_rule_use *use = &usage->uses[rule];

	for (uint32_t i = 0; i < entry->piece_count && !candidates.is_over; i++)
		for (unsigned r = 0; r < READINGS; r++)
			find_candidates(usage, &usage->reach->pieces[entry->first_piece + i],
			    (enum reading)r, &candidates);
	if (candidates.count == 0)
		return;
	use->by =
	    candidates.count == 1 && !candidates.is_over ? candidates.rules[0] : REACH_SEVERAL;
	use->first = candidates.rules[0];
	for (unsigned i = 0; i < candidates.count && use->by == REACH_SEVERAL; i++)
		if (covers(usage, candidates.rules[i], rule, READING_CLASSIC) &&
		    covers(usage, candidates.rules[i], rule, READING_PLAIN))
			use->by = candidates.rules[i];
}

/* ---- all rules ---- */

static void
begin(struct usage *usage)
{
	const struct reach *reach = usage->reach;

	for (size_t i = 0; i < reach->rule_count; i++) {
		const struct entry *entry = &reach->rules[i];
		bool is_asked =
		    entry->is_end || match_ways(usage->sweep->daemons[entry->daemons]) != 0;

		usage->uses[i] =
		    (struct reach_rule_use){.use = is_asked ? REACH_NEVER : REACH_NOT_ASKED,
		        .by = REACH_NO_RULE,
		        .first = REACH_NO_RULE};
	}
}

bool
reach_uses(
    const struct reach *reach, const struct reach_question *question, struct reach_rule_use *ret)
{
	struct usage usage = {.reach = reach,
	    .sweep = reach_sweep_open(reach, question),
	    .uses = ret,
	    .work_left = WORK_MAX};
	bool is_done = usage.sweep != NULL;

	if (is_done)
		begin(&usage);
	while (is_done && sweep_step(usage.sweep))
		is_done = note_stop(&usage);
	for (uint32_t i = 0; i < reach->rule_count && is_done; i++)
		if (ret[i].use == REACH_NEVER && usage.stop_count > 0)
			find_cover(&usage, i);
	reach_sweep_close(usage.sweep);
	free(usage.stops);
	return is_done;
}
