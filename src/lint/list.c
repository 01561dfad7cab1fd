/*
 * NAME     list - files that words name
 * PURPOSE  Looks at each once for each way it is read in and each thing its rule does, as a text of
 *          its own; then goes on with the line that named it.
 * INVARIANTS  A word that one way alone has is told with the chunk of bytes that it stands in.
 * LIMITS   MATCH_LISTS_DEEP and MATCH_LISTS_ALL, as for a decision.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lint/inside.h"
#include "policy/filelist.h"
#include "policy/match.h"
#include "table/stamp.h"

/* Lists that were looked at already, by any rule of either table. */
struct lint_lists {
	unsigned depth, count;
	struct looked_at {
		char *path;
		enum lines_mode mode; /* of the table that named it */
		enum table table;
		bool grants, is_excepted;
		bool is_open; /* being looked at: who names it now closes a circle */
	} seen[MATCH_LISTS_ALL];
};

void
lint_release(struct lint *lint)
{
	for (unsigned i = 0; lint->lists != NULL && i < lint->lists->count; i++)
		free(lint->lists->seen[i].path);
	free(lint->lists);
	lint->lists = NULL;
}

static void
tell_list(struct place *place, enum lint_id id, bool differs, const char *at, size_t len)
{
	struct remark remark = {
	    .id = id, .differs = differs, .at = at, .subject = at, .subject_len = len};

	tell(place, &remark);
}

/* ---- the bytes of a list ---- */

/* The physical line around at; number counts on from where place stands. */
static void
set_line(struct place *place, const char *bytes, size_t len, const char *at)
{
	const char *end = bytes + len, *newline;
	const char *text = place->text;

	if (at < text + place->len)
		return;
	while ((newline = memchr(text, '\n', (size_t)(end - text))) != NULL && newline < at) {
		text = newline + 1;
		place->line++;
	}
	place->first_line = place->line;
	place->text = text;
	place->len = (size_t)((newline != NULL ? newline : end) - text);
}

/* The chunk between blanks, which the classic way takes for one word. */
static void
tell_comma(struct place *place, const struct word *word)
{
	struct remark remark = {.id = LINT_LIST_COMMA,
	    .relation = RELATION_EITHER,
	    .differs = true,
	    .at = word->text,
	    .subject = word->text,
	    .subject_len = word->len};
	char *by = malloc(word->len);

	if (by == NULL) {
		place->failed = true;
		return;
	}
	for (size_t i = 0; i < word->len; i++)
		by[i] = word->text[i] == ',' ? ' ' : word->text[i];
	remark.cut = word->text;
	remark.cut_len = remark.by_len = word->len;
	remark.by = by;
	tell(place, &remark);
	free(by);
}

/* From the comment sign to the end of the line; told once a line, since its words are many. */
static void
tell_comment(struct place *place, const char *sign, unsigned *told_line)
{
	struct remark remark = {.id = LINT_LIST_COMMENT,
	    .relation = RELATION_WIDER,
	    .differs = true,
	    .at = sign,
	    .cut = sign};

	if (*told_line == place->line)
		return;
	*told_line = place->line;
	while (remark.cut > place->text && str_is_space(remark.cut[-1]))
		remark.cut--;
	remark.cut_len = (size_t)(place->text + place->len - remark.cut);
	tell(place, &remark);
}

/* A word that the classic way alone has. */
static void
tell_classic_word(
    struct place *place, const struct word *word, const char *bytes_end, unsigned *told_line)
{
	const char *end = word->text + word->len, *sign = word->text;

	if (end < bytes_end && *end == '\0') {
		struct remark remark = {.id = LINT_LIST_NUL,
		    .relation = RELATION_WIDER,
		    .differs = true,
		    .at = word->text};

		tell(place, &remark);
		return;
	}
	while (sign < end && *sign == ',')
		sign++;
	/* What stands behind a comment sign begins no word of the plain way, nor does the sign. */
	if (*told_line == place->line || (sign < end && *sign == '#'))
		tell_comment(place, sign, told_line);
	else if (memchr(word->text, ',', word->len) != NULL)
		tell_comma(place, word);
	else
		tell_comment(place, sign, told_line);
}

static void
check_words(struct place *place, const char *bytes, size_t len)
{
	struct word_reader reader = {.bytes = NULL};
	bool two_ways = place->mode == LINES_TWO_WAYS;
	ways want = two_ways ? WAY_BOTH : place->mode == LINES_CLASSIC ? WAY_CLASSIC : WAY_PLAIN;
	struct remark long_word = {.id = LINT_LIST_LONG_WORD, .differs = true};
	enum words_status status;
	struct word word;
	unsigned told_line = 0;

	place->line = place->first_line = 1;
	place->text = bytes;
	place->len = 0;
	words_feed(&reader, bytes, len, true);
	while ((status = words_next(&reader, &word)) == WORDS_WORD && !place->failed) {
		ways which = word.ways & want;

		if (which == 0)
			continue;
		set_line(place, bytes, len, word.text);
		if (two_ways && which == WAY_CLASSIC)
			tell_classic_word(place, &word, bytes + len, &told_line);
		else
			word_check(place, ROLE_FILE, two_ways && which != want ? WAY_PLAIN : want,
			    word.text, word.len);
	}
	if (status == WORDS_WORD || status == WORDS_END)
		return;
	place->text = NULL;
	place->line = place->first_line = 0;
	tell(place, &long_word);
}

/* ---- the file ---- */

/* at: its name, in the line that place stands at. */
static void
check_file(struct place *place, const char *path, const char *at, size_t at_len)
{
	struct place inner = *place;
	int state, error;
	size_t len;
	char *bytes = file_read(path, &len, &state, &error);

	if (bytes == NULL && state == FILE_ABSENT) {
		/* /dev/null is empty on purpose. */
		if (error != 0)
			tell_list(place, LINT_LIST_ABSENT, false, at, at_len);
		return;
	}
	if (bytes == NULL) {
		tell_list(place, error != 0 ? LINT_LIST_UNREADABLE : LINT_LIST_IRREGULAR, true, at,
		    at_len);
		return;
	}
	inner.file = path;
	inner.is_list = true;
	inner.list = NULL;
	inner.is_feed = overall_is_long(bytes, len);
	inner.text = NULL;
	inner.line = inner.first_line = 0;
	file_check_mode(&inner, path);
	place->lint->lists->depth++;
	check_words(&inner, bytes, len);
	place->lint->lists->depth--;
	place->failed = inner.failed;
	free(bytes);
}

static bool
is_same(const struct looked_at *seen, const struct place *place, const char *path, size_t len)
{
	return seen->mode == place->mode && seen->table == place->table &&
	    seen->grants == place->grants && seen->is_excepted == place->is_excepted &&
	    strlen(seen->path) == len && memcmp(seen->path, path, len) == 0;
}

/* Does the list lead back to itself, whatever else was asked of it? */
static bool
is_circle(const struct lint_lists *lists, const char *path, size_t len)
{
	for (unsigned i = 0; i < lists->count; i++) {
		if (lists->seen[i].is_open && strlen(lists->seen[i].path) == len &&
		    memcmp(lists->seen[i].path, path, len) == 0)
			return true;
	}
	return false;
}

static void
check_new(struct place *place, const char *at, size_t len)
{
	struct lint_lists *lists = place->lint->lists;
	struct looked_at *list;
	char *path;

	if (lists->count == MATCH_LISTS_ALL || lists->depth == MATCH_LISTS_DEEP ||
	    is_circle(lists, at, len)) {
		tell_list(place, LINT_LIST_DEEP, true, at, len);
		return;
	}
	path = strndup(at, len);
	if (path == NULL) {
		place->failed = true;
		return;
	}
	list = &lists->seen[lists->count++];
	*list = (struct looked_at){.path = path,
	    .mode = place->mode,
	    .table = place->table,
	    .grants = place->grants,
	    .is_excepted = place->is_excepted,
	    .is_open = true};
	check_file(place, path, at, len);
	list->is_open = false;
}

void
list_check(struct place *place, const char *at, size_t len)
{
	struct lint *lint = place->lint;

	if (lint->is_text_only)
		return;
	if (lint->lists == NULL)
		lint->lists = calloc(1, sizeof *lint->lists);
	if (lint->lists == NULL) {
		place->failed = true;
		return;
	}
	for (unsigned i = 0; i < lint->lists->count; i++) {
		const struct looked_at *seen = &lint->lists->seen[i];

		if (is_same(seen, place, at, len) && !seen->is_open)
			return;
	}
	check_new(place, at, len);
}
