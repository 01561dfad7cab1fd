/*
 * Who serves an admitted client: a program, or inetd itself.
 */
#ifndef INETD_SERVING_H
#define INETD_SERVING_H

#include "cmd/inetd/inetd.h"

/* The answer may be NULL for a client that nobody knows yet. */
void serving_begin(struct connection *, const struct access_answer *);
/* By inetd itself; it has a place. The connection may be over before this returns. */
void serving_here(struct connection *);
/* If its server could not be started, say so: once. */
void serving_hear_failure(struct connection *);
void serving_tell_failure(struct connection *, const struct child_failure *);

#endif
