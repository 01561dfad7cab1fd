/*
 * Reading the configuration beside the loop: by a process of its own, into memory that both have.
 */
#ifndef INETD_INTAKE_H
#define INETD_INTAKE_H

#include "cmd/inetd/reactor.h"
#include "cmd/inetd/service.h"

/* A reading, whole, at one place of memory. Not to be copied. */
struct generation {
	size_t size_bytes; /* of all of it */
	bool is_read; /* else conf says what is wrong, or nobody does */
	struct services services;
};

/* All zero but the first three: none goes on. */
struct intake {
	const char *path;
	const struct service_rules
	    *rules; /* and whatever they refer to, unchanged while it lasts */
	struct reactor *reactor;
	struct generation *next;
	pid_t pid; /* of the reader; 0 = none */
	struct alarm patience;
};

/* Begin. False: errno; nobody reads then. Until the end of intake->pid is seen, and intake_take is
 * called, no other one may begin. */
bool intake_begin(struct intake *);
/* The reader has ended. The caller's generation, or NULL: it ended before it was through. */
struct generation *intake_take(struct intake *, int status);

/* All of it while the caller waits: there is no loop yet. NULL: errno, or as above. */
struct generation *intake_whole(struct intake *);

/* Stop, if one goes on. */
void intake_stop(struct intake *);

void generation_free(struct generation *);

#endif
