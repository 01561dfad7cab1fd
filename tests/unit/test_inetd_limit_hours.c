/* Access hours, also over midnight, against a day of minutes; the load of the host, asked once a
 * second. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "cmd/inetd/limit/average.h"
#include "cmd/inetd/limit/hours.h"

enum { EIGHT = 8 * 60, SEVENTEEN = 17 * 60, TEN_PM = 22 * 60, SIX = 6 * 60 };

static void
both_ends_are_included(void **state)
{
	static const struct conf_hours day[] = {{EIGHT, SEVENTEEN}};

	(void)state;
	assert_false(hours_is_open(day, 1, EIGHT - 1));
	assert_true(hours_is_open(day, 1, EIGHT));
	assert_true(hours_is_open(day, 1, SEVENTEEN));
	assert_false(hours_is_open(day, 1, SEVENTEEN + 1));
	assert_int_equal(hours_until_open(day, 1, EIGHT - 1), 1);
	assert_int_equal(hours_until_open(day, 1, SEVENTEEN + 1), HOURS_DAY - 9 * 60 - 1);
}

static void
over_midnight(void **state)
{
	static const struct conf_hours night[] = {{TEN_PM, SIX}};

	(void)state;
	assert_true(hours_is_open(night, 1, TEN_PM));
	assert_true(hours_is_open(night, 1, HOURS_DAY - 1));
	assert_true(hours_is_open(night, 1, 0));
	assert_true(hours_is_open(night, 1, SIX));
	assert_false(hours_is_open(night, 1, SIX + 1));
	assert_false(hours_is_open(night, 1, TEN_PM - 1));
	assert_int_equal(hours_until_open(night, 1, SIX + 1), 16 * 60 - 1);
}

static void
none_is_always_and_an_unknown_time_is_never(void **state)
{
	static const struct conf_hours all[] = {{0, HOURS_DAY - 1}};

	(void)state;
	for (unsigned minute = 0; minute < HOURS_DAY; minute++) {
		assert_true(hours_is_open(NULL, 0, minute));
		assert_true(hours_is_open(all, 1, minute));
	}
	assert_true(hours_is_open(NULL, 0, HOURS_UNKNOWN));
	assert_false(hours_is_open(all, 1, HOURS_UNKNOWN));
	assert_int_equal(hours_until_open(all, 1, HOURS_UNKNOWN), HOURS_NEVER);
}

static void
is_as_a_day_of_minutes(void **state)
{
	(void)state;
	srandom(7);
	for (unsigned round = 0; round < 400; round++) {
		struct conf_hours hours[4];
		size_t count = 1 + (size_t)random() % 4;
		bool is_open[HOURS_DAY] = {false};

		for (size_t i = 0; i < count; i++) {
			unsigned from = (unsigned)random() % HOURS_DAY;
			unsigned until = round % 2 > 0 ? (from + (unsigned)random() % 9) % HOURS_DAY
			                               : (unsigned)random() % HOURS_DAY;

			hours[i] = (struct conf_hours){from, until};
			for (unsigned m = from;; m = (m + 1) % HOURS_DAY) {
				is_open[m] = true;
				if (m == until)
					break;
			}
		}
		for (unsigned minute = 0; minute < HOURS_DAY; minute++) {
			unsigned left = 0;

			while (!is_open[(minute + left) % HOURS_DAY])
				left++;
			assert_int_equal(hours_until_open(hours, count, minute), left);
		}
	}
}

static void
local_time_is_that_of_the_zone(void **state)
{
	unsigned zulu, india;

	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	do {
		zulu = hours_local_minute();
		setenv("TZ", "IST-5:30", 1);
		tzset();
		india = hours_local_minute();
		setenv("TZ", "UTC0", 1);
		tzset();
	} while (zulu != hours_local_minute());
	assert_in_range(zulu, 0, HOURS_DAY - 1);
	assert_int_equal(india, (zulu + 330) % HOURS_DAY);
}

static unsigned load, asked;

static unsigned
read_load(void)
{
	asked++;
	return load;
}

static void
the_load_is_asked_once_a_second(void **state)
{
	struct average average = {.read = read_load};

	(void)state;
	load = 1500;
	assert_int_equal(average_milli(&average, 10), 1500);
	load = 99;
	assert_int_equal(average_milli(&average, 1009), 1500);
	assert_int_equal(asked, 1);
	assert_int_equal(average_milli(&average, 1010), 99);
	assert_int_equal(asked, 2);
}

static void
the_load_is_the_systems(void **state)
{
	double system[1];
	unsigned ours, tries = 0;

	(void)state;
	do {
		assert_int_equal(getloadavg(system, 1), 1);
		ours = average_read();
		assert_true(ours != UINT_MAX);
	} while ((ours + 11 < system[0] * 1000 || ours > system[0] * 1000 + 11) && ++tries < 5);
	assert_true(tries < 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_ends_are_included),
	    cmocka_unit_test(over_midnight),
	    cmocka_unit_test(none_is_always_and_an_unknown_time_is_never),
	    cmocka_unit_test(is_as_a_day_of_minutes),
	    cmocka_unit_test(local_time_is_that_of_the_zone),
	    cmocka_unit_test(the_load_is_asked_once_a_second),
	    cmocka_unit_test(the_load_is_the_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
