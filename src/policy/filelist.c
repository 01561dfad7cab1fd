/*
 * NAME     filelist - /file lists
 * PURPOSE  Words of a list file, and whether one of them matches; lists may name lists.
 * INVARIANTS  A list that was walked once for a test is not walked again (or is idempotent). A
 *          list that is still open, one too deep, one too many, or one that cannot be read, is
 *          unknown: its rule refuses unless something else decides.
 * LIMITS   WORDS_MAX; MATCH_LISTS_DEEP and MATCH_LISTS_ALL (match.h); BUFFER: a page or more beside
 *          the longest word.
 */
#include "policy/filelist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "policy/match.h"
#include "policy/skim.h"

enum { BUFFER = WORDS_CURSOR_BYTES, FIRST_PATH = 256 };
_Static_assert((int)BUFFER >= WORDS_MAX + 4096, "a page is read at a time");

/* ---- words ---- */

void
words_feed(struct word_reader *reader, const char *bytes, size_t len, bool eof)
{
	reader->bytes = bytes;
	reader->len = len;
	reader->eof = eof;
	reader->at = reader->chunk_end = reader->plain_at = 0;
}

size_t
words_consumed(const struct word_reader *reader)
{
	return reader->at;
}

bool
words_feed_chunk(
    struct word_reader *reader, const char *bytes, size_t len, bool eof, bool commented)
{
	size_t end = 0;

	while (end < len && end <= WORDS_MAX && !str_is_space(bytes[end]))
		end++;
	if (end == len && !eof)
		return false;
	words_feed(reader, bytes, end, true);
	reader->commented = commented;
	return true;
}

/* The next plain word of the chunk at hand. */
static bool
next_plain(struct word_reader *reader, struct word *ret)
{
	const char *bytes = reader->bytes;
	size_t at = reader->plain_at, end = reader->chunk_end;

	while (at < end && bytes[at] == ',')
		at++;
	if (at < end && bytes[at] == '#')
		reader->commented = true;
	if (at >= end || reader->commented) {
		reader->plain_at = end;
		return false;
	}
	*ret = (struct word){.text = bytes + at, .ways = WAY_PLAIN};
	while (at < end && bytes[at] != ',')
		at++;
	ret->len = (size_t)(bytes + at - ret->text);
	reader->plain_at = at;
	return true;
}

/* The classic way ends a word at a NUL byte; the plain way has no such word. */
static void
classic_word(struct word_reader *reader, size_t start, struct word *ret)
{
	const char *text = reader->bytes + start;
	size_t len = reader->at - start;
	const char *nul = memchr(text, '\0', len);
	bool divided = memchr(text, ',', len) != NULL || memchr(text, '#', len) != NULL;

	*ret = (struct word){.text = text, .len = len, .ways = WAY_BOTH};
	if (nul != NULL) {
		ret->len = (size_t)(nul - text);
		ret->ways = WAY_CLASSIC;
	} else if (reader->commented) {
		ret->ways = WAY_CLASSIC;
	} else if (divided) {
		ret->ways = WAY_CLASSIC;
		reader->plain_at = start;
		reader->chunk_end = reader->at;
	}
}

enum words_status
words_next(struct word_reader *reader, struct word *ret)
{
	size_t at, start;

	if (reader->plain_at < reader->chunk_end && next_plain(reader, ret))
		return WORDS_WORD;
	for (at = reader->at; at < reader->len && str_is_space(reader->bytes[at]); at++)
		reader->commented = reader->commented && reader->bytes[at] != '\n';
	reader->at = at;
	for (start = at; at < reader->len && !str_is_space(reader->bytes[at]); at++) {
		if (at - start >= WORDS_MAX)
			return WORDS_TOO_LONG;
	}
	if (at == reader->len && !reader->eof)
		return WORDS_MORE;
	if (at == start)
		return WORDS_END;
	reader->at = at;
	reader->chunk = start;
	reader->chunk_commented = reader->commented;
	classic_word(reader, start, ret);
	return WORDS_WORD;
}

int
words_keep(struct words *ret, struct arena *arena, const char *bytes, size_t len)
{
	struct word_reader reader = {.bytes = NULL};
	struct test_block block = {.tests = NULL};
	enum words_status status;
	struct pattern pattern;
	struct test *tests = NULL;
	struct word word;

	words_feed(&reader, bytes, len, true);
	while ((status = words_next(&reader, &word)) == WORDS_WORD) {
		pattern_read(&pattern, ROLE_FILE, word.ways, word.text, word.len);
		if (!list_keep_pattern(&block, arena, &pattern))
			break;
	}
	if (status == WORDS_END)
		tests = arena_alloc(arena, block.count * sizeof *tests + 1);
	if (tests != NULL && block.count > 0)
		memcpy(tests, block.tests, block.count * sizeof *tests);
	*ret = (struct words){.tests = tests, .count = block.count};
	free(block.tests);
	return tests != NULL ? 0 : -1;
}

/* ---- walking lists that name lists ---- */

struct level {
	struct level *below;
	const char *path;
	const struct words *kept;
	size_t next; /* of kept, if it has no index */
	ways ways; /* in which the word that named it stands */
	struct list_source *source;
	struct word_reader reader;
	size_t len; /* of buffer */
	bool eof;
	_Alignas(max_align_t) char buffer[BUFFER]; /* of what is read; or the cursor of an index */
};

struct walk {
	struct matcher *matcher;
	struct level *top;
	unsigned depth, count;
	struct arena paths;
	matchset found;
	struct {
		const char *path;
		ways ways;
	} seen[MATCH_LISTS_ALL];
	/* The usual list names none: it needs no heap. */
	char first_path[FIRST_PATH];
	struct level first;
};

static void
report(struct walk *walk, enum diag_code code, const char *path, int error)
{
	struct diag *diag = &walk->matcher->place;

	diag_set(diag, code, path, strlen(path));
	diag->error = error;
	walk->matcher->facts->ops->report(walk->matcher->facts->ctx, diag);
	diag->error = 0;
}

static void
unknown(struct walk *walk, ways which, const struct diag *why)
{
	report(walk, why->code, why->file, why->error);
	walk->found |= match_from_tri(TRI_UNKNOWN, which);
}

static char *
keep_path(struct walk *walk, const char *text, size_t len)
{
	if (walk->count > 0 || len >= sizeof walk->first_path)
		return arena_copy(&walk->paths, text, len);
	memcpy(walk->first_path, text, len);
	walk->first_path[len] = '\0';
	return walk->first_path;
}

static struct level *
new_level(struct walk *walk)
{
	return walk->count == 0 ? &walk->first : malloc(sizeof(struct level));
}

static void
free_level(const struct walk *walk, struct level *level)
{
	if (level != &walk->first)
		free(level);
}

static void
close_level(struct walk *walk)
{
	struct level *level = walk->top;
	const struct facts *facts = walk->matcher->facts;

	if (level->source != NULL)
		facts->ops->list_close(facts->ctx, level->source);
	walk->top = level->below;
	walk->depth--;
	free_level(walk, level);
}

/* Is there anything to be done for this list? Says so if it cannot be. */
static bool
is_new(struct walk *walk, const char *path, ways which)
{
	struct diag deep = {.code = DIAG_LIST_TOO_DEEP, .file = path};
	bool open = walk->depth == MATCH_LISTS_DEEP || walk->count == MATCH_LISTS_ALL;

	for (const struct level *l = walk->top; l != NULL; l = l->below)
		open = open || strcmp(l->path, path) == 0;
	if (open) {
		unknown(walk, which, &deep);
		return false;
	}
	for (unsigned i = 0; i < walk->count; i++) {
		if (strcmp(walk->seen[i].path, path) == 0 && (which & ~walk->seen[i].ways) == 0)
			return false;
	}
	return true;
}

static bool
open_source(struct walk *walk, struct level *level)
{
	const struct facts *facts = walk->matcher->facts;
	struct diag why = {.file = level->path};

	switch (facts->ops->list_open(
	    facts->ctx, level->path, &level->source, &level->kept, &why.error)) {
	case LIST_OK:
		return true;
	case LIST_MISSING:
		/* /dev/null is empty on purpose. */
		if (why.error != 0)
			report(walk, DIAG_LIST_ABSENT, level->path, why.error);
		break;
	case LIST_BAD:
	case LIST_END:
		why.code = why.error != 0 ? DIAG_LIST_UNREADABLE : DIAG_LIST_NOT_REGULAR;
		unknown(walk, level->ways, &why);
		break;
	}
	return false;
}

static void
open_level(struct walk *walk, const struct test *test, ways which)
{
	char *path = keep_path(walk, test->text, test->len);
	struct level *level;

	if (path != NULL && !is_new(walk, path, which))
		return;
	level = new_level(walk);
	if (path == NULL || level == NULL) {
		walk->matcher->failed = true;
		free_level(walk, level);
		return;
	}
	memset(level, 0, offsetof(struct level, buffer));
	level->path = path;
	level->ways = which;
	/* Also one that cannot be had is asked for once. */
	walk->seen[walk->count].path = path;
	walk->seen[walk->count++].ways = which;
	if (!open_source(walk, level)) {
		free_level(walk, level);
		return;
	}
	if (level->kept != NULL && level->kept->index != NULL)
		level->kept->index->begin(
		    level->kept, walk->matcher->facts, walk->matcher->end, level->buffer);
	level->below = walk->top;
	walk->top = level;
	walk->depth++;
}

static void
match_test(struct walk *walk, const struct test *test, ways which)
{
	ways open = which & test->ways & (ways)~match_certain(walk->found);

	if (open == 0)
		return;
	if (test->kind == TEST_LIST)
		open_level(walk, test, open);
	else
		walk->found |= pattern_match(walk->matcher, test, match_of_ways(open));
}

/* Read on behind what is not consumed. False: the level is over. */
static bool
refill(struct walk *walk, struct level *level)
{
	const struct facts *facts = walk->matcher->facts;
	struct diag why = {.code = DIAG_LIST_UNREADABLE, .file = level->path, .error = EIO};
	size_t used = words_consumed(&level->reader), got = 0;

	memmove(level->buffer, level->buffer + used, level->len - used);
	level->len -= used;
	switch (facts->ops->list_read(facts->ctx, level->source, level->buffer + level->len,
	    sizeof level->buffer - level->len, &got)) {
	case LIST_OK:
		break;
	case LIST_END:
		level->eof = true;
		break;
	case LIST_MISSING:
	case LIST_BAD:
		unknown(walk, level->ways, &why);
		return false;
	}
	level->len += got;
	words_feed(&level->reader, level->buffer, level->len, level->eof);
	return true;
}

static void
step_kept(struct walk *walk, struct level *level)
{
	const struct words *kept = level->kept;
	const struct test *test = NULL;
	enum words_step step = WORDS_TEST;

	if (kept->index != NULL)
		step = kept->index->next(kept, walk->matcher->facts, level->buffer, &test);
	else if (level->next < kept->count)
		test = &kept->tests[level->next++];
	else
		step = WORDS_NO_MORE;
	if (step == WORDS_TEST)
		match_test(walk, test, level->ways);
	else if (step == WORDS_NO_MORE)
		close_level(walk);
	else
		level->kept = NULL;
}

/* What is known of the host is used; it is asked for by words only. */
static void
skim(struct walk *walk, struct word_reader *reader)
{
	const struct matcher *matcher = walk->matcher;
	const struct facts *facts = matcher->facts;
	struct skim_client client;

	if (reader->len == 0 || reader->commented || reader->plain_at < reader->chunk_end ||
	    matcher->addrs[matcher->end] == NULL ||
	    !skim_client_init(&client, matcher->addrs[matcher->end],
	        facts->ops->known_name(facts->ctx, matcher->end)))
		return;
	reader->at = skim_words(&client, reader->bytes, reader->at, reader->len);
}

/* Take one step in the topmost list. */
static void
step(struct walk *walk)
{
	struct level *level = walk->top;
	struct diag long_word = {.code = DIAG_LIST_LONG_WORD, .file = level->path};
	struct pattern pattern;
	struct word word;

	if (level->kept != NULL) {
		step_kept(walk, level);
		return;
	}
	skim(walk, &level->reader);
	switch (words_next(&level->reader, &word)) {
	case WORDS_WORD:
		pattern_read(&pattern, ROLE_FILE, word.ways & level->ways, word.text, word.len);
		for (unsigned i = 0; i < pattern.count && !walk->matcher->failed; i++)
			match_test(walk, &pattern.tests[i], level->ways);
		break;
	case WORDS_MORE:
		if (!refill(walk, level))
			close_level(walk);
		break;
	case WORDS_TOO_LONG:
		unknown(walk, level->ways, &long_word);
		close_level(walk);
		break;
	case WORDS_END:
		close_level(walk);
		break;
	}
}

matchset
filelist_match(struct matcher *matcher, const struct test *test, ways want)
{
	struct walk walk;

	memset(&walk, 0, offsetof(struct walk, seen));
	walk.matcher = matcher;
	open_level(&walk, test, want);
	while (walk.top != NULL && !matcher->failed && match_certain(walk.found) != want)
		step(&walk);
	while (walk.top != NULL)
		close_level(&walk);
	arena_release(&walk.paths);
	return walk.found;
}
