/*
 * A listener whose place went, but not its clients: another place takes them now.
 */
#ifndef INETD_LEAVING_H
#define INETD_LEAVING_H

#include "cmd/inetd/listener.h"

/* The listener is not of the services that hold any more. If one of those takes its clients, new
 * ones are kept off, and those in the queue are served before it closes; else it closes. */
void leaving_begin(struct listener *);
/* Other services hold: who goes on? */
void leaving_review(struct listeners *);
/* Close all. */
void leaving_release(struct listeners *);

/* Whose is a connection that was accepted from the listener? Its own, but of one that is leaving
 * that of the listener that it would come to now. NULL: nobody's. */
struct listener *leaving_owner(struct listener *, int fd);
/* The same for the next datagram in the queue. Those that are nobody's are dropped. False: none is left. */
bool leaving_has_datagram(struct listener *);

#endif
