/*
 * What the loop does not decide, decided in a child.
 */
#ifndef INETD_ACCESS_CHILD_H
#define INETD_ACCESS_CHILD_H

#include <stdbool.h>

#include "cmd/inetd/access/rules.h"
#include "cmd/inetd/greeting.h"

/* The child's question to the loop, by socketpair, once it has admitted the client: is there a slot for
 * it? One byte each. The end of the file without a question: the client was refused, or is served by a
 * command in the server's place. */
enum { ACCESS_ASKS = '?', ACCESS_GOES = 'y', ACCESS_CLOSES = 'n' };

struct access_question {
	const struct access_rules *rules;
	const struct greeting *greeting; /* for a client that is refused; NULL: none */
	int fd; /* the client's connection, or the socket that has the datagram */
	int loop_fd; /* to the loop, close-on-exec; -1: no slot is asked for */
	bool is_confined; /* the server is going to be locked up by chroot(2) */
	bool is_all; /* there is no server: inetd itself serves whoever is admitted */
};

/* To be called in a forked child that has the identity of the service's line, signals as a server gets
 * them, and its environment in environ: rules may look up, run commands, and change what the server
 * inherits. Of a confined server no command may take the place: it would run outside.
 * Returns if the server is to be started: the client's name, if it was asked for and leads back to the
 * address, or NULL. A client that is refused gets the greeting and no more, and the
 * process ends with status 0. What tcpd would log is logged. */
const char *access_judge_here(const struct access_question *);

#endif
