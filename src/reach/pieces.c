/*
 * NAME     pieces - where a client list matches
 * PURPOSE  Asks the engine once in each piece, and keeps what it says, and what is left of the list there.
 * INVARIANTS  Every piece is of one answer and one residue: its borders are those of spans (region.c), and those
 *          where an address is read otherwise than its neighbour (borders).
 * LIMITS   REACH_PIECES_MAX
 */
#include <stdlib.h>
#include <string.h>

#include "reach/maker.h"

/* ---- adding pieces ---- */

static bool
is_alike(const struct piece *a, const struct piece *b)
{
	return a->rule == b->rule && a->found == b->found && a->fault == b->fault &&
	    a->may_fault == b->may_fault && a->residue == b->residue;
}

enum made
piece_add(struct reach *reach, const struct piece *piece)
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

struct piece
piece_new(const struct reach *reach, matchset found)
{
	return (struct piece){.first = point_first,
	    .last = point_last,
	    .rule = (uint32_t)(reach->rule_count - 1),
	    .found = found};
}

enum made
maker_add_all(struct reach *reach, ways which)
{
	struct piece piece = piece_new(reach, match_of_ways(which));

	return piece_add(reach, &piece);
}

/* ---- the engine at an address ---- */

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

static uint32_t
residue_here(struct maker *maker)
{
	residue_begin(&maker->residue);
	if (maker->group_count > 0)
		cuts_residue(maker);
	else
		residue_take(&maker->residue, &maker->ask, END_CLIENT, maker->terms.items, NULL);
	return residue_end(&maker->residue, &maker->reach->residues);
}

enum made
piece_ask(struct maker *maker, struct point first, struct point last)
{
	struct point at[3], from = first;
	size_t count = borders(at), i = 0;
	enum made made = MADE;

	while (made == MADE) {
		struct piece piece = piece_new(maker->reach, MATCH_NONE);
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
		if (!asked.failed && match_unknown(asked.found) != 0)
			piece.residue = residue_here(maker);
		if (asked.failed)
			made = MADE_NO_MEMORY;
		else if (asked.found != MATCH_NONE)
			made = piece_add(maker->reach, &piece);
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
	struct piece piece = piece_new(maker->reach, MATCH_NONE);
	ways which = maker->list.ways;
	struct asked *asked = &maker->unknown[which];

	if (!ask_is_unknown(&term->tests[0]) || term_tests(term) > 1 ||
	    term->tests[0].ways != which)
		return piece_ask(maker, point_first, point_last);
	if (!maker->has_unknown[which])
		*asked = ask_list(&maker->ask, END_CLIENT, &maker->list, match_of_ways(which));
	maker->has_unknown[which] = !asked->failed;
	piece.found = asked->found;
	piece.residue = residue_here(maker);
	return asked->failed ? MADE_NO_MEMORY : piece_add(maker->reach, &piece);
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
	return piece_ask(maker, span->first, span->last);
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
	terms_sort(&maker->terms);
	maker->list = *clients;
	if (maker->failed || maker->terms.failed)
		made = MADE_NO_MEMORY;
	else if (is_simple(&maker->terms))
		made = add_simple(maker);
	else
		made = cuts_add(maker);
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
	maker->ask.words = cuts_words;
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
	residue_release(&maker->residue);
	free(maker->cuts);
	free(maker);
}
