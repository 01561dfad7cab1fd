/*
 * NAME     loop - signals and the end of servers
 * SEE      inetd(8)
 */
#include "cmd/inetd/loop.h"

#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/door.h"
#include "cmd/inetd/ending.h"
#include "cmd/inetd/gate.h"
#include "cmd/inetd/internal/internal.h"
#include "cmd/inetd/limit/hours.h"
#include "cmd/inetd/judging.h"
#include "cmd/inetd/log.h"
#include "cmd/inetd/pages.h"
#include "cmd/inetd/process.h"
#include "cmd/inetd/queue.h"
#include "cmd/inetd/redirect/redirect.h"
#include "cmd/inetd/reload.h"
#include "cmd/inetd/serving.h"

enum {
	LOG_RETRY_MS = 100,
	SIGNALS_AT_ONCE = 4, /* of different kinds; more are rare */
};

/* What it said last: why there is no server. */
static void
hear_last(struct connection *connection)
{
	if (connection->link_fd >= 0)
		judging_hear(&connection->link_watch, EPOLLIN);
	serving_hear_failure(connection);
}

static void
end(struct inetd *inetd, pid_t pid, int status, const struct rusage *usage)
{
	struct connection *connection = connection_find(&inetd->connections, pid);

	if (connection != NULL)
		hear_last(connection);
	if (WIFSIGNALED(status))
		log_line(
		    LOG_DEBUG, "server [%d] was ended by signal %d", (int)pid, WTERMSIG(status));
	else
		log_line(
		    LOG_DEBUG, "server [%d] ended with status %d", (int)pid, WEXITSTATUS(status));
	if (connection != NULL)
		ending_of_child(connection, status, usage);
}

static void
reap(struct inetd *inetd)
{
	struct rusage usage;
	pid_t pid;
	int status;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
		child_ended(pid);
		if (!reload_child_ended(inetd, pid, status))
			end(inetd, pid, status, &usage);
	}
}

static void
take_signal(struct inetd *inetd, int signal)
{
	if (signal == SIGCHLD)
		reap(inetd);
	else if (signal == SIGHUP)
		reload_begin(inetd);
	else if (signal == SIGTERM || signal == SIGINT || signal == SIGQUIT)
		inetd->is_ending = true;
	else
		log_line(LOG_NOTICE, "SIG%s means nothing here (ask with inetctl)",
		    sigabbrev_np(signal));
}

/* What is left wakes the loop again. */
static void
take_signals(struct watch *watch, uint32_t events)
{
	struct inetd *inetd = owner_of(watch, struct inetd, signals);
	struct signalfd_siginfo infos[SIGNALS_AT_ONCE];
	ssize_t len = read(inetd->signal_fd, infos, sizeof infos);

	(void)events;
	for (size_t i = 0; len > 0 && i < (size_t)len / sizeof *infos; i++)
		take_signal(inetd, (int)infos[i].ssi_signo);
}

static void
tables_read(struct access *access)
{
	queue_tables_read(owner_of(access, struct inetd, access));
}

/* Nobody outside may know which sources share a place. */
static bool
prepare_limits(struct limits_world *world)
{
	uint64_t secret[SOURCES_WORDS + 1];

	if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret)
		return false;
	world->average.read = average_read;
	world->minute = hours_local_minute;
	sources_init(&world->sources, secret);
	return true;
}

static void
look_after_log(struct alarm *alarm, int64_t now_ms)
{
	(void)alarm; /* the loop turns, and that is enough */
	(void)now_ms;
}

static void
look_after_children(struct alarm *alarm, int64_t now_ms)
{
	struct inetd *inetd = owner_of(alarm, struct inetd, launches);

	if (child_look_after()) {
		reactor_set_alarm(&inetd->reactor, alarm, now_ms + CHILD_LOOK_MS);
	} else if (!inetd->has_launched) {
		inetd->has_launched = true;
		pages_release();
	}
}

bool
inetd_open(struct inetd *inetd)
{
	static const char *const tables[] = {"/etc/hosts.allow", "/etc/hosts.deny"};

	inetd->started_ms = clock_now_ms();
	inetd->signals.ready = take_signals;
	inetd->log.ring = look_after_log;
	inetd->launches.ring = look_after_children;
	inetd->listeners.reactor = &inetd->reactor;
	inetd->listeners.given = &inetd->activation;
	inetd->listeners.ready = door_ready;
	inetd->listeners.ctx = inetd;
	inetd->standings.reactor = &inetd->reactor;
	inetd->standings.world = &inetd->limits;
	inetd->standings.ring_place = queue_ring_place;
	inetd->standings.ctx = inetd;
	inetd->connections.hear = judging_hear;
	inetd->connections.ring = queue_ring;
	inetd->standings.ring_news = gate_ring_news;
	inetd->signal_fd = process_signal_fd();
	inetd->reactor.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	notify_open(&inetd->notify, &inetd->reactor);
	return inetd->signal_fd >= 0 && inetd->reactor.epoll_fd >= 0 &&
	    prepare_limits(&inetd->limits) &&
	    access_init(&inetd->access, &inetd->reactor, tables, tables_read) &&
	    reactor_add(&inetd->reactor, &inetd->signals, inetd->signal_fd, EPOLLIN);
}

/* What the log did not take waits in memory; nobody says when the log takes more. */
static bool
flush_log(struct inetd *inetd)
{
	return log_flush() || reactor_is_set(&inetd->log) ||
	    reactor_set_alarm(&inetd->reactor, &inetd->log, clock_now_ms() + LOG_RETRY_MS);
}

/* Whoever has come is served first. Else what the children need is a processor, not inetd's attention;
 * but inetd does not sleep with a client's socket in its hands, or nobody would see its server hang up. */
static bool
turn(struct inetd *inetd)
{
	if (child_settle())
		return reactor_turn(&inetd->reactor);
	if (!reactor_poll(&inetd->reactor))
		child_rest();
	return true;
}

bool
inetd_run(struct inetd *inetd)
{
	while (!inetd->is_ending)
		if (!turn(inetd) || !flush_log(inetd))
			return false;
	return true;
}

void
inetd_close(struct inetd *inetd)
{
	notify_stopping(&inetd->notify);
	child_await_all();
	desk_close(inetd);
	internal_release(); /* while their services are there: each has its record */
	redirect_release();
	reload_close(inetd);
	access_release(&inetd->access);
	reactor_release(&inetd->reactor);
}
