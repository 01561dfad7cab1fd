/*
 * Where connections are redirected to.
 */
#ifndef INETD_REDIRECT_TARGET_H
#define INETD_REDIRECT_TARGET_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

/* A name has four addresses, seldom more; each costs a client CONNECT_MS while it does not answer. */
enum { REDIRECT_ADDRESSES_MAX = 4 };

struct redirect_target {
	size_t count; /* 0: nowhere */
	struct redirect_address {
		socklen_t len;
		union {
			struct sockaddr any;
			struct sockaddr_in v4;
			struct sockaddr_in6 v6;
		} address;
	} items[REDIRECT_ADDRESSES_MAX];
};

/* Addresses of a host in the order of getaddrinfo(3); the port is a number or the name of a service.
 * It may wait for name service: for when a configuration is read. 0, or an error for gai_strerror(3);
 * *ret is then untouched. */
int redirect_resolve(const char *host, const char *port, struct redirect_target *ret);

#endif
