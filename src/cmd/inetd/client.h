/*
 * A client's way: limits, rules, and the one who serves.
 */
#ifndef INETD_CLIENT_H
#define INETD_CLIENT_H

#include "cmd/inetd/inetd.h"

/* A client of a connection that was accepted from the listener. fd is taken over. */
void client_arrive(struct listener *, int fd, const struct peer *);

/* A client in the listener's own queue: the server will get the socket itself. peer is who sent the
 * first datagram, or nobody. True: it has a server, or a child that decides whether it gets one, which
 * has the socket now. False: it was turned away, or the listener rests. */
bool client_knock(struct listener *, const struct peer *);

/* Ask limits and rules for a client that has come, or that has waited. */
void client_consider(struct connection *);

#endif
