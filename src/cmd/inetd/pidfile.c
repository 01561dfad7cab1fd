/*
 * NAME     pidfile - one inetd for one pid file
 * INVARIANTS  A file that another inetd has locked is neither changed nor removed.
 * SEE      inetd(8) -p, flock(2)
 */
#include "cmd/inetd/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buf.h"

static int pidfile_fd = -1;

static bool
is_wanted(const char *path)
{
	return path[0] != '\0' && strcmp(path, "none") != 0;
}

bool
pidfile_write(const char *path)
{
	char storage[32];
	struct buf text;
	int error;

	if (!is_wanted(path))
		return true;
	pidfile_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (pidfile_fd < 0)
		return false;
	buf_init(&text, storage, sizeof storage, sizeof storage - 1);
	buf_add_number(&text, (unsigned long)getpid());
	buf_add_char(&text, '\n');
	if (flock(pidfile_fd, LOCK_EX | LOCK_NB) == 0 && ftruncate(pidfile_fd, 0) == 0 &&
	    write(pidfile_fd, text.bytes, text.len) == (ssize_t)text.len)
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
