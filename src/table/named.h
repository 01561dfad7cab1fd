/*
 * Which lists a table or list names, for whoever makes or proves their images.
 */
#ifndef TABLE_NAMED_H
#define TABLE_NAMED_H

#include "table/whole.h"

struct named {
	/* Told of each list, perhaps twice. False: out of memory. */
	bool (*take)(void *ctx, const char *path, size_t len);
	void *ctx;
};

/* Of what was read whole. *ret_count: how many rules or words name one. */
bool named_tell(
    const struct named *, struct whole *, bool is_list, size_t *ret_count, struct table_fault *);

#endif
