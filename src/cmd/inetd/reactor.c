/*
 * NAME     reactor - epoll, alarms, and who is called
 * INVARIANTS  Nothing is released in a batch of events of which one may still refer to it. An alarm
 *          that is set by one that rings waits for the next turn, so a turn ends.
 * LIMITS   EVENTS_AT_ONCE: alarms are looked at between batches.
 * SEE      epoll(7), questions 6 and 8 of its FAQ
 */
#include "cmd/inetd/reactor.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"

enum { EVENTS_AT_ONCE = 64 };

bool
reactor_add(struct reactor *reactor, struct watch *watch, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	return epoll_ctl(reactor->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool
reactor_change(struct reactor *reactor, struct watch *watch, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	return epoll_ctl(reactor->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0;
}

void
reactor_remove(struct reactor *reactor, int fd)
{
	epoll_ctl(reactor->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void
reactor_retire(struct reactor *reactor, struct watch *watch)
{
	if (watch->next_gone != NULL)
		return;
	watch->next_gone = reactor->gone != NULL ? reactor->gone : watch;
	reactor->gone = watch;
}

static void
bury(struct reactor *reactor)
{
	while (reactor->gone != NULL) {
		struct watch *watch = reactor->gone;

		reactor->gone = watch->next_gone != watch ? watch->next_gone : NULL;
		if (watch->release != NULL)
			watch->release(watch);
	}
}

/* ---- alarms ---- */

/* One more, beside all that is reserved. */
static bool
has_room(struct reactor *reactor)
{
	return heap_reserve(&reactor->alarms, reactor->alarms.count + reactor->reserved + 1);
}

bool
reactor_enroll(struct reactor *reactor, struct alarm *alarm)
{
	if (alarm->due.is_enrolled)
		return true;
	if (!reactor_is_set(alarm) && !has_room(reactor))
		return false;
	reactor->reserved += !reactor_is_set(alarm);
	alarm->due.is_enrolled = true;
	return true;
}

void
reactor_dismiss(struct reactor *reactor, struct alarm *alarm)
{
	reactor_stop_alarm(reactor, alarm);
	reactor->reserved -= alarm->due.is_enrolled;
	alarm->due.is_enrolled = false;
}

bool
reactor_set_alarm(struct reactor *reactor, struct alarm *alarm, int64_t at_ms)
{
	if (!reactor_is_set(alarm)) {
		if (!alarm->due.is_enrolled && !has_room(reactor))
			return false;
		reactor->reserved -= alarm->due.is_enrolled;
	}
	heap_set(&reactor->alarms, &alarm->due, at_ms);
	return true;
}

void
reactor_stop_alarm(struct reactor *reactor, struct alarm *alarm)
{
	if (!reactor_is_set(alarm))
		return;
	heap_drop(&reactor->alarms, &alarm->due);
	reactor->reserved += alarm->due.is_enrolled;
}

static void
ring(struct reactor *reactor)
{
	int64_t now_ms = clock_now_ms();
	size_t left = reactor->alarms.count; /* those that are set by now, at most */
	struct heap_item *item;

	while (
	    left-- > 0 && (item = heap_first(&reactor->alarms)) != NULL && item->at_ms <= now_ms) {
		struct alarm *alarm = owner_of(item, struct alarm, due);

		reactor_stop_alarm(reactor, alarm);
		alarm->ring(alarm, now_ms);
	}
}

static int
time_left_ms(const struct reactor *reactor)
{
	const struct heap_item *item = heap_first(&reactor->alarms);
	int64_t left_ms;

	if (item == NULL)
		return -1;
	left_ms = item->at_ms - clock_now_ms();
	if (left_ms < 0)
		return 0;
	return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

/* The number of events. -1: errno. */
static int
turn(struct reactor *reactor, int timeout_ms)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int count = epoll_wait(reactor->epoll_fd, events, EVENTS_AT_ONCE, timeout_ms);

	if (count < 0 && errno != EINTR)
		return -1;
	for (int i = 0; i < count; i++) {
		struct watch *watch = events[i].data.ptr;

		if (watch->next_gone == NULL)
			watch->ready(watch, events[i].events);
	}
	ring(reactor);
	bury(reactor);
	return count > 0 ? count : 0;
}

bool
reactor_turn(struct reactor *reactor)
{
	return turn(reactor, time_left_ms(reactor)) >= 0;
}

bool
reactor_poll(struct reactor *reactor)
{
	return turn(reactor, 0) > 0;
}

void
reactor_release(struct reactor *reactor)
{
	bury(reactor);
	heap_release(&reactor->alarms);
	if (reactor->epoll_fd >= 0)
		close(reactor->epoll_fd);
	*reactor = (struct reactor){.epoll_fd = -1};
}
