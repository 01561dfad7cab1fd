/*
 * Clients who are there, and have to wait.
 */
#ifndef INETD_QUEUE_H
#define INETD_QUEUE_H

#include "cmd/inetd/inetd.h"

/* Somebody who waits for a place of this service may have one now. */
void queue_wake(struct inetd *, struct standing *);
/* Tables have been read: ask again for those who waited for that. */
void queue_tables_read(struct inetd *);
/* Other services hold: so do other limits, or none. */
void queue_reconsider(struct inetd *);
/* For connections: a wait is over. For standings: a place was given back. */
void queue_ring(struct alarm *, int64_t now_ms);
void queue_ring_place(struct alarm *, int64_t now_ms);

#endif
