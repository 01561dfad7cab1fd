/*
 * The loop: signals, and the end of servers.
 */
#ifndef INETD_LOOP_H
#define INETD_LOOP_H

#include "cmd/inetd/inetd.h"

/* Everything but the command line's part, which is filled in already. False: errno. */
bool inetd_open(struct inetd *);

/* Serve until SIGTERM, SIGINT or SIGQUIT. False: the loop itself failed. */
bool inetd_run(struct inetd *);

void inetd_close(struct inetd *);

#endif
