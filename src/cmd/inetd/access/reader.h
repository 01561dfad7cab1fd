/*
 * A thread that reads tables while the loop goes on.
 */
#ifndef INETD_ACCESS_READER_H
#define INETD_ACCESS_READER_H

#include <pthread.h>

#include "cmd/inetd/reactor.h"
#include "table/table.h"

struct reader {
	struct watch watch; /* of event_fd */
	struct reactor *reactor;
	int event_fd;
	bool is_busy;
	bool is_late; /* busy, and not getting on: who needs what it reads is not to wait for it */
	bool is_kept; /* all that the last one has read, if not busy */
	pthread_t thread;
	void *stack; /* its own */
	const char *tables[2];
	struct table_kept wanted;
	const char *_Atomic at; /* which file it has got to */
	struct alarm look; /* rings while it is busy: does it get on? */
	int64_t started_ms,
	    computed_ms; /* since then; of processor time, when it was last looked at */
	void (*done)(struct reader *); /* in the loop, when the thread has ended, or is late */
};

/* tables are borrowed. False: errno, and nothing is left. */
bool reader_init(
    struct reader *, struct reactor *, const char *const tables[2], void (*done)(struct reader *));
/* Waits for a thread until it would be late, and then goes without: the process must not go on for long. */
void reader_release(struct reader *);

/* Read what has to be read, and both tables, unless this is being done already. False: no thread. */
bool reader_start(struct reader *, const struct table_kept *wanted);

#endif
