/*
 * Clients that get a line of nonsense now and then, for as long as they care to wait. For stream.c only.
 */
#ifndef INETD_TARPIT_H
#define INETD_TARPIT_H

#include "cmd/inetd/internal/internal.h"

enum {
	/* 600 bytes of each here, 4 KiB in the kernel, which lets 33 KiB in of who talks: 150 MB at worst. */
	TARPIT_CLIENTS_MAX = 4096,
	TARPIT_PAUSE_MS = 10000, /* clients give up after 30 s of silence, some after 15 */
};

/* As internal_serve. */
bool tarpit_serve(struct reactor *, int fd, const struct internal_host *, void *ctx);
/* The one that came first goes. False: there is none. */
bool tarpit_push_out(void);
void tarpit_release(void);

#endif
