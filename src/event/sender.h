/*
 * Log lines of a process that must never wait for the log.
 *
 * One connected socket, of datagrams, or a stream where the log listens on one; lines of whatever tag and
 * process. One thread.
 */
#ifndef EVENT_SENDER_H
#define EVENT_SENDER_H

#include <stdbool.h>
#include <sys/types.h>

enum {
	/* What waits in memory for a log that is slow, or is being restarted: some 500 lines. */
	SENDER_BACKLOG_MAX = 64 << 10,
};

/* tag is of the process's own lines, such as the one about those that were lost; path is the log's
 * socket (NULL: /dev/log). Both are borrowed. Nothing is opened yet. Said again of
 * the same log, what waits for it stays. */
void sender_open(const char *tag, const char *path);
void sender_close(void);

/* Say a line; what event_line escapes is escaped. priority is level | facility (0: daemon). What the log
 * does not take at once waits, in order; what finds no room is counted, and its number told as soon as
 * something is taken again. errno is kept. */
void sender_line(int priority, const char *tag, pid_t pid, const char *text);

/* Try again what waits. False: something still does; try again soon. errno is kept. */
bool sender_flush(void);

#endif
