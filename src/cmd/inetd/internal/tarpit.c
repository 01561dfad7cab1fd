/*
 * NAME     tarpit - the slowest service there is
 * PURPOSE  Holds scanners: every TARPIT_PAUSE_MS a short line that means nothing. What they say is never
 *          read, and their buffers are the smallest that the kernel gives.
 * INVARIANTS  One alarm for all, set for the first of by_due whenever there is one. All pauses are
 *          equal, so a client goes to the end of by_due when it has been spoken to.
 * LIMITS   TARPIT_CLIENTS_MAX, and half of the descriptors that inetd may have (room.c: or less, if others
 *          need them): who came first goes first.
 *          LINES_AT_ONCE: other services wait for less than a millisecond.
 */
#include "cmd/inetd/internal/tarpit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/internal/room.h"

enum { LINES_AT_ONCE = 128, LINE_MIN = 8, LINE_MAX = 32 };

struct victim {
	struct watch watch; /* first: a watch of this file is a victim */
	TAILQ_ENTRY(victim) age, due;
	struct reactor *reactor;
	const struct internal_host *host;
	void *ctx;
	struct internal_end end;
	int64_t due_ms;
	int fd;
};

TAILQ_HEAD(victims, victim);

static struct {
	struct victims by_age, by_due;
	size_t count, most; /* most = 0: not set up yet */
	struct alarm alarm;
	uint64_t noise; /* state of a generator of nonsense, never 0 */
} pit;

static void
end(struct victim *victim, const char *how, int error)
{
	victim->end.how = how;
	victim->end.error = error;
	TAILQ_REMOVE(&pit.by_age, victim, age);
	TAILQ_REMOVE(&pit.by_due, victim, due);
	if (--pit.count == 0)
		reactor_stop_alarm(victim->reactor, &pit.alarm);
	reactor_remove(victim->reactor, victim->fd);
	close(victim->fd);
	victim->host->ended(victim->ctx, &victim->end);
	reactor_retire(victim->reactor, &victim->watch);
}

/* Nothing that anybody could mistake for a protocol: letters. It keeps no secret, so that xorshift is good
 * enough. */
static size_t
nonsense(char ret[LINE_MAX + 2])
{
	size_t len;

	pit.noise ^= pit.noise << 13;
	pit.noise ^= pit.noise >> 7;
	pit.noise ^= pit.noise << 17;
	len = LINE_MIN + pit.noise % (LINE_MAX - LINE_MIN + 1);
	for (size_t i = 0; i < len; i++)
		ret[i] = (char)('a' + (pit.noise >> i) % 26);
	ret[len] = '\r';
	ret[len + 1] = '\n';
	return len + 2;
}

/* Who does not even read that is left alone: it waits, which is all we want. */
static void
speak(struct victim *victim)
{
	char line[LINE_MAX + 2];
	ssize_t sent = send(victim->fd, line, nonsense(line), MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent >= 0)
		victim->end.bytes_out += (uint64_t)sent;
	else if (errno != EAGAIN && errno != EINTR)
		end(victim, "reset", errno);
}

static void
ring(struct alarm *alarm, int64_t now_ms)
{
	struct victim *victim;
	int left = LINES_AT_ONCE;

	while (
	    (victim = TAILQ_FIRST(&pit.by_due)) != NULL && victim->due_ms <= now_ms && left-- > 0) {
		victim->due_ms = now_ms + TARPIT_PAUSE_MS;
		TAILQ_REMOVE(&pit.by_due, victim, due);
		TAILQ_INSERT_TAIL(&pit.by_due, victim, due);
		speak(victim);
	}
	victim = TAILQ_FIRST(&pit.by_due);
	/* It has just rung, so there is room for it. */
	if (victim != NULL)
		reactor_set_alarm(victim->reactor, alarm, victim->due_ms);
}

/* Watched only for its leaving: input would wake us for nothing. */
static void
ready(struct watch *watch, uint32_t events)
{
	struct victim *victim = (struct victim *)watch;
	bool is_reset = (events & (EPOLLERR | EPOLLHUP)) != 0;

	end(victim, is_reset ? "reset" : "closed", is_reset ? ECONNRESET : 0);
}

static void
release(struct watch *watch)
{
	free(watch);
}

static void
set_up(void)
{
	struct rlimit files = {.rlim_cur = 0};

	TAILQ_INIT(&pit.by_age);
	TAILQ_INIT(&pit.by_due);
	pit.alarm.ring = ring;
	pit.noise = (uint64_t)clock_now_ms() * 2654435761;
	getrlimit(RLIMIT_NOFILE, &files);
	pit.most = TARPIT_CLIENTS_MAX;
	if (files.rlim_cur / 2 < pit.most)
		pit.most = (size_t)files.rlim_cur / 2;
}

static bool
enter(struct victim *victim)
{
	if (pit.count == 0 && !reactor_set_alarm(victim->reactor, &pit.alarm, victim->due_ms))
		return false;
	if (!reactor_add(victim->reactor, &victim->watch, victim->fd, EPOLLRDHUP)) {
		if (pit.count == 0)
			reactor_stop_alarm(victim->reactor, &pit.alarm);
		return false;
	}
	TAILQ_INSERT_TAIL(&pit.by_age, victim, age);
	TAILQ_INSERT_TAIL(&pit.by_due, victim, due);
	pit.count++;
	return true;
}

static void
make_small(int fd)
{
	static const int least = 1; /* the kernel makes it what it needs at least */

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
}

bool
tarpit_push_out(void)
{
	if (pit.count == 0)
		return false;
	end(TAILQ_FIRST(&pit.by_age), "pushed out", 0);
	return true;
}

bool
tarpit_serve(struct reactor *reactor, int fd, const struct internal_host *host, void *ctx)
{
	struct victim *victim = malloc(sizeof *victim);
	struct internal_end failed = {.how = "failed"};
	int placed;

	if (pit.most == 0)
		set_up();
	placed = room_place(fd);
	if (placed >= 0)
		fd = placed;
	if (placed >= 0 && victim != NULL) {
		*victim = (struct victim){.watch = {.ready = ready, .release = release},
		    .reactor = reactor,
		    .host = host,
		    .ctx = ctx,
		    .due_ms = clock_now_ms() + TARPIT_PAUSE_MS,
		    .fd = fd};
		make_small(fd);
		if (enter(victim)) {
			if (pit.count > pit.most)
				tarpit_push_out();
			return true;
		}
	}
	failed.error = errno;
	free(victim);
	close(fd);
	host->ended(ctx, &failed);
	errno = failed.error;
	return false;
}

void
tarpit_release(void)
{
	while (pit.count > 0)
		end(TAILQ_FIRST(&pit.by_age), "stopped", 0);
	pit.most = 0;
}
