/* A tarpit: who is in it, what they hear, and who must go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmd/inetd/internal/room.h"
#include "cmd/inetd/internal/tarpit.h"
#include "with_reactor.h"

static void
assert_nonsense(const char *line, size_t len)
{
	assert_in_range(len, 10, 34);
	assert_memory_equal(line + len - 2, "\r\n", 2);
	for (size_t i = 0; i < len - 2; i++)
		assert_in_range(line[i], 'a', 'z');
}

static void
test_tarpit(void **state)
{
	enum { MANY = 300 };
	static struct told told[MANY];
	static int ends[MANY][2];
	char line[64] = "", before[64] = "";

	(void)state;
	for (int i = 0; i < MANY; i++) {
		pair(SOCK_STREAM, ends[i]);
		assert_true(internal_serve(&reactor, CONF_TARPIT, ends[i][0], &host, &told[i]));
		send(ends[i][1], "SSH-2.0-x\r\n", 11, 0);
	}
	assert_int_equal(reactor.alarms.count, 1);
	pass_ms(TARPIT_PAUSE_MS - 2000);
	assert_int_equal(recv(ends[0][1], line, sizeof line, 0), -1);
	for (int round = 0; round < 3; round++) {
		pass_ms(round == 0 ? 3000 : TARPIT_PAUSE_MS + 1000);
		for (int i = 0; i < MANY; i++) {
			ssize_t got = recv(ends[i][1], line, sizeof line, 0);

			assert_true(got > 0);
			assert_nonsense(line, (size_t)got);
			assert_memory_not_equal(line, before, sizeof line);
			memcpy(before, line, sizeof line);
		}
		assert_int_equal(recv(ends[0][1], line, sizeof line, 0), -1);
	}
	shutdown(ends[7][1], SHUT_WR);
	settle();
	for (int i = 0; i < MANY; i++)
		assert_int_equal(told[i].times, i == 7);
	assert_string_equal(told[7].end.how, "closed");
	for (int i = 0; i < MANY; i++)
		close(ends[i][1]);
	settle();
	for (int i = 0; i < MANY; i++)
		assert_int_equal(told[i].times, 1);
	assert_int_equal(reactor.alarms.count, 0);
}

/* A crowd that is due at once does not keep other services waiting. */
static void
test_crowd(void **state)
{
	enum { MANY = 1000 };
	static struct told told[MANY];
	static int ends[MANY][2];
	unsigned turns = 0, heard = 0;
	char line[64];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		pair(SOCK_STREAM, ends[i]);
		assert_true(internal_serve(&reactor, CONF_TARPIT, ends[i][0], &host, &told[i]));
	}
	skew_ms += TARPIT_PAUSE_MS + 1000;
	for (; heard < MANY && turns < MANY; turns++) {
		unsigned before = heard;

		assert_true(reactor_turn(&reactor));
		for (int i = 0; i < MANY; i++)
			heard += recv(ends[i][1], line, sizeof line, 0) > 0;
		assert_in_range(heard - before, 1, 200);
	}
	assert_int_equal(heard, MANY);
	for (int i = 0; i < MANY; i++)
		close(ends[i][1]);
	settle();
}

/* Who does not read is in nobody's way, and stays. */
static void
test_tarpit_unread(void **state)
{
	struct told told = {0};
	int ends[2];

	(void)state;
	pair(SOCK_STREAM, ends);
	assert_true(internal_serve(&reactor, CONF_TARPIT, ends[0], &host, &told));
	for (int i = 0; i < 2000; i++)
		pass_ms(TARPIT_PAUSE_MS + 1000);
	assert_int_equal(told.times, 0);
	close(ends[1]);
	settle();
	assert_int_equal(told.times, 1);
	assert_in_range(told.end.bytes_out, 5, 50000);
}

/* The one that came first makes room, spoken to or not. */
static void
test_tarpit_is_full(void **state)
{
	enum { LIMIT = 64 };
	static struct told told[LIMIT + 2];
	static int ends[LIMIT + 2][2];
	struct rlimit files;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){2 * LIMIT, files.rlim_max});
	pair(SOCK_STREAM, ends[0]);
	assert_true(internal_serve(&reactor, CONF_TARPIT, ends[0][0], &host, &told[0]));
	setrlimit(RLIMIT_NOFILE, &files);
	room_forget();
	for (int i = 1; i < LIMIT + 2; i++) {
		if (i <= 2) /* when the third comes, the second is the next to hear something */
			pass_ms(TARPIT_PAUSE_MS * 2 / 3);
		assert_int_equal(told[0].times, i == LIMIT + 1);
		pair(SOCK_STREAM, ends[i]);
		assert_true(internal_serve(&reactor, CONF_TARPIT, ends[i][0], &host, &told[i]));
		if (i < LIMIT)
			assert_int_equal(told[0].times, 0);
	}
	assert_string_equal(told[0].end.how, "pushed out");
	assert_string_equal(told[1].end.how, "pushed out");
	for (int i = 0; i < LIMIT + 2; i++) {
		assert_int_equal(told[i].times, i < 2);
		close(ends[i][1]);
	}
	settle();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_tarpit),
	    CASE(test_crowd),
	    CASE(test_tarpit_unread),
	    CASE(test_tarpit_is_full),
	};

	raise_descriptors();
	return cmocka_run_group_tests_name("inetd_tarpit", tests, NULL, NULL);
}
