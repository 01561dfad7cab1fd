/*
 * NAME     diff - two policies side by side
 * PURPOSE  Both are walked at once; where they come to the same is proved, interval by interval.
 * INVARIANTS  "The same" is never said without proof: the same outcome for certain, by rules with the same
 *          options; or conditions of which the same is left there (residue.c), in the same order, before rules
 *          that come to the same.
 * LIMITS   WORK_MAX: beyond it conditions count as different.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "reach/sweep.h"

#define WORK_MAX (UINT64_C(1) << 27) /* conditions that are compared: a second of them */

enum { BEFORE, AFTER, POLICIES };

/* The beginnings of a table's conditions that are the same. */
struct common {
	uint32_t count;
	uint64_t changes[POLICIES]; /* as they stood when they were compared, */
	bool is_known; /* if they were */
};

struct reach_diff {
	struct reach_sweep *sweeps[POLICIES];
	struct common commons[2]; /* by table */
	size_t work_left;
	struct reach_difference next;
	bool has_next, is_over;
	uint64_t next_changes[POLICIES];
};

/* ---- rules that say the same ---- */

static bool
is_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool
is_same_tail(const struct entry *a, const struct entry *b)
{
	const char *first = a->tail, *second = b->tail;
	size_t first_len = a->has_tail ? a->tail_len : 0,
	       second_len = b->has_tail ? b->tail_len : 0;

	str_trim(&first, &first_len);
	str_trim(&second, &second_len);
	return a->has_tail == b->has_tail && is_text(first, first_len, second, second_len);
}

/* ---- conditions ---- */

static uint32_t
table_from(const struct reach_sweep *sweep, enum table table)
{
	return table == TABLE_ALLOW ? 0 : (uint32_t)sweep->reach->deny_from;
}

/* Conditions of a table that stand before where a reading ends in it. */
static uint32_t
count_of(const struct reach_sweep *sweep, const struct side *side, enum table table)
{
	return sweep_count(sweep, side->ends[table]) - sweep_count(sweep, table_from(sweep, table));
}

/* Do two conditions match alike here, whatever they ask for comes to, and does the same come of it? */
static bool
is_same(const struct reach_sweep *const sweeps[POLICIES], const uint32_t at[POLICIES])
{
	const struct reach_sweep *old = sweeps[BEFORE], *new = sweeps[AFTER];
	const struct entry *before = &old->reach->rules[at[BEFORE]];
	const struct entry *after = &new->reach->rules[at[AFTER]];
	const struct piece *was = &old->reach->pieces[old->hands[at[BEFORE]]];
	const struct piece *is = &new->reach->pieces[new->hands[at[AFTER]]];

	if (before->is_end || after->is_end)
		return before->is_end && after->is_end;
	return was->found == is->found && was->fault == is->fault &&
	    was->may_fault == is->may_fault &&
	    old->daemons[before->daemons] == new->daemons[after->daemons] &&
	    is_same_tail(before, after) &&
	    residues_same(
	        &old->reach->residues, was->residue, &new->reach->residues, is->residue) &&
	    residues_same(&old->left.residues, old->left.of[before->daemons], &new->left.residues,
	        new->left.of[after->daemons]);
}

/* How many conditions at the beginning of a table are the same in both policies, up to so many. */
static uint32_t
compare(struct reach_diff *diff, enum table table, uint32_t enough)
{
	const struct reach_sweep *const *sweeps = (const struct reach_sweep *const *)diff->sweeps;
	uint32_t at[POLICIES], count = 0;

	for (unsigned p = 0; p < POLICIES; p++)
		at[p] = ranks_next(&sweeps[p]->unsure, table_from(sweeps[p], table));
	while (count < enough && at[BEFORE] != RANKS_NONE && at[AFTER] != RANKS_NONE &&
	    diff->work_left > 0 && is_same(sweeps, at)) {
		count++;
		diff->work_left--;
		for (unsigned p = 0; p < POLICIES; p++)
			at[p] = ranks_next(&sweeps[p]->unsure, at[p] + 1);
	}
	return count;
}

static bool
are_common(struct reach_diff *diff, enum table table, uint32_t count)
{
	struct common *common = &diff->commons[table];

	if (count == 0)
		return true;
	if (!common->is_known || common->count < count ||
	    common->changes[BEFORE] != diff->sweeps[BEFORE]->changes ||
	    common->changes[AFTER] != diff->sweeps[AFTER]->changes) {
		common->is_known = true;
		common->changes[BEFORE] = diff->sweeps[BEFORE]->changes;
		common->changes[AFTER] = diff->sweeps[AFTER]->changes;
		common->count = compare(diff, table, count);
	}
	return common->count >= count;
}

/* Do the readings come upon the same conditions, in the same order, before the rules that decide? */
static bool
has_same_conditions(struct reach_diff *diff)
{
	static const enum table tables[] = {TABLE_ALLOW, TABLE_DENY};

	for (unsigned t = 0; t < 2; t++) {
		for (unsigned r = 0; r < READINGS; r++) {
			uint32_t counts[POLICIES];

			for (unsigned p = 0; p < POLICIES; p++)
				counts[p] = count_of(
				    diff->sweeps[p], &diff->sweeps[p]->sides[r], tables[t]);
			if (counts[BEFORE] != counts[AFTER] ||
			    !are_common(diff, tables[t], counts[BEFORE]))
				return false;
		}
		/* Else the same words are not read alike. */
		if (diff->sweeps[BEFORE]->reach->tables[t].mode !=
		    diff->sweeps[AFTER]->reach->tables[t].mode)
			return false;
	}
	return true;
}

/* ---- what has changed in an interval ---- */

/* The rules that decide in both, table by table, come to the same with the same options. */
static bool
has_same_deciders(const struct reach_diff *diff)
{
	for (unsigned r = 0; r < READINGS; r++) {
		for (unsigned t = 0; t < 2; t++) {
			const struct reach_sweep *before = diff->sweeps[BEFORE];
			const struct reach_sweep *after = diff->sweeps[AFTER];
			uint32_t old = before->sides[r].decides[t];
			uint32_t new = after->sides[r].decides[t];
			const struct entry *was, *is;

			if ((old == RANKS_NONE) != (new == RANKS_NONE))
				return false;
			if (old == RANKS_NONE)
				continue;
			was = &before->reach->rules[old];
			is = &after->reach->rules[new];
			if (!is_same_tail(was, is) || was->is_end != is->is_end ||
			    ranks_has(&before->sides[r].fault, old) !=
			        ranks_has(&after->sides[r].fault, new))
				return false;
		}
	}
	return true;
}

/* The options that are carried out: of the rule that counts. A fault has none. */
static bool
has_same_options(const struct reach_difference *difference, const struct reach_diff *diff)
{
	const struct reach_interval *before = &difference->before, *after = &difference->after;
	static const struct entry none = {.tail = NULL};
	const struct entry *was = &none, *is = &none;

	if (before->rule != REACH_NO_RULE && !before->is_fault)
		was = &diff->sweeps[BEFORE]->reach->rules[before->rule];
	if (after->rule != REACH_NO_RULE && !after->is_fault)
		is = &diff->sweeps[AFTER]->reach->rules[after->rule];
	return is_same_tail(was, is);
}

/* Nothing is carried out, whichever rule it is. */
static bool
has_no_options(const struct reach_sweep *sweep)
{
	static const enum table tables[] = {TABLE_ALLOW, TABLE_DENY};

	for (unsigned t = 0; t < 2; t++) {
		if (ranks_next(&sweep->tailed, table_from(sweep, tables[t])) <
		    sweep_end(sweep, tables[t]))
			return false;
		for (unsigned r = 0; r < READINGS; r++) {
			uint32_t rule = sweep->sides[r].decides[t];

			if (rule != RANKS_NONE && sweep->reach->rules[rule].has_tail)
				return false;
		}
	}
	return true;
}

/* Is it the same for certain, and nothing carried out? So it is nearly everywhere. */
static bool
is_plain(const struct reach_diff *diff)
{
	uint8_t can = sweep_can(diff->sweeps[BEFORE]);

	return (can & (can - 1)) == 0 && can == sweep_can(diff->sweeps[AFTER]) &&
	    has_no_options(diff->sweeps[BEFORE]) && has_no_options(diff->sweeps[AFTER]);
}

/* False: nothing. */
static bool
compare_stops(struct reach_diff *diff, struct reach_difference *ret)
{
	static const enum reach_change now[] = {[REACH_REFUSED] = REACH_NOW_REFUSED,
	    [REACH_TWISTED] = REACH_NOW_TWISTED,
	    [REACH_ADMITTED] = REACH_NOW_ADMITTED};
	bool is_certain, has_conditions;

	if (is_plain(diff))
		return false;
	sweep_tell(diff->sweeps[BEFORE], &ret->before);
	sweep_tell(diff->sweeps[AFTER], &ret->after);
	is_certain = ret->before.outcome != REACH_DEPENDS && ret->after.outcome != REACH_DEPENDS;
	has_conditions = ret->before.condition_count + ret->after.condition_count > 0;
	if (is_certain && ret->before.outcome != ret->after.outcome) {
		ret->change = now[ret->after.outcome];
		return true;
	}
	if (is_certain && !has_conditions) {
		ret->change = REACH_NOW_OPTIONS;
		return !has_same_options(ret, diff);
	}
	ret->change = REACH_MAY_CHANGE;
	return ret->before.outcome != ret->after.outcome || !has_same_deciders(diff) ||
	    !has_same_conditions(diff);
}

/* ---- both at once ---- */

/* Go on with those whose stop is at its end. False: all is told. */
static bool
step(struct reach_diff *diff, bool is_first)
{
	struct reach_sweep *before = diff->sweeps[BEFORE], *after = diff->sweeps[AFTER];
	int order = is_first ? 0 : point_compare(before->end, after->end);

	return (order > 0 || sweep_step(before)) && (order < 0 || sweep_step(after));
}

static void
cut(const struct reach_diff *diff, struct reach_difference *difference)
{
	const struct reach_sweep *before = diff->sweeps[BEFORE], *after = diff->sweeps[AFTER];
	struct point at = point_compare(before->at, after->at) > 0 ? before->at : after->at;
	struct point end = point_compare(before->end, after->end) < 0 ? before->end : after->end;

	difference->before.first = difference->after.first = point_addr(at);
	difference->before.last = difference->after.last = point_addr(end);
}

/* Does it go on where the one before ends, and say the same? */
static bool
goes_on(const struct reach_diff *diff, const struct reach_difference *difference)
{
	const struct reach_difference *next = &diff->next;
	struct point end = point_of_addr(&next->before.last);
	bool is_still = diff->next_changes[BEFORE] == diff->sweeps[BEFORE]->changes &&
	    diff->next_changes[AFTER] == diff->sweeps[AFTER]->changes;

	return diff->has_next && next->change == difference->change &&
	    point_eq(point_next(end), point_of_addr(&difference->before.first)) &&
	    addr_is_v4(&next->before.last) == addr_is_v4(&difference->before.first) &&
	    sweep_is_alike(&next->before, &difference->before, is_still) &&
	    sweep_is_alike(&next->after, &difference->after, is_still);
}

bool
reach_diff_next(struct reach_diff *diff, struct reach_difference *ret)
{
	struct reach_difference stop;

	while (!diff->is_over) {
		bool is_told = compare_stops(diff, &stop), is_full = false;

		cut(diff, &stop);
		if (is_told && goes_on(diff, &stop)) {
			diff->next.before.last = diff->next.after.last = stop.before.last;
		} else if (is_told) {
			is_full = diff->has_next;
			*ret = diff->next;
			diff->next = stop;
			diff->has_next = true;
			for (unsigned p = 0; p < POLICIES; p++)
				diff->next_changes[p] = diff->sweeps[p]->changes;
		}
		diff->is_over = !step(diff, false);
		if (is_full)
			return true;
	}
	if (!diff->has_next)
		return false;
	*ret = diff->next;
	diff->has_next = false;
	return true;
}

struct reach_diff *
reach_diff_open(
    const struct reach *before, const struct reach *after, const struct reach_question *question)
{
	struct reach_diff *diff = calloc(1, sizeof *diff);

	if (diff == NULL)
		return NULL;
	diff->work_left = WORK_MAX;
	diff->sweeps[BEFORE] = reach_sweep_open(before, question);
	diff->sweeps[AFTER] = reach_sweep_open(after, question);
	if (diff->sweeps[BEFORE] == NULL || diff->sweeps[AFTER] == NULL) {
		reach_diff_close(diff);
		return NULL;
	}
	diff->is_over = !step(diff, true);
	return diff;
}

void
reach_diff_close(struct reach_diff *diff)
{
	if (diff == NULL)
		return;
	for (unsigned p = 0; p < POLICIES; p++)
		reach_sweep_close(diff->sweeps[p]);
	free(diff);
}
