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
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"

enum { EVENTS_AT_ONCE = 64, FIRST_ROOM = 16 };

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
	if (watch->is_gone)
		return;
	watch->is_gone = true;
	watch->next_gone = reactor->gone;
	reactor->gone = watch;
}

static void
bury(struct reactor *reactor)
{
	while (reactor->gone != NULL) {
		struct watch *watch = reactor->gone;

		reactor->gone = watch->next_gone;
		if (watch->release != NULL)
			watch->release(watch);
	}
}

/* ---- alarms: a binary heap, whose members know their place ---- */

static void
put(struct reactor *reactor, size_t place, struct alarm *alarm)
{
	reactor->heap[place - 1] = alarm;
	alarm->place = place;
}

static void
rise(struct reactor *reactor, struct alarm *alarm)
{
	size_t place = alarm->place;

	for (; place > 1 && reactor->heap[place / 2 - 1]->at_ms > alarm->at_ms; place /= 2)
		put(reactor, place, reactor->heap[place / 2 - 1]);
	put(reactor, place, alarm);
}

static void
sink(struct reactor *reactor, struct alarm *alarm)
{
	size_t place = alarm->place, child;

	for (; (child = 2 * place) <= reactor->count; place = child) {
		if (child < reactor->count &&
		    reactor->heap[child]->at_ms < reactor->heap[child - 1]->at_ms)
			child++;
		if (reactor->heap[child - 1]->at_ms >= alarm->at_ms)
			break;
		put(reactor, place, reactor->heap[child - 1]);
	}
	put(reactor, place, alarm);
}

/* One more, beside all that is reserved. */
static bool
has_room(struct reactor *reactor)
{
	size_t room = reactor->room > 0 ? 2 * reactor->room : FIRST_ROOM;
	struct alarm **heap;

	if (reactor->count + reactor->reserved < reactor->room)
		return true;
	heap = reallocarray(reactor->heap, room, sizeof(struct alarm *));
	if (heap == NULL)
		return false;
	reactor->heap = heap;
	reactor->room = room;
	return true;
}

bool
reactor_enroll(struct reactor *reactor, struct alarm *alarm)
{
	if (alarm->is_enrolled)
		return true;
	if (alarm->place == 0 && !has_room(reactor))
		return false;
	reactor->reserved += alarm->place == 0;
	alarm->is_enrolled = true;
	return true;
}

void
reactor_dismiss(struct reactor *reactor, struct alarm *alarm)
{
	reactor_stop_alarm(reactor, alarm);
	reactor->reserved -= alarm->is_enrolled;
	alarm->is_enrolled = false;
}

bool
reactor_set_alarm(struct reactor *reactor, struct alarm *alarm, int64_t at_ms)
{
	if (alarm->place == 0) {
		if (!alarm->is_enrolled && !has_room(reactor))
			return false;
		reactor->reserved -= alarm->is_enrolled;
		put(reactor, ++reactor->count, alarm);
	}
	alarm->at_ms = at_ms;
	rise(reactor, alarm);
	sink(reactor, alarm);
	return true;
}

void
reactor_stop_alarm(struct reactor *reactor, struct alarm *alarm)
{
	size_t place = alarm->place;
	struct alarm *last;

	if (place == 0)
		return;
	alarm->place = 0;
	reactor->reserved += alarm->is_enrolled;
	last = reactor->heap[--reactor->count];
	if (last == alarm)
		return;
	put(reactor, place, last);
	rise(reactor, last);
	sink(reactor, last);
}

static void
ring(struct reactor *reactor)
{
	int64_t now_ms = clock_now_ms();
	size_t left = reactor->count; /* those that are set by now, at most */

	while (left-- > 0 && reactor->count > 0 && reactor->heap[0]->at_ms <= now_ms) {
		struct alarm *alarm = reactor->heap[0];

		reactor_stop_alarm(reactor, alarm);
		alarm->ring(alarm, now_ms);
	}
}

static int
time_left_ms(const struct reactor *reactor)
{
	int64_t left_ms;

	if (reactor->count == 0)
		return -1;
	left_ms = reactor->heap[0]->at_ms - clock_now_ms();
	if (left_ms < 0)
		return 0;
	return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

bool
reactor_turn(struct reactor *reactor)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int count = epoll_wait(reactor->epoll_fd, events, EVENTS_AT_ONCE, time_left_ms(reactor));

	if (count < 0 && errno != EINTR)
		return false;
	for (int i = 0; i < count; i++) {
		struct watch *watch = events[i].data.ptr;

		if (!watch->is_gone)
			watch->ready(watch, events[i].events);
	}
	ring(reactor);
	bury(reactor);
	return true;
}

void
reactor_release(struct reactor *reactor)
{
	bury(reactor);
	free(reactor->heap);
	if (reactor->epoll_fd >= 0)
		close(reactor->epoll_fd);
	*reactor = (struct reactor){.epoll_fd = -1};
}
