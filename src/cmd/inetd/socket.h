/*
 * The socket of an endpoint: made, shared for a moment, frozen, removed.
 */
#ifndef INETD_SOCKET_H
#define INETD_SOCKET_H

#include <sys/types.h>

#include "cmd/inetd/service.h"

/* What was bound, of a unix socket. */
struct socket_path {
	dev_t device;
	ino_t inode;
};

/* A bound socket, close-on-exec. Only inetd's own processes may hold the place as well, and only if
 * is_beside. ret_path: for unix sockets. -1: errno says why. */
int socket_open(const struct endpoint *, bool is_beside, struct socket_path *ret_path);
/* Let clients come; of a socket that takes no connections nothing. False: errno. */
bool socket_listen(int fd, const struct endpoint *, int backlog);

/* Let another socket of ours bind a place that overlaps this one's. */
void socket_share(int fd, bool is_shared);
/* No new client comes: who has begun to, and what is queued, still does. False: the kernel cannot. */
bool socket_freeze(int fd, int socktype);
/* Is a client or a datagram there? */
bool socket_has_client(int fd);

/* What the entry says of buffers and connections, which inherit it. A failure is of no consequence. */
void socket_apply(int fd, const struct conf_entry *);
/* inetd accepts from a socket that does not block; a server that gets it whole finds one that does. */
void socket_set_blocking(int fd, bool is_blocking);
/* Owner, group and mode of a unix socket that stays. False: errno. */
bool socket_set_access(const struct endpoint *);

/* Is its device still the one of that name? One that was removed and made anew is another. */
bool socket_has_device(int fd, const struct endpoint *);

/* Remove the path of a unix socket, if it is still the one that was bound. */
void socket_unlink(const struct endpoint *, const struct socket_path *);
/* Is it? */
bool socket_is_linked(const struct endpoint *, const struct socket_path *);

#endif
