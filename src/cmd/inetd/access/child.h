/*
 * What the loop does not decide, decided in a child.
 */
#ifndef INETD_ACCESS_CHILD_H
#define INETD_ACCESS_CHILD_H

#include <stdbool.h>

#include "cmd/inetd/access/rules.h"

/* The child's question to the loop, by socketpair, once it has admitted the client: is there a slot for
 * it? One byte each. The end of the file without a question: the client was refused, or is served by a
 * command in the server's place. */
enum { ACCESS_ASKS = '?', ACCESS_GOES = 'y', ACCESS_CLOSES = 'n' };

/* To be called in a forked child that has the identity of the service's line, signals as a server gets
 * them, and its environment in environ: rules may look up, run commands, and change what the server
 * inherits. fd is the client's connection, or the socket that has the datagram; loop_fd, close-on-exec,
 * leads to the loop (-1: no slot is asked for). confined: the server is going to be locked up by
 * chroot(2), where no command may take its place.
 * Returns if the server is to be started; a client that is refused is told nothing, and the process
 * ends with status 0. What tcpd would log is logged. */
void access_judge_here(const struct access_rules *, int fd, int loop_fd, bool confined);

#endif
