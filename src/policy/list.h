/*
 * A daemon list or client list: text that is read word by word as it is needed, or the tests of a
 * kept generation. Both are walked by the same cursor and judged by the same code.
 */
#ifndef POLICY_LIST_H
#define POLICY_LIST_H

#include <stdbool.h>

#include "base/arena.h"
#include "policy/lexer.h"
#include "policy/pattern.h"

struct list {
	const char *text;
	size_t len;
	const struct test *tests; /* NULL: not kept */
	size_t count;
	ways ways;
	enum role role;
};

/* The next word from *at on; false: there is none. */
static inline bool
list_next_word(const struct list *list, size_t *at, const char **ret_word, size_t *ret_len)
{
	while (*at < list->len && lexer_is_separator(list->text[*at]))
		++*at;
	*ret_word = list->text + *at;
	while (*at < list->len && !lexer_is_separator(list->text[*at]))
		++*at;
	*ret_len = (size_t)(list->text + *at - *ret_word);
	return *ret_len > 0;
}

struct list_cursor {
	const struct list *list;
	size_t at;
	unsigned next; /* of pattern */
	struct pattern pattern;
};

void list_cursor_init(struct list_cursor *, const struct list *);

/* The next test; a test with TEST_AND has its second at [1], which is stepped over. NULL: the end.
 * The test is valid until the next call. skip: only an EXCEPT is wanted. */
const struct test *list_next_of_text(struct list_cursor *, bool skip);

static inline const struct test *
list_cursor_next(struct list_cursor *cursor, bool skip)
{
	const struct list *list = cursor->list;
	const struct test *test;

	if (list->tests == NULL)
		return list_next_of_text(cursor, skip);
	do {
		if (cursor->at >= list->count)
			return NULL;
		test = &list->tests[cursor->at];
		cursor->at += test->flags & TEST_AND ? 2 : 1;
	} while (skip && test->kind != TEST_EXCEPT);
	return test;
}

/* Copy tests, with what they point to but the texts, to the arena's growing end: used to keep a
 * list. Returns false when memory ran out. */
struct test_block {
	struct test *tests;
	size_t count, size;
};
bool list_keep_pattern(struct test_block *, struct arena *, const struct pattern *);

/* Keep a list parsed: its tests are copied to the arena, its text must live as long. */
bool list_keep(struct list *, struct arena *);

#endif
