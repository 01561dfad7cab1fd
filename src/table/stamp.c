/*
 * NAME     stamp - what a file is right now
 * INVARIANTS  Only regular files are ever read: no device, FIFO or directory can hang or flood us.
 * SEE      docs/decisions/freshness.md
 */
#include "table/stamp.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static enum file_state
judge(const struct stat *st, struct stamp *ret, int *ret_error)
{
	*ret = (struct stamp){.dev = st->st_dev,
	    .ino = st->st_ino,
	    .size = st->st_size,
	    .mtime = st->st_mtim,
	    .ctime = st->st_ctim,
	    .mode = st->st_mode,
	    .blocks = st->st_blocks,
	    .links = st->st_nlink};
	*ret_error = 0;
	if (S_ISREG(st->st_mode))
		return FILE_READY;
	if (S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3))
		return FILE_ABSENT;
	return FILE_BAD;
}

static enum file_state
missing(int *ret_error)
{
	*ret_error = errno;
	return errno == ENOENT ? FILE_ABSENT : FILE_BAD;
}

enum file_state
stamp_path(const char *path, struct stamp *ret, int *ret_error)
{
	struct stat st;

	return stat(path, &st) == 0 ? judge(&st, ret, ret_error) : missing(ret_error);
}

enum file_state
stamp_fd(int fd, struct stamp *ret, int *ret_error)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? judge(&st, ret, ret_error) : missing(ret_error);
}

enum file_state
stamp_open(const char *path, struct stamp *ret, int *ret_fd, int *ret_error)
{
	enum file_state state;
	int fd;

	/* File systems of other machines and programs may be interrupted even here. */
	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return missing(ret_error);
	state = stamp_fd(fd, ret, ret_error);
	if (state == FILE_READY)
		*ret_fd = fd;
	else
		close(fd);
	return state;
}

static bool
time_eq(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool
stamp_eq(const struct stamp *a, const struct stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    time_eq(&a->mtime, &b->mtime) && time_eq(&a->ctime, &b->ctime) && a->mode == b->mode;
}

bool
stamp_is_replaced(const struct stamp *before, const struct stamp *now)
{
	struct stamp same = *now;

	same.ctime = before->ctime;
	return now->links < before->links && stamp_eq(before, &same);
}

/* Less than 0: it lies in the future. */
static int64_t
since_ms(const struct timespec *then)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return 0; /* nothing is old */
	return (int64_t)(now.tv_sec - then->tv_sec) * 1000 +
	    (now.tv_nsec - then->tv_nsec) / 1000000;
}

int64_t
stamp_age_ms(const struct stamp *stamp)
{
	int64_t ms = since_ms(&stamp->mtime);

	return ms < 0 ? INT64_MAX : ms;
}

/* An mtime can be set by whoever owns the file. A ctime in the future tells that the clock was set back, and it
 * comes there again: of whole seconds, another write may fall into the same one. */
bool
stamp_is_settled(const struct stamp *stamp)
{
	bool coarse = stamp->mtime.tv_nsec == 0 && stamp->ctime.tv_nsec == 0;
	int64_t limit = coarse ? STAMP_COARSE_MS : STAMP_YOUNG_MS;
	int64_t changed = since_ms(&stamp->ctime);

	if (changed < 0)
		return !coarse && changed <= -STAMP_COARSE_MS;
	return changed >= limit && stamp_age_ms(stamp) >= limit;
}

bool
stamp_is_torn(const struct stamp *stamp, int fd)
{
	char last;

	return stamp->size == 0 || pread(fd, &last, 1, stamp->size - 1) != 1 || last != '\n';
}

bool
stamp_may_be_cut(const struct stamp *stamp)
{
	return stamp->size == 0 && (stamp->blocks > 0 || stamp_age_ms(stamp) < STAMP_CUT_MS);
}

bool
stamp_is_cut(const struct stamp *now, const struct stamp *before)
{
	return now->size == 0 && before->size > 0 && now->ino == before->ino &&
	    time_eq(&now->mtime, &before->mtime);
}
