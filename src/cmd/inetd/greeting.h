/*
 * What a client is sent before anything else: the files of banner, banner_success, banner_fail.
 */
#ifndef INETD_GREETING_H
#define INETD_GREETING_H

#include <stddef.h>

#include "cmd/inetd/conf/conf.h"

enum {
	/* A connection without anything in its queue takes that much at once, so that nobody has to
	 * wait for a client who does not read. */
	GREETING_MAX = 4096,
};

struct greeting {
	const char *bytes;
	size_t len;
};

/* Read a whole file into the configuration's memory. NULL: the path is NULL; or the file cannot be
 * read, is no regular file, or is longer than GREETING_MAX, which is a warning. */
const struct greeting *greeting_read(struct conf *, const struct conf_word *path);

/* Send it as it is, if it is not NULL. What the connection does not take at once is not sent; no
 * signal is raised, errno is not kept. Makes one system call at most, and nothing else. */
void greeting_send(int fd, const struct greeting *);

#endif
