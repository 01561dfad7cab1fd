/*
 * NAME     socket - sockets that services listen on
 * INVARIANTS  A unix socket is born with mode 0600, and gets its owner before its mode: nobody can
 *          connect before both are right. A path is removed only if it is a socket that nobody
 *          listens on, or our own, and no link is followed.
 *          No SO_REUSEADDR for datagrams, and SO_REUSEPORT only for the moment in which a socket of
 *          ours is bound beside another: with it the kernel lets in whoever has our user, asked or
 *          not. (After that moment it does so for this one port, until all who listen there have
 *          closed: a thief of our own user, who could take the descriptor from us anyway.)
 * SEE      socket(7), unix(7), ipv6(7), inetd.conf(5), decisions/inetd-reload.md
 */
#include "cmd/inetd/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/inetd/internal/internal.h"

enum {
	LISTENERS_FROM = 256, /* more clients than most hosts serve in inetd itself */
	PATH_UMASK = 0177,
	PATH_MODE = 0600, /* where the entry has none */
	NO_DEVICE = INT_MAX, /* the kernel counts from 1, and never came that far */
};

static bool
set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

void
socket_apply(int fd, const struct conf_entry *entry)
{
	if (entry->sndbuf_bytes > 0)
		set(fd, SOL_SOCKET, SO_SNDBUF, entry->sndbuf_bytes);
	if (entry->rcvbuf_bytes > 0)
		set(fd, SOL_SOCKET, SO_RCVBUF, entry->rcvbuf_bytes);
	if (entry->socktype == CONF_DGRAM)
		internal_datagrams_prepare(fd, entry->kind != CONF_SERVER);
	if (entry->socktype != CONF_STREAM || entry->families == CONF_UNIX)
		return;
	set(fd, SOL_SOCKET, SO_KEEPALIVE, entry->is_keepalive);
	set(fd, IPPROTO_TCP, TCP_NODELAY, entry->is_nodelay);
	set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, (int)entry->defer_accept_s);
}

void
socket_set_blocking(int fd, bool is_blocking)
{
	int is_nonblocking = !is_blocking;

	ioctl(fd, FIONBIO, &is_nonblocking);
}

void
socket_share(int fd, bool is_shared)
{
	set(fd, SOL_SOCKET, SO_REUSEPORT, is_shared);
}

/* A listening socket on a device that no packet comes from is not found for a new connection; those that
 * have begun know their socket already. A server that holds a copy may not undo it without rights.
 * That would cut datagram servers off from their clients: their sockets get nothing more instead. */
bool
socket_freeze(int fd, int socktype)
{
	static struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	const struct sock_fprog program = {.len = 1, .filter = nothing};

	if (socktype == SOCK_STREAM)
		return set(fd, SOL_SOCKET, SO_BINDTOIFINDEX, NO_DEVICE);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0 &&
	    set(fd, SOL_SOCKET, SO_LOCK_FILTER, 1);
}

bool
socket_has_client(int fd)
{
	struct pollfd asked = {.fd = fd, .events = POLLIN};

	return poll(&asked, 1, 0) > 0 && (asked.revents & POLLIN) != 0;
}

/* A path that a dead process left behind goes; anything else stays, and bind says so. */
static void
clear_path(const struct endpoint *endpoint)
{
	const struct sockaddr_un *path = &endpoint->address.path;
	struct stat found;
	int probe;

	if (lstat(path->sun_path, &found) < 0 || !S_ISSOCK(found.st_mode))
		return;
	probe = socket(AF_UNIX, endpoint->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return;
	if (connect(probe, &endpoint->address.any, endpoint->len) < 0 && errno == ECONNREFUSED)
		unlink(path->sun_path);
	close(probe);
}

/* Through a descriptor, so that owner and mode go to what was looked at, whatever the path is by now. */
static bool
grant(int path_fd, const struct service *service)
{
	const struct conf_entry *entry = service->entry;
	const struct setup *setup = service->setup;
	char path[32];

	if ((setup->socket_uid != (uid_t)-1 || setup->socket_gid != (gid_t)-1) &&
	    fchownat(path_fd, "", setup->socket_uid, setup->socket_gid, AT_EMPTY_PATH) < 0)
		return false;
	snprintf(path, sizeof path, "/proc/self/fd/%d", path_fd);
	return chmod(path, entry->socket_mode != 0 ? (mode_t)entry->socket_mode : PATH_MODE) == 0;
}

/* False: errno. ret may be NULL. */
static bool
set_access(const struct endpoint *endpoint, struct socket_path *ret)
{
	int fd = open(endpoint->address.path.sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat found;
	bool ok;
	int error;

	if (fd < 0)
		return false;
	errno = EEXIST; /* somebody put another thing there */
	ok = fstat(fd, &found) == 0 && S_ISSOCK(found.st_mode) && grant(fd, endpoint->service);
	error = errno;
	if (ok && ret != NULL)
		*ret = (struct socket_path){found.st_dev, found.st_ino};
	close(fd);
	errno = error;
	return ok;
}

bool
socket_set_access(const struct endpoint *endpoint)
{
	return set_access(endpoint, NULL);
}

static bool
bind_path(int fd, const struct endpoint *endpoint, struct socket_path *ret_path)
{
	mode_t before;
	int status;

	clear_path(endpoint);
	before = umask(PATH_UMASK);
	status = bind(fd, &endpoint->address.any, endpoint->len);
	umask(before);
	return status == 0 && set_access(endpoint, ret_path);
}

static bool
bind_port(int fd, const struct endpoint *endpoint, bool is_beside)
{
	bool is_v6 = endpoint->address.any.sa_family == AF_INET6;
	const char *device = endpoint->device;

	if (endpoint->socktype != SOCK_DGRAM && !set(fd, SOL_SOCKET, SO_REUSEADDR, 1))
		return false;
	if (is_beside && !set(fd, SOL_SOCKET, SO_REUSEPORT, 1))
		return false;
	if (is_v6 && !set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !endpoint->is_dual))
		return false;
	if (device != NULL &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) < 0)
		return false;
	if (endpoint->service->entry->is_free_bind &&
	    !set(fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_FREEBIND : IP_FREEBIND, 1))
		return false;
	return bind(fd, &endpoint->address.any, endpoint->len) == 0;
}

/* Low numbers are for clients: who serves one gets a copy of what is below its number (steps.c). Where
 * so many are not allowed it stays where it is. */
static int
move_up(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, LISTENERS_FROM);

	if (high < 0)
		return fd;
	close(fd);
	return high;
}

int
socket_open(const struct endpoint *endpoint, bool is_beside, struct socket_path *ret_path)
{
	int fd = socket(endpoint->address.any.sa_family, endpoint->socktype | SOCK_CLOEXEC, 0);
	int error;
	bool ok;

	if (fd < 0)
		return -1;
	fd = move_up(fd);
	/* Before listen(2): the window scale that clients are offered depends on it. */
	socket_apply(fd, endpoint->service->entry);
	ok = endpoint_is_path(endpoint) ? bind_path(fd, endpoint, ret_path)
	                                : bind_port(fd, endpoint, is_beside);
	if (ok)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

bool
socket_listen(int fd, const struct endpoint *endpoint, int backlog)
{
	int own = endpoint->service->entry->backlog;

	return endpoint->socktype == SOCK_DGRAM || listen(fd, own > 0 ? own : backlog) == 0;
}

bool
socket_has_device(int fd, const struct endpoint *endpoint)
{
	int index = 0;
	socklen_t len = sizeof index;

	return endpoint->device == NULL ||
	    (getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, &len) == 0 && index > 0 &&
	        (unsigned)index == if_nametoindex(endpoint->device));
}

bool
socket_is_linked(const struct endpoint *endpoint, const struct socket_path *path)
{
	struct stat now;

	return lstat(endpoint->address.path.sun_path, &now) == 0 && now.st_dev == path->device &&
	    now.st_ino == path->inode;
}

void
socket_unlink(const struct endpoint *endpoint, const struct socket_path *path)
{
	if (endpoint_is_path(endpoint) && socket_is_linked(endpoint, path))
		unlink(endpoint->address.path.sun_path);
}
