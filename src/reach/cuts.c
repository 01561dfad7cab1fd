/*
 * NAME     cuts - lists with many tests
 * PURPOSE  Cuts the addresses where one of the tests may begin or cease to match, of /file lists too, and walks
 *          from cut to cut with those that can.
 * LIMITS   WORK_MAX (reach->work_left): behind it a rule is a condition everywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "reach/maker.h"

/* ---- the engine at an address ---- */

/* Words of a list that can match where the engine is asked. */
enum list_status
cuts_words(void *ctx, const char *path, const struct words **ret)
{
	struct maker *maker = ctx;

	for (size_t i = 1; i < maker->group_count; i++) {
		struct group *group = &maker->groups[i];

		if (strcmp(group->file->path, path) != 0)
			continue;
		group->words = (struct words){.tests = group->tests, .count = group->test_count};
		*ret = &group->words;
		return group->file->status;
	}
	return LIST_BAD;
}

/* Nothing of it can match there. */
static bool
is_idle(const struct maker *maker, const struct term *term)
{
	for (size_t i = 1; i < maker->group_count && term->is_list; i++)
		if (maker->groups[i].number == term->list)
			return maker->groups[i].file->status == LIST_MISSING ||
			    (maker->groups[i].file->status == LIST_OK &&
			        maker->groups[i].active_count == 0);
	return false;
}

/* Put the tests of active terms behind each other. False: none of the first set is among them. */
static bool
gather(struct maker *maker, struct group *group)
{
	bool has_first = false;

	group->test_count = 0;
	for (uint32_t i = ranks_next(&group->active, 0); i != RANKS_NONE;
	     i = ranks_next(&group->active, i + 1)) {
		const struct term *term = &group->terms->items[i];
		unsigned count = term_tests(term);

		if (is_idle(maker, term))
			continue;
		has_first |= i < group->terms->first_except;
		memcpy(&group->tests[group->test_count], term->tests, count * sizeof *term->tests);
		group->test_count += count;
		maker->reach->work_left -= maker->reach->work_left > 0;
	}
	return has_first;
}

/* ---- all others ---- */

static void
add_cut(struct maker *maker, struct point at, uint32_t group, uint32_t term, bool ends)
{
	struct cut *cuts =
	    reach_grow(maker->cuts, maker->cut_count, &maker->cut_size, sizeof *maker->cuts);

	if (cuts == NULL) {
		maker->failed = true;
		return;
	}
	maker->cuts = cuts;
	cuts[maker->cut_count++] =
	    (struct cut){at, group, term, ends, ends && point_eq(at, point_first)};
}

static void
cut_group(struct maker *maker, uint32_t number)
{
	struct group *group = &maker->groups[number];
	const struct terms *terms = group->terms;

	for (uint32_t i = 0; i < terms->count && !maker->failed; i++) {
		const struct term *term = &terms->items[i];

		if (term->span_count == 0) {
			ranks_set(&group->active, i);
			group->active_count++;
		}
		for (uint32_t j = 0; j < term->span_count; j++) {
			const struct span *span = &terms->spans.items[term->first_span + j];

			add_cut(maker, span->first, number, i, false);
			add_cut(maker, point_next(span->last), number, i, true);
		}
	}
}

static void
add_group(struct maker *maker, const struct terms *terms, uint32_t file)
{
	struct group *group = &maker->groups[maker->group_count];

	memset(group, 0, sizeof *group);
	group->terms = terms;
	if (file != TERM_NO_LIST)
		group->file = &maker->reach->lists.items[file];
	group->number = file;
	group->tests = calloc(2 * terms->count + 1, sizeof *group->tests);
	maker->failed |=
	    !ranks_init(&group->active, (uint32_t)terms->count) || group->tests == NULL;
	maker->group_count++;
}

static bool
has_group(const struct maker *maker, uint32_t file)
{
	for (size_t i = 1; i < maker->group_count; i++)
		if (maker->groups[i].number == file)
			return true;
	return false;
}

/* The lists that a group names become groups behind it. Reading one may move the others. */
static void
add_files(struct maker *maker, size_t number)
{
	struct terms *terms = number == 0
	    ? &maker->terms
	    : &maker->reach->lists.items[maker->groups[number].number].terms;
	struct reach *reach = maker->reach;

	for (size_t i = 0; i < terms->count && !maker->failed; i++) {
		struct term *term = &terms->items[i];
		struct test test = term->tests[0];
		uint32_t file = term->list;

		if (!term->is_list)
			continue;
		if (file == TERM_NO_LIST) {
			file = list_files_get(&reach->lists, &test);
			if (number > 0)
				terms = &reach->lists.items[maker->groups[number].number].terms;
			terms->items[i].list = file;
		}
		maker->failed |= file == TERM_NO_LIST;
		if (maker->failed || has_group(maker, file))
			continue;
		if (maker->group_count > MATCH_LISTS_ALL)
			maker->is_too_many = true;
		else
			add_group(maker, &reach->lists.items[file].terms, file);
	}
}

static void
refresh_groups(struct maker *maker)
{
	for (size_t i = 1; i < maker->group_count; i++) {
		struct group *group = &maker->groups[i];

		group->file = &maker->reach->lists.items[group->number];
		group->terms = &group->file->terms;
	}
}

static int
compare_cuts(const void *a, const void *b)
{
	const struct cut *first = a, *second = b;

	if (first->is_over != second->is_over)
		return first->is_over ? 1 : -1;
	return point_compare(first->at, second->at);
}

static void
apply(struct maker *maker, const struct cut *cut)
{
	struct group *group = &maker->groups[cut->group];

	if (cut->ends)
		ranks_clear(&group->active, cut->term);
	else
		ranks_set(&group->active, cut->term);
	group->active_count += cut->ends ? (size_t)-1 : 1;
}

void
cuts_residue(struct maker *maker)
{
	const struct group *group = &maker->groups[0];

	for (uint32_t i = ranks_next(&group->active, 0); i != RANKS_NONE;
	     i = ranks_next(&group->active, i + 1)) {
		residue_take(&maker->residue, &maker->ask, END_CLIENT, &group->terms->items[i],
		    &maker->reach->lists);
		maker->reach->work_left -= maker->reach->work_left > 0;
	}
}

/* Between cuts nothing changes. */
static enum made
sweep(struct maker *maker)
{
	struct point from = point_first;
	enum made made = MADE;
	size_t i = 0;

	for (bool more = true; more && made == MADE;) {
		struct point last = point_last;

		while (i < maker->cut_count && !maker->cuts[i].is_over &&
		    point_compare(maker->cuts[i].at, from) <= 0)
			apply(maker, &maker->cuts[i++]);
		more = i < maker->cut_count && !maker->cuts[i].is_over;
		if (more)
			last = point_before(maker->cuts[i].at);
		if (gather(maker, &maker->groups[0])) {
			for (size_t g = 1; g < maker->group_count; g++)
				gather(maker, &maker->groups[g]);
			maker->list.count = maker->groups[0].test_count;
			made = piece_ask(maker, from, last);
		}
		if (maker->reach->work_left == 0)
			return MADE_TOO_MANY;
		from = point_next(last);
	}
	return made;
}

static void
release_groups(struct maker *maker)
{
	for (size_t i = 0; i < maker->group_count; i++) {
		ranks_release(&maker->groups[i].active);
		free(maker->groups[i].tests);
	}
	maker->group_count = 0;
	maker->cut_count = 0;
}

enum made
cuts_add(struct maker *maker)
{
	struct reach *reach = maker->reach;
	struct entry *rule = &reach->rules[reach->rule_count - 1];
	size_t before = reach->piece_count;
	enum made made = MADE_NO_MEMORY;

	add_group(maker, &maker->terms, TERM_NO_LIST);
	for (size_t i = 0; i < maker->group_count && !maker->failed; i++)
		add_files(maker, i);
	refresh_groups(maker);
	for (uint32_t i = 0; i < maker->group_count && !maker->failed; i++)
		cut_group(maker, i);
	if (!maker->failed) {
		if (maker->cut_count > 0)
			qsort(maker->cuts, maker->cut_count, sizeof *maker->cuts, compare_cuts);
		maker->list.tests = maker->groups[0].tests;
		made = maker->is_too_many ? MADE_TOO_MANY : sweep(maker);
	}
	release_groups(maker);
	if (made == MADE_TOO_MANY && (reach->work_left == 0 || maker->is_too_many)) {
		/* Too much of a rule is a condition. */
		struct piece piece = piece_new(reach, match_of_ways(rule->ways) & MATCH_POSSIBLE);

		piece.may_fault = true;
		piece.residue = residue_whole(
		    &maker->residue, &reach->residues, rule->clients, rule->clients_len);
		reach->piece_count = before;
		rule->piece_count = 0;
		made = piece_add(reach, &piece);
	}
	return made;
}
