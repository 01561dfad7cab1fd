/*
 * Sockets that whoever started inetd has opened for it: sd_listen_fds(3), which systemd, s6 and
 * others speak.
 */
#ifndef INETD_ACTIVATION_H
#define INETD_ACTIVATION_H

#include <stdbool.h>
#include <stddef.h>

#include "cmd/inetd/service.h"

/* More than any unit has; a hostile number must not have us close a billion descriptors. */
enum { ACTIVATION_MAX = 4096 };

struct given {
	int fd; /* -1: used, or closed */
	char *name; /* of LISTEN_FDNAMES; NULL = none */
	struct endpoint *place; /* where it is bound; NULL: it is no socket that we could use */
	bool is_listening;
};

/* All zero: none. */
struct activation {
	struct given *items;
	size_t count;
};

/* How many descriptors, from 3 on, are for this process; they are close-on-exec then. The variables
 * are taken out of the environment, whoever they were for. */
size_t activation_take(struct activation *);

/* A dual socket that was given takes the place of the two that "tcp" or "udp" mean: systemd opens
 * such ones unless told otherwise. To be called for each reading, before its places are compared. */
void activation_adapt(const struct activation *, struct services *);

/* The descriptor for an endpoint; it is the caller's then. -1: none was given. Of two for one place
 * the one that has the service's name is taken. */
int activation_claim(struct activation *, const struct endpoint *);

/* Report those that nobody wants, and close them. */
void activation_finish(struct activation *);

#endif
