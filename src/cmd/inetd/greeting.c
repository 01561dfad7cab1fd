/*
 * NAME     greeting - a file for the client
 * PURPOSE  The file is read when the configuration is: a connection costs one call, and a server in
 *          a chroot needs no copy of it.
 * LIMITS   GREETING_MAX
 * SEE      inetd(8), xinetd.conf(5) banner
 */
#include "cmd/inetd/greeting.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A regular file, which open cannot wait for. -1: it is none. */
static int
open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The length, GREETING_MAX + 1 for any that is more; -1: cannot be read. */
static ssize_t
read_file(const char *path, char *bytes)
{
	int fd = open_regular(path);
	ssize_t len = 0, got = fd < 0 ? -1 : 1;

	while (got > 0 && len <= GREETING_MAX) {
		got = read(fd, bytes + len, (size_t)(GREETING_MAX + 1 - len));
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			len += got;
	}
	if (fd >= 0)
		close(fd);
	return got < 0 ? -1 : len;
}

const struct greeting *
greeting_read(struct conf *conf, const struct conf_word *path)
{
	char bytes[GREETING_MAX + 1];
	ssize_t len;
	struct greeting *greeting;

	if (path->text == NULL)
		return NULL;
	len = read_file(path->text, bytes);
	if (len < 0 || len > GREETING_MAX) {
		conf_note(conf, len < 0 ? CONF_NO_BANNER : CONF_BANNER_LONG, path);
		return NULL;
	}
	greeting = conf_alloc(conf, sizeof *greeting);
	if (greeting == NULL)
		return NULL;
	greeting->len = (size_t)len;
	greeting->bytes = arena_copy(&conf->arena, bytes, (size_t)len);
	conf->failed |= greeting->bytes == NULL;
	return greeting->bytes != NULL ? greeting : NULL;
}

void
greeting_send(int fd, const struct greeting *greeting)
{
	if (greeting != NULL)
		(void)!send(fd, greeting->bytes, greeting->len, MSG_DONTWAIT | MSG_NOSIGNAL);
}
