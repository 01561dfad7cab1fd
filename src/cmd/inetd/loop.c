/*
 * NAME     loop - one epoll loop: sockets that are ready, signals, pauses
 * INVARIANTS  Nothing here sleeps, and nothing spins: what cannot be served now is left unwatched
 *          for a while, its clients in the kernel's queue. Every server starts in serve().
 *          Listeners go away only in inetd_load(), when the batch of events has been dealt with.
 * LIMITS   CLIENTS_AT_ONCE: one busy service does not keep the others waiting.
 * SEE      accept(2) ERRORS, inetd(8)
 */
#include "cmd/inetd/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/load.h"
#include "cmd/inetd/log.h"

enum {
	EVENTS_AT_ONCE = 64,
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
suffer_shortage(struct inetd *inetd, struct listener *listener, const char *what, int error)
{
	if (limiter_tells(&listener->limiter, clock_now_ms()))
		log_line(LOG_ERR, "%s: cannot %s: %s (pausing; those in the queue wait)",
		    name_of(listener), what, strerror(error));
	listener_pause(&inetd->listeners, listener, SHORTAGE_PAUSE_MS);
}

/* Is the service within its rate? If not, it pauses. */
static bool
has_credit(struct inetd *inetd, struct listener *listener)
{
	unsigned rate = listener->endpoint->service->rate_per_minute;
	int64_t now_ms = clock_now_ms();

	if (limiter_has(&listener->limiter, rate, now_ms))
		return true;
	if (limiter_tells(&listener->limiter, now_ms))
		log_line(LOG_WARNING,
		    "%s: more than %u starts a minute (slowing down; clients wait)",
		    name_of(listener), rate);
	listener_pause(&inetd->listeners, listener, LIMIT_PAUSE_MS);
	return false;
}

/* Every connection, datagram and listening socket that gets a server passes here, once, before
 * anything of it has been read: the place to judge the client. The pid, or -1. */
static pid_t
serve(struct inetd *inetd, struct listener *listener, int fd)
{
	const struct service *service = listener->endpoint->service;
	struct child_failure failure;
	pid_t pid;

	limiter_take(&listener->limiter, service->rate_per_minute);
	pid = child_start(service, fd, &inetd->world, &failure);
	if (pid < 0)
		suffer_shortage(inetd, listener, "make a process for a client", errno);
	else if (failure.step != NULL)
		log_line(LOG_ERR, "%s: %s: cannot %s: %s", service->name, service->server,
		    failure.step, strerror(failure.error));
	else
		log_line(LOG_DEBUG, "%s: started %s[%d]", service->name, service->server, (int)pid);
	if (failure.step != NULL && fd == listener->fd)
		listener_pause(&inetd->listeners, listener, FAILURE_PAUSE_MS);
	return pid;
}

/* An accept that failed: may another follow at once? */
static bool
survive_accept(struct inetd *inetd, struct listener *listener, int error)
{
	switch (error) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		suffer_shortage(inetd, listener, "accept a client", error);
		return false;
	case EBADF:
	case EINVAL:
	case ENOTSOCK:
		listener_reopen(&inetd->listeners, listener);
		return false;
	default: /* the client's fault or the network's: it is gone */
		return true;
	}
}

/* There is one client at least, else nobody had called us: only then a lack of credit is news. */
static void
accept_clients(struct inetd *inetd, struct listener *listener)
{
	unsigned rate = listener->endpoint->service->rate_per_minute;
	int left = CLIENTS_AT_ONCE;

	if (!has_credit(inetd, listener))
		return;
	do {
		int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0) {
			serve(inetd, listener, fd);
			close(fd);
		} else if (!survive_accept(inetd, listener, errno)) {
			return;
		}
	} while (--left > 0 && listener->is_armed &&
	    limiter_has(&listener->limiter, rate, clock_now_ms()));
}

/* "wait": the server gets the socket itself, and the service rests until it ends. */
static void
hand_over(struct inetd *inetd, struct listener *listener)
{
	pid_t pid;

	if (!has_credit(inetd, listener))
		return;
	pid = serve(inetd, listener, listener->fd);
	if (pid < 0)
		return;
	listener->server = pid;
	listener_hold(&inetd->listeners, listener);
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
wait_for_reader(struct inetd *inetd, struct listener *listener)
{
	char byte;

	if (listener->server == 0) {
		log_line(LOG_WARNING, "%s: server ended without reading its datagram (dropped)",
		    name_of(listener));
		(void)!recv(listener->fd, &byte, sizeof byte, MSG_DONTWAIT);
		return;
	}
	listener->patience_ms *= 2;
	if (listener->patience_ms > PATIENCE_LAST_MS)
		listener->patience_ms = PATIENCE_LAST_MS;
	listener_pause(&inetd->listeners, listener, listener->patience_ms);
}

/* "dgram nowait": a server for each datagram, which it reads itself. */
static void
offer_datagram(struct inetd *inetd, struct listener *listener)
{
	struct timespec arrival;
	pid_t pid;

	if (!peek_arrival(listener->fd, &arrival))
		return;
	if (arrival.tv_sec == listener->handed.tv_sec &&
	    arrival.tv_nsec == listener->handed.tv_nsec) {
		wait_for_reader(inetd, listener);
		return;
	}
	if (!has_credit(inetd, listener))
		return;
	pid = serve(inetd, listener, listener->fd);
	if (pid < 0)
		return;
	listener->server = pid;
	listener->handed = arrival;
	listener->patience_ms = PATIENCE_FIRST_MS;
	if (listener->resume_ms == 0)
		listener_pause(&inetd->listeners, listener, PATIENCE_FIRST_MS);
}

static void
attend(struct inetd *inetd, struct listener *listener, uint32_t events)
{
	const struct conf_entry *entry = listener->endpoint->service->entry;
	int error;
	socklen_t len = sizeof error;

	if (!listener->is_armed)
		return;
	if ((events & EPOLLHUP) != 0) { /* a server has shut the socket down for all */
		listener_reopen(&inetd->listeners, listener);
		return;
	}
	if ((events & EPOLLERR) != 0) /* reading it clears it */
		getsockopt(listener->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if ((events & EPOLLIN) == 0)
		return;
	if (entry->is_wait)
		hand_over(inetd, listener);
	else if (entry->socktype == CONF_STREAM)
		accept_clients(inetd, listener);
	else
		offer_datagram(inetd, listener);
}

static void
log_finding(enum conf_severity severity, const char *line)
{
	log_line(severity == CONF_ERROR ? LOG_ERR : LOG_WARNING, "%s", line);
}

bool
inetd_load(struct inetd *inetd)
{
	struct services *next = &inetd->services[!inetd->holds];
	bool ok = load_services(next, inetd->conf_path, &inetd->rules, log_finding) &&
	    listeners_replace(&inetd->listeners, next);

	if (ok)
		inetd->holds = !inetd->holds;
	services_release(&inetd->services[!inetd->holds]);
	return ok;
}

static void
reap(struct inetd *inetd)
{
	struct listener *listener;
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (WIFSIGNALED(status))
			log_line(LOG_DEBUG, "server [%d] was ended by signal %d", (int)pid,
			    WTERMSIG(status));
		else
			log_line(LOG_DEBUG, "server [%d] ended with status %d", (int)pid,
			    WEXITSTATUS(status));
		listener = listeners_find_server(&inetd->listeners, pid);
		if (listener == NULL)
			continue;
		listener->server = 0;
		listener_resume(&inetd->listeners, listener);
	}
}

static void
reload(struct inetd *inetd)
{
	if (!inetd_load(inetd))
		log_line(LOG_ERR, "nothing taken from the file: services stay as they are");
}

static void
take_signals(struct inetd *inetd)
{
	struct signalfd_siginfo info;

	while (read(inetd->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGCHLD)
			reap(inetd);
		else if (info.ssi_signo == SIGHUP)
			reload(inetd);
		else
			inetd->is_ending = true;
	}
}

static int
time_left_ms(const struct listeners *listeners)
{
	int64_t left_ms;

	if (listeners->next_ms == 0)
		return -1;
	left_ms = listeners->next_ms - clock_now_ms();
	return left_ms < 0 ? 0 : (int)left_ms;
}

bool
inetd_run(struct inetd *inetd)
{
	struct epoll_event events[EVENTS_AT_ONCE], signals = {.events = EPOLLIN};

	if (epoll_ctl(inetd->listeners.epoll_fd, EPOLL_CTL_ADD, inetd->signal_fd, &signals) < 0)
		return false;
	while (!inetd->is_ending) {
		int count = epoll_wait(inetd->listeners.epoll_fd, events, EVENTS_AT_ONCE,
		    time_left_ms(&inetd->listeners));
		bool has_signals = false;

		if (count < 0 && errno != EINTR)
			return false;
		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr == NULL)
				has_signals = true;
			else
				attend(inetd, events[i].data.ptr, events[i].events);
		}
		if (inetd->listeners.next_ms != 0)
			listeners_wake(&inetd->listeners, clock_now_ms());
		if (has_signals)
			take_signals(inetd);
	}
	return true;
}
