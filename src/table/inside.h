/*
 * What files of the table layer need of each other to decide without reading.
 */
#ifndef TABLE_INSIDE_H
#define TABLE_INSIDE_H

#include "table/stamp.h"
#include "table/store.h"
#include "table/table.h"

/* The generation of a file as it is now, with a reference; NULL: it is not kept. */
struct generation *kept_find(struct table_kept *, const char *path, bool is_list,
    enum file_state *ret_state, int *ret_error);

/* Is all of it kept as it is now? */
bool kept_is_there(const char *path, bool is_list);

/* Note that this would have to be read; the first one stays. */
void kept_miss(struct table_kept *, const char *path, bool is_list);

/* Show the rules of a generation, until all is decided, or max were shown. *ret_shown: how many. */
void table_show(struct pass *, enum table, const char *name, const struct generation *, size_t max,
    size_t *ret_shown);

/* Read an open table to its end, keep it, and close it. No rule is shown to pass. False: not kept. */
bool table_keep_file(struct pass *, const char *path, const struct stamp *, int fd);

#endif
