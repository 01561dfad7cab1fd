/*
 * NAME     door - from a socket that is ready to a client
 * INVARIANTS  Nothing here sleeps, and nothing spins: what cannot be served now is left unwatched
 *          for a while, its clients in the kernel's queue. Who comes in is client.c's.
 * LIMITS   CLIENTS_AT_ONCE: one busy service does not keep the others waiting.
 * SEE      accept(2) ERRORS, inetd(8)
 */
#include "cmd/inetd/door.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cmd/inetd/client.h"
#include "cmd/inetd/gate.h"
#include "cmd/inetd/datagrams.h"
#include "cmd/inetd/leaving.h"
#include "cmd/inetd/log.h"
#include "peer/socket.h"

enum {
	CLIENTS_AT_ONCE = 8,
	SECOND_NS = 1000000000,
	ERRORS_AT_ONCE = 64,
	/* A datagram stays in the queue until its server has read it: look again after so long,
	 * then twice as long, up to the last. */
	PATIENCE_FIRST_MS = 2,
	PATIENCE_LAST_MS = 1000,
};

/* An accept that failed: may another follow at once? */
static bool
survive_accept(struct listener *listener, int error)
{
	switch (error) {
	case EAGAIN:
		return false;
	case EBADF:
	case EINVAL:
	case ENOTSOCK:
		listener_reopen(listener);
		return false;
	case ECONNABORTED: /* the client's fault or the network's: it is gone */
	case EINTR:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ENETDOWN:
	case ENETUNREACH:
	case ENONET:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case EPROTO:
	case ETIMEDOUT:
		return true;
	default: /* a shortage, or a security module that says no: it is still in the queue */
		gate_shortage(listener->all->ctx, listener->endpoint->service->standing,
		    "accept a client", error);
		return false;
	}
}

/* An accept that finds nobody costs ten times as much: the kernel has made a socket by then. */
static bool
has_another(const struct listener *listener)
{
	struct pollfd queue = {.fd = listener->fd, .events = POLLIN};

	return poll(&queue, 1, 0) == 1 && (queue.revents & POLLIN) != 0;
}

/* There is one client at least, else nobody had called us: only then that it may not come is news. */
static void
accept_clients(struct listener *listener)
{
	int left = CLIENTS_AT_ONCE;

	if (!gate_may_come(listener))
		return;
	do {
		struct peer peer = {.len = sizeof peer.address};
		int fd = accept4(listener->fd, &peer.address.any, &peer.len, SOCK_CLOEXEC);
		struct listener *owner = fd >= 0 ? leaving_owner(listener, fd) : NULL;

		if (owner != NULL)
			client_arrive(owner, fd, &peer);
		else if (fd >= 0)
			close(fd);
		else if (!survive_accept(listener, errno))
			return;
	} while (--left > 0 && gate_may_follow(listener) && has_another(listener));
}

/* "wait": the server gets the socket itself, and the service rests until it ends. */
static void
hand_over(struct listener *listener, const struct peer *peer)
{
	if (gate_may_come(listener) && client_knock(listener, peer))
		listener_hold(listener);
}

/* When the first datagram in the queue arrived, and from whom. The socket is the servers' too, and a
 * control message they did not ask for could crowd out one that they did: so it is asked for only
 * here. False: there is none. */
static bool
peek_datagram(int fd, int64_t *ret_ns, struct peer *ret_peer)
{
	static const int on = 1, off = 0;
	union {
		struct cmsghdr align;
		char bytes[256];
	} control;
	struct msghdr message = {.msg_name = &ret_peer->address,
	    .msg_namelen = sizeof ret_peer->address,
	    .msg_control = &control,
	    .msg_controllen = sizeof control};
	struct timespec arrival = {0};
	ssize_t got;

	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
	got = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT);
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &off, sizeof off);
	if (got < 0)
		return false;
	ret_peer->len = message.msg_namelen;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part != NULL;
	     part = CMSG_NXTHDR(&message, part))
		if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&arrival, CMSG_DATA(part), sizeof arrival);
	*ret_ns = (int64_t)arrival.tv_sec * SECOND_NS + arrival.tv_nsec;
	return true;
}

static void
drop_unread(const struct listener *listener)
{
	log_line(LOG_WARNING, "%s: server ended without reading its datagram (dropped)",
	    listener->endpoint->service->id);
	peer_drop_datagram(listener->fd);
}

/* The datagram that a server was started for is still there. */
static void
wait_for_reader(struct listener *listener)
{
	if (listener->server == NULL) {
		drop_unread(listener);
		return;
	}
	listener->more->patience_ms = listener->more->patience_ms < PATIENCE_LAST_MS / 2
	    ? (uint16_t)(listener->more->patience_ms * 2)
	    : PATIENCE_LAST_MS;
	listener_pause(listener, listener->more->patience_ms);
}

/* "dgram nowait": a server for each datagram, which it reads itself. */
static void
offer_datagram(struct listener *listener)
{
	int64_t arrival_ns;
	struct peer peer = {.len = 0};

	if (!peek_datagram(listener->fd, &arrival_ns, &peer))
		return;
	if (arrival_ns == listener->more->handed_ns) {
		wait_for_reader(listener);
		return;
	}
	if (!gate_may_come(listener) || !client_knock(listener, &peer))
		return;
	listener->more->handed_ns = arrival_ns;
	listener->more->patience_ms = PATIENCE_FIRST_MS;
	if (!listener_is_pausing(listener))
		listener_pause(listener, PATIENCE_FIRST_MS);
}

/* "dgram wait": whose datagram starts the server is asked before it has the socket. A server that
 * has run has had its chance to read it; one that could not be started has not. */
static void
hand_over_datagrams(struct listener *listener)
{
	int64_t arrival_ns;
	struct peer peer = {.len = 0};

	if (!peek_datagram(listener->fd, &arrival_ns, &peer))
		return;
	if (arrival_ns == listener->more->handed_ns) {
		drop_unread(listener);
		return;
	}
	hand_over(listener, &peer);
	if (listener->server != NULL)
		listener->more->handed_ns = arrival_ns;
}

/* Else they would be reported for ever. Some go when they are read; those that a server has asked for are in
 * a queue of their own, and it may have ended before it had them. */
static void
clear_errors(int fd)
{
	int error, left = ERRORS_AT_ONCE;
	socklen_t len = sizeof error;
	char byte;

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	while (left-- > 0 && recv(fd, &byte, sizeof byte, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
		;
}

void
door_ready(void *ctx, struct listener *listener, uint32_t events)
{
	const struct conf_entry *entry;

	(void)ctx;
	if ((events & EPOLLHUP) != 0) { /* a server has shut the socket down for all */
		listener_reopen(listener);
		return;
	}
	if ((events & EPOLLERR) != 0)
		clear_errors(listener->fd);
	entry = listener->endpoint->service->entry;
	if ((events & EPOLLIN) == 0 ||
	    (entry->socktype == CONF_DGRAM && !leaving_has_datagram(listener)))
		return;
	entry = listener->endpoint->service->entry; /* of the one that it comes to now */
	if (entry->kind != CONF_SERVER && entry->socktype == CONF_DGRAM)
		datagrams_serve(listener);
	else if (entry->socktype != CONF_DGRAM && entry->is_wait)
		hand_over(listener, &(struct peer){0});
	else if (entry->socktype != CONF_DGRAM)
		accept_clients(listener);
	else if (entry->is_wait)
		hand_over_datagrams(listener);
	else
		offer_datagram(listener);
}
