/*
 * A line as syslog(3) sends it, made at small cost.
 */
#ifndef EVENT_MESSAGE_H
#define EVENT_MESSAGE_H

#include <sys/types.h>
#include <time.h>

#include "base/buf.h"

/* Priority, time and process id; and the tag, if it is none to speak of. */
enum { MESSAGE_HEAD_MAX = 128 };

struct message {
	int priority; /* level | facility; facility 0: daemon */
	const struct tm *when; /* in local time */
	const char *tag; /* whose line it is */
	pid_t pid;
	const char *text; /* one line: event_line */
};

/* What may stand as a tag for a name: it is not to look like the end of one, with another program's line
 * behind it. Cut to size_bytes - 1. */
void message_tag(const char *name, char *ret, size_t size_bytes);

/* "<30>Nov  4 09:05:00 TAG[PID]: TEXT", appended. False: there is no room. */
bool message_format(const struct message *, struct buf *);

#endif
