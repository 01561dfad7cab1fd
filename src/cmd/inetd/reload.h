/*
 * Going over to another configuration: read beside the loop, checked, and swapped in it.
 */
#ifndef INETD_RELOAD_H
#define INETD_RELOAD_H

#include "cmd/inetd/inetd.h"

/* At the start: what is wrong stays off. False: nothing could be read. */
bool reload_first(struct inetd *);

/* Read again, and report. What has an error, or no service, changes nothing. It takes its time: who
 * asks again meanwhile is answered by a reading that began after that. Whoever has asked by the control
 * socket is told what comes of it. */
void reload_begin(struct inetd *);

/* A child has ended: was it the reader? Then all is done that it was to be read for. */
bool reload_child_ended(struct inetd *, pid_t, int status);

/* Tell whoever supervises inetd; is_fresh: the last reading was taken. */
void reload_tell_ready(struct inetd *, bool is_fresh);

/* No services hold any more. */
void reload_close(struct inetd *);

#endif
