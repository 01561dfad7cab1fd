/*
 * A byte buffer that has its maximum from birth. It may begin on the caller's own storage and
 * moves to the heap when it outgrows that.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *bytes; /* NUL behind len, once anything was added */
	size_t len;
	size_t size_bytes; /* room in bytes[], the NUL's included */
	size_t max_bytes; /* of len */
	char *fixed; /* the caller's storage; NULL = none */
	bool failed; /* sticky: memory or the maximum ran out, and something is missing */
};

/* storage (may be NULL with size 0) must outlive the buffer. */
void buf_init(struct buf *, char *storage, size_t storage_bytes, size_t max_bytes);
void buf_release(struct buf *);
void buf_clear(struct buf *);

/* Append. False: nothing was added and failed is set. */
bool buf_add(struct buf *, const char *text, size_t len);
bool buf_add_char(struct buf *, char c);
bool buf_add_str(struct buf *, const char *text);
/* In decimal. */
bool buf_add_number(struct buf *, unsigned long number);

/* Append text so that it stays on one line whoever prints it: bytes outside printable ASCII, and
 * the backslash, become \xNN. Hostile text passes here before it reaches a log or a terminal. */
bool buf_add_escaped(struct buf *, const char *text, size_t len);

/* Room for at least that many more bytes behind len, and a NUL. */
bool buf_reserve(struct buf *, size_t more_bytes);

#endif
