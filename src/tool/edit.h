/*
 * A configuration file's text replaced by another: shown as a diff, kept as a backup, put in its place
 * whole. A link is followed, and stays.
 */
#ifndef TOOL_EDIT_H
#define TOOL_EDIT_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"

enum {
	EDIT_BACKUPS_MAX = 999, /* of one file; more is a loop somewhere */
};

struct edit {
	char path[PATH_MAX]; /* of the file itself, behind links */
	bool is_new; /* it does not exist yet */
	struct buf text; /* as it is */
	struct stat was; /* when it was read */
	char backup[PATH_MAX]; /* "": none was made */
};

/* Read a file of at most max bytes; with may_be_new, one that does not exist is empty. NULL: done, and to
 * be released; else what is wrong, a text that lives until the next call. */
const char *edit_read(struct edit *, const char *path, size_t max, bool may_be_new);
void edit_release(struct edit *);

/* Show on standard output what would change, as diff(1) does; nothing, if nothing would. False: there is
 * no diff(1). */
bool edit_show(const struct edit *, const char *text, size_t len);

/* Put the text in place. The earlier one is kept as PATH.~N~, the lowest N that is free. NULL: done; else
 * what is wrong, and the file is as it was: also if it has changed since it was read. */
const char *edit_write(struct edit *, const char *text, size_t len);

/* Remove the file, if it has not changed since it was read. NULL: done. */
const char *edit_remove(const struct edit *);

#endif
