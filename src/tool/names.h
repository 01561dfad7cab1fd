/*
 * Daemons' names against what this host starts.
 */
#ifndef TOOL_NAMES_H
#define TOOL_NAMES_H

#include <stdbool.h>

#include "services/inventory.h"

struct names {
	struct inventory inventory;
	const char *conf; /* what a name was looked for in, for messages */
};

/* Read the file, or, if that is NULL, the host below root, and tell the findings. False: the file cannot
 * be read, which is said on standard error. */
bool names_read(struct names *, const char *conf_path, const char *root);
void names_release(struct names *);

/* What is wrong with a name, in buf; false: nothing. */
bool names_doubt(const struct names *, const char *name, struct buf *);

/* Tell that a table, or a folder on the way to it, may be written by anybody. */
void names_check_table(const char *path);

#endif
