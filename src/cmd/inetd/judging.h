/*
 * Clients that a child judges.
 */
#ifndef INETD_JUDGING_H
#define INETD_JUDGING_H

#include "cmd/inetd/inetd.h"

void judging_begin(struct connection *);
/* The child has admitted the client: is there a place? */
void judging_seek_place(struct connection *);
/* For connections: a child has something to say. */
void judging_hear(struct watch *, uint32_t events);

#endif
