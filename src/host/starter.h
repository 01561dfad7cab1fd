/*
 * Processes that listen for others: inetd, xinetd, systemd.
 */
#ifndef HOST_STARTER_H
#define HOST_STARTER_H

#include "host/host.h"
#include "services/inventory.h"

struct starting {
	enum starter starter;
	bool asks; /* the tables, for what it starts */
	bool asks_own; /* also for what it does itself */
	bool asks_wait; /* also for who starts a server that gets the socket itself */
	bool is_tcpd; /* and does so in the place of tcpd */
	bool is_by_path; /* it calls a program by its file, not by its argv[0] */
	const char *conf; /* its file; NULL: whatever the host has */
};

/* Is it one of them? */
bool starting_read(const struct host_process *, struct starting *ret);

/* Does a place of a service mean that port? */
bool starting_is_place(const struct place *, bool is_udp, unsigned port);

#endif
