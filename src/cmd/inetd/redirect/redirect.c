/*
 * NAME     redirect - two sockets, joined
 * INVARIANTS  A side that is waited for nothing is not watched: a side that has hung up would wake us
 *          for ever. What one side has said is passed on before its end is; an end that is no proper
 *          end is passed on as a reset, so that what is cut off never looks whole.
 * LIMITS   CONNECT_MS for each address; then IDLE_MS, or STALLED_MS if one side has said all or does
 *          not read. No buffer here: see relay.c. Descriptors: room.c.
 * SEE      docs/decisions/inetd-internal.md
 */
#include "cmd/inetd/redirect/redirect.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/internal/relay.h"
#include "cmd/inetd/internal/room.h"

enum {
	CONNECT_MS = 5000, /* three SYNs: an address that is silent for so long is down */
	IDLE_MS =
	    24 * 3600 * 1000, /* a terminal left open overnight; keepalive finds the dead ones */
	STALLED_MS = 600000, /* nothing moves though something should */
	LOOK_MS = 60000, /* how exact these are */
	KEEPALIVE_IDLE_S = 120, /* a host that is gone is found out in three minutes */
	KEEPALIVE_STEP_S = 15,
	KEEPALIVE_COUNT = 4,
};

struct side {
	struct watch watch; /* first: a watch of this file is a side */
	struct redirect *redirect;
	struct side *other;
	int fd; /* -1 = not connected yet */
	uint32_t events; /* that are waited for; 0 = it is not watched */
	bool has_said_all, is_full;
};

struct redirect {
	struct side client, target;
	struct alarm alarm;
	LIST_ENTRY(redirect) link;
	struct reactor *reactor;
	const struct internal_host *host;
	void *ctx;
	struct internal_end end;
	struct redirect_target addresses;
	size_t next_address;
	bool is_connecting;
	int64_t moved_ms; /* when a byte last went either way */
	unsigned watches; /* that are not released yet */
};

static LIST_HEAD(, redirect) redirects = LIST_HEAD_INITIALIZER(redirects);

/* Wait for these events, and no others. False: errno. */
static bool
wait_for(struct side *side, uint32_t events)
{
	struct reactor *reactor = side->redirect->reactor;
	bool ok = true;

	if (events == side->events)
		return true;
	if (events == 0)
		reactor_remove(reactor, side->fd);
	else if (side->events == 0)
		ok = reactor_add(reactor, &side->watch, side->fd, events);
	else
		ok = reactor_change(reactor, &side->watch, side->fd, events);
	if (ok)
		side->events = events;
	return ok;
}

static void
hang_up(struct side *side, bool is_clean)
{
	static const struct linger reset = {.l_onoff = 1, .l_linger = 0};

	if (side->fd < 0)
		return;
	wait_for(side, 0);
	if (!is_clean)
		setsockopt(side->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(side->fd);
	side->fd = -1;
}

static void
end(struct redirect *redirect, const char *how, int error)
{
	bool is_clean = redirect->client.has_said_all && redirect->target.has_said_all;

	redirect->end.how = error == EPIPE || error == ECONNRESET ? "reset" : how;
	redirect->end.error = error;
	hang_up(&redirect->client, is_clean);
	hang_up(&redirect->target, is_clean);
	reactor_stop_alarm(redirect->reactor, &redirect->alarm);
	LIST_REMOVE(redirect, link);
	redirect->host->ended(redirect->ctx, &redirect->end);
	reactor_retire(redirect->reactor, &redirect->client.watch);
	reactor_retire(redirect->reactor, &redirect->target.watch);
}

static void
release(struct watch *watch)
{
	struct redirect *redirect = ((struct side *)watch)->redirect;

	if (--redirect->watches == 0)
		free(redirect);
}

/* ---- passing on ---- */

static bool
pass(struct side *from)
{
	struct redirect *redirect = from->redirect;
	struct side *to = from->other;
	bool is_client = from == &redirect->client;
	enum relay relay;

	if (from->has_said_all)
		return true;
	relay = relay_pass(
	    from->fd, to->fd, is_client ? &redirect->end.bytes_in : &redirect->end.bytes_out);
	to->is_full = relay == RELAY_FULL;
	if (relay == RELAY_ENDED) {
		from->has_said_all = true;
		shutdown(to->fd, SHUT_WR);
	}
	return relay != RELAY_FAILED;
}

static uint32_t
wanted(const struct side *side)
{
	uint32_t events = side->is_full ? EPOLLOUT : 0;

	return !side->has_said_all && !side->other->is_full ? events | EPOLLIN : events;
}

static void
pass_on(struct side *side, uint32_t events)
{
	struct redirect *redirect = side->redirect;
	uint64_t before = redirect->end.bytes_in + redirect->end.bytes_out;
	bool ok = true;

	/* The other's words first: they may be an answer that came before this one hung up. */
	if ((events & (EPOLLOUT | EPOLLERR)) != 0)
		ok = pass(side->other);
	if (ok && (events & ~(uint32_t)EPOLLOUT) != 0)
		ok = pass(side);
	if (redirect->end.bytes_in + redirect->end.bytes_out != before)
		redirect->moved_ms = clock_now_ms();
	if (!ok)
		end(redirect, "failed", errno);
	else if (side->has_said_all && side->other->has_said_all)
		end(redirect, "closed", 0);
	else if (!wait_for(side, wanted(side)) || !wait_for(side->other, wanted(side->other)))
		end(redirect, "failed", errno);
}

/* ---- connecting ---- */

static void
prepare(int fd)
{
	static const int on = 1, idle_s = KEEPALIVE_IDLE_S, step_s = KEEPALIVE_STEP_S,
	                 count = KEEPALIVE_COUNT;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &step_s, sizeof step_s);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
	/* Pieces are passed on as they come: whoever wanted them together has put them together. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* -1: errno. */
static int
make_socket(sa_family_t family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), placed;

	if (fd < 0)
		return -1;
	placed = room_place(fd);
	if (placed < 0) {
		close(fd);
		errno = EMFILE;
	}
	return placed;
}

/* Begin with the next address. False: errno, why it is none of them. */
static bool
connect_next(struct redirect *redirect)
{
	struct side *side = &redirect->target;
	int error = ENETUNREACH;

	while (redirect->next_address < redirect->addresses.count) {
		struct redirect_address *to = &redirect->addresses.items[redirect->next_address++];

		side->fd = make_socket(to->address.any.sa_family);
		if (side->fd >= 0 &&
		    (connect(side->fd, &to->address.any, to->len) == 0 || errno == EINPROGRESS) &&
		    wait_for(side, EPOLLOUT) &&
		    reactor_set_alarm(
		        redirect->reactor, &redirect->alarm, clock_now_ms() + CONNECT_MS))
			return true;
		error = errno;
		hang_up(side, true);
	}
	errno = error;
	return false;
}

static void
try_next(struct redirect *redirect, int error)
{
	hang_up(&redirect->target, true);
	if (redirect->next_address < redirect->addresses.count) {
		if (connect_next(redirect))
			return;
		error = errno;
	}
	end(redirect, "no target", error);
}

static void
finish_connect(struct redirect *redirect)
{
	struct side *side = &redirect->target;
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(side->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error != 0) {
		try_next(redirect, error);
		return;
	}
	redirect->is_connecting = false;
	redirect->moved_ms = clock_now_ms();
	prepare(redirect->client.fd);
	prepare(side->fd);
	if (!reactor_set_alarm(redirect->reactor, &redirect->alarm, redirect->moved_ms + LOOK_MS))
		end(redirect, "failed", errno);
	else
		pass_on(&redirect->client, EPOLLIN);
}

static void
ready(struct watch *watch, uint32_t events)
{
	struct side *side = (struct side *)watch;

	if (side->redirect->is_connecting)
		finish_connect(side->redirect);
	else
		pass_on(side, events);
}

static void
ring(struct alarm *alarm, int64_t now_ms)
{
	struct redirect *redirect = owner_of(alarm, struct redirect, alarm);
	struct side *client = &redirect->client, *target = &redirect->target;
	bool is_stalled =
	    client->is_full || client->has_said_all || target->is_full || target->has_said_all;

	if (redirect->is_connecting)
		try_next(redirect, ETIMEDOUT);
	else if (now_ms - redirect->moved_ms >= (is_stalled ? STALLED_MS : IDLE_MS) ||
	    !reactor_set_alarm(redirect->reactor, alarm, now_ms + LOOK_MS))
		end(redirect, "timed out", 0);
}

bool
redirect_serve(struct reactor *reactor, const struct redirect_target *target, int fd,
    const struct internal_host *host, void *ctx)
{
	int placed = room_place(fd);
	struct redirect *redirect = placed >= 0 ? malloc(sizeof *redirect) : NULL;
	struct internal_end failed = {.how = "failed", .error = errno};
	static const struct watch watch = {.ready = ready, .release = release};

	if (placed >= 0)
		fd = placed;

	if (redirect == NULL) {
		close(fd);
		host->ended(ctx, &failed);
		errno = failed.error;
		return false;
	}
	*redirect = (struct redirect){
	    .client = {.watch = watch, .redirect = redirect, .other = &redirect->target, .fd = fd},
	    .target = {.watch = watch, .redirect = redirect, .other = &redirect->client, .fd = -1},
	    .alarm = {.ring = ring},
	    .reactor = reactor,
	    .host = host,
	    .ctx = ctx,
	    .addresses = *target,
	    .is_connecting = true,
	    .watches = 2};
	LIST_INSERT_HEAD(&redirects, redirect, link);
	if (!connect_next(redirect))
		try_next(redirect, errno);
	return true;
}

void
redirect_release(void)
{
	while (!LIST_EMPTY(&redirects))
		end(LIST_FIRST(&redirects), "stopped", 0);
}
