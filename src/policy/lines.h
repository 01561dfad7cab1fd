/*
 * A table's bytes, divided into logical lines.
 *
 * The two ways divide the same bytes differently around continuations, comments, NUL bytes and a
 * missing last newline. Nearly every line is one physical line, the same both ways, and comes once
 * with ways = WAY_BOTH; others come once for each way. Bytes are fed in pieces of any size.
 */
#ifndef POLICY_LINES_H
#define POLICY_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "policy/way.h"

enum {
	/* The original's line buffer, less its NUL: a longer logical line ends the classic way's table. */
	LINES_CLASSIC_MAX = 2047,
	/* 1 MiB holds some 60,000 addresses on a line; more is a mistake, or belongs into a file. */
	LINES_MAX = 1 << 20,
};

enum lines_mode { LINES_TWO_WAYS, LINES_CLASSIC, LINES_MODERN };

enum lines_status {
	LINES_LINE,
	LINES_MORE, /* feed more bytes, or say that there are none */
	LINES_END,
	LINES_TOO_LONG, /* over LINES_MAX: the table counts as one that cannot be read */
	LINES_NO_MEMORY, /* likewise */
};

enum line_fault {
	LINE_FINE,
	LINE_INCOMPLETE, /* the classic way's table ends here, in error */
	LINE_NUL, /* a NUL byte: no rule, the plain way */
	LINE_DIRECTIVE, /* looks like a directive and is none */
};

struct line {
	const char *text; /* without its newline; valid until the next call */
	size_t len;
	const char *begin; /* in the bytes fed; NULL: it is in the same block as the one before */
	unsigned number; /* of the last physical line in it, from 1 */
	ways ways;
	enum line_fault fault;
	bool joined; /* text stands in a scratch buffer, not in the bytes fed */
};

struct lines {
	const char *bytes;
	size_t len;
	size_t at; /* the plain way has taken all before this */
	size_t block_end; /* the classic way has taken all before this: at <= block_end */
	unsigned number; /* physical lines before at */
	bool eof;
	bool checked; /* the first line has been looked at for a directive */
	bool started; /* the first line is taken */
	bool classic_ended; /* in error: only the plain way goes on */
	enum lines_mode mode;
	struct buf plain; /* a joined line */
	char classic[LINES_CLASSIC_MAX + 1]; /* a joined line */
};

void lines_init(struct lines *);
void lines_release(struct lines *);

/* Hand over the bytes: all that is not consumed, and more. Before that the caller may drop
 * lines_consumed() bytes at the front; afterwards none are counted as consumed. */
void lines_feed(struct lines *, const char *bytes, size_t len, bool eof);
size_t lines_consumed(const struct lines *);

enum lines_status lines_next(struct lines *, struct line *ret);

/* The bytes from the next line on, if it begins a line in each way that is left; NULL: it does not, or is
 * the first one. Whole lines of one physical line each, count of them, may be skipped there. */
const char *lines_ahead(const struct lines *, size_t *ret_len);
void lines_skip(struct lines *, size_t bytes, unsigned count);

/* Go on at the line that begins at that place of the bytes fed: so many physical lines stand before it,
 * here or elsewhere. The mode is the caller's to set, and classic_ended. */
void lines_seek(struct lines *, size_t at, unsigned number);

#endif
