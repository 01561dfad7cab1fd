/*
 * Log lines through syslog(3).
 */
#ifndef EVENT_LOG_H
#define EVENT_LOG_H

#include "base/buf.h"
#include "base/diag.h"

enum {
	/* A finding's line is cut to this: what syslog carried of old, and log readers expect. */
	EVENT_DIAG_MAX = 1024,
	/* Any other that needs escaping: holds a twist with the longest expanded command. */
	EVENT_LINE_MAX = 9 << 10,
};

/* One line, whatever is in text: what event_line escapes is escaped. priority is level | facility (0:
 * the program's own). The symbol called is the plain syslog, which old tools put their own in front
 * of. errno is kept. */
void event_syslog(int priority, const char *text);

/* The same text if it is one line of UTF-8 without control characters; else, in an empty buffer of
 * EVENT_LINE_MAX, with each byte that does not belong there as \xNN. Lives as long as both. */
const char *event_line(const char *text, struct buf *);

/* Append "TAG: FILE, line N: MESSAGE", or "TAG: MESSAGE" where no file is concerned; TAG is warning or
 * error; of an event the message alone. Hostile text is escaped, and the whole cut to EVENT_DIAG_MAX
 * bytes. */
void event_diag_text(const struct diag *, struct buf *);

/* That text at LOG_ERR, an event at LOG_INFO. A finding that stays the same at every connection is told at
 * most once a minute; a line of the original is told always. errno is kept, threads and forks are welcome. */
void event_diag(const struct diag *);

/* A finding whose line is composed already, at LOG_ERR. errno is kept. */
void event_finding(const char *text);

#endif
