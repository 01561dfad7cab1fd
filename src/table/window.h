/*
 * A text that is all there, or the part of a file that is being looked at.
 */
#ifndef TABLE_WINDOW_H
#define TABLE_WINDOW_H

#include "base/buf.h"
#include "image/image.h"

enum { WINDOW_BYTES = 4096 }; /* a line or word, and the piece that it is in */

struct window {
	int fd; /* -1: all is there */
	const char *bytes;
	size_t from, len, size; /* the bytes are those from there on; of the whole text */
	struct buf buf;
};

void window_of_text(struct window *, const char *bytes, size_t size);
/* What is read stands in the storage as long as that is enough: WINDOW_BYTES, and one. */
void window_of_file(struct window *, int fd, size_t size, char *storage);
void window_release(struct window *);

/* Have the piece that a place is in, and what comes behind it. */
bool window_have(struct window *, size_t at);
/* Have twice as much: what begins there did not end in what there is. */
bool window_widen(struct window *, size_t at);

/* Where the piece begins that a place is in. */
static inline size_t
window_piece(size_t at)
{
	return at / IMAGE_PIECE_BYTES * IMAGE_PIECE_BYTES;
}

/* A place that there is, and how many bytes there are from it on. */
static inline const char *
window_at(const struct window *window, size_t at)
{
	return window->bytes + (at - window->from);
}

static inline size_t
window_left(const struct window *window, size_t at)
{
	return window->from + window->len - at;
}

/* Does it end where the text does? */
static inline bool
window_is_last(const struct window *window)
{
	return window->from + window->len == window->size;
}

/* The next line of the block that begins at a place, or the one behind it, whatever has to be read; lines reads
 * from the window. LINES_MORE: it cannot be had. */
enum lines_status window_line(struct window *, size_t at, struct lines *, struct line *ret);

#endif
