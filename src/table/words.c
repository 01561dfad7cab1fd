/*
 * NAME     words - a list and its index
 * PURPOSE  Few words are kept parsed. Of many the index says where those stand that a request has to be
 *          shown; they are read from the text, which is kept, or in a file.
 * INVARIANTS  An item is a chunk, and all its words are shown: it is as good to show too many. It is
 *          numbered by its place, and by whether the plain way is in a comment there, so that its words are
 *          read as they were.
 * LIMITS   STORE_INDEX_FROM; WORDS_TEXT_MAX, as items are numbers of 32 bits.
 * SEE      image/index.h, policy/filelist.h, docs/decisions/any-size.md
 */
#include "table/words.h"

#include <string.h>

/* ---- making ---- */

static bool
file_words(struct generation *generation, size_t size, size_t *ret_tests)
{
	struct word_reader reader = {.bytes = NULL};
	enum words_status status;
	struct pattern pattern;
	struct word word;

	*ret_tests = 0;
	words_feed(&reader, generation->bytes, size, true);
	while ((status = words_next(&reader, &word)) == WORDS_WORD) {
		pattern_read(&pattern, ROLE_FILE, word.ways, word.text, word.len);
		for (unsigned i = 0; i < pattern.count; i++)
			index_add_test(&generation->index, words_item(&reader), &pattern.tests[i]);
		*ret_tests += pattern.count;
		generation->rule_count++;
	}
	return status == WORDS_END && index_finish(&generation->index);
}

bool
generation_keep_words(struct generation *generation, size_t size)
{
	struct words *words = &generation->words;
	size_t tests;

	if (size > WORDS_TEXT_MAX || !file_words(generation, size, &tests))
		return false;
	generation->size = size;
	if (tests <= STORE_INDEX_FROM && !generation->is_indexed) {
		index_release(&generation->index);
		return words_keep(words, &generation->arena, generation->bytes, size) == 0;
	}
	generation->is_indexed = true;
	*words = (struct words){.index = &words_of_text, .owner = generation};
	return true;
}

/* ---- walking ---- */

struct word_cursor {
	struct index_cursor index;
	unsigned end;
	bool shows_all; /* that is left of the text */
	struct window text, *window; /* of a text that is kept; where words are read from */
	struct words_file *file; /* NULL: a text that is kept */
	struct word_reader reader; /* of the chunk at hand */
	struct pattern pattern; /* of the word at hand, */
	unsigned next; /* and its test */
};
_Static_assert(sizeof(struct word_cursor) <= WORDS_CURSOR_BYTES, "policy/filelist.h");

/* A list is nobody's in particular: no daemon has an empty name. */
static void
begin(
    struct word_cursor *cursor, const struct index *index, const struct facts *facts, unsigned end)
{
	cursor->end = end;
	cursor->shows_all = false;
	cursor->reader = (struct word_reader){.eof = true};
	cursor->pattern.count = cursor->next = 0;
	index_begin(&cursor->index, index, facts->ops->addr(facts->ctx, (enum end)end), "", 0);
}

static void
begin_text(const struct words *words, const struct facts *facts, unsigned end, void *memory)
{
	const struct generation *generation = words->owner;
	struct word_cursor *cursor = memory;

	window_of_text(&cursor->text, generation->bytes, generation->size);
	cursor->window = &cursor->text;
	cursor->file = NULL;
	begin(cursor, &generation->index, facts, end);
}

static void
begin_file(const struct words *words, const struct facts *facts, unsigned end, void *memory)
{
	struct words_file *file = words->owner;
	struct word_cursor *cursor = memory;

	cursor->window = &file->window;
	cursor->file = file;
	begin(cursor, &file->image.index, facts, end);
}

static bool
has_text(struct words_file *file)
{
	if (file->window.fd < 0)
		file->window.fd = file->open(file->ctx);
	return file->window.fd >= 0;
}

static bool
feed_item(struct word_cursor *cursor, uint32_t item)
{
	struct window *window = cursor->window;
	size_t at = item / 2;

	if ((cursor->file != NULL && !has_text(cursor->file)) || !window_have(window, at))
		return false;
	while (!words_feed_chunk(&cursor->reader, window_at(window, at), window_left(window, at),
	    window_is_last(window), item % 2 != 0))
		if (!window_widen(window, at))
			return false;
	return true;
}

/* Of a text that is all there: what comes behind the chunk before. */
static bool
feed_rest(struct word_cursor *cursor)
{
	const struct window *window = cursor->window;
	const char *from = window->bytes;

	if (cursor->file != NULL)
		return false;
	if (cursor->reader.bytes != NULL)
		from = cursor->reader.bytes + words_consumed(&cursor->reader);
	words_feed(&cursor->reader, from, (size_t)(window->bytes + window->size - from), true);
	cursor->shows_all = true;
	return true;
}

/* The words at hand are over. */
static enum words_step
feed(struct word_cursor *cursor, const struct facts *facts)
{
	uint32_t item;

	if (cursor->shows_all)
		return WORDS_NO_MORE;
	switch (index_next(
	    &cursor->index, facts->ops->known_name(facts->ctx, (enum end)cursor->end), &item)) {
	case INDEX_ITEM:
		return feed_item(cursor, item) ? WORDS_TEST : WORDS_FAILED;
	case INDEX_END:
		return WORDS_NO_MORE;
	case INDEX_ALL:
		break;
	}
	return feed_rest(cursor) ? WORDS_TEST : WORDS_FAILED;
}

static enum words_step
next_test(const struct words *words, const struct facts *facts, void *memory,
    const struct test **ret_test)
{
	struct word_cursor *cursor = memory;
	enum words_step step = WORDS_TEST;
	struct word word;

	(void)words;
	while (cursor->next >= cursor->pattern.count && step == WORDS_TEST) {
		switch (words_next(&cursor->reader, &word)) {
		case WORDS_WORD:
			pattern_read(&cursor->pattern, ROLE_FILE, word.ways, word.text, word.len);
			cursor->next = 0;
			break;
		case WORDS_END:
			step = feed(cursor, facts);
			break;
		case WORDS_MORE:
		case WORDS_TOO_LONG:
			step = WORDS_FAILED;
			break;
		}
	}
	if (step == WORDS_TEST)
		*ret_test = &cursor->pattern.tests[cursor->next++];
	return step;
}

const struct words_index words_of_text = {begin_text, next_test};
static const struct words_index words_of_file = {begin_file, next_test};

/* ---- a file's image ---- */

void
words_file_init(struct words_file *file, int (*open)(void *ctx), void *ctx)
{
	window_of_file(&file->window, -1, (size_t)file->image.facts.text_bytes, file->storage);
	file->open = open;
	file->ctx = ctx;
	file->words = (struct words){.index = &words_of_file, .owner = file};
}
