/*
 * NAME     window - the part of a text that is being looked at
 * INVARIANTS  No mapping: a file that is cut is a short read, and that fails.
 * LIMITS   WINDOW_BYTES, and twice as much again for a line that is longer, up to LINES_MAX and a piece.
 * SEE      docs/decisions/any-size.md
 */
#include "table/window.h"

void
window_of_text(struct window *window, const char *bytes, size_t size)
{
	*window = (struct window){.fd = -1, .bytes = bytes, .len = size, .size = size};
}

void
window_of_file(struct window *window, int fd, size_t size, char *storage)
{
	*window = (struct window){.fd = fd, .size = size};
	buf_init(&window->buf, storage, WINDOW_BYTES + 1, 2 * (LINES_MAX + WINDOW_BYTES));
}

void
window_release(struct window *window)
{
	buf_release(&window->buf);
}

/* So many bytes from there on, or as many as there are. */
static bool
read_window(struct window *window, size_t from, size_t len)
{
	size_t all = window->size - from, want = len < all ? len : all;

	buf_clear(&window->buf);
	window->len = 0;
	if (!buf_reserve(&window->buf, want) ||
	    image_read_at(window->fd, window->buf.bytes, want, from) != want)
		return false;
	window->bytes = window->buf.bytes;
	window->from = from;
	window->len = want;
	return true;
}

bool
window_have(struct window *window, size_t at)
{
	size_t from = window_piece(at);

	if (at >= window->size)
		return false;
	if (window->fd < 0 || (window->from <= from && at < window->from + window->len))
		return true;
	return read_window(window, from, WINDOW_BYTES);
}

bool
window_widen(struct window *window, size_t at)
{
	return window->fd >= 0 && !window_is_last(window) &&
	    window->len < LINES_MAX + 2 * IMAGE_PIECE_BYTES &&
	    read_window(window, window_piece(at), 2 * window->len);
}

enum lines_status
window_line(struct window *window, size_t at, struct lines *lines, struct line *ret)
{
	enum lines_status status;

	while ((status = lines_next(lines, ret)) == LINES_MORE) {
		size_t done = window->from + (size_t)(lines->bytes + lines->at - window->bytes);

		if (!window_widen(window, at))
			break;
		lines_feed(lines, window_at(window, done), window_left(window, done),
		    window_is_last(window));
	}
	return status;
}
