/*
 * The end of a client: its place is given back, and it is told.
 */
#ifndef INETD_ENDING_H
#define INETD_ENDING_H

#include <sys/resource.h>

#include "cmd/inetd/inetd.h"

/* It is over; the connection is not to be used any more. */
void ending_finish(struct connection *, enum limits_end);
/* It is not served. */
void ending_turn_away(struct connection *, enum record_verdict, const char *reason);
/* It stays in the kernel's queue, and comes again: nobody has come yet. */
void ending_put_back(struct connection *);
/* The loop has nothing to serve a client with that is accepted already. */
void ending_fail(struct connection *, const char *what, int error);
/* Its child has ended, and has said what it had to say. */
void ending_of_child(struct connection *, int status, const struct rusage *);

#endif
