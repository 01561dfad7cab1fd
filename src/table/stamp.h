/*
 * What a file is right now: identity, change times, and what that allows.
 */
#ifndef TABLE_STAMP_H
#define TABLE_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

enum {
	/* Two writes closer than the file system's clock tick cannot be told apart. 50 ms is many ticks
	 * of any kernel, and nobody notices it at a connection. */
	STAMP_YOUNG_MS = 50,
	/* Where a file system keeps whole seconds only. */
	STAMP_COARSE_MS = 2000,
	/* A process that knows an earlier text trusts it over a torn one for this long. */
	STAMP_TORN_MS = 1000,
	/* Kernels cut a file before they note the time, and may wait for their journal in between
	 * (seen on ext4: milliseconds in which a file is empty and seems old). Then it has blocks
	 * left, or was written so recently that it never had any: within this. */
	STAMP_CUT_MS = 60000,
};

struct stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime, ctime;
	mode_t mode;
	/* Not part of the identity: */
	blkcnt_t blocks;
	nlink_t links;
};

enum file_state {
	FILE_READY,
	FILE_ABSENT, /* does not exist, or is /dev/null */
	FILE_BAD, /* errno in *ret_error, or 0: not a regular file */
};

/* Look at a path, or at an open file. */
enum file_state stamp_path(const char *path, struct stamp *ret, int *ret_error);
enum file_state stamp_fd(int fd, struct stamp *ret, int *ret_error);

/* Open for reading: close-on-exec, and never waiting for a writer or a terminal. *ret_fd is open
 * only if FILE_READY. */
enum file_state stamp_open(const char *path, struct stamp *ret, int *ret_fd, int *ret_error);

bool stamp_eq(const struct stamp *, const struct stamp *);

/* Has an open file only lost a name since? Another one took its place, which changes its ctime; what
 * was read of it is whole all the same. */
bool stamp_is_replaced(const struct stamp *before, const struct stamp *now);

/* Milliseconds since the last write; INT64_MAX if that lies in the future. */
int64_t stamp_age_ms(const struct stamp *);

/* Could a later write go unnoticed under this stamp? If not, it is settled and may be kept. */
bool stamp_is_settled(const struct stamp *);

/* Does the file look as if somebody were in the middle of writing it? */
bool stamp_is_torn(const struct stamp *, int fd);

/* Is it empty, and may have been cut a moment ago, whatever its times say? */
bool stamp_may_be_cut(const struct stamp *);
/* Is it certain, from what it was before, that its times are not up to date? */
bool stamp_is_cut(const struct stamp *now, const struct stamp *before);

/* May others than the owner and group read it? Then who reads does not matter. */
static inline bool
stamp_is_public(const struct stamp *stamp)
{
	return (stamp->mode & S_IROTH) != 0;
}

#endif
