/*
 * Lines that the library would log, told to whoever runs a tool. A program that links this has its
 * event_syslog, event_diag and event_finding in the place of those in event.
 */
#ifndef TOOL_TELL_H
#define TOOL_TELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct told {
	unsigned warnings, errors; /* so far */
};

extern struct told told;

/* Where lines go; text is one line without its newline. At first: to standard output, flushed. */
void tell_to(void (*sink)(void *ctx, const char *text), void *ctx);

/* One line. "warning: " and "error: " in front of it are counted. */
void tell_line(const char *text);

/* "TAG: FILE, line N: TEXT", or "TAG: FILE: TEXT" if line is 0, or "TAG: TEXT"; TAG is error or
 * warning. */
void tell_finding(bool is_error, const char *file, unsigned line, const char *text);

/* A line that tell_finding or the library composed, in parts. Pointers into text. */
struct told_parts {
	bool is_error;
	const char *file; /* NULL: no place is named */
	size_t file_len;
	unsigned line;
	const char *message;
};
/* False: it is neither warning nor error. */
bool tell_split(const char *text, struct told_parts *ret);

/* Append such a line as a JSON object; a comma in front of it, if something stands there already. False:
 * it is neither, and nothing is appended. */
bool tell_json(struct buf *, const char *text);

#endif
