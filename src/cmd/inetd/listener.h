/*
 * A listener: an open socket of a service that holds now, and whether it is watched. What is done to all
 * of them at once is in listeners.h, to those that are leaving in leaving.h.
 */
#ifndef INETD_LISTENER_H
#define INETD_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/inetd/reactor.h"
#include "cmd/inetd/service.h"
#include "cmd/inetd/socket.h"

struct activation;
struct connection;

struct listeners {
	struct listener **items; /* ascending by endpoint_cmp */
	size_t count;
	struct listener **next; /* while services are replaced: what items shall be */
	size_t next_count;
	struct listener *leaving; /* whose place went, with clients that are still to be served */
	struct alarm farewell; /* rings when those may go */
	struct reactor *reactor;
	struct activation *given; /* sockets that whoever started inetd has opened */
	int backlog;
	/* A socket is ready, and nothing forbids to serve. */
	void (*ready)(void *ctx, struct listener *, uint32_t events);
	void *ctx;
};

struct listener_more {
	struct socket_path path; /* of a unix socket: what we bound */
	int64_t handed_ns; /* arrival of the last datagram that a server was started for */
	uint16_t patience_ms; /* how long the last server was given to read its datagram */
};

/* There are thousands: each word counts. */
struct listener {
	struct watch watch; /* first: it is what the reactor knows */
	struct alarm alarm; /* rings when it is to be armed or opened again */
	struct listeners *all;
	const struct endpoint *endpoint; /* of the services that hold now; also if it is leaving */
	int fd; /* -1 = could not be opened, is tried again */
	int error; /* why */
	bool is_armed : 1; /* the reactor watches fd */
	bool is_held : 1; /* a server has the socket, and it rests */
	bool is_resting : 1; /* its service is over a limit */
	bool is_dropped : 1; /* by inetctl: closed, or when its server ends, until the next load */
	bool is_blocking : 1; /* fd, for the server that gets it */
	bool is_shared : 1; /* with SO_REUSEPORT, while another is opened beside it */
	bool is_late : 1; /* is bound when another one's path is free */
	bool is_given : 1; /* whoever started inetd made the socket, and owns its path */
	bool is_kept : 1; /* by the services that are being prepared */
	bool has_more : 1; /* a unix socket, or one for datagrams */
	unsigned rounds; /* how often the first datagram has waited for tables */
	struct connection *server; /* that has the socket, and is to end first; NULL = none */
	struct endpoint *left; /* the place that it is leaving, its own copy; NULL = it is not */
	struct listener *next_leaving;
	struct listener_more more[]; /* if has_more */
};

enum {
	LISTENER_RETRY_MS = 1000
}; /* a place that is not there: an address may come with its interface */

/* For a place: its type and family are those of all that it will go on for. NULL: out of memory. */
struct listener *listener_new(struct listeners *, const struct endpoint *);
/* It was never used. */
void listener_discard(struct listener *);
/* Close it, remove its path; its memory goes behind the batch of events. */
void listener_remove(struct listener *);

/* Bind its endpoint's place, beside other sockets of ours if it must be: those that overlap it let it,
 * until listener_unshare. False: listener->error. */
bool listener_bind(struct listener *);
/* Let clients come, and watch. False: listener->error, and it is tried again. */
bool listener_start(struct listener *);
/* All newcomers have started: nobody is let in beside another any more. */
void listener_unshare(struct listeners *);

/* Leave it unwatched for so long, or longer if it pauses already. Clients wait in the queue. */
void listener_pause(struct listener *, unsigned for_ms);
/* Leave it unwatched until then, or until it is woken; LIMITS_UNTIL_GIVEN: only that. */
void listener_rest(struct listener *, int64_t until_ms);
void listener_wake(struct listener *);
/* Leave it unwatched until its server has ended. */
void listener_hold(struct listener *);
/* Leave it unwatched while its service is paused. */
void listener_disarm(struct listener *);
/* Close it, when no server has it any more, and do not try again. */
void listener_drop(struct listener *);
/* Watch it again, if nothing else forbids. */
void listener_resume(struct listener *);
/* The socket is broken: make a new one. */
void listener_reopen(struct listener *);
/* Go on for another line, or for the same line read again. */
void listener_keep(struct listener *, const struct endpoint *next);

/* Is it closed for a reason that heals by itself, and is no fault of the line? */
bool listener_is_absent(const struct listener *);
/* Because the host has not the family, which was only implied? */
bool listener_is_forgiven(const struct listener *);

static inline bool
listener_is_pausing(const struct listener *listener)
{
	return reactor_is_set(&listener->alarm);
}

#endif
