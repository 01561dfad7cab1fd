/*
 * NAME     test_inetd_limit_limits - may this client be served now?
 * PURPOSE  Each limit alone, all of them at random against a model that counts, crash loops, what the log
 *          gets. Time is this program's.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/inetd/limit/limits.h"
#include "cmd/inetd/limit/news.h"

#include "chance.h"
#include "failing_alloc.h"

static struct limits_world world;
static struct limits limits;
static struct conf_entry rules;
static int64_t now_ms;
static unsigned minute, load;
static char line[256];

static unsigned
read_minute(void)
{
	return minute;
}

static unsigned
read_load(void)
{
	return load;
}

static int
set_up(void **state)
{
	static const uint64_t secret[SOURCES_WORDS + 1] = {3, 5, 7, 11, 13, 17, 19, 23};

	(void)state;
	memset(&world, 0, sizeof world);
	memset(&limits, 0, sizeof limits);
	memset(&rules, 0, sizeof rules);
	world.average.read = read_load;
	world.minute = read_minute;
	sources_init(&world.sources, secret);
	limits_init(&limits, &world);
	now_ms = 100000;
	minute = 0;
	load = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	assert_int_equal(limits.running, 0);
	limits_release(&limits);
	for (size_t i = 0; i < SOURCES_HEADS; i++)
		assert_null(world.sources.heads[i]);
	return 0;
}

static const struct addr *
from(unsigned last)
{
	static struct addr addr;
	const uint8_t bytes[4] = {192, 0, (uint8_t)(last >> 8), (uint8_t)last};

	addr = addr_from_v4(bytes);
	return &addr;
}

static const struct addr *
from6(const char *text)
{
	static struct addr addr;
	const char *scope;
	size_t len;

	assert_true(addr_parse(text, strlen(text), &addr, &scope, &len));
	return &addr;
}

/* As the caller does it. What was said, or GO, and then it runs. */
static enum limits_say
come(const struct addr *source, struct limits_ticket *ret)
{
	struct limits_answer answer = limits_door(&rules, &limits, now_ms);

	if (answer.say == LIMITS_GO)
		answer = limits_ask(&rules, &limits, source, now_ms);
	if (answer.say == LIMITS_GO) {
		*ret = limits_take(&rules, &limits, source, now_ms);
		assert_ptr_equal(ret->limits, &limits);
	}
	return answer.say;
}

/* Served, and gone at once. */
static enum limits_say
visit(const struct addr *source)
{
	struct limits_ticket ticket = {0};
	enum limits_say say = come(source, &ticket);

	if (say == LIMITS_GO)
		limits_give(&ticket, LIMITS_ENDED_WELL, now_ms);
	return say;
}

/* How many are served at this moment. */
static unsigned
visits(const struct addr *source, unsigned at_most)
{
	unsigned count = 0;

	while (count < at_most && visit(source) == LIMITS_GO)
		count++;
	return count;
}

static enum limits_say
crash(const struct addr *source, int64_t after_ms)
{
	struct limits_ticket ticket = {0};
	enum limits_say say = come(source, &ticket);

	now_ms += after_ms;
	if (say == LIMITS_GO)
		limits_give(&ticket, LIMITS_ENDED_BADLY, now_ms);
	return say;
}

static enum limits_why
why(const struct addr *source)
{
	struct limits_answer answer = limits_ask(&rules, &limits, source, now_ms);

	assert_int_not_equal(answer.say, LIMITS_GO);
	return answer.why;
}

/* The next line for the log, or "". */
static const char *
news(void)
{
	struct buf text;
	enum news kind;

	buf_init(&text, line, sizeof line, sizeof line - 1);
	kind = news_next(&rules, &limits, now_ms, &text);
	assert_false(text.failed);
	if (kind == NEWS_NONE)
		return "";
	assert_ptr_equal(text.bytes, line);
	return line;
}

/* The next line that comes with time, within an hour; "" if there is none. */
static const char *
later(void)
{
	int64_t end_ms = now_ms + 3600000;

	while (limits.news_ms != 0 && limits.news_ms <= end_ms) {
		now_ms = limits.news_ms;
		if (news()[0] != '\0')
			return line;
	}
	return "";
}

/* ---- the service ---- */

static void
a_burst_of_exactly_so_many_then_an_even_flow(void **state)
{
	static const unsigned counts[] = {1, 2, 40, 256, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		int64_t begin_ms = now_ms;

		rules.rate = (struct conf_rate){counts[i], CONF_MINUTE_MS};
		assert_int_equal(visits(from(1), 5000), counts[i]);
		for (unsigned k = 1; k <= 2 * counts[i]; k++) {
			struct limits_answer answer = limits_door(&rules, &limits, now_ms);

			assert_int_equal(answer.say, LIMITS_WAIT);
			assert_int_equal(answer.why, LIMITS_RATE);
			now_ms = answer.until_ms;
			assert_int_equal(visits(from(1), 5000), 1);
			/* Each in its turn, a millisecond late at most. */
			assert_in_range(now_ms - begin_ms, k * CONF_MINUTE_MS / counts[i],
			    k * CONF_MINUTE_MS / counts[i] + 1);
		}
		now_ms += CONF_MINUTE_MS;
	}
}

static void
none_and_huge_are_no_limit(void **state)
{
	(void)state;
	assert_int_equal(visits(from(1), 100000), 100000);
	rules.rate = (struct conf_rate){CONF_RATE_MAX + 1, CONF_MINUTE_MS};
	rules.source_rate = (struct conf_rate){UINT_MAX, 1};
	assert_int_equal(visits(from(1), 100000), 100000);
	assert_string_equal(news(), "");
	assert_int_equal(limits.news_ms, 0);
	assert_int_equal(world.sources.owing, 0);
}

static void
so_many_run_and_not_one_more(void **state)
{
	struct limits_ticket tickets[4];
	struct limits_answer answer;

	(void)state;
	rules.instances = 3;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(come(from(i), &tickets[i]), LIMITS_GO);
	assert_int_equal(come(from(9), &tickets[3]), LIMITS_WAIT);
	answer = limits_door(&rules, &limits, now_ms + 10000000);
	assert_int_equal(answer.why, LIMITS_INSTANCES);
	assert_true(answer.until_ms == LIMITS_UNTIL_GIVEN);
	assert_true(limits_give(&tickets[1], LIMITS_ENDED_BADLY, now_ms + 5000));
	assert_int_equal(come(from(9), &tickets[3]), LIMITS_GO);
	assert_int_equal(limits.running, 3);
	/* A ticket is given back once. */
	assert_false(limits_give(&tickets[1], LIMITS_ENDED_WELL, now_ms));
	assert_int_equal(limits.running, 3);
	/* Fewer by a reload: they go on, and the next waits for two of them. */
	rules.instances = 2;
	limits_give(&tickets[0], LIMITS_ENDED_WELL, now_ms);
	assert_int_equal(visit(from(9)), LIMITS_WAIT);
	limits_give(&tickets[2], LIMITS_ENDED_WELL, now_ms);
	assert_int_equal(visit(from(9)), LIMITS_GO);
	limits_give(&tickets[3], LIMITS_ENDED_WELL, now_ms);
}

static void
close_closes_and_counts_nobody_as_served(void **state)
{
	struct limits_ticket ticket;

	(void)state;
	rules.over_limit = CONF_OVER_CLOSE;
	rules.instances = 1;
	rules.rate = (struct conf_rate){2, CONF_MINUTE_MS};
	assert_int_equal(come(from(1), &ticket), LIMITS_GO);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(limits_door(&rules, &limits, now_ms).say, LIMITS_GO);
		assert_int_equal(visit(from(2)), LIMITS_CLOSE);
	}
	limits_give(&ticket, LIMITS_ENDED_WELL, now_ms);
	assert_int_equal(visits(from(2), 10), 1);
	assert_int_equal(why(from(3)), LIMITS_RATE);
}

static void
hours_close_whatever_is_said(void **state)
{
	static struct conf_hours hours[] = {{8 * 60, 17 * 60}, {22 * 60, 60}};

	(void)state;
	rules.hours = hours;
	rules.hours_count = 2;
	for (enum conf_over_limit over = CONF_OVER_DEFAULT; over <= CONF_OVER_CLOSE; over++) {
		rules.over_limit = over;
		minute = 7 * 60 + 5;
		assert_int_equal(limits_door(&rules, &limits, now_ms).say, LIMITS_GO);
		assert_int_equal(visit(from(1)), LIMITS_CLOSE);
		assert_int_equal(why(from(1)), LIMITS_HOURS);
		minute = 30;
		assert_int_equal(visit(from(1)), LIMITS_GO);
	}
	minute = UINT_MAX;
	assert_int_equal(visit(from(1)), LIMITS_CLOSE);
}

static void
a_loaded_host_lets_wait(void **state)
{
	struct limits_answer answer;

	(void)state;
	rules.max_load_milli = 2500;
	load = 2499;
	assert_int_equal(visit(from(1)), LIMITS_GO);
	load = 2500;
	now_ms += 1000;
	answer = limits_door(&rules, &limits, now_ms);
	assert_int_equal(answer.say, LIMITS_WAIT);
	assert_int_equal(answer.why, LIMITS_LOAD);
	assert_int_equal(answer.until_ms, now_ms + 1000);
	load = 0;
	now_ms = answer.until_ms;
	assert_int_equal(visit(from(1)), LIMITS_GO);
	rules.over_limit = CONF_OVER_CLOSE;
	load = UINT_MAX; /* cannot be told */
	now_ms += 1000;
	assert_int_equal(visit(from(1)), LIMITS_CLOSE);
}

/* ---- sources ---- */

static void
a_source_over_its_rate_touches_nobody_else(void **state)
{
	(void)state;
	rules.rate = (struct conf_rate){20, CONF_MINUTE_MS};
	rules.source_rate = (struct conf_rate){3, CONF_MINUTE_MS};
	assert_int_equal(visits(from(1), 10), 3);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(visit(from(1)), LIMITS_CLOSE_SOURCE);
	assert_int_equal(why(from(1)), LIMITS_SOURCE_RATE);
	/* All that is left of the service's credit is there for others. */
	for (unsigned i = 2; i <= 6; i++)
		assert_int_equal(visits(from(i), 10), 3);
	assert_int_equal(visits(from(7), 10), 2);
	/* Now the service is over: who is over himself is closed all the same, and waits for nobody. */
	assert_int_equal(limits_ask(&rules, &limits, from(1), now_ms).say, LIMITS_CLOSE_SOURCE);
	assert_int_equal(limits_ask(&rules, &limits, from(7), now_ms).say, LIMITS_WAIT);
	now_ms += 20000;
	assert_int_equal(visits(from(1), 10), 1);
}

static void
so_many_run_for_a_source(void **state)
{
	struct limits_ticket tickets[4], other;

	(void)state;
	rules.per_source = 2;
	assert_int_equal(come(from(1), &tickets[0]), LIMITS_GO);
	assert_int_equal(come(from(1), &tickets[1]), LIMITS_GO);
	assert_int_equal(come(from(1), &tickets[2]), LIMITS_CLOSE_SOURCE);
	assert_int_equal(why(from(1)), LIMITS_PER_SOURCE);
	assert_int_equal(come(from(2), &other), LIMITS_GO);
	/* Without an address there is no source. */
	for (unsigned i = 2; i < 4; i++)
		assert_int_equal(come(NULL, &tickets[i]), LIMITS_GO);
	assert_int_equal(limits.running, 5);
	limits_give(&tickets[0], LIMITS_ENDED_WELL, now_ms);
	assert_int_equal(visits(from(1), 3), 3);
	for (unsigned i = 1; i < 4; i++)
		limits_give(&tickets[i], LIMITS_ENDED_WELL, now_ms);
	limits_give(&other, LIMITS_ENDED_WELL, now_ms);
	assert_int_equal(world.sources.owing, 0);
}

static void
a_source_may_wait_by_itself(void **state)
{
	struct limits_answer answer;

	(void)state;
	rules.over_limit = CONF_OVER_WAIT;
	rules.source_rate = (struct conf_rate){1, 1000};
	assert_int_equal(visits(from(1), 10), 1);
	answer = limits_ask(&rules, &limits, from(1), now_ms);
	assert_int_equal(answer.say, LIMITS_HOLD_SOURCE);
	assert_int_equal(answer.until_ms, now_ms + 1000);
	assert_int_equal(visits(from(2), 10), 1);
	now_ms += 1000;
	assert_int_equal(visits(from(1), 10), 1);
}

static void
a_network_is_a_source(void **state)
{
	(void)state;
	rules.source_rate = (struct conf_rate){2, CONF_MINUTE_MS};
	assert_int_equal(visits(from6("2001:db8::1"), 10), 2);
	assert_int_equal(visits(from6("2001:db8::ffff:1"), 10), 0);
	assert_int_equal(visits(from6("2001:db8:0:1::1"), 10), 2);
	assert_int_equal(visits(from6("192.0.2.1"), 10), 2);
	assert_int_equal(visits(from6("::ffff:192.0.2.1"), 10), 0);
	rules.prefix6_bits = 48;
	rules.prefix4_bits = 24;
	assert_int_equal(visits(from6("2001:db8:0:7::1"), 10), 2);
	assert_int_equal(visits(from6("2001:db8:0:8::1"), 10), 0);
	assert_int_equal(visits(from6("192.0.2.7"), 10), 2);
	assert_int_equal(visits(from6("192.0.2.8"), 10), 0);
	assert_int_equal(visits(from6("192.0.3.8"), 10), 2);
}

static void
services_count_for_themselves(void **state)
{
	struct limits other = {.world = NULL}, *ours = &limits;
	struct limits_ticket ticket;

	(void)state;
	limits_init(&other, &world);
	rules.source_rate = (struct conf_rate){2, CONF_MINUTE_MS};
	assert_int_equal(visits(from(1), 10), 2);
	assert_int_equal(limits_ask(&rules, &other, from(1), now_ms).say, LIMITS_GO);
	ticket = limits_take(&rules, &other, from(1), now_ms);
	assert_ptr_equal(ticket.limits, &other);
	assert_int_equal(other.running, 1);
	assert_int_equal(ours->running, 0);
	limits_give(&ticket, LIMITS_ENDED_WELL, now_ms);
	limits_release(&other);
	assert_int_equal(visit(from(1)), LIMITS_CLOSE_SOURCE);
}

/* A million refusals of as many sources: nothing is kept of them. */
static void
who_is_refused_leaves_nothing(void **state)
{
	struct bucket before;

	(void)state;
	rules.rate = (struct conf_rate){5, CONF_MINUTE_MS};
	rules.source_rate = (struct conf_rate){2, CONF_MINUTE_MS};
	rules.instances = 9;
	rules.over_limit = CONF_OVER_CLOSE;
	assert_int_equal(visits(from(1), 2) + visits(from(2), 2) + visits(from(3), 2), 5);
	before = limits.bucket;
	alloc_fail_after(0);
	for (unsigned i = 0; i < 1000000; i++)
		assert_int_equal(
		    limits_ask(&rules, &limits, from(i % 65536), now_ms).say == LIMITS_GO, false);
	assert_int_equal(alloc_fail_never(), 0);
	assert_int_equal(world.sources.owing, 3);
	assert_memory_equal(&before, &limits.bucket, sizeof before);
}

static void
without_memory_nothing_is_taken(void **state)
{
	struct limits_ticket ticket;

	(void)state;
	rules.rate = (struct conf_rate){1, CONF_MINUTE_MS};
	rules.instances = 1;
	for (long left = 0; left < 2; left++) {
		alloc_fail_after(left);
		ticket = limits_take(&rules, &limits, from(1), now_ms);
		alloc_fail_never();
		if (left == 0)
			assert_null(ticket.limits);
		assert_false(limits_give(&ticket, LIMITS_ENDED_BADLY, now_ms) && left == 0);
		assert_int_equal(limits.running, 0);
		now_ms += CONF_MINUTE_MS;
	}
	assert_int_equal(visits(from(1), 10), 1);
}

/* ---- crash loops ---- */

static void
a_crash_loop_is_paused_longer_and_longer(void **state)
{
	static const int64_t pauses_s[] = {1, 2, 4, 8, 16, 32, 60, 60};
	struct limits_answer answer;
	struct limits_ticket ticket, other;

	(void)state;
	for (unsigned i = 0; i < CRASHES_LOOP; i++)
		assert_int_equal(crash(from(i), 5), LIMITS_GO);
	for (size_t i = 0; i < sizeof pauses_s / sizeof *pauses_s; i++) {
		answer = limits_door(&rules, &limits, now_ms);
		assert_int_equal(answer.say, LIMITS_WAIT);
		assert_int_equal(answer.why, LIMITS_CRASHES);
		assert_int_equal(answer.until_ms, now_ms + 1000 * pauses_s[i]);
		assert_int_equal(
		    limits_door(&rules, &limits, answer.until_ms - 1).say, LIMITS_WAIT);
		now_ms = answer.until_ms;
		/* One is tried, nobody beside it. */
		assert_int_equal(come(from(100), &ticket), LIMITS_GO);
		assert_int_equal(come(from(101), &other), LIMITS_WAIT);
		now_ms += 3;
		assert_true(limits_give(&ticket, LIMITS_ENDED_BADLY, now_ms));
	}
	now_ms += 60000;
	assert_int_equal(come(from(100), &ticket), LIMITS_GO);
	assert_true(limits_give(&ticket, LIMITS_ENDED_WELL, now_ms));
	assert_int_equal(visits(from(102), 100), 100);
	/* The next loop begins with the first pause. */
	for (unsigned i = 0; i < CRASHES_LOOP; i++)
		assert_int_equal(crash(from(200 + i), 5), LIMITS_GO);
	assert_int_equal(
	    limits_door(&rules, &limits, now_ms).until_ms, now_ms + CRASHES_PAUSE_FIRST_MS);
}

static void
begin_loop(void)
{
	for (unsigned i = 0; i < CRASHES_LOOP; i++)
		assert_int_equal(crash(from(i), 5), LIMITS_GO);
	assert_int_equal(visit(from(9)), LIMITS_WAIT);
}

static void
a_server_that_lives_heals_before_it_ends(void **state)
{
	struct limits_ticket ticket;
	struct limits_answer answer;

	(void)state;
	begin_loop();
	now_ms += CRASHES_PAUSE_FIRST_MS;
	assert_int_equal(come(from(1), &ticket), LIMITS_GO);
	answer = limits_door(&rules, &limits, now_ms);
	assert_int_equal(answer.until_ms, now_ms + CRASHES_SOON_MS);
	now_ms = answer.until_ms;
	assert_int_equal(visits(from(9), 50), 50);
	/* What it does later is no matter. */
	limits_give(&ticket, LIMITS_ENDED_BADLY, now_ms);
	assert_int_equal(visits(from(9), 50), 50);
}

static void
a_trial_that_says_nothing_is_tried_again(void **state)
{
	struct limits_ticket ticket;

	(void)state;
	begin_loop();
	now_ms += CRASHES_PAUSE_FIRST_MS;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(come(from(1), &ticket), LIMITS_GO);
		limits_give(&ticket, LIMITS_ENDED_UNKNOWN, now_ms);
	}
	assert_int_equal(crash(from(1), 1), LIMITS_GO);
	assert_int_equal(visit(from(9)), LIMITS_WAIT);
	/* But one that has lived has worked, whatever ended it. */
	now_ms += 2 * CRASHES_PAUSE_FIRST_MS;
	assert_int_equal(come(from(1), &ticket), LIMITS_GO);
	now_ms += CRASHES_SOON_MS;
	limits_give(&ticket, LIMITS_ENDED_UNKNOWN, now_ms);
	assert_int_equal(visits(from(9), 50), 50);
}

/* Those that were started before the pause: their crashes make it no longer, their success is no
 * news. */
static void
what_was_started_before_is_no_trial(void **state)
{
	struct limits_ticket tickets[8];
	int64_t until_ms;

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(come(from(20 + i), &tickets[i]), LIMITS_GO);
	begin_loop();
	until_ms = limits_door(&rules, &limits, now_ms).until_ms;
	for (unsigned i = 0; i < 8; i++)
		limits_give(
		    &tickets[i], i % 2 > 0 ? LIMITS_ENDED_BADLY : LIMITS_ENDED_WELL, now_ms);
	assert_int_equal(limits_door(&rules, &limits, now_ms).until_ms, until_ms);
}

static void
one_source_that_crashes_is_paused_alone(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CRASHES_LOOP; i++)
		assert_int_equal(crash(from(66), 5), LIMITS_GO);
	assert_int_equal(visit(from(66)), LIMITS_CLOSE_SOURCE);
	assert_int_equal(why(from(66)), LIMITS_SOURCE_CRASHES);
	assert_int_equal(visits(from(1), 50), 50);
	now_ms += CRASHES_PAUSE_FIRST_MS;
	assert_int_equal(crash(from(66), 5), LIMITS_GO);
	now_ms += CRASHES_PAUSE_FIRST_MS;
	assert_int_equal(visit(from(66)), LIMITS_CLOSE_SOURCE);
	now_ms += CRASHES_PAUSE_FIRST_MS;
	assert_int_equal(visits(from(66), 50), 50);
}

/* Fewer sources than make a row cannot have the service paused, however long they try. */
static void
a_few_sources_cannot_pause_the_service(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		crash(from(1 + i % (CRASHES_LOOP - 1)), (int64_t)chance(30));
		assert_int_equal(limits_door(&rules, &limits, now_ms).say, LIMITS_GO);
	}
	assert_int_equal(visit(from(99)), LIMITS_GO);
}

static void
what_is_no_crash_loop(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++) /* lived */
		assert_int_equal(crash(from(i), CRASHES_SOON_MS), LIMITS_GO);
	for (unsigned i = 0; i < 1000; i++) { /* seldom */
		assert_int_equal(crash(from(i % 2), 1), LIMITS_GO);
		now_ms += CRASHES_QUIET_MS;
	}
	for (unsigned i = 0; i < 1000; i++) { /* between others that are served */
		assert_int_equal(crash(from(i), 1), LIMITS_GO);
		if (i % (CRASHES_LOOP - 1) == 0)
			assert_int_equal(visit(from(5000)), LIMITS_GO);
	}
	assert_int_equal(visit(from(1)), LIMITS_GO);
	rules.rate = (struct conf_rate){3, 1000}; /* overload */
	assert_int_equal(visits(from(2), 9), 3);
	assert_int_equal(why(from(2)), LIMITS_RATE);
}

/* After a quiet time it is another row, in which each source counts again. */
static void
each_row_counts_its_own(void **state)
{
	(void)state;
	rules.source_rate = (struct conf_rate){50, 86400000}; /* remembered for longer than a row */
	for (unsigned row = 0; row < 3; row++) {
		for (unsigned i = 0; i < CRASHES_LOOP - 1; i++)
			assert_int_equal(crash(from(i), 1), LIMITS_GO);
		assert_int_equal(visit(NULL), LIMITS_GO);
		for (unsigned i = 0; i < CRASHES_LOOP - 1; i++)
			assert_int_equal(crash(from(i), 1), LIMITS_GO);
		now_ms += CRASHES_QUIET_MS;
	}
	for (unsigned i = 0; i < CRASHES_LOOP; i++)
		assert_int_equal(crash(from(i), 1), LIMITS_GO);
	assert_int_equal(visit(from(99)), LIMITS_WAIT);
}

/* A service without sources: each crash counts. */
static void
a_server_of_the_socket_itself(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CRASHES_LOOP; i++)
		assert_int_equal(crash(NULL, 5), LIMITS_GO);
	assert_int_equal(visit(NULL), LIMITS_WAIT);
	now_ms += CRASHES_PAUSE_FIRST_MS;
	assert_int_equal(visit(NULL), LIMITS_GO);
}

/* ---- a reload ---- */

static void
a_changed_number_counts_from_now_on(void **state)
{
	struct limits_ticket ticket;

	(void)state;
	rules.rate = (struct conf_rate){5, CONF_MINUTE_MS};
	rules.source_rate = (struct conf_rate){4, CONF_MINUTE_MS};
	assert_int_equal(visits(from(1), 9) + visits(from(2), 9), 5);
	rules.rate.count = 7;
	assert_int_equal(visits(from(2), 9), 2);
	rules.rate.count = 1;
	assert_int_equal(visits(from(3), 9), 0);
	rules.rate.count = 0;
	assert_int_equal(visits(from(2), 9), 1);
	rules.source_rate.count = 6;
	assert_int_equal(visits(from(2), 9), 2);
	rules.per_source = 1;
	assert_int_equal(come(from(3), &ticket), LIMITS_GO);
	assert_int_equal(visit(from(3)), LIMITS_CLOSE_SOURCE);
	rules.per_source = 0;
	assert_int_equal(visit(from(3)), LIMITS_GO);
	limits_give(&ticket, LIMITS_ENDED_WELL, now_ms);
}

/* ---- the log ---- */

static void
what_nobody_meets_is_no_news(void **state)
{
	(void)state;
	rules.rate = (struct conf_rate){2, CONF_MINUTE_MS};
	assert_true(limits_may_follow(&rules, &limits, now_ms));
	for (unsigned i = 0; i < 2; i++) {
		struct limits_ticket ticket = limits_take(&rules, &limits, from(1), now_ms);

		assert_false(limits_give(&ticket, LIMITS_ENDED_WELL, now_ms));
	}
	assert_false(limits_may_follow(&rules, &limits, now_ms));
	assert_string_equal(news(), "");
	assert_int_equal(limits.news_ms, 0);
	rules.over_limit = CONF_OVER_CLOSE;
	assert_true(limits_may_follow(&rules, &limits, now_ms));
}

static void
news_of_a_rate(void **state)
{
	(void)state;
	rules.rate = (struct conf_rate){5, CONF_MINUTE_MS};
	assert_int_equal(visits(from(1), 9), 5);
	assert_string_equal(news(), "more than 5 starts a minute (clients wait)");
	for (unsigned i = 0; i < 7; i++) { /* eight wait in all, the last of which goes */
		now_ms = limits_door(&rules, &limits, now_ms).until_ms;
		assert_int_equal(visit(from(1)), LIMITS_GO);
		if (i < 6)
			assert_int_equal(visit(from(1)), LIMITS_WAIT);
		assert_string_equal(news(), "");
	}
	assert_string_equal(later(), "within its rate again (clients that waited: 7)");
	assert_string_equal(later(), "");
	assert_int_equal(limits.begun, 0);
	assert_int_equal(limits.news_ms, 0);
	/* It begins anew, and is told anew. */
	now_ms += CONF_MINUTE_MS;
	assert_int_equal(visits(from(1), 9), 5);
	assert_string_equal(news(), "more than 5 starts a minute (clients wait)");
}

static void
news_of_those_who_were_closed(void **state)
{
	(void)state;
	rules.rate = (struct conf_rate){2, 10000};
	rules.over_limit = CONF_OVER_CLOSE;
	assert_int_equal(visits(from(1), 9), 2);
	for (unsigned i = 0; i < 41; i++)
		assert_int_equal(visit(from(1)), LIMITS_CLOSE);
	assert_string_equal(news(), "more than 2 starts in 10 s (clients are closed)");
	assert_string_equal(news(), "");
	assert_string_equal(later(), "within its rate again (clients closed: 42)");
	assert_string_equal(news(), "");
}

/* A condition that nobody meets, but that holds, has not ended. */
static void
news_wait_for_the_end(void **state)
{
	static struct conf_hours hours[] = {{8 * 60, 17 * 60}};
	struct limits_ticket ticket;

	(void)state;
	rules.instances = 1;
	assert_int_equal(come(from(1), &ticket), LIMITS_GO);
	assert_int_equal(visit(from(2)), LIMITS_WAIT);
	assert_string_equal(news(), "no more than 1 may run at a time (clients wait)");
	assert_string_equal(later(), "");
	limits_give(&ticket, LIMITS_ENDED_WELL, now_ms);
	assert_string_equal(later(), "fewer servers run again (clients that waited: 0)");
	rules.hours = hours;
	rules.hours_count = 1;
	minute = 17 * 60 + 1;
	assert_int_equal(visit(from(2)), LIMITS_CLOSE);
	assert_string_equal(news(), "outside of its hours; opens at 08:00 (clients are closed)");
	assert_string_equal(later(), "");
	minute = 8 * 60;
	assert_string_equal(later(), "open again (clients closed: 1)");
}

static void
news_of_sources_are_one(void **state)
{
	(void)state;
	rules.source_rate = (struct conf_rate){1, 1000};
	rules.per_source = 1;
	for (unsigned i = 1; i <= 300; i++)
		visits(from(i), 2);
	assert_string_equal(news(),
	    "192.0.0.1: more than 1 starts a second (its clients are closed; others are served)");
	assert_string_equal(news(), "");
	assert_string_equal(later(), "no source is over its rate any more (clients closed: 300)");
	assert_string_equal(later(), "");
	rules.prefix6_bits = 60;
	visits(from6("2001:db8:1:2f:3::4"), 2);
	assert_string_equal(news(),
	    "2001:db8:1:20::/60: more than 1 starts a second (its clients are closed; others are "
	    "served)");
	rules.prefix4_bits = 24;
	rules.over_limit = CONF_OVER_WAIT;
	assert_string_not_equal(later(), "");
	visits(from(5), 2);
	assert_string_equal(news(),
	    "192.0.0.0/24: more than 1 starts a second (its clients wait; others are served)");
	assert_string_equal(later(), "no source is over its rate any more");
}

static void
news_of_load_and_crashes(void **state)
{
	(void)state;
	rules.max_load_milli = 2050;
	load = 3000;
	assert_int_equal(visit(from(1)), LIMITS_WAIT);
	assert_string_equal(news(), "load of the host is not below 2.05 (clients wait)");
	load = 0;
	assert_string_equal(later(), "load of the host is low again (clients that waited: 0)");
	begin_loop();
	assert_string_equal(
	    news(), "5 servers in a row crashed; one at a time is tried (clients wait)");
	assert_string_equal(later(), "");
	assert_int_equal(visit(from(9)), LIMITS_GO);
	assert_string_equal(later(), "servers do not crash any more (clients that waited: 1)");
	for (unsigned i = 0; i < CRASHES_LOOP; i++)
		assert_int_equal(crash(from(66), 5), LIMITS_GO);
	assert_int_equal(visit(from(66)), LIMITS_CLOSE_SOURCE);
	assert_string_equal(news(),
	    "192.0.0.66: 5 servers in a row crashed (its clients are closed; others are served)");
}

/* However a flood goes up and down, a condition is told at most once each way in LIMITS_QUIET_MS. */
static void
news_are_no_flood(void **state)
{
	unsigned lines = 0;
	int64_t begin_ms = now_ms;

	(void)state;
	rules.rate = (struct conf_rate){10, 1000};
	rules.source_rate = (struct conf_rate){3, 1000};
	rules.instances = 4;
	rules.per_source = 1;
	for (unsigned i = 0; i < 200000; i++) {
		visit(from((unsigned)chance(10)));
		now_ms += (int64_t)chance(i / 20000 % 2 > 0 ? 3000 : 40);
		while (news()[0] != '\0')
			lines++;
	}
	assert_true(lines > 2);
	assert_true(lines <= 4 * 2 * (now_ms - begin_ms) / LIMITS_QUIET_MS);
}

static void
each_condition_has_a_reason(void **state)
{
	(void)state;
	for (enum limits_why i = 0; i < LIMITS_WHYS; i++)
		assert_true(strlen(limits_reason(i)) > 10);
}

/* ---- at random, against a model that counts ---- */

enum { SOURCES = 12, TICKETS = 64, GRANTED = 100000 };

static struct {
	struct limits_ticket ticket;
	unsigned source;
} out[TICKETS];
static unsigned running, running_of[SOURCES];
static int64_t granted_ms[GRANTED], granted_of_ms[SOURCES][GRANTED];
static unsigned granted, granted_of[SOURCES];

/* At most count + count * t / per_ms in the time from each of the last starts to now. */
static void
check_windows(const int64_t *starts_ms, unsigned count, const struct conf_rate *rate)
{
	for (unsigned n = 1; n <= count && n < 4 * rate->count; n++) {
		uint64_t t = (uint64_t)(starts_ms[count - 1] - starts_ms[count - n]);

		assert_true((uint64_t)n * rate->per_ms <= rate->count * (rate->per_ms + t));
	}
}

static void
one_comes(void)
{
	unsigned s = (unsigned)chance(SOURCES);
	struct limits_ticket ticket = {0};
	enum limits_say say = come(from(s), &ticket);

	if (say != LIMITS_GO) {
		assert_int_equal(say,
		    limits_door(&rules, &limits, now_ms).say == LIMITS_WAIT ? LIMITS_WAIT
		                                                            : LIMITS_CLOSE_SOURCE);
		return;
	}
	assert_in_range(running++, 0, rules.instances - 1);
	assert_in_range(running_of[s]++, 0, rules.per_source - 1);
	granted_ms[granted++] = granted_of_ms[s][granted_of[s]++] = now_ms;
	check_windows(granted_ms, granted, &rules.rate);
	check_windows(granted_of_ms[s], granted_of[s], &rules.source_rate);
	out[running - 1].ticket = ticket;
	out[running - 1].source = s;
}

static void
one_goes(void)
{
	size_t which = chance(running);

	limits_give(&out[which].ticket, LIMITS_ENDED_WELL, now_ms);
	running_of[out[which].source]--;
	out[which] = out[--running];
}

/* Exact at each moment, and when all is quiet a whole burst is there again: the time that takes
 * is per_ms. */
static void
is_as_a_model(void **state)
{
	(void)state;
	rules.rate = (struct conf_rate){25, 3000};
	rules.source_rate = (struct conf_rate){6, 2000};
	rules.instances = 20;
	rules.per_source = 4;
	for (unsigned i = 0; i < GRANTED; i++) {
		if (chance(3) > 0)
			one_comes();
		else if (running > 0)
			one_goes();
		assert_int_equal(limits.running, running);
		now_ms += (int64_t)chance(1 + (i >> 12) % 8 * 20);
	}
	assert_true(granted > GRANTED / 10);
	while (running > 0)
		one_goes();
	now_ms += 3000;
	for (unsigned s = 0; s < 4; s++)
		assert_int_equal(visits(from(s), 100), 6);
	assert_int_equal(visits(from(5), 100), 1);
	now_ms += 3000;
	limits_release(&limits);
	assert_int_equal(world.sources.owing, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_burst_of_exactly_so_many_then_an_even_flow),
	    TEST(none_and_huge_are_no_limit),
	    TEST(so_many_run_and_not_one_more),
	    TEST(close_closes_and_counts_nobody_as_served),
	    TEST(hours_close_whatever_is_said),
	    TEST(a_loaded_host_lets_wait),
	    TEST(a_source_over_its_rate_touches_nobody_else),
	    TEST(so_many_run_for_a_source),
	    TEST(a_source_may_wait_by_itself),
	    TEST(a_network_is_a_source),
	    TEST(services_count_for_themselves),
	    TEST(who_is_refused_leaves_nothing),
	    TEST(without_memory_nothing_is_taken),
	    TEST(a_crash_loop_is_paused_longer_and_longer),
	    TEST(a_server_that_lives_heals_before_it_ends),
	    TEST(a_trial_that_says_nothing_is_tried_again),
	    TEST(what_was_started_before_is_no_trial),
	    TEST(one_source_that_crashes_is_paused_alone),
	    TEST(a_few_sources_cannot_pause_the_service),
	    TEST(what_is_no_crash_loop),
	    TEST(each_row_counts_its_own),
	    TEST(a_server_of_the_socket_itself),
	    TEST(a_changed_number_counts_from_now_on),
	    TEST(what_nobody_meets_is_no_news),
	    TEST(news_of_a_rate),
	    TEST(news_of_those_who_were_closed),
	    TEST(news_wait_for_the_end),
	    TEST(news_of_sources_are_one),
	    TEST(news_of_load_and_crashes),
	    TEST(news_are_no_flood),
	    TEST(each_condition_has_a_reason),
	    TEST(is_as_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
