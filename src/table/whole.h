/*
 * A table read whole, in one state, for whoever makes something of all its lines.
 */
#ifndef TABLE_WHOLE_H
#define TABLE_WHOLE_H

#include <stddef.h>

#include "policy/rule.h"
#include "table/fault.h"
#include "table/stamp.h"

/* Told of what takes long: NULL step is fine. */
struct progress {
	void *ctx;
	void (*step)(void *ctx, const char *what, size_t done, size_t all);
};

struct whole {
	const char *path; /* borrowed */
	int fd; /* -1: the table is absent, and empty */
	struct stamp stamp;
	gid_t group;
	char *bytes; /* heap; NULL: not read yet */
	size_t size;
	enum lines_mode mode; /* set by whole_lines */
};

/* Open a table when nobody is writing to it any more. False: fault. What it opens is released in any case. */
bool whole_open(struct whole *, const char *path, struct table_fault *);
bool whole_read(struct whole *, const struct progress *, struct table_fault *);
void whole_release(struct whole *);

/* Takes a line's rules, and perhaps lines behind it. False: out of memory. */
typedef bool whole_take(
    void *ctx, const struct line *, const struct rule *, unsigned count, struct lines *behind);

/* Hand over each line's rules. */
bool whole_lines(
    struct whole *, const struct progress *, void *ctx, whole_take *, struct table_fault *);

/* Is the table still the one that was read? */
bool whole_holds(const struct whole *);

#endif
