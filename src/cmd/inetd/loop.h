/*
 * The loop: signals, reading the configuration, and the end of servers.
 */
#ifndef INETD_LOOP_H
#define INETD_LOOP_H

#include "cmd/inetd/inetd.h"

/* Everything but the command line's part, which is filled in already. False: errno. */
bool inetd_open(struct inetd *);

/* Read the configuration, report its findings, and go over to it. False: it could not be read, or,
 * unless it is the first, has an error or no service, and everything stays as it is. The first: what
 * is wrong stays off. */
bool inetd_load(struct inetd *, bool is_first);

/* The same, of a running one, on behalf of somebody who is told each finding; NULL: nobody is. */
bool inetd_reload(struct inetd *, struct control_sink *);

/* Tell whoever supervises inetd; is_fresh: the last reading was taken. */
void inetd_tell_ready(struct inetd *, bool is_fresh);

/* Serve until SIGTERM or SIGINT. False: the loop itself failed. */
bool inetd_run(struct inetd *);

void inetd_close(struct inetd *);

#endif
