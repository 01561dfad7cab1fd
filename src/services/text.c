/*
 * NAME     text - read a configuration file
 * INVARIANTS  Never waits: a FIFO or a device in place of the file is a fault, not a hang.
 */
#include "services/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 65536 };

static const char *
read_all(int fd, struct buf *buf)
{
	struct stat found;
	ssize_t got;

	if (fstat(fd, &found) < 0)
		return strerror(errno);
	if (!S_ISREG(found.st_mode))
		return "not a regular file";
	do {
		size_t left = buf->max_bytes - buf->len;
		size_t room = left < READ_BYTES ? left + 1 : READ_BYTES;
		char piece[READ_BYTES];

		got = read(fd, piece, room);
		if (got < 0 && errno != EINTR)
			return strerror(errno);
		if (got > 0 && !buf_add(buf, piece, (size_t)got))
			return (size_t)got > left ? "file too large" : strerror(ENOMEM);
	} while (got != 0);
	return NULL;
}

const char *
text_read(const char *path, struct buf *buf)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *fault;

	if (fd < 0)
		return strerror(errno);
	fault = read_all(fd, buf);
	close(fd);
	return fault;
}
