/*
 * NAME     door - from a socket that is ready to a client that is served
 * INVARIANTS  Nothing here sleeps, and nothing spins: what cannot be served now is left unwatched
 *          for a while, its clients in the kernel's queue. Every server starts in serve().
 * LIMITS   CLIENTS_AT_ONCE: one busy service does not keep the others waiting.
 * SEE      accept(2) ERRORS, inetd(8)
 */
#include "cmd/inetd/door.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/leaving.h"
#include "cmd/inetd/log.h"

enum {
	CLIENTS_AT_ONCE = 8,
	LIMIT_PAUSE_MS = 1000, /* over its rate: credit for a few clients comes together */
	SHORTAGE_PAUSE_MS = 250, /* no descriptor, memory or process */
	FAILURE_PAUSE_MS = 1000, /* a server that cannot be started, its client still there */
	/* A datagram stays in the queue until its server has read it: look again after so long,
	 * then twice as long, up to the last. */
	PATIENCE_FIRST_MS = 2,
	PATIENCE_LAST_MS = 1000,
};

static const char *
name_of(const struct listener *listener)
{
	return listener->endpoint->service->name;
}

static void
suffer_shortage(struct listener *listener, const char *what, int error)
{
	if (limiter_tells(&listener->endpoint->service->standing->limiter, clock_now_ms()))
		log_line(LOG_ERR, "%s: cannot %s: %s (pausing; those in the queue wait)",
		    name_of(listener), what, strerror(error));
	listener_pause(listener, SHORTAGE_PAUSE_MS);
}

/* Is the service within its rate? If not, it pauses. */
static bool
has_credit(struct listener *listener)
{
	struct limiter *limiter = &listener->endpoint->service->standing->limiter;
	unsigned rate = listener->endpoint->service->rate_per_minute;
	int64_t now_ms = clock_now_ms();

	if (limiter_has(limiter, rate, now_ms))
		return true;
	if (limiter_tells(limiter, now_ms))
		log_line(LOG_WARNING,
		    "%s: more than %u starts a minute (slowing down; clients wait)",
		    name_of(listener), rate);
	listener_pause(listener, LIMIT_PAUSE_MS);
	return false;
}

/* Every connection, datagram and listening socket that gets a server passes here, once, before
 * anything of it has been read. NULL: there is no server. */
static struct connection *
serve(struct inetd *inetd, struct listener *listener, int fd, const struct peer *peer)
{
	const struct service *service = listener->endpoint->service;
	struct connection *connection = connection_new(service->standing, peer);
	const struct child_client client = {.peer = peer->len > 0 ? &peer->address.any : NULL};
	struct child_failure failure;
	pid_t pid;

	if (connection == NULL) {
		suffer_shortage(listener, "remember a client", ENOMEM);
		return NULL;
	}
	limiter_take(&service->standing->limiter, service->rate_per_minute);
	pid = child_start(service, fd, &client, &inetd->world, &failure);
	if (pid < 0) {
		suffer_shortage(listener, "make a process for a client", errno);
		connection_end(&inetd->connections, connection);
		return NULL;
	}
	connection_track(&inetd->connections, connection, pid);
	if (failure.step != NULL) {
		service->standing->counters.failed++;
		log_line(LOG_ERR, "%s: %s: cannot %s: %s", service->name, service->server,
		    failure.step, strerror(failure.error));
	} else {
		service->standing->counters.admitted++;
		log_line(LOG_DEBUG, "%s: started %s[%d]", service->name, service->server, (int)pid);
	}
	if (failure.step != NULL && fd == listener->fd)
		listener_pause(listener, FAILURE_PAUSE_MS);
	return connection;
}

/* An accept that failed: may another follow at once? */
static bool
survive_accept(struct listener *listener, int error)
{
	switch (error) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		suffer_shortage(listener, "accept a client", error);
		return false;
	case EBADF:
	case EINVAL:
	case ENOTSOCK:
		listener_reopen(listener);
		return false;
	default: /* the client's fault or the network's: it is gone */
		return true;
	}
}

/* There is one client at least, else nobody had called us: only then a lack of credit is news. */
static void
accept_clients(struct inetd *inetd, struct listener *listener)
{
	const struct service *service = listener->endpoint->service;
	struct standing *standing = service->standing;
	int left = CLIENTS_AT_ONCE;

	if (!has_credit(listener))
		return;
	do {
		struct peer peer = {.len = sizeof peer.address};
		int fd = accept4(listener->fd, &peer.address.any, &peer.len, SOCK_CLOEXEC);

		if (fd >= 0) {
			struct listener *owner = leaving_owner(listener, fd);

			standing->counters.accepted++;
			if (owner != NULL)
				serve(inetd, owner, fd, &peer);
			close(fd);
		} else if (!survive_accept(listener, errno)) {
			return;
		}
	} while (--left > 0 && listener->is_armed &&
	    limiter_has(&standing->limiter, service->rate_per_minute, clock_now_ms()));
}

/* The server has the listening socket; one that had it before may still be at work. */
static void
take_socket(struct listener *listener, struct connection *connection)
{
	if (listener->server != NULL)
		connection_forget(listener->server);
	connection->listener = listener;
	listener->server = connection;
}

/* "wait": the server gets the socket itself, and the service rests until it ends. */
static void
hand_over(struct inetd *inetd, struct listener *listener)
{
	struct connection *connection;

	if (!has_credit(listener))
		return;
	connection = serve(inetd, listener, listener->fd, &(struct peer){0});
	if (connection == NULL)
		return;
	take_socket(listener, connection);
	listener_hold(listener);
}

/* When the first datagram in the queue arrived. The socket is the servers' too, and a control
 * message they did not ask for could crowd out one that they did: so it is asked for only here.
 * False: there is none. */
static bool
peek_arrival(int fd, struct timespec *ret)
{
	static const int on = 1, off = 0;
	union {
		struct cmsghdr align;
		char bytes[256];
	} control;
	struct msghdr message = {.msg_control = &control, .msg_controllen = sizeof control};
	ssize_t got;

	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
	got = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT);
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &off, sizeof off);
	if (got < 0)
		return false;
	*ret = (struct timespec){0};
	for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part != NULL;
	     part = CMSG_NXTHDR(&message, part))
		if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(ret, CMSG_DATA(part), sizeof *ret);
	return true;
}

/* The datagram that a server was started for is still there. */
static void
wait_for_reader(struct listener *listener)
{
	char byte;

	if (listener->server == NULL) {
		log_line(LOG_WARNING, "%s: server ended without reading its datagram (dropped)",
		    name_of(listener));
		(void)!recv(listener->fd, &byte, sizeof byte, MSG_DONTWAIT);
		return;
	}
	listener->patience_ms *= 2;
	if (listener->patience_ms > PATIENCE_LAST_MS)
		listener->patience_ms = PATIENCE_LAST_MS;
	listener_pause(listener, listener->patience_ms);
}

/* "dgram nowait": a server for each datagram, which it reads itself. */
static void
offer_datagram(struct inetd *inetd, struct listener *listener)
{
	struct timespec arrival;
	struct connection *connection;

	if (!peek_arrival(listener->fd, &arrival))
		return;
	if (arrival.tv_sec == listener->handed.tv_sec &&
	    arrival.tv_nsec == listener->handed.tv_nsec) {
		wait_for_reader(listener);
		return;
	}
	if (!has_credit(listener))
		return;
	connection = serve(inetd, listener, listener->fd, &(struct peer){0});
	if (connection == NULL)
		return;
	take_socket(listener, connection);
	listener->handed = arrival;
	listener->patience_ms = PATIENCE_FIRST_MS;
	if (!listener_is_pausing(listener))
		listener_pause(listener, PATIENCE_FIRST_MS);
}

void
door_ready(void *ctx, struct listener *listener, uint32_t events)
{
	struct inetd *inetd = ctx;
	const struct conf_entry *entry = listener->endpoint->service->entry;
	int error;
	socklen_t len = sizeof error;

	if ((events & EPOLLHUP) != 0) { /* a server has shut the socket down for all */
		listener_reopen(listener);
		return;
	}
	if ((events & EPOLLERR) != 0) /* reading it clears it */
		getsockopt(listener->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if ((events & EPOLLIN) == 0)
		return;
	if (entry->socktype == CONF_DGRAM && !leaving_has_datagram(listener))
		return;
	if (listener->endpoint->service->entry->is_wait)
		hand_over(inetd, listener);
	else if (entry->socktype != CONF_DGRAM)
		accept_clients(inetd, listener);
	else
		offer_datagram(inetd, listener);
}
