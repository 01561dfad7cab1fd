/*
 * The daemon: services, listeners, and the loop that joins them.
 */
#ifndef INETD_LOOP_H
#define INETD_LOOP_H

#include <stdbool.h>

#include "cmd/inetd/child.h"
#include "cmd/inetd/listener.h"
#include "cmd/inetd/options.h"
#include "cmd/inetd/service.h"

struct inetd {
	const char *conf_path; /* absolute */
	struct service_rules rules;
	struct child_world world;
	struct listeners listeners;
	struct services services[2]; /* one holds, the other is for the next reading */
	unsigned holds; /* index of the one */
	int signal_fd;
	bool is_ending;
};

/* Read the configuration and report its findings; go over to it. False: it could not be read, and
 * everything stays as it is. */
bool inetd_load(struct inetd *);

/* Serve until SIGTERM or SIGINT. False: the loop itself failed. */
bool inetd_run(struct inetd *);

#endif
