/*
 * NAME     socket - sockets that services listen on
 * INVARIANTS  A unix socket is born with mode 0600: nobody can connect before it has its final
 *          mode. A path is removed only if it is a socket that nobody listens on, or our own.
 *          No SO_REUSEADDR for datagrams: it would let another process share the port.
 * SEE      unix(7), ipv6(7), inetd.conf(5)
 */
#include "cmd/inetd/socket.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"

enum { PATH_UMASK = 0177 };

static int
stream_or_dgram(const struct endpoint *endpoint)
{
	return endpoint->service->entry->socktype == CONF_STREAM ? SOCK_STREAM : SOCK_DGRAM;
}

void
socket_set_buffers(int fd, const struct conf_entry *entry)
{
	const int *sndbuf = &entry->sndbuf_bytes, *rcvbuf = &entry->rcvbuf_bytes;

	if (*sndbuf > 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, sndbuf, sizeof *sndbuf);
	if (*rcvbuf > 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, rcvbuf, sizeof *rcvbuf);
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
	probe = socket(AF_UNIX, stream_or_dgram(endpoint) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return;
	if (connect(probe, &endpoint->address.any, endpoint->len) < 0 && errno == ECONNREFUSED)
		unlink(path->sun_path);
	close(probe);
}

static int
bind_path(int fd, const struct endpoint *endpoint, struct stat *ret_path)
{
	mode_t before;
	int status;

	clear_path(endpoint);
	before = umask(PATH_UMASK);
	status = bind(fd, &endpoint->address.any, endpoint->len);
	umask(before);
	if (status == 0)
		status = lstat(endpoint->address.path.sun_path, ret_path);
	return status;
}

static int
bind_port(int fd, const struct endpoint *endpoint)
{
	static const int on = 1;
	int v6only = !endpoint->is_dual;

	if (stream_or_dgram(endpoint) == SOCK_STREAM &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
		return -1;
	if (endpoint->address.any.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only) < 0)
		return -1;
	return bind(fd, &endpoint->address.any, endpoint->len);
}

static int
prepare(int fd, const struct endpoint *endpoint, int backlog, struct stat *ret_path)
{
	const struct conf_entry *entry = endpoint->service->entry;
	int status;

	/* Before listen(2): the window scale that clients are offered depends on it. */
	socket_set_buffers(fd, entry);
	status = endpoint->address.any.sa_family == AF_UNIX ? bind_path(fd, endpoint, ret_path)
	                                                    : bind_port(fd, endpoint);
	if (status < 0)
		return -1;
	return entry->socktype == CONF_STREAM ? listen(fd, backlog) : 0;
}

int
socket_open(const struct endpoint *endpoint, int backlog, struct stat *ret_path)
{
	const struct conf_entry *entry = endpoint->service->entry;
	bool is_ours = entry->socktype == CONF_STREAM && !entry->is_wait;
	int fd = socket(endpoint->address.any.sa_family,
	    stream_or_dgram(endpoint) | SOCK_CLOEXEC | (is_ours ? SOCK_NONBLOCK : 0), 0);
	int error;

	if (fd < 0 || prepare(fd, endpoint, backlog, ret_path) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

bool
socket_is_linked(const struct endpoint *endpoint, const struct stat *path)
{
	struct stat now;

	return lstat(endpoint->address.path.sun_path, &now) == 0 && now.st_dev == path->st_dev &&
	    now.st_ino == path->st_ino;
}

void
socket_unlink(const struct endpoint *endpoint, const struct stat *path)
{
	if (endpoint->address.any.sa_family == AF_UNIX && socket_is_linked(endpoint, path))
		unlink(endpoint->address.path.sun_path);
}

bool
socket_format(const struct endpoint *endpoint, struct buf *buf)
{
	const char *path = endpoint->address.path.sun_path;
	char text[ADDR_TEXT_MAX];
	struct addr addr;

	if (endpoint->address.any.sa_family == AF_UNIX)
		return buf_add_escaped(buf, path, strlen(path));
	if (endpoint->address.any.sa_family == AF_INET)
		addr = addr_from_v4(&endpoint->address.v4.sin_addr);
	else
		addr = addr_from_v6(&endpoint->address.v6.sin6_addr, 0);
	addr_format(&addr, text);
	buf_add_str(buf, text);
	buf_add_str(buf, " port ");
	/* sin_port and sin6_port stand at the same place. */
	return buf_add_number(buf, ntohs(endpoint->address.v4.sin_port));
}
