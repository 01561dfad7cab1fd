/*
 * A line as syslog(3) sends it, made at small cost.
 */
#ifndef EVENT_MESSAGE_H
#define EVENT_MESSAGE_H

#include <sys/types.h>
#include <time.h>

#include "base/buf.h"

enum {
	/* Priority, time and process id; and the tag, if it is none to speak of. */
	MESSAGE_HEAD_MAX = 128,
	MESSAGE_TIME_BYTES = sizeof "Nov  4 09:05:00",
};

struct message {
	int priority; /* level | facility; facility 0: daemon */
	const char *when; /* message_time */
	const char *tag; /* whose line it is */
	pid_t pid;
	const char *text; /* one line: event_line */
};

/* What may stand as a tag for a name: it is not to look like the end of one, with another program's line
 * behind it. Cut to size_bytes - 1. */
void message_tag(const char *name, char *ret, size_t size_bytes);

/* "Nov  4 09:05:00", of a local time. It costs more than the rest of a line, and holds for a second. */
void message_time(const struct tm *, char ret[MESSAGE_TIME_BYTES]);

/* "<30>Nov  4 09:05:00 TAG[PID]: TEXT", appended. False: there is no room. */
bool message_format(const struct message *, struct buf *);

#endif
