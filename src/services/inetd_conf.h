/*
 * inetd.conf for an inventory: which program a line starts, and for whom. Tolerant: it takes the
 * lines of every inetd, and no offence at fields that it does not need.
 */
#ifndef SERVICES_INETD_CONF_H
#define SERVICES_INETD_CONF_H

#include <stdbool.h>
#include <stddef.h>

/* What else is on a line is not looked at: the longest line of use is a path and two words. */
enum { INETD_CONF_LINE_MAX = 65536 };

struct inetd_conf_line {
	unsigned number; /* of its last physical line */
	bool is_internal; /* the inetd does it itself; of the rest, only the service is of use */
	bool is_complete; /* else what follows is not to be used */
	/* NUL-terminated; they live until the next line. */
	const char *service; /* as it is written: "ftp", or "192.0.2.1:ftp"; "" = not said */
	const char *protocol;
	const char *wait; /* "nowait", "wait" or "nowait.40" */
	const char *path; /* of the server */
	const char *name; /* its argv[0] */
	const char *argument; /* its argv[1]; NULL: none */
	bool is_stream;
	size_t path_at, name_at; /* where these two begin in the text */
};

/* Read a text. False: out of memory. */
bool inetd_conf_read(const char *text, size_t len,
    void (*tell)(void *ctx, const struct inetd_conf_line *), void *ctx);

#endif
