/*
 * NAME     pieces - where a client list matches
 * PURPOSE  Cuts the addresses where the answer of one of a list's tests may change, and asks the engine once in
 *          each piece, with the tests that can match there.
 * INVARIANTS  Every piece is of one answer: its borders are those of spans (region.c), and those where an
 *          address is read otherwise than its neighbour (borders).
 * LIMITS   REACH_PIECES_MAX; WORK_MAX (reach->work_left): behind it a rule is a condition everywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "reach/inside.h"
#include "reach/ranks.h"

/* Of the rule's own list (the first one), and of a /file list that it names. */
struct group {
	const struct terms *terms;
	const struct list_file *file; /* NULL: the rule's own */
	uint32_t number; /* of the file */
	struct ranks active; /* terms */
	size_t active_count;
	struct test *tests; /* those of active terms, for the engine */
	size_t test_count;
	struct words words;
};

/* A term begins at an address, or ends before it. */
struct cut {
	struct point at;
	uint32_t group, term;
	bool ends, is_over; /* is_over: it would be behind the last address */
};

struct maker {
	struct reach *reach;
	struct ask ask;
	struct terms terms;
	struct arena nets;
	struct group groups[MATCH_LISTS_ALL + 1];
	size_t group_count;
	struct cut *cuts; /* heap */
	size_t cut_count, cut_size;
	/* Everywhere by a name, as most rules are that are not about addresses: asked once, by ways. */
	struct asked unknown[WAY_BOTH + 1];
	bool has_unknown[WAY_BOTH + 1];
	struct list list; /* the rule's, whose tests are those of groups[0] */
	bool failed, is_too_many;
};

/* ---- adding pieces ---- */

static bool
is_alike(const struct piece *a, const struct piece *b)
{
	return a->rule == b->rule && a->found == b->found && a->fault == b->fault &&
	    a->may_fault == b->may_fault;
}

static enum made
add_piece(struct reach *reach, const struct piece *piece)
{
	struct piece *before =
	    reach->piece_count > 0 ? &reach->pieces[reach->piece_count - 1] : NULL;
	struct piece *pieces;

	if (before != NULL && is_alike(before, piece) &&
	    point_eq(point_next(before->last), piece->first)) {
		before->last = piece->last;
		return MADE;
	}
	if (reach->piece_count == REACH_PIECES_MAX)
		return MADE_TOO_MANY;
	pieces = reach_grow(
	    reach->pieces, reach->piece_count, &reach->piece_size, sizeof *reach->pieces);
	if (pieces == NULL)
		return MADE_NO_MEMORY;
	reach->pieces = pieces;
	pieces[reach->piece_count++] = *piece;
	reach->rules[piece->rule].piece_count++;
	return MADE;
}

static struct piece
new_piece(const struct reach *reach, matchset found)
{
	return (struct piece){.first = point_first,
	    .last = point_last,
	    .rule = (uint32_t)(reach->rule_count - 1),
	    .found = found};
}

enum made
maker_add_all(struct reach *reach, ways which)
{
	struct piece piece = new_piece(reach, match_of_ways(which));

	return add_piece(reach, &piece);
}

/* ---- the engine at an address ---- */

/* Words of a list that can match where the engine is asked. */
static enum list_status
words(void *ctx, const char *path, const struct words **ret)
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

/* Where an address is read otherwise than the one before it: mapped ones are IPv4, and the classic way takes the
 * last of those for the failure to read one. */
static size_t
borders(struct point ret[3])
{
	ret[0] = point_of_v4(0);
	ret[1] = point_of_v4(UINT32_MAX);
	ret[2] = point_next(ret[1]);
	return 3;
}

/* All between two cuts, with the tests at hand. */
static enum made
ask_between(struct maker *maker, struct point first, struct point last)
{
	struct point at[3], from = first;
	size_t count = borders(at), i = 0;
	enum made made = MADE;

	while (made == MADE) {
		struct piece piece = new_piece(maker->reach, MATCH_NONE);
		struct asked asked;

		while (i < count && point_compare(at[i], from) <= 0)
			i++;
		piece.first = from;
		piece.last =
		    i < count && point_compare(at[i], last) <= 0 ? point_before(at[i]) : last;
		ask_set(&maker->ask, END_CLIENT, from);
		asked = ask_list(
		    &maker->ask, END_CLIENT, &maker->list, match_of_ways(maker->list.ways));
		piece.found = asked.found;
		piece.fault = asked.fault;
		piece.may_fault = asked.may_fault;
		if (asked.failed)
			made = MADE_NO_MEMORY;
		else if (asked.found != MATCH_NONE)
			made = add_piece(maker->reach, &piece);
		if (point_eq(piece.last, last))
			break;
		from = point_next(piece.last);
	}
	return made;
}

/* ---- lists with one test, in one place ---- */

static bool
is_simple(const struct terms *terms)
{
	return terms->count == 1 && terms->items[0].span_count <= 1 && !terms->items[0].is_list &&
	    terms->items[0].tests[0].kind != TEST_EXCEPT;
}

/* One test that the address has no part in. */
static enum made
ask_everywhere(struct maker *maker, const struct term *term)
{
	struct piece piece = new_piece(maker->reach, MATCH_NONE);
	ways which = maker->list.ways;
	struct asked *asked = &maker->unknown[which];

	if (!ask_is_unknown(&term->tests[0]) || term_tests(term) > 1 ||
	    term->tests[0].ways != which)
		return ask_between(maker, point_first, point_last);
	if (!maker->has_unknown[which])
		*asked = ask_list(&maker->ask, END_CLIENT, &maker->list, match_of_ways(which));
	maker->has_unknown[which] = !asked->failed;
	piece.found = asked->found;
	return asked->failed ? MADE_NO_MEMORY : add_piece(maker->reach, &piece);
}

static enum made
add_simple(struct maker *maker)
{
	const struct term *term = &maker->terms.items[0];
	const struct span *span = &maker->terms.spans.items[term->first_span];

	maker->list.tests = term->tests;
	maker->list.count = term_tests(term);
	if (term->span_count == 0)
		return ask_everywhere(maker, term);
	return ask_between(maker, span->first, span->last);
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
			made = ask_between(maker, from, last);
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

static enum made
add_by_sweep(struct maker *maker)
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
		struct piece piece = new_piece(reach, match_of_ways(rule->ways) & MATCH_POSSIBLE);

		piece.may_fault = true;
		reach->piece_count = before;
		rule->piece_count = 0;
		made = add_piece(reach, &piece);
	}
	return made;
}

/* ---- rules ---- */

/* The tests of a word, and of a network what they point to. */
static void
add_word(struct maker *maker, const struct list *clients, const char *word, size_t len)
{
	struct pattern pattern;

	pattern_read(&pattern, ROLE_CLIENTS, clients->ways, word, len);
	for (unsigned i = 0; i < pattern.count; i++) {
		struct test *test = &pattern.tests[i];
		struct net6 *net;

		if (test->kind != TEST_NET6)
			continue;
		net = arena_alloc(&maker->nets, sizeof *net);
		if (net == NULL) {
			maker->failed = true;
			return;
		}
		*net = *test->v6;
		test->v6 = net;
	}
	for (unsigned i = 0; i < pattern.count;
	     i += term_tests(&(struct term){.tests = {pattern.tests[i]}}))
		terms_add_client(&maker->terms, &pattern.tests[i]);
}

enum made
maker_add(struct maker *maker, const struct list *clients)
{
	const char *word;
	size_t at = 0, len;
	enum made made;

	terms_clear(&maker->terms);
	maker->terms.spans.steps_left = maker->reach->steps_left;
	maker->is_too_many = false;
	while (list_next_word(clients, &at, &word, &len))
		add_word(maker, clients, word, len);
	maker->reach->steps_left = maker->terms.spans.steps_left;
	maker->list = *clients;
	if (maker->failed || maker->terms.failed)
		made = MADE_NO_MEMORY;
	else if (is_simple(&maker->terms))
		made = add_simple(maker);
	else
		made = add_by_sweep(maker);
	if (maker->nets.last != NULL)
		arena_release(&maker->nets);
	return made;
}

struct maker *
maker_new(struct reach *reach)
{
	struct maker *maker = calloc(1, sizeof *maker);

	if (maker == NULL)
		return NULL;
	maker->reach = reach;
	ask_init(&maker->ask, NULL);
	maker->ask.ctx = maker;
	maker->ask.words = words;
	terms_clear(&maker->terms);
	return maker;
}

void
maker_free(struct maker *maker)
{
	if (maker == NULL)
		return;
	terms_release(&maker->terms);
	arena_release(&maker->nets);
	free(maker->cuts);
	free(maker);
}
