/*
 * What a decision that may not read a file finds, and what it would have to read.
 */
#ifndef TABLE_KEPT_H
#define TABLE_KEPT_H

#include <stddef.h>

#include "table/stamp.h"

struct generation;

enum { TABLE_PATH_MAX = 4096 }; /* PATH_MAX of Linux, its NUL included */

/* What a decision has come upon that may not read a file, nor take long. All zero at its beginning, but
 * for the first member. */
struct table_kept {
	size_t left; /* rules, and words of lists, that may be looked at */
	bool is_long; /* there are more */
	bool must_read; /* what would have to be read, since it is not kept as it is now: */
	bool is_list;
	char path[TABLE_PATH_MAX];
	bool shows_all; /* no index can tell about the client */
	bool is_private; /* a file among those that were used is not everybody's to read */
};

/* The generation of a file as it is now, with a reference; NULL: it is not kept. */
struct generation *kept_find(struct table_kept *, const char *path, bool is_list,
    enum file_state *ret_state, int *ret_error);

/* Is all of it kept as it is now? */
bool kept_is_there(const char *path, bool is_list);

/* Note that this would have to be read; the first one stays. */
void kept_miss(struct table_kept *, const char *path, bool is_list);

#endif
