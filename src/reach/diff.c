/*
 * NAME     diff - two policies side by side
 * PURPOSE  Both are walked at once; where they come to the same is proved, interval by interval.
 * INVARIANTS  "The same" is never said without proof: the same outcome for certain, by rules with the same
 *          options; or the same conditions, word for word and in the same order, before rules that come to the
 *          same.
 * LIMITS   WORK_MAX: beyond it conditions count as different.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
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
	uint32_t *texts
	    [POLICIES]; /* of each rule: the same number for the same rule; NULL: not known yet */
	struct common commons[2]; /* by table */
	size_t work_left;
	struct reach_difference next;
	bool has_next, is_over;
	uint64_t next_changes[POLICIES];
};

/* ---- rules that say the same ---- */

struct numbering {
	const struct reach *reaches[POLICIES];
	uint32_t *buckets; /* of rules of both: those of the second count on */
	uint32_t *chain;
	size_t mask;
};

static uint64_t
hash_of(const struct reach_rule *rule)
{
	uint64_t hash = hash_quick(rule->clients, rule->clients_len);

	hash ^= hash_quick(rule->tail, rule->has_tail ? rule->tail_len : 0) << 1;
	return hash ^ hash_quick(rule->daemons, rule->daemons_len) << 2;
}

static bool
is_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool
is_same_tail(const struct reach_rule *a, const struct reach_rule *b)
{
	const char *first = a->tail, *second = b->tail;
	size_t first_len = a->has_tail ? a->tail_len : 0,
	       second_len = b->has_tail ? b->tail_len : 0;

	str_trim(&first, &first_len);
	str_trim(&second, &second_len);
	return a->has_tail == b->has_tail && is_text(first, first_len, second, second_len);
}

static bool
is_same(const struct reach_rule *a, const struct reach_rule *b)
{
	return a->table == b->table && a->ways == b->ways && a->is_end == b->is_end &&
	    a->has_tail == b->has_tail &&
	    is_text(a->clients, a->clients_len, b->clients, b->clients_len) &&
	    is_text(a->daemons, a->daemons_len, b->daemons, b->daemons_len) &&
	    is_text(a->tail, a->tail_len, b->tail, b->tail_len);
}

static struct reach_rule
rule_of(const struct numbering *numbering, uint32_t number)
{
	size_t before = numbering->reaches[BEFORE]->rule_count;

	if (number < before)
		return reach_rule(numbering->reaches[BEFORE], number);
	return reach_rule(numbering->reaches[AFTER], (uint32_t)(number - before));
}

/* The first rule that says the same. */
static uint32_t
number_of(struct numbering *numbering, uint32_t number)
{
	struct reach_rule rule = rule_of(numbering, number), other;
	size_t bucket = (size_t)hash_of(&rule) & numbering->mask;

	for (uint32_t i = numbering->buckets[bucket]; i != REACH_NO_RULE; i = numbering->chain[i]) {
		other = rule_of(numbering, i);
		if (is_same(&rule, &other))
			return i;
	}
	numbering->chain[number] = numbering->buckets[bucket];
	numbering->buckets[bucket] = number;
	return number;
}

static bool
number_all(struct reach_diff *diff)
{
	const struct reach *before = diff->sweeps[BEFORE]->reach;
	const struct reach *after = diff->sweeps[AFTER]->reach;
	struct numbering numbering = {.reaches = {before, after}, .mask = 63};
	size_t count = before->rule_count + after->rule_count;
	bool is_done;

	while (numbering.mask < count)
		numbering.mask = numbering.mask * 2 + 1;
	numbering.buckets = malloc((numbering.mask + 1) * sizeof *numbering.buckets);
	numbering.chain = malloc((count + 1) * sizeof *numbering.chain);
	for (unsigned p = 0; p < POLICIES; p++)
		diff->texts[p] =
		    malloc((numbering.reaches[p]->rule_count + 1) * sizeof **diff->texts);
	is_done = numbering.buckets != NULL && numbering.chain != NULL &&
	    diff->texts[BEFORE] != NULL && diff->texts[AFTER] != NULL;
	for (size_t i = 0; i <= numbering.mask && is_done; i++)
		numbering.buckets[i] = REACH_NO_RULE;
	for (uint32_t i = 0; i < count && is_done; i++) {
		bool is_after = i >= before->rule_count;

		diff->texts[is_after][i - (is_after ? before->rule_count : 0)] =
		    number_of(&numbering, i);
	}
	free(numbering.buckets);
	free(numbering.chain);
	for (unsigned p = 0; p < POLICIES && !is_done; p++) {
		free(diff->texts[p]);
		diff->texts[p] = NULL;
	}
	return is_done;
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

/* How many conditions at the beginning of a table are the same in both policies, up to so many. */
static uint32_t
compare(struct reach_diff *diff, enum table table, uint32_t enough)
{
	const struct reach_sweep *const *sweeps = (const struct reach_sweep *const *)diff->sweeps;
	uint32_t at[POLICIES], count = 0;

	if (diff->texts[BEFORE] == NULL && !number_all(diff))
		return 0;
	for (unsigned p = 0; p < POLICIES; p++)
		at[p] = ranks_next(&sweeps[p]->unsure, table_from(sweeps[p], table));
	while (count < enough && at[BEFORE] != RANKS_NONE && at[AFTER] != RANKS_NONE &&
	    diff->texts[BEFORE][at[BEFORE]] == diff->texts[AFTER][at[AFTER]] &&
	    diff->work_left > 0) {
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
			struct reach_rule rules[POLICIES];

			if ((old == RANKS_NONE) != (new == RANKS_NONE))
				return false;
			if (old == RANKS_NONE)
				continue;
			rules[BEFORE] = reach_rule(before->reach, old);
			rules[AFTER] = reach_rule(after->reach, new);
			if (!is_same_tail(&rules[BEFORE], &rules[AFTER]) ||
			    rules[BEFORE].is_end != rules[AFTER].is_end ||
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
	struct reach_rule rules[POLICIES] = {{.tail = NULL}, {.tail = NULL}};

	if (before->rule != REACH_NO_RULE && !before->is_fault)
		rules[BEFORE] = reach_rule(diff->sweeps[BEFORE]->reach, before->rule);
	if (after->rule != REACH_NO_RULE && !after->is_fault)
		rules[AFTER] = reach_rule(diff->sweeps[AFTER]->reach, after->rule);
	return is_same_tail(&rules[BEFORE], &rules[AFTER]);
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
	for (unsigned p = 0; p < POLICIES; p++) {
		reach_sweep_close(diff->sweeps[p]);
		free(diff->texts[p]);
	}
	free(diff);
}
