/* Credit for starts: as many at once as the rate, as many a minute in the long run, never more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmd/inetd/conf/conf.h"
#include "cmd/inetd/limiter.h"

/* Starts that are granted at one moment. */
static unsigned
spend(struct limiter *limiter, unsigned rate, int64_t now_ms, unsigned at_most)
{
	unsigned count = 0;

	while (count < at_most && limiter_has(limiter, rate, now_ms)) {
		limiter_take(limiter, rate);
		count++;
	}
	return count;
}

static void
test_exactly_the_rate_at_once(void **state)
{
	static const unsigned rates[] = {1, 2, 40, 256, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
		struct limiter limiter = {0};

		assert_int_equal(spend(&limiter, rates[i], 1, 100000), rates[i]);
	}
}

static void
test_heals_in_proportion(void **state)
{
	struct limiter limiter = {0};

	(void)state;
	assert_int_equal(spend(&limiter, 60, 1, 100), 60);
	assert_int_equal(spend(&limiter, 60, 1000, 100), 0);
	assert_int_equal(spend(&limiter, 60, 1001, 100), 1);
	assert_int_equal(spend(&limiter, 60, 11001, 100), 10);
	assert_int_equal(spend(&limiter, 60, 71001, 100), 60);
	assert_int_equal(spend(&limiter, 60, INT64_MAX / 2, 100), 60);
}

static void
test_long_run(void **state)
{
	struct limiter limiter = {0};
	unsigned count = 0;

	(void)state;
	for (int64_t now_ms = 1; now_ms <= 600000; now_ms += 7)
		count += spend(&limiter, 256, now_ms, 1000);
	assert_in_range(count, 256 * 10, 256 * 11);
}

static void
test_no_limit_and_the_highest(void **state)
{
	struct limiter limiter = {0}, high = {0};

	(void)state;
	assert_int_equal(spend(&limiter, 0, 1, 100000), 100000);
	assert_int_equal(spend(&high, CONF_RATE_MAX, 1, 2 * CONF_RATE_MAX), CONF_RATE_MAX);
	assert_false(limiter_has(&high, CONF_RATE_MAX, 1));
	assert_true(limiter_has(&high, CONF_RATE_MAX, 2));
}

static void
test_clock_that_stands_or_steps_back(void **state)
{
	struct limiter limiter = {0};

	(void)state;
	assert_int_equal(spend(&limiter, 5, 5000, 100), 5);
	assert_int_equal(spend(&limiter, 5, 4000, 100), 0);
	assert_int_equal(spend(&limiter, 5, 4000, 100), 0);
}

static void
test_tells_once_a_minute(void **state)
{
	struct limiter limiter = {0};

	(void)state;
	assert_true(limiter_tells(&limiter, 1));
	assert_false(limiter_tells(&limiter, 60000));
	assert_true(limiter_tells(&limiter, 60001));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_exactly_the_rate_at_once),
	    cmocka_unit_test(test_heals_in_proportion),
	    cmocka_unit_test(test_long_run),
	    cmocka_unit_test(test_no_limit_and_the_highest),
	    cmocka_unit_test(test_clock_that_stands_or_steps_back),
	    cmocka_unit_test(test_tells_once_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
