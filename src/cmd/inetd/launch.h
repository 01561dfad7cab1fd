/*
 * Children that share inetd's memory: from clone until exec. For child.c only.
 */
#ifndef INETD_LAUNCH_H
#define INETD_LAUNCH_H

#include "cmd/inetd/child.h"
#include "cmd/inetd/steps.h"

enum {
	/* Between clone and exec at the same time: a few for each processor of most hosts. More of
	 * them only compete. */
	LAUNCHES_MAX = 8,
	LAUNCH_STACK_BYTES = 64 * 1024,
};

/* One of them: nothing in here is anybody else's until it has let go of it. */
struct launch {
	struct order order; /* what it is to become */
	struct child_failure *failure; /* where it is to be told */
	int held; /* futex: enum launch_hold */
	int fd; /* closed when the child has one of its own; 0: nothing is to be closed */
	pid_t pid;
	int64_t begun_ms;
	void *thread; /* whose errno it has; NULL: inetd's */
	struct order_room room;
	_Alignas(16) char stack[LAUNCH_STACK_BYTES];
};

/* A free one, for which this may have to wait. */
struct launch *launch_take(void);

/* Make the child, which calls run(launch) and does not return from it. If there is a child, fd is
 * closed as soon as it can be; 0: nothing is. The pid; -1: errno says why, and launch is free. */
pid_t launch_begin(struct launch *, int fd, int (*run)(void *));

/* In the child: it has descriptors of its own now. */
void launch_owns_descriptors(struct launch *);
/* In the child: why it ends. */
void launch_fail(struct launch *, const struct child_failure *);

/* Wait until it has descriptors of its own. Nobody but root can keep it from that. */
void launch_await_copy(struct launch *);

#endif
