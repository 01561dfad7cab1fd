/*
 * NAME     test_inetd_standing - what outlives a reload
 * PURPOSE  Who has one, and since when; who is forgotten, and when; memory that runs out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/inetd/service.h"
#include "cmd/inetd/standing.h"

#include "failing_alloc.h"

enum { LINES_MAX = 4, ALLOCATIONS_MAX = 10 };

/* A configuration of so many lines, of which nothing but the ids is of interest. */
struct reading {
	struct service lines[LINES_MAX];
	struct services services;
};

static struct limits_world world;
static struct reactor reactor;
static struct standings standings;

static int
set_up(void **state)
{
	(void)state;
	reactor = (struct reactor){.epoll_fd = -1};
	standings = (struct standings){.world = &world, .reactor = &reactor};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	standings_settle(&standings, NULL);
	assert_int_equal(reactor.reserved, 0);
	reactor_release(&reactor);
	return 0;
}

/* One letter, one line. */
static void
read_ids(struct reading *reading, const char *letters)
{
	static const char *const ids[] = {"a", "b", "c"};

	memset(reading, 0, sizeof *reading);
	for (size_t i = 0; letters[i] != '\0'; i++) {
		assert_true(i < LINES_MAX);
		reading->lines[i].id = ids[letters[i] - 'a'];
		if (i > 0)
			reading->lines[i - 1].next = &reading->lines[i];
	}
	reading->services.first = &reading->lines[0];
	standings_prepare(&standings, &reading->services);
}

static void
load(struct reading *reading, const char *letters)
{
	read_ids(reading, letters);
	standings_settle(&standings, &reading->services);
}

static void
test_first_client(void **state)
{
	struct reading reading;
	struct standing *standing;

	(void)state;
	load(&reading, "aba");
	for (size_t i = 0; i < 3; i++)
		assert_null(reading.lines[i].standing);
	standing = standings_get(&standings, &reading.lines[0]);
	assert_non_null(standing);
	assert_ptr_equal(standings_get(&standings, &reading.lines[2]), standing);
	assert_ptr_equal(reading.lines[0].standing, standing);
	assert_ptr_equal(reading.lines[2].standing, standing);
	assert_ptr_equal(standing->service, &reading.lines[2]); /* the last line holds */
	assert_null(reading.lines[1].standing);
	assert_ptr_not_equal(standings_get(&standings, &reading.lines[1]), standing);
	assert_false(standing_is_paused(NULL));
}

static void
test_reload(void **state)
{
	struct reading first, refused, second;
	struct standing *standing;

	(void)state;
	load(&first, "ab");
	standing = standings_get(&standings, &first.lines[0]);
	standing->is_paused = true;
	read_ids(&refused, "c");
	standings_settle(&standings, &first.services);
	assert_ptr_equal(standing->service, &first.lines[0]);
	load(&second, "ca");
	assert_null(second.lines[0].standing);
	assert_ptr_equal(second.lines[1].standing, standing);
	assert_ptr_equal(standing->service, &second.lines[1]);
	assert_true(standing_is_paused(second.lines[1].standing));
}

/* A client that is still served keeps it, for a service that has gone and may come back. */
static void
test_last_client(void **state)
{
	struct reading with, without, again;
	struct standing *standing;

	(void)state;
	load(&with, "ab");
	standing = standings_get(&standings, &with.lines[0]);
	standing->connections = 1;
	load(&without, "b");
	assert_null(standing->service);
	load(&again, "a");
	assert_ptr_equal(again.lines[0].standing, standing);
	load(&without, "b");
	standing_leave(&standings, standing);
	load(&again, "a");
	assert_null(again.lines[0].standing);
}

static void
test_no_memory(void **state)
{
	struct reading reading;
	struct standing *standing = NULL;
	long count = 0;

	(void)state;
	load(&reading, "a");
	for (; standing == NULL && count < ALLOCATIONS_MAX; count++) {
		size_t reserved = reactor.reserved;

		alloc_fail_after(count);
		standing = standings_get(&standings, &reading.lines[0]);
		alloc_fail_never();
		assert_ptr_equal(reading.lines[0].standing, standing);
		assert_true(standing != NULL || reactor.reserved == reserved);
	}
	assert_true(count > 1);
	assert_non_null(standing);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_first_client, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_reload, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_last_client, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
