/*
 * Clients that are being served: by a child, or in the loop.
 */
#ifndef INETD_CONNECTION_H
#define INETD_CONNECTION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "cmd/inetd/standing.h"

struct listener;

/* The other end of a socket, as the kernel says. */
struct peer {
	socklen_t
	    len; /* 0 = not known: a server that gets the listening socket accepts by itself */
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un path;
	} address;
};

struct connection {
	struct connection *next; /* of its bucket */
	struct standing *standing;
	struct listener *listener; /* whose own socket the server has; NULL = none, or it went */
	struct peer peer;
	pid_t pid; /* 0 = no child */
	int64_t started_ms;
};

enum { CONNECTION_BUCKETS = 1024 }; /* of children; more than that run on few hosts */

/* All zero: none. */
struct connections {
	struct connection *buckets[CONNECTION_BUCKETS];
	struct standings *standings;
};

/* NULL: out of memory. */
struct connection *connection_new(struct standing *, const struct peer *);
/* It has a child now, by whose pid it is found. */
void connection_track(struct connections *, struct connection *, pid_t);
/* NULL: nobody we know. */
struct connection *connection_find(struct connections *, pid_t);
/* It is over; a child's is not found any more. */
void connection_end(struct connections *, struct connection *);

/* The listener goes away: there is nothing to resume when the server ends. */
void connection_forget(struct connection *);

#endif
