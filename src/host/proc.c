/*
 * NAME     proc - files below /proc
 * INVARIANTS  Whatever a process is called or does meanwhile: it is read whole, or it has gone.
 * SEE      proc(5)
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "host/inside.h"

void
proc_path(char ret[PROC_PATH_MAX], pid_t pid, const char *name)
{
	if (pid > 0)
		snprintf(ret, PROC_PATH_MAX, "/proc/%ld/%s", (long)pid, name);
	else
		snprintf(ret, PROC_PATH_MAX, "/proc/self/%s", name);
}

int
proc_each(bool (*take)(void *ctx, pid_t), void *ctx)
{
	const struct dirent *entry;
	DIR *dir = opendir("/proc");
	unsigned long pid;

	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL) {
		if (str_number(entry->d_name, strlen(entry->d_name), INT_MAX, &pid) &&
		    !take(ctx, (pid_t)pid))
			break;
	}
	closedir(dir);
	return 0;
}

struct reader {
	char bytes[READ_BYTES];
	size_t len;
	bool is_cut; /* what is left of a line that was too long is passed over */
	void (*take)(void *ctx, const char *, size_t);
	void *ctx;
};

/* Hand over the lines that are whole. */
static void
take_lines(struct reader *reader)
{
	size_t at = 0;
	const char *newline;

	while ((newline = memchr(reader->bytes + at, '\n', reader->len - at)) != NULL) {
		size_t end = (size_t)(newline - reader->bytes);

		if (!reader->is_cut)
			reader->take(reader->ctx, reader->bytes + at, end - at);
		reader->is_cut = false;
		at = end + 1;
	}
	memmove(reader->bytes, reader->bytes + at, reader->len - at);
	reader->len -= at;
	if (reader->len == READ_BYTES) {
		if (!reader->is_cut)
			reader->take(reader->ctx, reader->bytes, reader->len);
		reader->is_cut = true;
		reader->len = 0;
	}
}

bool
proc_lines(const char *path, void (*take)(void *ctx, const char *, size_t), void *ctx)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct reader reader;
	ssize_t got = 1;

	if (fd < 0)
		return false;
	reader.len = 0;
	reader.is_cut = false;
	reader.take = take;
	reader.ctx = ctx;
	while (got != 0 && (got >= 0 || errno == EINTR)) {
		got = read(fd, reader.bytes + reader.len, READ_BYTES - reader.len);
		if (got > 0) {
			reader.len += (size_t)got;
			take_lines(&reader);
		}
	}
	close(fd);
	return got == 0;
}

ssize_t
proc_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got = 1;

	if (fd < 0)
		return -1;
	while (len < size - 1 && got != 0 && (got >= 0 || errno == EINTR)) {
		got = read(fd, buf + len, size - 1 - len);
		len += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	buf[len] = '\0';
	return got < 0 ? -1 : (ssize_t)len;
}

ssize_t
proc_link(const char *path, char *buf, size_t size)
{
	ssize_t len = readlink(path, buf, size);

	if (len < 0 || (size_t)len >= size)
		return -1;
	buf[len] = '\0';
	return len;
}
