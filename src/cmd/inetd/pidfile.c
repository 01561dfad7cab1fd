/*
 * NAME     pidfile - one inetd for one pid file
 * INVARIANTS  A file that another inetd has locked is neither changed nor removed. The lock is the
 *          process's, not that of the open file: a child that was forked and lives on does not keep
 *          the next inetd from starting. So nothing else here may open the file and close it again.
 * LIMITS   TRIES, against an inetd that ends just now.
 * SEE      inetd(8) -p, fcntl(2) F_SETLK
 */
#include "cmd/inetd/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

enum { TRIES = 8 };

static int pidfile_fd = -1;

static bool
is_wanted(const char *path)
{
	return path[0] != '\0' && strcmp(path, "none") != 0;
}

/* Is the path still the file that was locked? Another inetd may have ended, and removed it, between
 * our open and our lock. */
static bool
is_linked(int fd, const char *path)
{
	struct stat ours, theirs;

	return fstat(fd, &ours) == 0 && lstat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
	    ours.st_ino == theirs.st_ino;
}

/* An open and locked file. -1: errno. */
static int
open_locked(const char *path)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	for (int tries = 0; tries < TRIES; tries++) {
		int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
		int error;

		if (fd < 0)
			return -1;
		if (fcntl(fd, F_SETLK, &whole) == 0 && is_linked(fd, path))
			return fd;
		error = errno == EACCES ? EWOULDBLOCK : errno;
		close(fd);
		errno = error;
		if (error == EWOULDBLOCK)
			return -1;
	}
	return -1;
}

static bool
write_pid(int fd)
{
	char storage[32];
	struct buf text;

	buf_init(&text, storage, sizeof storage, sizeof storage - 1);
	buf_add_number(&text, (unsigned long)getpid());
	buf_add_char(&text, '\n');
	return ftruncate(fd, 0) == 0 && write(fd, text.bytes, text.len) == (ssize_t)text.len;
}

bool
pidfile_write(const char *path)
{
	int error;

	if (!is_wanted(path))
		return true;
	pidfile_fd = open_locked(path);
	if (pidfile_fd < 0)
		return false;
	if (write_pid(pidfile_fd))
		return true;
	error = errno;
	close(pidfile_fd);
	pidfile_fd = -1;
	errno = error;
	return false;
}

void
pidfile_remove(const char *path)
{
	if (pidfile_fd < 0)
		return;
	unlink(path);
	close(pidfile_fd);
	pidfile_fd = -1;
}
