/*
 * NAME     gate - limits, as clients and listeners meet them
 * INVARIANTS  A listener that rests is called again: by an alarm, or by a place that is given back.
 * LIMITS   WAITING_MAX: sockets that inetd keeps for clients of one service whom it does not serve yet.
 * SEE      limit/limits.h
 */
#include "cmd/inetd/gate.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/limit/news.h"
#include "cmd/inetd/log.h"

enum {
	WAITING_MAX = 256,
	HELD_MAX = WAITING_MAX / 2, /* of them, when those who are over a limit of their own come */
	SHORTAGE_PAUSE_MS = 250, /* no descriptor, memory or process */
	SHORTAGE_TELL_MS = 60000, /* a flood must not flood the log */
	NEWS_MAX = 256,
};

static const struct conf_entry *
entry_of(const struct connection *connection)
{
	return connection->standing->service->entry;
}

void
gate_tell_news(struct standing *standing)
{
	int64_t now_ms = clock_now_ms();
	char storage[NEWS_MAX];
	struct buf text;
	enum news news;

	if (standing->service == NULL)
		return;
	for (;;) {
		buf_init(&text, storage, sizeof storage, sizeof storage - 1);
		news = news_next(standing->service->entry, &standing->limits, now_ms, &text);
		if (news == NEWS_NONE)
			break;
		log_line(news == NEWS_BEGINS ? LOG_WARNING : LOG_NOTICE, "%s: %s", standing->id,
		    text.bytes);
	}
	if (standing->limits.news_ms != 0)
		reactor_set_alarm(standing->reactor, &standing->news, standing->limits.news_ms);
}

void
gate_ring_news(struct alarm *alarm, int64_t now_ms)
{
	(void)now_ms;
	gate_tell_news(owner_of(alarm, struct standing, news));
}

/* By those who are there and not served yet. */
static bool
is_crowded(const struct standing *standing)
{
	return standing->waiting_count >= WAITING_MAX;
}

/* *told_ms: when it was told before; 0 = never. */
static void
tell_shortage(int64_t *told_ms, const char *name, const char *what, int error)
{
	int64_t now_ms = clock_now_ms();

	if (*told_ms != 0 && now_ms - *told_ms < SHORTAGE_TELL_MS)
		return;
	*told_ms = now_ms;
	log_line(LOG_ERR, "%s: cannot %s: %s (pausing; those in the queue wait)", name, what,
	    strerror(error));
}

struct standing *
gate_standing(struct listener *listener)
{
	const struct service *service = listener->endpoint->service;
	struct inetd *inetd = listener->all->ctx;
	struct standing *standing = standings_get(&inetd->standings, service);

	if (standing != NULL)
		return standing;
	tell_shortage(&inetd->standings.shortage_ms, service->id, "count clients", ENOMEM);
	listener_pause(listener, SHORTAGE_PAUSE_MS);
	return NULL;
}

bool
gate_may_come(struct listener *listener)
{
	const struct service *service = listener->endpoint->service;
	struct standing *standing = gate_standing(listener);
	struct limits_answer answer;

	if (standing == NULL)
		return false;
	answer = limits_door(service->entry, &standing->limits, clock_now_ms());
	if (answer.say != LIMITS_GO) {
		gate_tell_news(standing);
		listener_rest(listener, answer.until_ms);
	} else if (is_crowded(standing)) {
		listener_pause(listener, SHORTAGE_PAUSE_MS);
		return false;
	}
	return answer.say == LIMITS_GO;
}

bool
gate_may_follow(const struct listener *listener)
{
	const struct service *service = listener->endpoint->service;

	return listener->is_armed && !is_crowded(service->standing) &&
	    limits_may_follow(service->entry, &service->standing->limits, clock_now_ms());
}

/* For inetctl. */
void
gate_note_error(struct standing *standing, const char *what, int error)
{
	char storage[NEWS_MAX];
	struct buf text;

	buf_init(&text, storage, sizeof storage, sizeof storage - 1);
	buf_add_str(&text, "cannot ");
	buf_add_str(&text, what);
	buf_add_str(&text, ": ");
	buf_add_str(&text, strerror(error));
	standing_note_error(standing, text.bytes);
}

void
gate_shortage(struct inetd *inetd, struct standing *standing, const char *what, int error)
{
	tell_shortage(&standing->shortage_ms, standing->id, what, error);
	gate_note_error(standing, what, error);
	listeners_pause(&inetd->listeners, standing, SHORTAGE_PAUSE_MS);
}

/* May it wait? Sources that are over leave room for those that are not. */
bool
gate_has_room(const struct connection *connection, const struct limits_answer *answer)
{
	size_t most = answer->say == LIMITS_WAIT ? WAITING_MAX : HELD_MAX;

	if (answer->say != LIMITS_WAIT && answer->say != LIMITS_HOLD_SOURCE)
		return false;
	return connection->at_waiting != NULL || connection->standing->waiting_count < most;
}

bool
gate_may_go(const struct connection *connection, struct limits_answer *ret)
{
	if (connection->standing->is_paused) {
		*ret = (struct limits_answer){.say = LIMITS_WAIT, .until_ms = LIMITS_UNTIL_GIVEN};
		return false;
	}
	*ret = limits_ask(entry_of(connection), &connection->standing->limits,
	    connection->has_source ? &connection->source : NULL, clock_now_ms());
	return ret->say == LIMITS_GO;
}

enum record_verdict
gate_turn_away(struct standing *standing, enum limits_why why)
{
	if (why == LIMITS_HOURS) {
		standing->counters.refused++;
		return RECORD_REFUSED;
	}
	standing->counters.limited++;
	return RECORD_LIMITED;
}

bool
gate_take_place(struct connection *connection)
{
	connection->ticket = limits_take(entry_of(connection), &connection->standing->limits,
	    connection->has_source ? &connection->source : NULL, clock_now_ms());
	if (connection->ticket.limits == NULL)
		return false;
	connection_stop_waiting(connection);
	connection->standing->counters.admitted++;
	connection->stage = CONNECTION_SERVED;
	return true;
}
