/*
 * The folder of images, for whoever writes to it: one at a time.
 *
 * A file is put in its place whole, or not at all: whenever this stops, the earlier one or the new one
 * stands there. What it leaves behind then is removed by the next one who opens the folder.
 */
#ifndef TABLE_FOLDER_H
#define TABLE_FOLDER_H

#include <sys/types.h>

#include "table/fault.h"

struct folder {
	int fd, lock_fd;
};

/* Open it, made if it does not exist, and wait until nobody else has it. */
bool folder_open(struct folder *, const char *path, struct table_fault *);
void folder_close(struct folder *);

/* A new file for that name, root's, with these bits of mode and this group. Closed by one of the two
 * below. */
bool folder_begin(const struct folder *, const char *name, mode_t mode, gid_t group, int *ret_fd,
    struct table_fault *);
/* Put it in its place, so that it is there after a loss of power, too. */
bool folder_commit(const struct folder *, const char *name, int fd, struct table_fault *);
void folder_abandon(const struct folder *, const char *name, int fd);

/* What does not exist is removed. *ret_removed: it did. */
bool folder_remove(
    const struct folder *, const char *name, bool *ret_removed, struct table_fault *);

#endif
