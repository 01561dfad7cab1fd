/*
 * Connections that are passed on to another host, in the loop. Datagrams are not: without connections
 * nobody could tell whose an answer is, nor for how long.
 */
#ifndef INETD_REDIRECT_H
#define INETD_REDIRECT_H

#include "cmd/inetd/internal/internal.h"
#include "cmd/inetd/redirect/target.h"

/* Connect to the first address that answers, and pass on what both say until both have said all. The
 * target is copied; else as internal_serve. */
bool redirect_serve(struct reactor *, const struct redirect_target *, int fd,
    const struct internal_host *, void *ctx);

/* End all connections; before reactor_release. */
void redirect_release(void);

#endif
