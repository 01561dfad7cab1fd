/*
 * What stands in front of the C library while a libwrap.so.0 decides. What the library under test
 * tells, sleeps or asks becomes lines of the answer, and nothing reaches the host's syslog or
 * network.
 */
#ifndef COMPAT_FRONT_H
#define COMPAT_FRONT_H

#include <stdbool.h>
#include <stddef.h>

enum { FRONT_TEXT_MAX = 16 << 10 };

/* What one decision did, in order: a line for each message, effect and sleep. */
struct front_text {
	size_t len;
	bool is_cut; /* there was more */
	char bytes[FRONT_TEXT_MAX];
};

/* Where lines go to; NULL = nowhere. May be memory that is shared with a child. */
extern struct front_text *front_text;

/* How often somebody asked for a user since front_begin. */
extern int front_asked_user;

/* Called by shell_cmd with the command; NULL = only its line is written. */
extern void (*front_shell)(char *command);

/* Rewrites a message before it becomes a line; may be NULL. */
extern size_t (*front_rewrite)(char *text, size_t len);

/* The text is empty. told_user is the answer to who asks for a user; NULL = "unknown". */
void front_begin(const char *told_user);

/* Append a line, formatted. Newlines in it become "?". */
void front_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
