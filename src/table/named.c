/*
 * NAME     named - the lists that are named
 * PURPOSE  A text is parsed for them only if a slash in it is that of no mask.
 */
#include "table/named.h"

#include <string.h>

#include "base/str.h"
#include "policy/filelist.h"

struct telling {
	const struct named *named;
	size_t count;
	bool has_told; /* of the rule or word at hand */
};

/* Nearly no table has a slash that is not behind a number or a bracket. */
static bool
may_name(const char *bytes, size_t size)
{
	const char *at = bytes, *end = bytes + size;

	while (at < end && (at = memchr(at, '/', (size_t)(end - at))) != NULL) {
		if (at == bytes || !(str_is_digit(at[-1]) || at[-1] == ']'))
			return true;
		at++;
	}
	return false;
}

static bool
tell_test(struct telling *telling, const struct test *test)
{
	if (test->kind != TEST_LIST)
		return true;
	telling->has_told = true;
	return telling->named->take(telling->named->ctx, test->text, test->len);
}

static bool
tell_list(struct telling *telling, const struct list *list)
{
	struct list_cursor cursor;
	const struct test *test;
	bool goes_on = true;

	if (list->len == 0 || memchr(list->text, '/', list->len) == NULL)
		return true;
	list_cursor_init(&cursor, list);
	while (goes_on && (test = list_cursor_next(&cursor, false)) != NULL)
		goes_on = tell_test(telling, test) &&
		    ((test->flags & TEST_AND) == 0 || tell_test(telling, test + 1));
	return goes_on;
}

static bool
tell_rules(void *ctx, const struct line *line, const struct rule *rules, unsigned count,
    struct lines *behind)
{
	struct telling *telling = ctx;
	bool goes_on = true;

	(void)line;
	(void)behind;
	telling->has_told = false;
	for (unsigned i = 0; i < count && goes_on; i++)
		goes_on = rules[i].code != DIAG_NONE ||
		    (tell_list(telling, &rules[i].daemons) &&
		        tell_list(telling, &rules[i].clients));
	telling->count += telling->has_told;
	return goes_on;
}

static bool
tell_words(struct telling *telling, const struct whole *whole)
{
	struct word_reader reader = {.bytes = NULL};
	struct pattern pattern;
	struct word word;
	bool goes_on = true;

	words_feed(&reader, whole->bytes, whole->size, true);
	while (goes_on && words_next(&reader, &word) == WORDS_WORD) {
		if (word.len == 0 || memchr(word.text, '/', word.len) == NULL)
			continue;
		telling->has_told = false;
		pattern_read(&pattern, ROLE_FILE, word.ways, word.text, word.len);
		for (unsigned i = 0; i < pattern.count && goes_on; i++)
			goes_on = tell_test(telling, &pattern.tests[i]);
		telling->count += telling->has_told;
	}
	return goes_on;
}

bool
named_tell(const struct named *named, struct whole *whole, bool is_list, size_t *ret_count,
    struct table_fault *fault)
{
	struct telling telling = {.named = named};
	bool is_done = true;

	if (!may_name(whole->bytes, whole->size)) {
		*ret_count = 0;
		return true;
	}
	if (is_list)
		is_done = tell_words(&telling, whole) || table_fault(fault, TABLE_CANNOT_MEMORY, 0);
	else
		is_done = whole_lines(whole, NULL, &telling, tell_rules, fault);
	*ret_count = telling.count;
	return is_done;
}
