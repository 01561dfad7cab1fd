/*
 * Endpoints: one address that a service listens on, and how two of them stand to each other.
 */
#ifndef INETD_ENDPOINT_H
#define INETD_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/buf.h"

struct listener;
struct service;

/* Not to be copied: memory ends behind what len says of the address. */
struct endpoint {
	struct endpoint *next; /* of the service */
	const struct service *service;
	struct listener *listener; /* of the services that hold; NULL: another line has the place */
	const char *device; /* that the socket is bound to; NULL: to all */
	int socktype; /* SOCK_STREAM ... */
	bool is_dual; /* an IPv6 socket that takes IPv4 too */
	bool is_implied; /* by "tcp" or "udp": no fault on a host without that family */
	uint16_t len;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un path;
	} address; /* compared as bytes */
};

static inline bool
endpoint_is_path(const struct endpoint *endpoint)
{
	return endpoint->address.any.sa_family == AF_UNIX;
}

/* In network order; sin_port and sin6_port stand at the same place. */
static inline in_port_t
endpoint_port(const struct endpoint *endpoint)
{
	return endpoint->address.v4.sin_port;
}

/* Order by place: family, type, address, device. 0: both cannot listen at a time. */
int endpoint_cmp(const struct endpoint *, const struct endpoint *);

/* Could b go on with the socket of a? For places that are equal. */
bool endpoint_shares_socket(const struct endpoint *a, const struct endpoint *b);

/* Is there a client whom both would get, so that the kernel lets both listen only if both agree? */
bool endpoint_overlaps(const struct endpoint *, const struct endpoint *);

/* Would a client that came to this local address come to the endpoint? */
bool endpoint_takes(const struct endpoint *, const struct sockaddr *local);

/* "192.0.2.1 port 21", "[::1] port 21 on eth0" or the path. */
bool endpoint_format(const struct endpoint *, struct buf *);

#endif
