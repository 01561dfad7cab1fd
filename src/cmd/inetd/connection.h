/*
 * A client of a service, from the moment inetd knows of it until it is served no more.
 */
#ifndef INETD_CONNECTION_H
#define INETD_CONNECTION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "base/addr.h"
#include "cmd/inetd/child.h"
#include "cmd/inetd/limit/limits.h"
#include "cmd/inetd/reactor.h"
#include "cmd/inetd/record.h"
#include "cmd/inetd/standing.h"

struct inetd;
struct listener;

/* The other end of a socket, as the kernel says. */
struct peer {
	socklen_t len; /* 0 = not known: a server that gets a listening socket accepts by itself */
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un path;
	} address;
};

enum connection_stage {
	CONNECTION_ARRIVED, /* limits and rules are to be asked */
	CONNECTION_JUDGED, /* by a child, which asks for a place if it admits the client */
	CONNECTION_ASKED, /* the child has asked */
	CONNECTION_SERVED, /* it has a place: struct limits_ticket */
};

struct connection {
	struct watch link_watch; /* first; of link_fd */
	struct alarm alarm; /* while it waits: when to ask again */
	struct inetd *inetd;
	struct standing *standing;
	struct connection *next; /* of its bucket, by pid */
	struct connection *next_waiting,
	    **at_waiting; /* of its standing's; NULL: it does not wait */
	struct listener *listener; /* whose own socket is served; NULL = none, or it went */
	struct peer peer;
	struct addr source; /* of the peer, if has_source */
	bool has_source;
	bool is_of_listener; /* fd is the listener's: it is not ours to close */
	bool is_served_here; /* by inetd; a child it may have only judged */
	bool waits_for_tables;
	struct connection *next_judged,
	    **at_judged; /* of its standing's; NULL: no child judges it */
	bool is_command; /* what was to judge it is a command in the server's place */
	bool is_put_back; /* in the queue it came from, as if it had not come */
	enum connection_stage stage;
	int fd; /* the client's socket while inetd needs it; -1 */
	int link_fd; /* to the child that judges; -1 */
	uint64_t terms; /* of the service that it is, or was, judged for */
	unsigned rounds; /* how often tables were being read */
	pid_t pid; /* of its child; 0 = none */
	struct child_failure failure; /* of its server, not told yet */
	int64_t started_ms;
	struct limits_ticket ticket;
	struct record
	    record; /* as far as it is known; its service and client are filled in at the end */
	char *rule_file;
};

enum { CONNECTION_BUCKETS = 1024 }; /* of children; more than that run on few hosts */

/* All zero: none. */
struct connections {
	struct connection *buckets[CONNECTION_BUCKETS];
	void (*hear)(
	    struct watch *, uint32_t events); /* a child that judges has something to say */
	void (*ring)(struct alarm *, int64_t now_ms); /* a wait is over */
};

/* NULL: out of memory, and fd is still the caller's. */
struct connection *connection_new(struct inetd *, struct standing *, int fd, const struct peer *);
/* It has a child now, by whose pid it is found. */
void connection_track(struct connection *, pid_t);
/* It has none any more. */
void connection_untrack(struct connection *);
/* NULL: nobody we know. */
struct connection *connection_find(struct connections *, pid_t);

/* It has to be asked again: in the line of those who wait for this service. at_ms: when at the latest;
 * LIMITS_UNTIL_GIVEN = not before somebody calls. */
void connection_wait(struct connection *, int64_t at_ms);
void connection_stop_waiting(struct connection *);

/* A child begins to judge it, or has answered. */
void connection_judge(struct connection *);
void connection_stop_judging(struct connection *);
/* The child has neither answered nor ended: a command of a rule runs in its place. */
void connection_note_command(struct connection *);
/* Clients of the same source whom children judge at this moment, or commands serve. */
size_t connection_count_judged(const struct connection *);

/* The loop does not need the client's socket any more. */
void connection_close_fd(struct connection *);
void connection_close_link(struct connection *);

/* It is over. Its place must have been given back. The memory goes behind the batch of events. */
void connection_end(struct connection *);

/* The listener goes away: there is nothing to resume when the server ends. */
void connection_forget(struct connection *);

#endif
