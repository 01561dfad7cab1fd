/*
 * NAME     lists - /file lists as terms
 * INVARIANTS  Words behind one that is too long are unknown, as they are to whoever decides.
 * SEE      policy/filelist.h
 */
#include "reach/lists.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "policy/filelist.h"

/* A list that cannot be read: those that can be named begin with a slash. */
static const char bad_path[] = "!";

enum list_status
list_files_read(void *ctx, const char *path, char **ret_bytes, size_t *ret_len)
{
	struct table_fault fault;
	struct whole whole;
	enum list_status status = LIST_BAD;

	(void)ctx;
	if (whole_open(&whole, path, &fault)) {
		if (whole.fd < 0) {
			status = LIST_MISSING;
		} else if (whole_read(&whole, NULL, &fault)) {
			*ret_bytes = whole.bytes;
			*ret_len = whole.size;
			whole.bytes = NULL;
			status = LIST_OK;
		}
	}
	whole_release(&whole);
	return status;
}

/* A word's tests, with what they point to. */
static void
add_word(struct list_files *files, struct terms *terms, const struct word *word)
{
	struct pattern pattern;

	pattern_read(&pattern, ROLE_FILE, word->ways, word->text, word->len);
	for (unsigned i = 0; i < pattern.count; i++) {
		struct test *test = &pattern.tests[i];
		struct net6 *net;

		if (test->kind == TEST_NET6) {
			net = arena_alloc(&files->arena, sizeof *net);
			if (net == NULL) {
				files->failed = true;
				return;
			}
			*net = *test->v6;
			test->v6 = net;
		}
		terms_add_client(terms, test);
	}
}

static void
add_words(struct list_files *files, struct terms *terms, const char *bytes, size_t len)
{
	static const struct test bad = {
	    .kind = TEST_LIST, .ways = WAY_BOTH, .text = bad_path, .len = sizeof bad_path - 1};
	struct word_reader reader = {.bytes = NULL};
	enum words_status status;
	struct word word;

	words_feed(&reader, bytes, len, true);
	while ((status = words_next(&reader, &word)) == WORDS_WORD && !files->failed)
		add_word(files, terms, &word);
	if (status == WORDS_TOO_LONG)
		terms_add_client(terms, &bad);
	files->failed |= terms->failed;
}

static uint32_t
find(const struct list_files *files, const struct test *test)
{
	for (size_t i = 0; i < files->count; i++) {
		const char *path = files->items[i].path;

		if (strlen(path) == test->len && memcmp(path, test->text, test->len) == 0)
			return (uint32_t)i;
	}
	return TERM_NO_LIST;
}

static struct list_file *
grow(struct list_files *files)
{
	size_t size = files->size == 0 ? 8 : files->size * 2;
	struct list_file *items;

	if (files->count < files->size)
		return &files->items[files->count];
	items = realloc(files->items, size * sizeof *items);
	if (items == NULL)
		return NULL;
	files->items = items;
	files->size = size;
	return &items[files->count];
}

uint32_t
list_files_get(struct list_files *files, const struct test *test)
{
	uint32_t number = find(files, test);
	struct list_file *file;
	size_t len = 0;

	if (number != TERM_NO_LIST)
		return number;
	file = grow(files);
	if (file != NULL)
		*file =
		    (struct list_file){.path = arena_copy(&files->arena, test->text, test->len)};
	if (file == NULL || file->path == NULL) {
		files->failed = true;
		return TERM_NO_LIST;
	}
	terms_clear(&file->terms);
	file->terms.spans.steps_left = REGION_STEPS;
	files->count++;
	file->status = file->path[0] != '/'
	    ? LIST_BAD
	    : files->source.read(files->source.ctx, file->path, &file->bytes, &len);
	file->hash = hash_quick(file->bytes, len);
	if (file->status == LIST_OK)
		add_words(files, &file->terms, file->bytes, len);
	return (uint32_t)(files->count - 1);
}

void
list_files_release(struct list_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->items[i].bytes);
		terms_release(&files->items[i].terms);
	}
	free(files->items);
	arena_release(&files->arena);
}
