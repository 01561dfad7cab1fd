/*
 * Starting a server.
 */
#ifndef INETD_CHILD_H
#define INETD_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "cmd/inetd/service.h"

/* What every server gets, whatever its line says. */
struct child_world {
	char **environment;
	struct rlimit descriptors; /* as inetd found the limit, before it raised its own */
	bool has_terminal; /* inetd's session has one, which a server must not reach */
};

/* Who is served; what is not known here is asked of the socket, or not told. A "wait" server, who
 * will serve others too, is not told. */
struct child_client {
	const struct sockaddr *peer; /* NULL = a connection's socket is asked */
	const char *name; /* of its host, if it leads back to that address; NULL = not known */
};

/* Why a child did not become its server. */
struct child_failure {
	const char *step; /* NULL = it did */
	int error;
};

/* Start the service's server with fd (>= 3) as descriptors 0, 1 and 2, and nothing else open; or as
 * LISTEN_FDS says. The client may be NULL. The child's pid, to be waited for; -1: no child was made,
 * errno says why.
 * A connection is the child's from then on: it is closed here. The child may still be on its way:
 * until it has ended, or child_await_all has returned, the failure is its to write, and the service
 * its to read. A listening socket remains the caller's. */
pid_t child_start(const struct service *, int fd, const struct child_client *,
    const struct child_world *, struct child_failure *);
/* Why is known by then; a child that has ended has said it. */
bool child_has_failed(const struct child_failure *);

/* Close what the children have copied. True: nothing is left to be closed. */
bool child_settle(void);
/* Wait for a child that has to copy one: until exec, but for some milliseconds at most. */
void child_rest(void);
/* Wait until none of them reads inetd's memory, and all is closed: two seconds for each at most. */
void child_await_all(void);
/* End those that do not get on. Is any on its way? Then this wants to be called again, so soon. */
bool child_look_after(void);
enum { CHILD_LOOK_MS = 100 };
/* That one has ended, and was waited for. */
void child_ended(pid_t);

/* A question that takes longer than inetd's loop may wait. */
struct child_judge {
	/* Asked in a process of its own, which has the service's identity and nothing to hide: of
	 * inetd's descriptors there are only 0 to 2, the client and the two below, at their numbers.
	 * It may log, carry out the options of a rule (also change environ), call child_name, and
	 * execute something else. 0: serve the client. Anything else: it is refused, and the process
	 * ends. */
	int (*ask)(void *context);
	void *context;
	int link_fd; /* to the loop, close-on-exec; at its end the server runs, or there is none */
	int log_fd; /* -1 = none */
};

/* Judge the client, and start the server only if the answer is 0. The process is not waited for:
 * why it did not become the server arrives on the link, for child_hear. The pid; -1: no child. */
pid_t child_fork_judge(const struct service *, int fd, const struct child_client *,
    const struct child_world *, const struct child_judge *);

/* The client's name was found out, and leads back to its address: the server is told. NULL: it was
 * not. */
void child_name(const char *name);

/* A message of that kind, which a judging process or its successor writes to the link at once. */
struct child_report {
	uint8_t mark; /* CHILD_REPORT_MARK, by which it is told from other messages */
	uint8_t step;
	uint8_t unused[2];
	int32_t error;
};
enum { CHILD_REPORT_MARK = 0xfa };

/* False: it is no such message. */
bool child_hear(const void *message, size_t len, struct child_failure *ret);

#endif
