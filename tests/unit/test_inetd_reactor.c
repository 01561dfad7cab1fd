/* Who is called, in which order, and who is not called any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/reactor.h"

enum { MANY = 500 };

struct bell {
	struct alarm alarm;
	unsigned rung;
};

static int64_t last_at_ms;

static void
ring(struct alarm *alarm, int64_t now_ms)
{
	struct bell *bell = (struct bell *)alarm;

	assert_true(now_ms >= alarm->due.at_ms);
	assert_true(alarm->due.at_ms >= last_at_ms);
	last_at_ms = alarm->due.at_ms;
	bell->rung++;
}

static struct reactor
reactor_new(void)
{
	struct reactor reactor = {.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};

	assert_true(reactor.epoll_fd >= 0);
	return reactor;
}

static void
test_alarms_ring_in_order_and_once(void **state)
{
	static struct bell bells[MANY];
	struct reactor reactor = reactor_new();
	int64_t now_ms = clock_now_ms();

	(void)state;
	srand(1997);
	last_at_ms = 0;
	for (size_t i = 0; i < MANY; i++) {
		bells[i].alarm.ring = ring;
		assert_true(reactor_set_alarm(&reactor, &bells[i].alarm, now_ms + rand() % 1000));
	}
	for (size_t i = 0; i < MANY; i += 3) /* moved: to the past, each third */
		assert_true(reactor_set_alarm(&reactor, &bells[i].alarm, now_ms - rand() % 1000));
	for (size_t i = 1; i < MANY; i += 3)
		reactor_stop_alarm(&reactor, &bells[i].alarm);
	for (size_t i = 2; i < MANY; i += 3)
		assert_true(reactor_set_alarm(&reactor, &bells[i].alarm, now_ms - rand() % 1000));
	assert_true(reactor_turn(&reactor));
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(bells[i].rung, i % 3 == 1 ? 0 : 1);
	assert_int_equal(reactor.alarms.count, 0);
	reactor_release(&reactor);
}

struct snooze {
	struct alarm alarm;
	struct reactor *reactor;
	unsigned rung;
};

static void
ring_again(struct alarm *alarm, int64_t now_ms)
{
	struct snooze *snooze = (struct snooze *)alarm;

	snooze->rung++;
	assert_true(reactor_set_alarm(snooze->reactor, alarm, now_ms));
}

static void
test_a_turn_ends(void **state)
{
	struct reactor reactor = reactor_new();
	struct snooze snooze = {.alarm.ring = ring_again, .reactor = &reactor};

	(void)state;
	assert_true(reactor_set_alarm(&reactor, &snooze.alarm, clock_now_ms()));
	assert_true(reactor_turn(&reactor));
	assert_int_equal(snooze.rung, 1);
	assert_true(reactor_turn(&reactor));
	assert_int_equal(snooze.rung, 2);
	reactor_release(&reactor);
}

/* Room that is kept for an alarm is nobody else's, through any sequence. */
static void
test_enrolled_alarms_have_room(void **state)
{
	static struct bell bells[MANY], others[MANY];
	struct reactor reactor = reactor_new();

	(void)state;
	srand(2026);
	for (size_t i = 0; i < MANY; i++)
		assert_true(reactor_enroll(&reactor, &bells[i].alarm));
	assert_int_equal(reactor.reserved, MANY);
	for (size_t i = 0; i < 20 * MANY; i++) {
		struct bell *bell =
		    rand() % 2 == 0 ? &bells[rand() % MANY] : &others[rand() % MANY];
		size_t set = 0;

		if (rand() % 3 == 0)
			reactor_stop_alarm(&reactor, &bell->alarm);
		else
			assert_true(reactor_set_alarm(&reactor, &bell->alarm, rand()));
		for (size_t j = 0; j < MANY; j++)
			set += reactor_is_set(&bells[j].alarm);
		assert_int_equal(reactor.reserved, MANY - set);
		assert_true(reactor.alarms.count + reactor.reserved <= reactor.alarms.room);
	}
	for (size_t i = 0; i < MANY; i++)
		reactor_dismiss(&reactor, &bells[i].alarm);
	assert_int_equal(reactor.reserved, 0);
	reactor_release(&reactor);
}

struct end {
	struct watch watch;
	struct reactor *reactor;
	struct end *other;
	int fd;
	unsigned called, released;
};

/* Whoever comes first takes the other one away, whose event is in the same batch. */
static void
take_other_away(struct watch *watch, uint32_t events)
{
	struct end *end = (struct end *)watch;

	assert_true((events & EPOLLIN) != 0);
	end->called++;
	reactor_remove(end->reactor, end->other->fd);
	reactor_retire(end->reactor, &end->other->watch);
	reactor_retire(end->reactor, &end->other->watch);
	assert_int_equal(end->other->released, 0);
}

static void
count_release(struct watch *watch)
{
	((struct end *)watch)->released++;
}

static void
test_a_retired_watch_is_not_called(void **state)
{
	struct reactor reactor = reactor_new();
	struct end ends[2] = {{.other = &ends[1]}, {.other = &ends[0]}};
	int pipes[2][2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(pipes[i]), 0);
		assert_int_equal(write(pipes[i][1], "x", 1), 1);
		ends[i].reactor = &reactor;
		ends[i].fd = pipes[i][0];
		ends[i].watch = (struct watch){.ready = take_other_away, .release = count_release};
		assert_true(reactor_add(&reactor, &ends[i].watch, ends[i].fd, EPOLLIN));
	}
	assert_true(reactor_turn(&reactor));
	assert_int_equal(ends[0].called + ends[1].called, 1);
	assert_int_equal(ends[0].released + ends[1].released, 1);
	assert_int_equal(ends[0].called, ends[1].released);
	for (int i = 0; i < 2; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
	reactor_release(&reactor);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_alarms_ring_in_order_and_once),
	    cmocka_unit_test(test_a_turn_ends),
	    cmocka_unit_test(test_enrolled_alarms_have_room),
	    cmocka_unit_test(test_a_retired_watch_is_not_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
