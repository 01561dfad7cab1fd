/*
 * NAME     stream - echo, discard, chargen, daytime, time and decoy for connections
 * PURPOSE  A service is one function that does what can be done now and says what to wait for. Most
 *          clients are served in their first call, and never cost memory or a watch.
 * INVARIANTS  A structure here is in the list, watched and has its alarm set, from its making to its
 *          end; ended is called once for each client. Nothing is stored for a client but counts.
 * LIMITS   The patience of each service, below. A client that says a byte now and then stays: it costs
 *          its socket and a structure, and the limits of the service count it. INTERNAL_PER_SOURCE; room.c.
 * SEE      RFC 862, 863, 864, 867, 868
 */
#include "cmd/inetd/internal/internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/internal/answer.h"
#include "cmd/inetd/internal/relay.h"
#include "cmd/inetd/internal/room.h"
#include "cmd/inetd/internal/tarpit.h"

enum {
	TYPING_MS = 300000, /* echo and discard: somebody may be typing, and be called away */
	STALLED_MS = 60000, /* chargen: its client has nothing to do but read */
	/* Of a client that does not read the kernel keeps so much, where it would keep 4 MB: what a far one
	 * takes in one round trip is on its way, and not counted. */
	UNSENT_BYTES = 131072,
};

struct client {
	struct watch watch; /* first: a watch of this file is a client */
	struct alarm alarm;
	TAILQ_ENTRY(client) link;
	struct reactor *reactor;
	const struct internal_host *host;
	void *ctx;
	struct internal_end end;
	int64_t moved_ms; /* when a byte last went either way */
	enum conf_kind kind;
	int fd;
	uint32_t events; /* that are waited for */
	bool has_said_all; /* chargen: its input has ended */
};

/* Who has been silent for longest is the first. */
static TAILQ_HEAD(, client) clients = TAILQ_HEAD_INITIALIZER(clients);

/* ---- services: what to wait for; 0 = it is over ---- */

static uint32_t
over(struct client *client, const char *how, int error)
{
	client->end.how = error == EPIPE || error == ECONNRESET ? "reset" : how;
	client->end.error = error;
	return 0;
}

static uint32_t
wait_for(struct client *client, enum relay relay)
{
	switch (relay) {
	case RELAY_EMPTY:
		return EPOLLIN;
	case RELAY_FULL:
		return EPOLLOUT;
	case RELAY_ENDED:
		return over(client, "closed", 0);
	case RELAY_FAILED:
		break;
	}
	return over(client, "failed", errno);
}

static uint32_t
echo(struct client *client)
{
	enum relay relay = relay_pass(client->fd, client->fd, &client->end.bytes_in);

	client->end.bytes_out = client->end.bytes_in;
	return wait_for(client, relay);
}

static uint32_t
discard(struct client *client)
{
	return wait_for(client, relay_drop(client->fd, &client->end.bytes_in));
}

/* Input is thrown away (RFC 864), so that it never stops the client's output; its end does not end
 * ours: who has nothing to say may still read. */
static uint32_t
chargen(struct client *client)
{
	uint32_t events = EPOLLOUT;
	ssize_t sent;

	if (!client->has_said_all) {
		enum relay relay = relay_drop(client->fd, &client->end.bytes_in);

		client->has_said_all = relay == RELAY_ENDED;
		if (!client->has_said_all)
			events |= wait_for(client, relay);
		if (relay == RELAY_FAILED)
			return 0;
	}
	sent = answer_pattern_send(client->fd, client->end.bytes_out);
	if (sent < 0)
		return errno == EAGAIN || errno == EINTR ? events : over(client, "failed", errno);
	client->end.bytes_out += (uint64_t)sent;
	return events;
}

/* A new socket takes so few bytes at once. What the client said first is taken out: closed over it, the
 * connection would be reset, and the answer could be lost. */
static uint32_t
tell_time(struct client *client)
{
	char text[ANSWER_CLOCK_MAX];
	size_t len = answer_clock(client->kind, time(NULL), text);
	ssize_t sent = send(client->fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0)
		return over(client, "failed", errno);
	client->end.bytes_out = (uint64_t)sent;
	relay_drop(client->fd, &client->end.bytes_in);
	return over(client, "done", 0);
}

static uint32_t
decoy(struct client *client)
{
	return over(client, "done", 0);
}

static const struct {
	uint32_t (*serve)(struct client *);
	int64_t patience_ms; /* without a byte; 0 = it never waits */
} services[] = {
    [CONF_ECHO] = {echo, TYPING_MS},
    [CONF_DISCARD] = {discard, TYPING_MS},
    [CONF_CHARGEN] = {chargen, STALLED_MS},
    [CONF_DAYTIME] = {tell_time, 0},
    [CONF_TIME] = {tell_time, 0},
    [CONF_DECOY] = {decoy, 0},
};

/* ---- clients that are waited for ---- */

static void
end(struct client *client)
{
	reactor_remove(client->reactor, client->fd);
	reactor_stop_alarm(client->reactor, &client->alarm);
	TAILQ_REMOVE(&clients, client, link);
	close(client->fd);
	client->host->ended(client->ctx, &client->end);
	reactor_retire(client->reactor, &client->watch);
}

static void
release(struct watch *watch)
{
	free(watch);
}

/* What is written from now on waits here until there is room for it on the way. */
static void
expect_room(const struct client *client, uint32_t events)
{
	static const int most = UNSENT_BYTES;

	if ((events & EPOLLOUT) != 0)
		setsockopt(client->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most, sizeof most);
}

static void
ready(struct watch *watch, uint32_t events)
{
	struct client *client = (struct client *)watch;
	uint64_t before = client->end.bytes_in + client->end.bytes_out;

	(void)events; /* reading or writing shows what is the matter */
	events = services[client->kind].serve(client);
	if (client->end.bytes_in + client->end.bytes_out != before) {
		client->moved_ms = clock_now_ms();
		TAILQ_REMOVE(&clients, client, link);
		TAILQ_INSERT_TAIL(&clients, client, link);
	}
	if (events != 0 && events != client->events) {
		expect_room(client, events);
		if (!reactor_change(client->reactor, watch, client->fd, events))
			events = over(client, "failed", errno);
		client->events = events;
	}
	if (events == 0)
		end(client);
}

static void
ring(struct alarm *alarm, int64_t now_ms)
{
	struct client *client = owner_of(alarm, struct client, alarm);
	int64_t until_ms = client->moved_ms + services[client->kind].patience_ms;

	if (until_ms > now_ms && reactor_set_alarm(client->reactor, alarm, until_ms))
		return;
	over(client, "timed out", 0);
	end(client);
}

static bool
end_first(const char *how)
{
	struct client *client = TAILQ_FIRST(&clients);

	if (client == NULL)
		return false;
	over(client, how, 0);
	end(client);
	return true;
}

bool
internal_push_out(void)
{
	return end_first("pushed out");
}

void
internal_complete(struct conf_entry *entry)
{
	bool may_wait =
	    entry->kind == CONF_ECHO || entry->kind == CONF_DISCARD || entry->kind == CONF_CHARGEN;

	if (may_wait && entry->socktype != CONF_DGRAM && !entry->has_per_source)
		entry->per_source = INTERNAL_PER_SOURCE;
}

/* A client that has to be waited for. False: errno, and there is none. */
static bool
keep(struct client *first, uint32_t events)
{
	struct client *client;
	int fd = room_place(first->fd);

	if (fd < 0)
		return false;
	first->fd = fd;
	client = malloc(sizeof *client);
	if (client == NULL)
		return false;
	*client = *first;
	client->watch = (struct watch){.ready = ready, .release = release};
	client->alarm.ring = ring;
	client->moved_ms = clock_now_ms();
	client->events = events;
	if (!reactor_set_alarm(client->reactor, &client->alarm,
	        client->moved_ms + services[client->kind].patience_ms)) {
		free(client);
		return false;
	}
	if (!reactor_add(client->reactor, &client->watch, client->fd, events)) {
		reactor_stop_alarm(client->reactor, &client->alarm);
		free(client);
		return false;
	}
	TAILQ_INSERT_TAIL(&clients, client, link);
	expect_room(client, events);
	return true;
}

bool
internal_serve(struct reactor *reactor, enum conf_kind kind, int fd,
    const struct internal_host *host, void *ctx)
{
	struct client client = {
	    .reactor = reactor, .host = host, .ctx = ctx, .kind = kind, .fd = fd};
	uint32_t events;
	int error = 0;

	if (kind == CONF_TARPIT)
		return tarpit_serve(reactor, fd, host, ctx);
	events = services[kind].serve(&client);
	if (events != 0) {
		if (keep(&client, events))
			return true;
		error = errno;
		over(&client, "failed", error);
	}
	close(fd);
	host->ended(ctx, &client.end);
	errno = error;
	return error == 0;
}

void
internal_release(void)
{
	while (end_first("stopped"))
		;
	tarpit_release();
	room_forget();
}
