/* A rate, kept: exactly its number at once from rest, an even flow then, never more in any time. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chance.h"
#include "cmd/inetd/limit/bucket.h"

static const struct conf_rate *
a_minute(unsigned count)
{
	static struct conf_rate rate;

	rate = (struct conf_rate){count, CONF_MINUTE_MS};
	return &rate;
}

/* Starts that are granted at one moment. */
static unsigned
spend(struct bucket *bucket, const struct conf_rate *rate, int64_t now_ms, unsigned at_most)
{
	unsigned count = 0;

	while (count < at_most && bucket_has(bucket, rate, now_ms)) {
		bucket_take(bucket);
		count++;
	}
	return count;
}

static void
exactly_the_number_at_once(void **state)
{
	static const unsigned counts[] = {1, 2, 40, 256, 1000, CONF_RATE_MAX};
	static const unsigned times_ms[] = {1, 1000, CONF_MINUTE_MS, 86400000, UINT_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		for (size_t j = 0; j < sizeof times_ms / sizeof *times_ms; j++) {
			struct conf_rate rate = {counts[i], times_ms[j]};
			struct bucket bucket = {0};

			assert_int_equal(spend(&bucket, &rate, 1, 2 * CONF_RATE_MAX), counts[i]);
			assert_int_equal(spend(&bucket, &rate, 1, 1), 0);
			assert_int_equal(bucket_rest_ms(&bucket, 1), 1 + (int64_t)times_ms[j]);
			assert_int_equal(
			    spend(&bucket, &rate, 1 + (int64_t)times_ms[j], UINT_MAX), counts[i]);
		}
}

static void
heals_in_proportion(void **state)
{
	struct bucket bucket = {0};

	(void)state;
	assert_int_equal(spend(&bucket, a_minute(60), 1, 100), 60);
	assert_int_equal(spend(&bucket, a_minute(60), 1000, 100), 0);
	assert_int_equal(spend(&bucket, a_minute(60), 1001, 100), 1);
	assert_int_equal(spend(&bucket, a_minute(60), 11001, 100), 10);
	assert_int_equal(spend(&bucket, a_minute(60), 71001, 100), 60);
	assert_int_equal(spend(&bucket, a_minute(60), INT64_MAX / 2, 100), 60);
}

static void
no_limit(void **state)
{
	static const struct conf_rate none[] = {{0, 0}, {0, CONF_MINUTE_MS}, {5, 0},
	    {CONF_RATE_MAX + 1, CONF_MINUTE_MS}, {UINT_MAX, 1}};
	struct bucket bucket = {0};

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		assert_true(bucket_is_no_limit(&none[i]));
		assert_int_equal(spend(&bucket, &none[i], 1, 2 * CONF_RATE_MAX), 2 * CONF_RATE_MAX);
		assert_int_equal(bucket_rest_ms(&bucket, 1), 1);
		assert_int_equal(bucket_next_ms(&bucket, 1), 1);
	}
	assert_false(bucket_is_no_limit(a_minute(CONF_RATE_MAX)));
	assert_int_equal(spend(&bucket, a_minute(3), 1, 100), 3);
}

static void
a_clock_that_stands_or_steps_back_earns_nothing(void **state)
{
	struct bucket bucket = {0};

	(void)state;
	assert_int_equal(spend(&bucket, a_minute(5), 50000, 100), 5);
	assert_int_equal(spend(&bucket, a_minute(5), 20000, 100), 0);
	assert_int_equal(spend(&bucket, a_minute(5), 50000, 100), 0);
	assert_int_equal(spend(&bucket, a_minute(5), 62000, 100), 1);
}

/* The time that is told is the first at which there is credit, and at rest means a whole burst. */
static void
tells_the_very_time(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct conf_rate rate = {(unsigned)(1 + chance(i % 2 ? 9 : 5000)),
		    (unsigned)(1 + chance(i % 3 ? 2000 : 5000000))};
		struct bucket bucket = {0}, copy;
		int64_t now_ms = (int64_t)(1 + chance(1000000)), next_ms, rest_ms;

		spend(&bucket, &rate, now_ms, (unsigned)(1 + chance(2 * rate.count)));
		now_ms += (int64_t)chance(rate.per_ms);
		bucket_has(&bucket, &rate, now_ms);
		next_ms = bucket_next_ms(&bucket, now_ms);
		rest_ms = bucket_rest_ms(&bucket, now_ms);
		assert_true(now_ms <= next_ms && next_ms <= rest_ms);
		if (next_ms > now_ms) {
			copy = bucket;
			assert_false(bucket_has(&copy, &rate, next_ms - 1));
			/* Told before it was asked, it is the same. */
			assert_int_equal(bucket_next_ms(&bucket, next_ms - 1), next_ms);
		}
		copy = bucket;
		assert_true(bucket_has(&copy, &rate, next_ms));
		if (rest_ms > now_ms) {
			copy = bucket;
			assert_in_range(spend(&copy, &rate, rest_ms - 1, UINT_MAX), 0, rate.count);
			assert_int_not_equal(bucket_rest_ms(&bucket, rest_ms - 1), rest_ms - 1);
		}
		assert_int_equal(spend(&bucket, &rate, rest_ms, UINT_MAX), rate.count);
	}
}

/* A slow and obvious bucket: credit in starts as a fraction of per_ms, a millisecond at a time. */
struct slow {
	unsigned starts;
	unsigned parts; /* of per_ms */
};

static void
pass(struct slow *slow, const struct conf_rate *rate, int64_t ms)
{
	for (; ms > 0 && slow->starts < rate->count; ms--)
		for (slow->parts += rate->count;
		     slow->parts >= rate->per_ms && slow->starts < rate->count; slow->starts++)
			slow->parts -= rate->per_ms;
	if (slow->starts == rate->count)
		slow->parts = 0;
}

static void
is_as_a_slow_one(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		struct conf_rate rate = {
		    (unsigned)(1 + chance(20)), (unsigned)(1 + chance(round % 2 ? 50 : 3000))};
		struct slow slow = {rate.count, 0};
		struct bucket bucket = {0};
		int64_t now_ms = 1;

		for (unsigned i = 0; i < 300; i++) {
			int64_t ms = (int64_t)chance(1 + rate.per_ms / rate.count * chance(4));
			unsigned want = (unsigned)chance(4);

			pass(&slow, &rate, ms);
			now_ms += ms;
			if (want > slow.starts)
				assert_int_equal(spend(&bucket, &rate, now_ms, want), slow.starts);
			else
				assert_int_equal(spend(&bucket, &rate, now_ms, want), want);
			slow.starts -= want < slow.starts ? want : slow.starts;
		}
	}
}

/* In any window of t: never more than count + count * t / per_ms. */
static void
never_more_in_any_window(void **state)
{
	static int64_t granted_ms[2000];

	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		struct conf_rate rate = {(unsigned)(1 + chance(30)), (unsigned)(1 + chance(20000))};
		struct bucket bucket = {0};
		int64_t now_ms = 1;
		unsigned count = 0;

		while (count < 2000) {
			if (spend(&bucket, &rate, now_ms, 1) > 0)
				granted_ms[count++] = now_ms;
			else
				now_ms += (int64_t)chance(1 + 2 * (rate.per_ms / rate.count));
		}
		for (unsigned a = 0; a < count; a++)
			for (unsigned b = a; b < count; b++) {
				uint64_t t = (uint64_t)(granted_ms[b] - granted_ms[a]);

				if ((uint64_t)(b - a + 1 - rate.count) * rate.per_ms >
				        rate.count * t &&
				    b - a + 1 > rate.count)
					fail_msg("%u in %u ms", b - a + 1, (unsigned)t);
			}
	}
}

/* What was taken stays taken; what is more, is there. */
static void
a_changed_rate_counts_at_once(void **state)
{
	struct bucket bucket = {0};
	struct conf_rate a_second = {10, 1000};

	(void)state;
	assert_int_equal(spend(&bucket, a_minute(5), 1, 100), 5);
	assert_int_equal(spend(&bucket, a_minute(8), 1, 100), 3);
	assert_int_equal(spend(&bucket, a_minute(4), 1, 100), 0);
	assert_int_equal(spend(&bucket, a_minute(4), 15000, 100), 0);
	assert_int_equal(spend(&bucket, a_minute(4), 15001, 100), 1);
	assert_int_equal(spend(&bucket, &a_second, 15001, 100), 6);
	assert_int_equal(spend(&bucket, &a_second, 15101, 100), 1);
	assert_int_equal(spend(&bucket, a_minute(60), 15101, 100), 50);
	assert_int_equal(spend(&bucket, a_minute(0), 15101, 100), 100);
	assert_int_equal(spend(&bucket, a_minute(60), 15101, 100), 60);
}

static void
whatever_changes_stays_in_bounds(void **state)
{
	struct bucket bucket = {0};
	int64_t now_ms = 1;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		struct conf_rate rate = {(unsigned)(1 + chance(i % 2 ? 10 : CONF_RATE_MAX)),
		    (unsigned)(1 + chance(i % 3 ? 100 : UINT_MAX))};

		spend(&bucket, &rate, now_ms, 20);
		assert_true(bucket.debt <= (uint64_t)rate.count * rate.per_ms);
		assert_true(bucket_rest_ms(&bucket, now_ms) - now_ms <= (int64_t)rate.per_ms);
		now_ms += (int64_t)chance(1 + rate.per_ms);
	}
}

/* A part of a start is rounded so that nothing is given away. */
static void
a_change_gives_nothing_away(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct conf_rate old = {(unsigned)(1 + chance(9)), (unsigned)(1 + chance(99))};
		struct conf_rate new = {9, (unsigned)(1 + chance(99))};
		struct bucket bucket = {0};
		uint64_t debt;

		spend(&bucket, &old, 1, (unsigned)chance(10));
		bucket_has(&bucket, &old, 1 + (int64_t)chance(20));
		debt = bucket.debt;
		bucket_has(&bucket, &new, 1);
		assert_in_range(bucket.debt * old.per_ms, debt * new.per_ms,
		    debt * new.per_ms + old.per_ms - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(exactly_the_number_at_once),
	    cmocka_unit_test(heals_in_proportion),
	    cmocka_unit_test(no_limit),
	    cmocka_unit_test(a_clock_that_stands_or_steps_back_earns_nothing),
	    cmocka_unit_test(tells_the_very_time),
	    cmocka_unit_test(is_as_a_slow_one),
	    cmocka_unit_test(never_more_in_any_window),
	    cmocka_unit_test(a_changed_rate_counts_at_once),
	    cmocka_unit_test(a_change_gives_nothing_away),
	    cmocka_unit_test(whatever_changes_stays_in_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
