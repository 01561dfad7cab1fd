/*
 * The way to a finger server.
 */
#ifndef SAFE_FINGER_CONNECTION_H
#define SAFE_FINGER_CONNECTION_H

#include "cmd/safe_finger/target.h"

/* Connect to the target's host and send the query. NULL, and a socket that blocks; or why not. */
const char *connection_open(const struct target *, unsigned port, int *ret_fd);

#endif
