/*
 * NAME     list - walking the words of a list
 * INVARIANTS  A list gives the same tests in the same order whether it is kept or read from text.
 */
#include "policy/list.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void
list_cursor_init(struct list_cursor *cursor, const struct list *list)
{
	cursor->list = list;
	cursor->at = 0;
	cursor->next = 0;
	cursor->pattern.count = 0;
}

const struct test *
list_next_of_text(struct list_cursor *cursor, bool skip)
{
	struct pattern *pattern = &cursor->pattern;
	const struct test *test;
	const char *word;
	size_t len;

	while (cursor->next >= pattern->count) {
		do {
			if (!list_next_word(cursor->list, &cursor->at, &word, &len))
				return NULL;
		} while (skip && !str_is(word, len, "EXCEPT"));
		pattern_read(pattern, cursor->list->role, cursor->list->ways, word, len);
		cursor->next = 0;
	}
	test = &pattern->tests[cursor->next];
	cursor->next += test->flags & TEST_AND ? 2 : 1;
	return test;
}

bool
list_keep_pattern(struct test_block *block, struct arena *arena, const struct pattern *pattern)
{
	if (block->size - block->count < pattern->count) {
		size_t size = block->size == 0 ? 4 : block->size * 2;
		struct test *tests = realloc(block->tests, size * sizeof *tests);

		if (tests == NULL)
			return false;
		block->tests = tests;
		block->size = size;
	}
	for (unsigned i = 0; i < pattern->count; i++) {
		struct test *test = &block->tests[block->count++];

		*test = pattern->tests[i];
		if (test->kind == TEST_NET6) {
			struct net6 *net = arena_alloc(arena, sizeof *net);

			if (net == NULL)
				return false;
			*net = *test->v6;
			test->v6 = net;
		}
	}
	return true;
}

bool
list_keep(struct list *list, struct arena *arena)
{
	struct test_block block = {.tests = NULL};
	struct list_cursor cursor;
	struct test *kept = NULL;
	bool ok = true;

	list_cursor_init(&cursor, list);
	while (ok && list_next_of_text(&cursor, false) != NULL) {
		ok = list_keep_pattern(&block, arena, &cursor.pattern);
		cursor.next = cursor.pattern.count;
	}
	if (ok)
		kept = arena_alloc(arena, block.count * sizeof *kept + 1);
	if (kept != NULL) {
		if (block.count > 0)
			memcpy(kept, block.tests, block.count * sizeof *kept);
		list->tests = kept;
		list->count = block.count;
	}
	free(block.tests);
	return kept != NULL;
}
