/*
 * NAME     folder - where images are put in their place
 * INVARIANTS  Under a name that readers open there is never half a file: a file is written under another
 *          name, and renamed when it is on the disk.
 *          Nobody but root can write to the folder, or hold its lock: a folder can be locked by
 *          whoever may read it, so the lock is a file that only root may open.
 * LIMITS   NAME_SIZE
 * SEE      docs/decisions/any-size.md
 */
#include "table/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENDING ".new"

enum { NAME_SIZE = 64, FOLDER_MODE = 0755 };

/* Where it is until it is whole. */
static void
new_name(const char *name, char ret[NAME_SIZE])
{
	snprintf(ret, NAME_SIZE, "%s" ENDING, name);
}

static bool
is_new(const char *name)
{
	size_t len = strlen(name), ending = sizeof ENDING - 1;

	return len > ending && strcmp(name + len - ending, ENDING) == 0;
}

/* What others have left who did not come to their end. Who holds the lock has begun nothing yet. */
static void
sweep(const struct folder *folder)
{
	int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (listing == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(listing)) != NULL)
		if (is_new(entry->d_name))
			unlinkat(folder->fd, entry->d_name, 0);
	closedir(listing);
}

static bool
lock(struct folder *folder, struct table_fault *fault)
{
	int status;

	folder->lock_fd =
	    openat(folder->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (folder->lock_fd < 0)
		return table_fault(fault, TABLE_CANNOT_FOLDER_LOCK, errno);
	do
		status = flock(folder->lock_fd, LOCK_EX);
	while (status < 0 && errno == EINTR);
	return status == 0 || table_fault(fault, TABLE_CANNOT_FOLDER_LOCK, errno);
}

static bool
is_roots_alone(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool
enter(struct folder *folder, const char *path, struct table_fault *fault)
{
	/* The mask is not ours to rely upon: it may only take away from what we ask for. */
	if (mkdir(path, FOLDER_MODE) == 0)
		chmod(path, FOLDER_MODE);
	else if (errno != EEXIST)
		return table_fault(fault, TABLE_CANNOT_FOLDER_MAKE, errno);
	folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (folder->fd < 0)
		return table_fault(fault, TABLE_CANNOT_FOLDER_OPEN, errno);
	return is_roots_alone(folder->fd) || table_fault(fault, TABLE_CANNOT_FOLDER_FOREIGN, 0);
}

bool
folder_open(struct folder *folder, const char *path, struct table_fault *fault)
{
	*folder = (struct folder){.fd = -1, .lock_fd = -1};
	if (enter(folder, path, fault) && lock(folder, fault)) {
		sweep(folder);
		return true;
	}
	folder_close(folder);
	return false;
}

void
folder_close(struct folder *folder)
{
	if (folder->lock_fd >= 0)
		close(folder->lock_fd);
	if (folder->fd >= 0)
		close(folder->fd);
	folder->fd = folder->lock_fd = -1;
}

bool
folder_begin(const struct folder *folder, const char *name, mode_t mode, gid_t group, int *ret_fd,
    struct table_fault *fault)
{
	char temporary[NAME_SIZE];
	int fd;

	new_name(name, temporary);
	/* One that was given up, and could not be removed then. */
	unlinkat(folder->fd, temporary, 0);
	fd =
	    openat(folder->fd, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return table_fault(fault, TABLE_CANNOT_IMAGE_WRITE, errno);
	if (fchown(fd, 0, group) != 0 || fchmod(fd, mode) != 0) {
		table_fault(fault, TABLE_CANNOT_IMAGE_WRITE, errno);
		folder_abandon(folder, name, fd);
		return false;
	}
	*ret_fd = fd;
	return true;
}

bool
folder_commit(const struct folder *folder, const char *name, int fd, struct table_fault *fault)
{
	char temporary[NAME_SIZE];

	new_name(name, temporary);
	if (fsync(fd) != 0 || renameat(folder->fd, temporary, folder->fd, name) != 0) {
		table_fault(fault, TABLE_CANNOT_IMAGE_WRITE, errno);
		folder_abandon(folder, name, fd);
		return false;
	}
	close(fd);
	return fsync(folder->fd) == 0 || table_fault(fault, TABLE_CANNOT_IMAGE_WRITE, errno);
}

void
folder_abandon(const struct folder *folder, const char *name, int fd)
{
	char temporary[NAME_SIZE];

	new_name(name, temporary);
	unlinkat(folder->fd, temporary, 0);
	close(fd);
}

bool
folder_remove(
    const struct folder *folder, const char *name, bool *ret_removed, struct table_fault *fault)
{
	bool is_gone = unlinkat(folder->fd, name, 0) == 0;

	if (!is_gone && errno != ENOENT)
		return table_fault(fault, TABLE_CANNOT_IMAGE_REMOVE, errno);
	if (is_gone && fsync(folder->fd) != 0)
		return table_fault(fault, TABLE_CANNOT_IMAGE_REMOVE, errno);
	*ret_removed = is_gone;
	return true;
}
