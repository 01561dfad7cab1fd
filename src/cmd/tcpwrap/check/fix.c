/*
 * NAME     fix - tcpwrap check --fix
 * PURPOSE  Makes the mends that lint calls safe, until it finds none: one may come to light when another
 *          is made.
 * INVARIANTS  A line that has no such finding stays as it is, to the byte. Lists are left alone: other
 *          rules may name them.
 * LIMITS   PASSES_MAX: more than lines have layers of mistakes.
 * SEE      docs/decisions/checking.md
 */
#include "cmd/tcpwrap/check/fix.h"

#include <stdlib.h>
#include <string.h>

#include "policy/lines.h"
#include "tool/edit.h"

enum {
	PASSES_MAX = 16,
	SIZE_MAX_BYTES = 256 << 20, /* what lint looks at */
	MENDS_FIRST = 64,
};

struct mend {
	size_t first, end; /* lines, from 0 */
	char *text; /* to be freed; NULL: they go */
	size_t len;
	/* Of a row that is a line as a whole: what is put where in it. */
	bool is_whole;
	size_t cut, cut_len, shift;
};

/* A pass: mends in the order of lines. */
struct mends {
	struct mend *list;
	size_t count, size;
	bool failed;
};

/* The last mend of these lines, if this one may be made beside it; places in it move with each. */
static bool
join(struct mends *mends, const struct finding *finding, size_t first)
{
	struct mend *last = mends->count > 0 ? &mends->list[mends->count - 1] : NULL;
	size_t from, rest;
	char *text;

	if (last == NULL || last->end <= first)
		return false;
	/* The same line, as it stands, and behind the place that was mended: else the next pass. */
	if (!last->is_whole || last->text == NULL || last->first != first ||
	    finding->line != finding->first_line || finding->cut < last->cut + last->cut_len ||
	    finding->mended_len == 0)
		return true;
	from = finding->cut - last->shift;
	rest = from + finding->cut_len;
	text = malloc(last->len - finding->cut_len + finding->by_len + 1);
	if (text == NULL) {
		mends->failed = true;
		return true;
	}
	memcpy(text, last->text, from);
	memcpy(text + from, finding->by, finding->by_len);
	memcpy(text + from + finding->by_len, last->text + rest, last->len - rest);
	free(last->text);
	last->text = text;
	last->len = last->len - finding->cut_len + finding->by_len;
	last->cut = finding->cut;
	last->cut_len = finding->cut_len;
	last->shift += finding->cut_len - finding->by_len; /* may wrap, and comes back */
	return true;
}

static struct mend *
new_mend(struct mends *mends)
{
	if (mends->count == mends->size) {
		size_t size = mends->size > 0 ? 2 * mends->size : MENDS_FIRST;
		struct mend *more = realloc(mends->list, size * sizeof *more);

		if (more == NULL)
			return NULL;
		mends->list = more;
		mends->size = size;
	}
	return &mends->list[mends->count];
}

static void
take(void *ctx, const struct finding *finding)
{
	struct mends *mends = ctx;
	size_t first = finding->first_line - (size_t)1;
	struct mend *mend;

	/* A line that becomes too long ends the table for Debian's library. */
	if (!finding->is_safe || finding->first_line == 0 ||
	    (finding->mended_len >= LINES_CLASSIC_MAX && finding->mended_len > finding->len) ||
	    join(mends, finding, first))
		return;
	mend = new_mend(mends);
	if (mend == NULL) {
		mends->failed = true;
		return;
	}
	*mend = (struct mend){.first = first,
	    .end = finding->line,
	    .is_whole = finding->first_line == finding->line,
	    .len = finding->mended_len,
	    .cut = finding->cut,
	    .cut_len = finding->cut_len,
	    .shift = finding->cut_len - finding->by_len};
	if (finding->mended_len > 0) {
		mend->text = malloc(finding->mended_len);
		if (mend->text == NULL) {
			mends->failed = true;
			return;
		}
		memcpy(mend->text, finding->mended, finding->mended_len);
	}
	mends->count++;
}

static int
by_first(const void *a, const void *b)
{
	const struct mend *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Behind the newline of so many lines more. */
static size_t
skip_lines(const struct buf *text, size_t at, size_t lines)
{
	while (lines-- > 0 && at < text->len) {
		const char *newline = memchr(text->bytes + at, '\n', text->len - at);

		at = newline != NULL ? (size_t)(newline + 1 - text->bytes) : text->len;
	}
	return at;
}

/* Append the text with the mends made. Lines that are mended end in a newline. */
static void
splice(struct mends *mends, const struct buf *text, struct buf *ret, unsigned long *count)
{
	size_t line = 0, at = 0;

	qsort(mends->list, mends->count, sizeof *mends->list, by_first);
	for (size_t i = 0; i < mends->count; i++) {
		const struct mend *mend = &mends->list[i];
		size_t from;

		if (mend->first < line)
			continue; /* the next pass */
		from = skip_lines(text, at, mend->first - line);
		buf_add(ret, text->bytes + at, from - at);
		if (mend->text != NULL) {
			buf_add(ret, mend->text, mend->len);
			buf_add_char(ret, '\n');
		}
		at = skip_lines(text, from, mend->end - mend->first);
		line = mend->end;
		++*count;
	}
	buf_add(ret, text->bytes + at, text->len - at);
}

static void
mends_release(struct mends *mends)
{
	for (size_t i = 0; i < mends->count; i++)
		free(mends->list[i].text);
	free(mends->list);
}

/* One pass; *ret_done: there was nothing to be mended. False: no memory. */
static bool
mend_once(
    enum table table, const char *path, struct buf *text, unsigned long *count, bool *ret_done)
{
	struct mends mends = {.count = 0};
	struct lint lint = {.ctx = &mends, .take = take, .is_text_only = true};
	bool ok =
	    lint_text(&lint, table, path, text->bytes, text->len) == LINT_DONE && !mends.failed;
	struct buf mended;

	lint_release(&lint);
	*ret_done = mends.count == 0;
	buf_init(&mended, NULL, 0, (size_t)2 * SIZE_MAX_BYTES);
	if (ok && !*ret_done) {
		splice(&mends, text, &mended, count);
		ok = buf_reserve(&mended, 0) && !mended.failed;
	}
	if (ok && !*ret_done) {
		buf_release(text);
		*text = mended;
	} else {
		buf_release(&mended);
	}
	mends_release(&mends);
	return ok;
}

static const char *
write_text(struct edit *edit, const struct buf *text, bool is_dry, bool is_shown, struct fixed *ret)
{
	const char *fault = NULL;

	if (is_shown && !edit_show(edit, text->bytes, text->len))
		return "there is no diff(1) that could show the change: nothing was changed";
	if (!is_dry)
		fault = edit_write(edit, text->bytes, text->len);
	if (fault == NULL && !is_dry)
		memcpy(ret->backup, edit->backup, sizeof ret->backup);
	return fault;
}

void
fix_table(enum table table, const char *path, bool is_dry, bool is_shown, struct fixed *ret)
{
	bool ok, is_done = false;
	struct edit edit;
	struct buf text;

	*ret = (struct fixed){.count = 0};
	ret->fault = edit_read(&edit, path, SIZE_MAX_BYTES, false);
	if (ret->fault != NULL)
		return;
	buf_init(&text, NULL, 0, (size_t)2 * SIZE_MAX_BYTES);
	ok = buf_add(&text, edit.text.bytes, edit.text.len) && buf_reserve(&text, 0);
	for (unsigned pass = 0; ok && !is_done && pass < PASSES_MAX; pass++)
		ok = mend_once(table, path, &text, &ret->count, &is_done);
	if (!ok)
		ret->fault = "out of memory: nothing was changed";
	else if (ret->count > 0)
		ret->fault = write_text(&edit, &text, is_dry, is_shown, ret);
	buf_release(&text);
	edit_release(&edit);
}
