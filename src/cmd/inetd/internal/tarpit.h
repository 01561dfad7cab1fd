/*
 * Clients that get a line of nonsense now and then, for as long as they care to wait. For stream.c only.
 */
#ifndef INETD_TARPIT_H
#define INETD_TARPIT_H

#include "cmd/inetd/internal/internal.h"

enum {
	TARPIT_CLIENTS_MAX = 4096, /* 1 MB here, 12 MB in the kernel */
	TARPIT_PAUSE_MS = 10000, /* clients give up after 30 s of silence, some after 15 */
};

/* As internal_serve. */
bool tarpit_serve(struct reactor *, int fd, const struct internal_host *, void *ctx);
void tarpit_release(void);

#endif
