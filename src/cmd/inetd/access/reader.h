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
	bool is_kept; /* all that the last one has read, if not busy */
	pthread_t thread;
	void *stack; /* its own */
	const char *tables[2];
	struct table_kept wanted;
	void (*done)(struct reader *); /* in the loop, when the thread has ended */
};

/* tables are borrowed. False: errno, and nothing is left. */
bool reader_init(
    struct reader *, struct reactor *, const char *const tables[2], void (*done)(struct reader *));
void reader_release(struct reader *);

/* Read what has to be read, and both tables, unless this is being done already. False: no thread. */
bool reader_start(struct reader *, const struct table_kept *wanted);

#endif
