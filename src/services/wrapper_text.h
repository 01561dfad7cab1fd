/*
 * A text with some pieces replaced.
 */
#ifndef SERVICES_WRAPPER_TEXT_H
#define SERVICES_WRAPPER_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

struct change;

/* All zero: none. */
struct changes {
	struct change *first; /* by place */
	struct arena arena;
	bool failed; /* memory ran out */
};

/* At that place, len bytes give way to with, a copy of which is kept. Pieces do not overlap. */
void changes_add(struct changes *, size_t at, size_t len, const char *with);

/* Append the changed text, and give everything back. False: out of memory, or over the maximum. */
bool changes_apply(struct changes *, const char *text, size_t len, struct buf *);

#endif
