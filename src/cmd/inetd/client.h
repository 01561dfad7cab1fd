/*
 * A client's way: limits, rules, a place, a server; and its end.
 */
#ifndef INETD_CLIENT_H
#define INETD_CLIENT_H

#include <sys/resource.h>

#include "cmd/inetd/inetd.h"

/* A client of a connection that was accepted from the listener. fd is taken over. */
void client_arrive(struct listener *, int fd, const struct peer *);

/* A client in the listener's own queue: the server will get the socket itself. peer is who sent the
 * first datagram, or nobody. True: it has a server, or a child that decides whether it gets one, which
 * has the socket now. False: it was turned away, or the listener rests. */
bool client_knock(struct listener *, const struct peer *);

/* May anybody be served? If not, the listener rests, and that is told: somebody is there. */
bool client_may_come(struct listener *);
/* May another one, if there is one? */
bool client_may_follow(const struct listener *);

/* Nothing is left to serve with: said once a minute, and the service's listeners rest for a moment. */
void client_shortage(struct inetd *, struct standing *, const char *what, int error);

/* A child has ended. */
void client_child_ended(struct connection *, int status, const struct rusage *);

/* Tables have been read: ask again for those who waited for that. */
void clients_tables_read(struct inetd *);

/* Other services hold: so do other limits, or none. */
void clients_reconsider(struct inetd *);

/* Somebody who waits for a place of this service may have one now. */
void clients_wake(struct inetd *, struct standing *);

/* For connection.c: a child that judges has something to say; a wait is over. */
void client_hear(struct watch *, uint32_t events);
void client_ring(struct alarm *, int64_t now_ms);
/* Begins and ends of limits go to the log. */
void client_tell_news(struct standing *);
/* For standings: news of limits. */
void client_ring_news(struct alarm *, int64_t now_ms);

#endif
