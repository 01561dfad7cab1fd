/*
 * What table.c does for decisions that are made ahead of their time, or without reading.
 */
#ifndef TABLE_INSIDE_H
#define TABLE_INSIDE_H

#include "policy/decide.h"
#include "table/stamp.h"
#include "table/store.h"

/* Show the rules of a generation, until all is decided, or max were shown. *ret_shown: how many. False:
 * there may be more. */
bool table_show(struct pass *, enum table, const char *name, const struct generation *, size_t max,
    size_t *ret_shown);

/* The same of an open file, as its image says. False: the image, or the file, could not be read to the end:
 * of readings that are still open nothing is known. */
bool table_show_image(struct pass *, enum table, const char *name, struct image *, int fd);

/* Read an open table to its end, keep it, and close it. No rule is shown to pass. False: not kept. */
bool table_keep_file(struct pass *, const char *path, const struct stamp *, int fd);

#endif
