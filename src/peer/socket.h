/*
 * Who is at the two ends of a socket. Values only: nothing here logs or decides.
 */
#ifndef PEER_SOCKET_H
#define PEER_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/addr.h"

/* "ADDRESS%INTERFACE" and a NUL, or "unknown". */
enum { PEER_TEXT_MAX = 128 };

/* Is this an address of its family, all of it? */
bool peer_is_whole(const struct sockaddr_storage *, socklen_t len);

struct peer_ends {
	struct sockaddr_storage client, server;
	bool has_client, has_server;
	bool datagram; /* no connection: the client sent the datagram that is first in the queue */
	int client_error, server_error; /* errno of the call that failed, else 0 */
};

/* Find both ends of a connected socket, or of a datagram socket with a datagram waiting. It never
 * blocks: a datagram socket without one has no client (EAGAIN). Without a client the server is not
 * looked for. */
void peer_socket(int fd, struct peer_ends *ret);

/* Take one datagram out of the queue, so that who refuses it is not called for it again. */
void peer_drop_datagram(int fd);

/* Discard what a stream has queued, without waiting: the close that follows then says FIN, where
 * unread data would make it RST. Bounded; a client that keeps sending gets the RST. */
void peer_drain(int fd);

/* End a connection for the client, as the last close would, though descriptors of it are open. Sockets
 * that have no peer, above all those that listen, stay as they are. */
void peer_hang_up(int fd);

/* Numeric text of an address with its scope, as getnameinfo(3) writes it; "localhost" for a unix
 * socket, as glibc does; "unknown" for any other family. False: the interface's name could not be found
 * out, and its number stands there. */
bool peer_addr_text(const struct sockaddr *, char ret[PEER_TEXT_MAX]);

/* The port in host order; 0 for families without one. */
unsigned peer_port(const struct sockaddr *);

/* The port of a server, if there is one (NULL: no), else -1. classic: whatever stands where IPv4 has
 * its port, in any family. */
int peer_server_port(const struct sockaddr *, bool classic);

/* Interface index of a scope: a number, or an interface's name where glibc takes names, which is on
 * link-local addresses. 0: neither, and *ret is untouched; -1: that could not be found out. errno is
 * kept. For struct facts_ops; ctx is not looked at. */
int peer_scope(void *ctx, const char *text, size_t len, const struct addr *, uint32_t *ret);

/* An errno that says something of this host, that it has no memory or no descriptor left, and nothing of
 * the peer. */
bool peer_is_shortage(int error);

/* CLOCK_MONOTONIC, for deadlines. */
int64_t peer_now_ms(void);

enum peer_options {
	PEER_OPTIONS_NONE,
	PEER_OPTIONS_ROUTED, /* source routing: the client's address proves nothing */
	PEER_OPTIONS_CLEARED, /* others, now switched off */
	PEER_OPTIONS_FAILED, /* errno: they could not be had, understood, or switched off */
};

enum { PEER_OPTIONS_MAX = 40 }; /* RFC 791, 3.1 */

/* Does this client come over IPv4, with options, or with some that cannot be had? Nothing is changed. */
bool peer_has_ip_options(int fd, const struct sockaddr *client);

/* Look at the IP options of an IPv4 connection; ret_bytes receives them. */
enum peer_options peer_ip_options(
    int fd, unsigned char ret_bytes[PEER_OPTIONS_MAX], size_t *ret_len);

#endif
