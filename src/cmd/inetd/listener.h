/*
 * Listeners: the open sockets of the services that hold now, and whether they are watched.
 */
#ifndef INETD_LISTENER_H
#define INETD_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "cmd/inetd/limiter.h"
#include "cmd/inetd/service.h"

struct listener {
	const struct endpoint *endpoint; /* of the services that hold now */
	int fd; /* -1 = could not be opened, is tried again at resume_ms */
	bool is_armed; /* epoll watches fd */
	int64_t resume_ms; /* when to arm or open it again; 0 = no pause */
	pid_t server; /* that has the socket, and is to end first; 0 = none */
	struct limiter limiter;
	struct timespec handed; /* arrival of the last datagram that a server was started for */
	unsigned patience_ms; /* how long that server was given to read it */
	struct stat path; /* of a unix socket: what we bound */
};

struct listeners {
	struct listener **items; /* ascending by endpoint_cmp */
	size_t count;
	int epoll_fd;
	int backlog;
	int64_t next_ms; /* earliest resume_ms; 0 = none */
};

/* Go over to other services: sockets of places that stay are kept, those of places that went are
 * closed first, new ones opened then. False: out of memory, and nothing has changed.
 * next must outlive the listeners, or the next call. */
bool listeners_replace(struct listeners *, const struct services *next);

/* Close all, and remove their paths. */
void listeners_release(struct listeners *);

/* Leave it unwatched for so long. Clients wait in the queue. */
void listener_pause(struct listeners *, struct listener *, unsigned for_ms);
/* Leave it unwatched until listener_resume. */
void listener_hold(struct listeners *, struct listener *);
/* Watch it again, if nothing else forbids. */
void listener_resume(struct listeners *, struct listener *);
/* The socket is broken: make a new one. */
void listener_reopen(struct listeners *, struct listener *);

/* End the pauses that are over; then next_ms is in the future or 0. */
void listeners_wake(struct listeners *, int64_t now_ms);

/* The listener whose server this is; NULL = none. */
struct listener *listeners_find_server(const struct listeners *, pid_t);

#endif
