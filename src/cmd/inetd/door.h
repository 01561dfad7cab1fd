/*
 * The door: what happens when somebody comes.
 */
#ifndef INETD_DOOR_H
#define INETD_DOOR_H

#include "cmd/inetd/inetd.h"

/* A listener is ready: for struct listeners. ctx is the struct inetd. */
void door_ready(void *ctx, struct listener *, uint32_t events);

#endif
