/*
 * NAME     show - the rules of a table to a pass
 * PURPOSE  From a kept generation, or from where an image says that they stand in the file.
 * INVARIANTS  A pass sees the same rules with the same line numbers as if it were shown every line, but for
 *          those that cannot match it and have nothing to say.
 * SEE      image/index.h, docs/decisions/any-size.md
 */
#include <errno.h>
#include <string.h>

#include "image/image.h"
#include "table/inside.h"
#include "table/window.h"

struct show {
	struct pass *pass;
	size_t left; /* rules that may still be shown */
	struct lines lines;
	const struct index *index;
	const uint32_t *newlines; /* before each piece; NULL: the image knows */
	struct image *image;
	uint64_t error_at; /* the item that ends the classic table in error; UINT64_MAX: none */
	struct window window;
	bool failed; /* something could not be read, or is damaged */
	char storage[WINDOW_BYTES + 1];
};

/* ---- lines ---- */

/* Physical lines before it. */
static unsigned
number_of(struct show *show, size_t at)
{
	const char *piece = window_at(&show->window, window_piece(at));
	const char *end = window_at(&show->window, at);
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
	const struct window *window = &show->window;

	lines_feed(&show->lines, window->bytes, window->len, window_is_last(window));
	lines_seek(&show->lines, at - window->from, number_of(show, at));
	show->lines.classic_ended = at > show->error_at;
}

/* The first line of a block. LINES_MORE: it cannot be had, or not its number. */
static enum lines_status
first_line(struct show *show, size_t at, struct line *ret)
{
	if (!window_have(&show->window, at))
		return LINES_MORE;
	seek(show, at);
	return show->image != NULL && image_has_failed(show->image)
	    ? LINES_MORE
	    : window_line(&show->window, at, &show->lines, ret);
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

	return lines->bytes + lines->at > window_at(&show->window, at) &&
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
	    (line.begin == NULL || line.begin == window_at(&show->window, at))) {
		if (!show_line(show, &line))
			return false;
		if (is_behind(show, at))
			break;
		status = window_line(&show->window, at, &show->lines, &line);
	}
	show->failed |= status != LINES_LINE && status != LINES_END;
	return !show->failed;
}

/* Of a text that is all there: what comes behind the items before from, the last of which is from - 1. */
static bool
show_from(struct show *show, size_t from)
{
	bool is_new = from == 0;
	enum lines_status status;
	struct line line;

	seek(show, is_new ? 0 : from - 1);
	while ((status = lines_next(&show->lines, &line)) == LINES_LINE) {
		is_new |= line.begin != NULL && line.begin >= window_at(&show->window, from);
		if (is_new && !show_line(show, &line))
			return false;
	}
	show->failed = status != LINES_END;
	return !show->failed;
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
			show->failed = show->window.fd >= 0;
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

/* A text that is all there lacks nothing but memory for a line that is joined. What comes behind it is not known. */
static void
refuse(struct pass *pass, const char *name)
{
	const struct facts *facts = pass->matcher.facts;
	struct diag diag = {.error = ENOMEM};

	diag_set(&diag, DIAG_READ_FAILED, name, strlen(name));
	facts->ops->report(facts->ctx, &diag);
	pass_fault(pass, DIAG_READ_FAILED);
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
	pass_table(pass, table, name, generation->mode);
	if (generation->is_indexed) {
		show.index = &generation->index;
		show.newlines = generation->newlines;
		show.error_at = generation->ends_in_error ? generation->error_at : UINT64_MAX;
		window_of_text(&show.window, generation->bytes, generation->size);
		lines_init(&show.lines);
		show.lines.mode = generation->mode;
		is_all = show_named(&show);
		lines_release(&show.lines);
		if (show.failed)
			refuse(pass, name);
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
	show.error_at = image->facts.error_at;
	pass_table(pass, table, name, image->facts.mode);
	window_of_file(&show.window, fd, (size_t)image->facts.text_bytes, show.storage);
	lines_init(&show.lines);
	show.lines.mode = image->facts.mode;
	show_named(&show);
	lines_release(&show.lines);
	window_release(&show.window);
	return !show.failed && !image_has_failed(image);
}
