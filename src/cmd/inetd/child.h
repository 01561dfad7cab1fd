/*
 * Starting a server.
 */
#ifndef INETD_CHILD_H
#define INETD_CHILD_H

#include <sys/resource.h>
#include <sys/types.h>

#include "cmd/inetd/service.h"

/* What every server gets, whatever its line says. */
struct child_world {
	char **environment;
	struct rlimit descriptors; /* as inetd found the limit, before it raised its own */
};

/* Why a child did not become its server. */
struct child_failure {
	const char *step; /* NULL = it did */
	int error;
};

/* Start the service's server with fd (>= 3) as descriptors 0, 1 and 2, and nothing else open.
 * Returns when the server runs, or has failed. The child's pid, to be waited for in both cases;
 * -1: no child was made, errno says why. */
pid_t child_start(
    const struct service *, int fd, const struct child_world *, struct child_failure *);

#endif
