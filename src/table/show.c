/*
 * NAME     show - the rules of a table to a pass
 * PURPOSE  From a kept generation, or from where an image says that they stand in the file.
 * INVARIANTS  A pass sees the same rules with the same line numbers as if it were shown every line, but for
 *          those that cannot match it and have nothing to say.
 * LIMITS   A window of WINDOW_BYTES, and twice as much again for a line that is longer, up to LINES_MAX
 *          and a piece.
 * SEE      image/index.h, docs/decisions/any-size.md
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/image.h"
#include "table/inside.h"

enum { WINDOW_BYTES = 4096 }; /* a line, and the piece that it is in */

/* Where lines are read from: all of a text, or a part of a file that is read when it is needed. */
struct show {
	struct pass *pass;
	size_t left; /* rules that may still be shown */
	struct lines lines;
	const struct index *index;
	const uint32_t *newlines; /* before each piece; NULL: the image knows */
	struct image *image;
	uint64_t
	    error_at; /* the item that ends the classic way's table in error; UINT64_MAX: none */
	int fd; /* -1: all is there */
	const char *bytes;
	size_t from, len, size; /* the bytes are those from there on; of the whole text */
	bool failed; /* something could not be read, or is damaged */
	struct buf window;
	char storage[WINDOW_BYTES + 1];
};

/* ---- the text ---- */

static size_t
piece_of(size_t at)
{
	return at / IMAGE_PIECE_BYTES * IMAGE_PIECE_BYTES;
}

/* So many bytes from there on, or as many as there are. */
static bool
read_window(struct show *show, size_t from, size_t len)
{
	size_t all = show->size - from, want = len < all ? len : all, done = 0;

	buf_clear(&show->window);
	if (!buf_reserve(&show->window, want))
		return false;
	while (done < want) {
		ssize_t got =
		    pread(show->fd, show->window.bytes + done, want - done, (off_t)(from + done));

		if (got > 0)
			done += (size_t)got;
		else if (got == 0 || errno != EINTR)
			return false;
	}
	show->bytes = show->window.bytes;
	show->from = from;
	show->len = want;
	return true;
}

/* Have the piece that a line begins in, and what comes behind it. */
static bool
have(struct show *show, size_t at)
{
	size_t from = piece_of(at);

	if (show->fd < 0 || (show->from <= from && at < show->from + show->len))
		return true;
	return read_window(show, from, WINDOW_BYTES);
}

/* The line did not end in what there is. */
static bool
have_more(struct show *show, size_t at)
{
	return show->fd >= 0 && show->from + show->len < show->size &&
	    show->len < LINES_MAX + 2 * IMAGE_PIECE_BYTES &&
	    read_window(show, piece_of(at), 2 * show->len);
}

/* Physical lines before it. */
static unsigned
number_of(struct show *show, size_t at)
{
	const char *piece = show->bytes + (piece_of(at) - show->from);
	const char *end = show->bytes + (at - show->from);
	unsigned number = show->newlines != NULL ? show->newlines[at / IMAGE_PIECE_BYTES]
	                                         : image_newlines(show->image, at);

	while ((piece = memchr(piece, '\n', (size_t)(end - piece))) != NULL) {
		number++;
		piece++;
	}
	return number;
}

static void
seek(struct show *show, size_t at)
{
	lines_feed(&show->lines, show->bytes, show->len, show->from + show->len == show->size);
	lines_seek(&show->lines, at - show->from, number_of(show, at));
	show->lines.classic_ended = at > show->error_at;
}

/* The next line of the block that begins there, or the one behind it, whatever has to be read. */
static enum lines_status
next_line(struct show *show, size_t at, struct line *ret)
{
	struct lines *lines = &show->lines;
	enum lines_status status;

	while ((status = lines_next(lines, ret)) == LINES_MORE) {
		size_t done = show->from + (size_t)(lines->bytes + lines->at - show->bytes);

		if (!have_more(show, at))
			break;
		done -= show->from;
		lines_feed(lines, show->bytes + done, show->len - done,
		    show->from + show->len == show->size);
	}
	return status;
}

/* The first line of a block. LINES_MORE: it cannot be had, or not its number. */
static enum lines_status
first_line(struct show *show, size_t at, struct line *ret)
{
	if (at >= show->size || !have(show, at))
		return LINES_MORE;
	seek(show, at);
	return show->image != NULL && image_has_failed(show->image) ? LINES_MORE
	                                                            : next_line(show, at, ret);
}

/* ---- rules ---- */

/* False: all is decided, or no more may be shown. */
static bool
show_rule(struct show *show, const struct rule *rule)
{
	if (show->left == 0)
		return false;
	show->left--;
	return pass_rule(show->pass, rule);
}

static bool
show_line(struct show *show, const struct line *line)
{
	struct rule rules[RULES_MAX];
	unsigned count = rule_read(rules, line);

	for (unsigned i = 0; i < count; i++)
		if (!show_rule(show, &rules[i]))
			return false;
	return true;
}

/* Have all lines of the block that begins there passed? */
static bool
is_behind(const struct show *show, size_t at)
{
	const struct lines *lines = &show->lines;

	return lines->bytes + lines->at > show->bytes + (at - show->from) &&
	    lines->at >= lines->block_end;
}

/* All lines of that block. */
static bool
show_item(struct show *show, size_t at)
{
	struct line line;
	enum lines_status status = first_line(show, at, &line);

	show->failed |= status == LINES_END;
	while (status == LINES_LINE &&
	    (line.begin == NULL || line.begin == show->bytes + (at - show->from))) {
		if (!show_line(show, &line))
			return false;
		if (is_behind(show, at))
			break;
		status = next_line(show, at, &line);
	}
	show->failed |= status != LINES_LINE && status != LINES_END;
	return !show->failed;
}

/* Of a text that is all there: what comes behind the items before from, the last of which is from - 1. */
static bool
show_from(struct show *show, size_t from)
{
	bool is_new = from == 0;
	struct line line;

	seek(show, is_new ? 0 : from - 1);
	while (lines_next(&show->lines, &line) == LINES_LINE) {
		is_new |= line.begin != NULL && line.begin >= show->bytes + from;
		if (is_new && !show_line(show, &line))
			return false;
	}
	return true;
}

/* Nothing is looked up for the index. False: all is decided, no more may be shown, or it failed. */
static bool
show_named(struct show *show)
{
	struct matcher *matcher = &show->pass->matcher;
	const struct facts *facts = matcher->facts;
	struct index_cursor cursor;
	uint32_t item;

	index_begin(&cursor, show->index, facts->ops->addr(facts->ctx, END_CLIENT), matcher->daemon,
	    matcher->daemon_len);
	/* A daemon that could not be found out refuses at the first rule, whosever that is. */
	cursor.shows_all |= !matcher->daemon_agrees || matcher->failed;
	for (;;) {
		switch (
		    index_next(&cursor, facts->ops->known_name(facts->ctx, END_CLIENT), &item)) {
		case INDEX_ITEM:
			if (!show_item(show, item))
				return false;
			break;
		case INDEX_END:
			return true;
		case INDEX_ALL:
			show->failed = show->fd >= 0;
			return !show->failed && show_from(show, (size_t)cursor.from);
		}
	}
}

static bool
show_parsed(struct show *show, const struct generation *generation)
{
	for (size_t i = 0; i < generation->rule_count; i++)
		if (!show_rule(show, &generation->rules[i]))
			return false;
	return true;
}

bool
table_show(struct pass *pass, enum table table, const char *name,
    const struct generation *generation, size_t max, size_t *ret_shown)
{
	struct show show;
	bool is_all;

	memset(&show, 0, offsetof(struct show, storage));
	show.pass = pass;
	show.left = max;
	show.fd = -1;
	pass_table(pass, table, name, generation->mode);
	if (generation->is_indexed) {
		show.index = &generation->index;
		show.newlines = generation->newlines;
		show.error_at = generation->ends_in_error ? generation->error_at : UINT64_MAX;
		show.bytes = generation->bytes;
		show.len = show.size = generation->size;
		lines_init(&show.lines);
		show.lines.mode = generation->mode;
		is_all = show_named(&show);
		lines_release(&show.lines);
	} else {
		is_all = show_parsed(&show, generation);
	}
	*ret_shown = max - show.left;
	return is_all || pass->open == 0;
}

bool
table_show_image(struct pass *pass, enum table table, const char *name, struct image *image, int fd)
{
	struct show show;

	memset(&show, 0, offsetof(struct show, storage));
	show.pass = pass;
	show.left = SIZE_MAX;
	show.index = &image->index;
	show.image = image;
	show.fd = fd;
	show.size = (size_t)image->facts.text_bytes;
	show.error_at = image->facts.error_at;
	pass_table(pass, table, name, image->facts.mode);
	buf_init(&show.window, show.storage, sizeof show.storage, 2 * (LINES_MAX + WINDOW_BYTES));
	lines_init(&show.lines);
	show.lines.mode = image->facts.mode;
	show_named(&show);
	lines_release(&show.lines);
	buf_release(&show.window);
	return !show.failed && !image_has_failed(image);
}
