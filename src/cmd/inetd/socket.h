/*
 * The socket of an endpoint: made, and removed.
 */
#ifndef INETD_SOCKET_H
#define INETD_SOCKET_H

#include <sys/stat.h>

#include "base/buf.h"
#include "cmd/inetd/service.h"

/* A bound socket, listening if it is a stream, close-on-exec. It does not block if inetd itself
 * will accept from it; a server that gets it whole finds a blocking one. ret_path: what was bound,
 * for unix sockets. -1: errno says why. */
int socket_open(const struct endpoint *, int backlog, struct stat *ret_path);

/* Buffer sizes of the endpoint's entry, 0 leaves them. A failure is of no consequence. */
void socket_set_buffers(int fd, const struct conf_entry *);

/* Remove the path of a unix socket, if it is still the one that was bound. */
void socket_unlink(const struct endpoint *, const struct stat *path);
/* Is it? */
bool socket_is_linked(const struct endpoint *, const struct stat *path);

/* "192.0.2.1 port 21", "[::1] port 21" or the path. */
bool socket_format(const struct endpoint *, struct buf *);

#endif
