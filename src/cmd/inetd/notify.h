/*
 * Telling whoever supervises inetd how it is: sd_notify(3).
 */
#ifndef INETD_NOTIFY_H
#define INETD_NOTIFY_H

#include <sys/un.h>

#include "cmd/inetd/reactor.h"

/* All zero: nobody wants to know. */
struct notify {
	struct sockaddr_un address;
	unsigned address_len; /* 0 = none */
	int fd;
	unsigned half_ms; /* half of the time in which a sign of life is expected; 0 = none is */
	struct reactor *reactor;
	struct alarm alarm;
};

/* Who is to be told? The variables are taken out of the environment. */
void notify_take(struct notify *);

/* To be called once the descriptors are in order; signs of life begin. */
void notify_open(struct notify *, struct reactor *);

/* So many services hold; is_fresh: the last reading was taken. */
void notify_ready(struct notify *, size_t services, bool is_fresh);
void notify_reloading(struct notify *);
void notify_stopping(struct notify *);

/* Any assignments, one a line. */
void notify_send(struct notify *, const char *text);

#endif
