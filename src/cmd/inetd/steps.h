/*
 * From a process of inetd's to a server, step by step. For child.c only.
 */
#ifndef INETD_STEPS_H
#define INETD_STEPS_H

#include "cmd/inetd/child.h"
#include "cmd/inetd/environment.h"

/* Memory that it needs on its way, which it shall not have to ask for. */
struct order_room {
	gid_t *groups; /* as the kernel lists its own */
	size_t group_count; /* there is room for */
	struct environment environment;
};

/* What a process is to become. */
struct order {
	const struct service *service;
	const struct child_world *world;
	struct order_room *room; /* nobody else's */
	char **variables; /* of its environment, or what they have become */
	int fd; /* the client, or the listening socket; >= 3 */
	int link_fd, log_fd; /* of a process that judges; -1 = none */
	int null_fd; /* for the steps themselves */
	bool is_judging;
	bool stays_out; /* of the chroot: this process is not the one that serves */
};

enum steps_part {
	STEPS_BEGIN, /* a process group of its own; only its own descriptors */
	STEPS_BECOME, /* all that takes a right, then the identity: whoever has it can judge */
	STEPS_SERVE, /* the rest, and exec */
	STEPS_OTHER, /* what can fail on the way, and is no step */
};

/* Take all steps of one part, in their order, up to the first that fails: true, and *ret says
 * which. Of STEPS_SERVE only a failure returns. */
bool steps_fail(struct order *, enum steps_part, struct child_failure *ret);

/* Is the process still what STEPS_BECOME has made of it, and of that priority? */
bool steps_are_kept(const struct order *, int priority);
/* As getpriority(2) of the kernel answers. */
int steps_priority(void);

#define STEPS_JUDGE_APART "judge the client in a process of its own"
#define STEPS_NAME "tell the server its client's name"
#define STEPS_KEEP_APART "carry out the options of a rule outside of the chroot"

/* A step as a number, and back. NULL: there is none. */
unsigned steps_number(const char *name);
const char *steps_name(unsigned number);

#endif
