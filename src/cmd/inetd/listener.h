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

#include "cmd/inetd/reactor.h"
#include "cmd/inetd/service.h"

struct connection;

struct listener {
	struct watch watch; /* first: it is what the reactor knows */
	struct alarm alarm; /* rings when it is to be armed or opened again */
	struct listeners *all;
	const struct endpoint *endpoint; /* of the services that hold now */
	int fd; /* -1 = could not be opened, is tried again */
	bool is_armed; /* the reactor watches fd */
	struct connection *server; /* that has the socket, and is to end first; NULL = none */
	struct timespec handed; /* arrival of the last datagram that a server was started for */
	unsigned patience_ms; /* how long that server was given to read it */
	struct stat path; /* of a unix socket: what we bound */
};

struct listeners {
	struct listener **items; /* ascending by endpoint_cmp */
	size_t count;
	struct reactor *reactor;
	int backlog;
	/* A socket is ready, and nothing forbids to serve. */
	void (*ready)(void *ctx, struct listener *, uint32_t events);
	void *ctx;
};

/* Go over to other services: sockets of places that stay are kept, those of places that went are
 * closed first, new ones opened then. False: out of memory, and nothing has changed.
 * next must outlive the listeners, or the next call. */
bool listeners_replace(struct listeners *, const struct services *next);

/* Close all, and remove their paths. */
void listeners_release(struct listeners *);

/* Leave it unwatched for so long. Clients wait in the queue. */
void listener_pause(struct listener *, unsigned for_ms);
/* Leave it unwatched until listener_resume. */
void listener_hold(struct listener *);
/* Watch it again, if nothing else forbids. */
void listener_resume(struct listener *);
/* The socket is broken: make a new one. */
void listener_reopen(struct listener *);

static inline bool
listener_is_pausing(const struct listener *listener)
{
	return listener->alarm.place != 0;
}

#endif
