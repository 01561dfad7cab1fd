/*
 * NAME     daemons - lists of daemons
 * PURPOSE  Most rules of a table have one of a few lists of daemons: each is asked about once.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "reach/inside.h"

enum { BUCKETS_FIRST = 64 };

static size_t
bucket_of(const struct reach *reach, const char *text, size_t len)
{
	return (size_t)hash_quick(text, len) & (reach->bucket_count - 1);
}

static bool
is_of(const struct daemon_list *known, const struct list *list)
{
	return known->len == list->len && known->ways == list->ways &&
	    memcmp(known->text, list->text, list->len) == 0;
}

static bool
rehash(struct reach *reach)
{
	size_t count = reach->bucket_count == 0 ? BUCKETS_FIRST : reach->bucket_count * 2;
	uint32_t *buckets = malloc(count * sizeof *buckets);

	if (buckets == NULL)
		return false;
	free(reach->buckets);
	reach->buckets = buckets;
	reach->bucket_count = count;
	for (size_t i = 0; i < count; i++)
		buckets[i] = REACH_NO_RULE;
	for (size_t i = 0; i < reach->daemon_count; i++) {
		struct daemon_list *list = &reach->daemon_lists[i];
		size_t bucket = bucket_of(reach, list->text, list->len);

		list->next = buckets[bucket];
		buckets[bucket] = (uint32_t)i;
	}
	return true;
}

bool
daemons_find(struct reach *reach, const struct list *list, uint32_t *ret)
{
	struct daemon_list *lists;
	size_t bucket;

	if (reach->daemon_count >= reach->bucket_count && !rehash(reach))
		return false;
	bucket = bucket_of(reach, list->text, list->len);
	for (uint32_t i = reach->buckets[bucket]; i != REACH_NO_RULE;
	     i = reach->daemon_lists[i].next) {
		if (is_of(&reach->daemon_lists[i], list)) {
			*ret = i;
			return true;
		}
	}
	lists = reach_grow(reach->daemon_lists, reach->daemon_count, &reach->daemon_size,
	    sizeof *reach->daemon_lists);
	if (lists == NULL)
		return false;
	reach->daemon_lists = lists;
	*ret = (uint32_t)reach->daemon_count++;
	lists[*ret] =
	    (struct daemon_list){list->text, list->len, list->ways, reach->buckets[bucket]};
	reach->buckets[bucket] = *ret;
	return true;
}

/* ---- names ---- */

static bool
add_name(struct reach *reach, const struct test *test)
{
	char **names =
	    reach_grow(reach->names, reach->name_count, &reach->name_size, sizeof *reach->names);

	if (names == NULL)
		return false;
	reach->names = names;
	names[reach->name_count] = arena_copy(&reach->arena, test->text, test->len);
	return names[reach->name_count++] != NULL;
}

/* Their words; of those that spell out a name, the name. */
static bool
collect(struct reach *reach, const struct daemon_list *known)
{
	struct list list = {
	    .text = known->text, .len = known->len, .ways = known->ways, .role = ROLE_DAEMONS};
	struct list_cursor cursor;
	const struct test *test;

	list_cursor_init(&cursor, &list);
	while ((test = list_cursor_next(&cursor, false)) != NULL)
		if (test->kind == TEST_EXACT && test->subject == SUBJECT_DAEMON &&
		    memchr(test->text, '\0', test->len) == NULL && !add_name(reach, test))
			return false;
	return true;
}

static int
compare_names(const void *a, const void *b)
{
	const char *first = *(char *const *)a, *second = *(char *const *)b;

	for (; *first != '\0' && str_lower(*first) == str_lower(*second); first++)
		second++;
	return (unsigned char)str_lower(*first) - (unsigned char)str_lower(*second);
}

bool
daemons_collect(struct reach *reach)
{
	size_t kept = 0;

	for (size_t i = 0; i < reach->daemon_count; i++)
		if (!collect(reach, &reach->daemon_lists[i]))
			return false;
	if (reach->name_count > 0)
		qsort(reach->names, reach->name_count, sizeof *reach->names, compare_names);
	for (size_t i = 0; i < reach->name_count; i++)
		if (kept == 0 || compare_names(&reach->names[kept - 1], &reach->names[i]) != 0)
			reach->names[kept++] = reach->names[i];
	reach->name_count = kept;
	return true;
}

/* ---- questions ---- */

struct asking {
	struct ask ask;
	struct terms terms;
	struct terms_server server;
	struct test *tests;
	size_t size;
	struct residue residue;
};

static bool
is_roomy(struct asking *asking)
{
	struct test *tests;

	if (asking->size >= 2 * asking->terms.count + 1)
		return true;
	tests = realloc(asking->tests, (2 * asking->terms.count + 1) * sizeof *tests);
	if (tests == NULL)
		return false;
	asking->tests = tests;
	asking->size = 2 * asking->terms.count + 1;
	return true;
}

static uint32_t
residue_of(struct asking *asking, struct daemons_left *left)
{
	residue_begin(&asking->residue);
	for (size_t i = 0; i < asking->terms.count; i++)
		residue_take(
		    &asking->residue, &asking->ask, END_SERVER, &asking->terms.items[i], NULL);
	return residue_end(&asking->residue, &left->residues);
}

/* A list is asked about by its words at hand: what they point to does not outlive a word, so they are kept. */
static bool
ask_one(struct asking *asking, const struct daemon_list *known, matchset *ret,
    struct daemons_left *left, uint32_t *ret_left)
{
	struct list list = {
	    .text = known->text, .len = known->len, .ways = known->ways, .role = ROLE_DAEMONS};
	struct arena arena = {.max_bytes = 0};
	struct list_cursor cursor;
	const struct test *test;
	bool is_done = list_keep(&list, &arena);

	terms_clear(&asking->terms);
	list_cursor_init(&cursor, &list);
	*ret = MATCH_NONE;
	while (is_done && (test = list_cursor_next(&cursor, false)) != NULL) {
		terms_add_daemon(&asking->terms, test, &asking->server);
		if ((test->flags & TEST_AND) != 0 && test[1].kind == TEST_LIST)
			*ret = DAEMONS_MAY_FAULT;
	}
	terms_sort(&asking->terms);
	is_done = is_done && !asking->terms.failed && is_roomy(asking);
	list.tests = asking->tests;
	list.count = 0;
	for (size_t i = 0; i < asking->terms.count && is_done; i++)
		for (unsigned j = 0; j < term_tests(&asking->terms.items[i]); j++)
			asking->tests[list.count++] = asking->terms.items[i].tests[j];
	if (is_done) {
		struct asked asked =
		    ask_list(&asking->ask, END_SERVER, &list, match_of_ways(list.ways));

		*ret |= asked.found;
		is_done = !asked.failed;
		if (is_done && left != NULL && match_unknown(asked.found) != 0)
			*ret_left = residue_of(asking, left);
	}
	arena_release(&arena);
	return is_done;
}

bool
daemons_ask(const struct reach *reach, const struct reach_question *question, matchset *ret,
    struct daemons_left *left)
{
	struct asking asking = {.size = 0};
	bool is_done = true;

	asking.server.has_daemon = question->daemon != NULL;
	asking.server.has_port = question->port > 0;
	asking.server.has_address = question->server != NULL;
	ask_init(&asking.ask, question->daemon);
	asking.ask.port = question->port;
	if (question->server != NULL)
		is_done = ask_set_text(&asking.ask, END_SERVER, question->server);
	for (size_t i = 0; i < reach->daemon_count && is_done; i++)
		is_done = ask_one(&asking, &reach->daemon_lists[i], &ret[i], left,
		    left != NULL ? &left->of[i] : NULL);
	terms_release(&asking.terms);
	residue_release(&asking.residue);
	free(asking.tests);
	return is_done;
}

bool
reach_is_one(
    const struct reach *reach, const struct reach_question *a, const struct reach_question *b)
{
	matchset *answers = calloc(2 * reach->daemon_count + 1, sizeof *answers);
	bool is_one = answers != NULL && daemons_ask(reach, a, answers, NULL) &&
	    daemons_ask(reach, b, answers + reach->daemon_count, NULL) &&
	    memcmp(answers, answers + reach->daemon_count, reach->daemon_count) == 0;

	free(answers);
	return is_one;
}
