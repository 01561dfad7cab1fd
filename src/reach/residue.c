/*
 * NAME     residue - what is left of a list at an address
 * PURPOSE  A condition's identity: tests that certainly fail there are gone, one that certainly matches stands for
 *          its whole set, and a set that decides for certain ends the list.
 * INVARIANTS  Equal texts are of lists that match alike there, in either way: each test's text has all that the
 *          engine looks at, and "or" and "and" of unknown tests depend on nothing else (policy/way.h). The
 *          opposite is not promised.
 * LIMITS   RESIDUE_BYTES_MAX for a policy; beyond it nothing is like anything.
 * SEE      docs/decisions/exact-sets.md
 */
#include "reach/residue.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum {
	RESIDUE_BYTES_MAX = 1 << 28, /* a million rules with long names have a third of it */
	BUCKETS_FIRST = 64,
	TEXT_FIRST = 256,
};

/* ---- texts ---- */

static bool
rehash(struct residues *residues)
{
	size_t count = residues->bucket_count == 0 ? BUCKETS_FIRST : residues->bucket_count * 2;
	uint32_t *buckets = calloc(count, sizeof *buckets);

	if (buckets == NULL)
		return false;
	free(residues->buckets);
	residues->buckets = buckets;
	residues->bucket_count = count;
	for (size_t i = 0; i < residues->count; i++) {
		struct residue_text *item = &residues->items[i];
		uint32_t *bucket = &buckets[hash_quick(item->text, item->len) & (count - 1)];

		item->next = *bucket;
		*bucket = (uint32_t)i + RESIDUE_FIRST;
	}
	return true;
}

static bool
is_roomy(struct residues *residues, size_t len)
{
	size_t size = residues->size == 0 ? BUCKETS_FIRST : residues->size * 2;
	struct residue_text *items;

	if (len > RESIDUE_BYTES_MAX - residues->text_bytes ||
	    (residues->count >= residues->bucket_count && !rehash(residues)))
		return false;
	if (residues->count < residues->size)
		return true;
	items = reallocarray(residues->items, size, sizeof *items);
	if (items == NULL)
		return false;
	residues->items = items;
	residues->size = size;
	return true;
}

uint32_t
residues_add(struct residues *residues, const char *text, size_t len)
{
	uint32_t *bucket;
	const char *copy;

	if (!is_roomy(residues, len))
		return RESIDUE_UNTOLD;
	bucket = &residues->buckets[hash_quick(text, len) & (residues->bucket_count - 1)];
	for (uint32_t i = *bucket; i != RESIDUE_NONE; i = residues->items[i - RESIDUE_FIRST].next) {
		const struct residue_text *item = &residues->items[i - RESIDUE_FIRST];

		if (item->len == len && memcmp(item->text, text, len) == 0)
			return i;
	}
	copy = arena_copy(&residues->arena, text, len);
	if (copy == NULL)
		return RESIDUE_UNTOLD;
	residues->items[residues->count] = (struct residue_text){copy, (uint32_t)len, *bucket};
	*bucket = (uint32_t)residues->count++ + RESIDUE_FIRST;
	residues->text_bytes += len;
	return *bucket;
}

bool
residues_same(const struct residues *a, uint32_t first, const struct residues *b, uint32_t second)
{
	const struct residue_text *x, *y;

	if (first < RESIDUE_FIRST || second < RESIDUE_FIRST)
		return first == RESIDUE_NONE && second == RESIDUE_NONE;
	x = &a->items[first - RESIDUE_FIRST];
	y = &b->items[second - RESIDUE_FIRST];
	return x->len == y->len && memcmp(x->text, y->text, x->len) == 0;
}

void
residues_release(struct residues *residues)
{
	arena_release(&residues->arena);
	free(residues->items);
	free(residues->buckets);
}

/* ---- a text in the making ---- */

static void
put(struct residue *residue, unsigned way, const void *bytes, size_t len)
{
	struct residue_way *of = &residue->of_ways[way];

	if (of->size - of->len < len) {
		size_t size = 2 * of->size + len + TEXT_FIRST;
		char *more = realloc(of->bytes, size);

		if (more == NULL) {
			residue->failed = true;
			return;
		}
		of->bytes = more;
		of->size = size;
	}
	if (len > 0)
		memcpy(of->bytes + of->len, bytes, len);
	of->len += len;
}

/* All that the engine looks at, and where it ends. */
static void
put_test(struct residue *residue, unsigned way, char mark, const struct test *test)
{
	const char head[] = {
	    mark, (char)test->kind, (char)test->subject, (char)(test->flags & ~TEST_AND)};

	put(residue, way, head, sizeof head);
	put(residue, way, &test->len, sizeof test->len);
	put(residue, way, test->text, test->len);
	if (test->kind == TEST_NET6) {
		const struct net6 *net = test->v6;

		put(residue, way, net->addr.bytes, sizeof net->addr.bytes);
		put(residue, way, &net->len_bits, sizeof net->len_bits);
		put(residue, way, &net->scope_len, sizeof net->scope_len);
		put(residue, way, net->scope, net->scope_len);
	} else if (test->kind == TEST_NET4 || test->kind == TEST_ADDR4) {
		put(residue, way, &test->v4, sizeof test->v4);
	} else if (test->kind == TEST_PORT) {
		put(residue, way, &test->port, sizeof test->port);
	}
}

/* ---- sets ---- */

void
residue_begin(struct residue *residue)
{
	residue->failed = false;
	for (unsigned i = 0; i < 2; i++) {
		struct residue_way *of = &residue->of_ways[i];

		*of = (struct residue_way){.bytes = of->bytes, .size = of->size};
	}
}

/* The set at hand is complete. */
static void
close_set(struct residue *residue, unsigned way)
{
	struct residue_way *of = &residue->of_ways[way];

	if (of->is_true) {
		of->len = of->start;
		put(residue, way, "T", 1);
	} else if (of->len == of->start) {
		of->is_over = true;
		of->len -= of->start > 0; /* the mark of the EXCEPT before it */
	}
}

static void
take_except(struct residue *residue, unsigned way)
{
	struct residue_way *of = &residue->of_ways[way];

	if (of->is_over)
		return;
	close_set(residue, way);
	if (of->is_over)
		return;
	put(residue, way, "E", 1);
	of->before = of->start;
	of->start = of->last = of->len;
	of->is_true = false;
}

/* One that is there already says nothing more: they are sorted. */
static void
drop_double(struct residue_way *of, size_t at)
{
	size_t len = of->len - at;

	if (at > of->start && at - of->last == len &&
	    memcmp(of->bytes + of->last, of->bytes + at, len) == 0)
		of->len = at;
	else
		of->last = at;
}

/* What one of a term's tests comes to by what is known. */
static matchset
part(struct ask *ask, const struct test *test, ways which)
{
	struct test alone = *test;

	if (ask_is_unknown(test))
		return match_of_ways(which) & MATCH_POSSIBLE;
	alone.flags &= (uint8_t)~TEST_AND;
	alone.ways = which;
	return pattern_match(&ask->matcher, &alone, match_of_ways(which));
}

/* A list is known by its name, and what is in it. */
static void
put_list(
    struct residue *residue, unsigned way, const struct term *term, const struct list_files *lists)
{
	const struct list_file *file;

	if (!term->is_list || term->list == TERM_NO_LIST || lists == NULL)
		return;
	file = &lists->items[term->list];
	put(residue, way, &file->status, sizeof file->status);
	put(residue, way, &file->hash, sizeof file->hash);
}

static void
take_pattern(struct residue *residue, unsigned way, const struct term *term,
    const matchset parts[2], const struct list_files *lists)
{
	struct residue_way *of = &residue->of_ways[way];
	const matchset bit = (matchset)(1 << way);
	const size_t at = of->len;
	bool is_open = false;

	if (of->is_over || of->is_true || (parts[0] & parts[1] & (matchset)(bit << 2)) == 0)
		return;
	if (term_tests(term) > 1 && (parts[1] & bit) == 0) {
		put_test(residue, way, 'u', &term->whole[1]);
		is_open = true;
	}
	if ((parts[0] & bit) == 0) {
		put_test(residue, way, 'h', &term->whole[0]);
		put_list(residue, way, term, lists);
		is_open = true;
	}
	if (is_open && !residue->failed)
		drop_double(of, at);
	of->is_true |= !is_open;
}

void
residue_take(struct residue *residue, struct ask *ask, enum end end, const struct term *term,
    const struct list_files *lists)
{
	ways which = term->tests[0].ways;
	matchset parts[2] = {MATCH_NONE, match_of_ways(which)};

	if (term->tests[0].kind == TEST_EXCEPT) {
		for (unsigned way = 0; way < 2; way++)
			take_except(residue, way);
		return;
	}
	ask->matcher.end = end;
	parts[0] = part(ask, &term->tests[0], which);
	if (term_tests(term) > 1 && parts[0] != MATCH_NONE)
		parts[1] = part(ask, &term->tests[1], which);
	residue->failed |= ask->matcher.failed;
	for (unsigned way = 0; way < 2; way++)
		take_pattern(residue, way, term, parts, lists);
}

uint32_t
residue_end(struct residue *residue, struct residues *residues)
{
	uint32_t len;

	for (unsigned way = 0; way < 2; way++) {
		struct residue_way *of = &residue->of_ways[way];

		if (!of->is_over)
			close_set(residue, way);
		/* All but everything: the set before it never has a say. */
		if (!of->is_over && of->is_true && of->start > 0)
			of->len = of->before - (of->before > 0);
	}
	len = (uint32_t)residue->of_ways[0].len;
	put(residue, 0, residue->of_ways[1].bytes, residue->of_ways[1].len);
	put(residue, 0, &len, sizeof len);
	if (residue->failed)
		return RESIDUE_UNTOLD;
	return residues_add(residues, residue->of_ways[0].bytes, residue->of_ways[0].len);
}

uint32_t
residue_whole(struct residue *residue, struct residues *residues, const char *text, size_t len)
{
	residue_begin(residue);
	put(residue, 0, "W", 1); /* as no other begins */
	put(residue, 0, text, len);
	if (residue->failed)
		return RESIDUE_UNTOLD;
	return residues_add(residues, residue->of_ways[0].bytes, residue->of_ways[0].len);
}

void
residue_release(struct residue *residue)
{
	for (unsigned i = 0; i < 2; i++)
		free(residue->of_ways[i].bytes);
}
