/*
 * An answer as text that may be read, mailed and paged. Pure.
 */
#ifndef SAFE_FINGER_FILTER_H
#define SAFE_FINGER_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	FILTER_INPUT_MAX = 100000, /* bytes of an answer, as the original has it */
	FILTER_COLUMNS = 128, /* of a line, its leading space included */
	/* What becomes of a byte at most: "\ooo", and "\", newline, space in front of it. */
	FILTER_GROWTH = 7,
	FILTER_NOTE_MAX = 64, /* what is said of an answer that is cut */
};

/* All zero is an answer that has not begun. */
struct filter {
	size_t taken_bytes;
	unsigned column;
	bool has_return; /* a CR that may belong to a line end */
	bool is_cut;
};

/* Add the next len bytes of an answer, filtered: FILTER_GROWTH times as many and FILTER_NOTE_MAX
 * at most. False: the answer is longer than FILTER_INPUT_MAX, which the text now says; that is the
 * end of it. */
bool filter_add(struct filter *, const char *bytes, size_t len, struct buf *out);

/* The answer ends here. False as above. */
bool filter_end(struct filter *, struct buf *out);

#endif
