/* Services that inetd is itself, over real sockets, and clients that do not behave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/tcp.h>

#include "failing_alloc.h"
#include "with_reactor.h"

enum { TYPING_MS = 300000, STALLED_MS = 60000, UNSENT_BYTES = 131072, BULK = 1 << 20 };

static char bulk[BULK], seen[BULK];

static void
fill_bulk(void)
{
	for (size_t i = 0; i < sizeof bulk; i++)
		bulk[i] = (char)((i * 2654435761U) >> 13);
}

/* Read so many bytes, however long the kernel's timers take. */
static size_t
read_bulk(int fd, size_t want)
{
	size_t len = 0;

	for (int silent_ms = 0; silent_ms < 10000 && len < want;) {
		ssize_t got = recv(fd, seen + len, want - len, MSG_DONTWAIT);

		silent_ms = got < 0 ? silent_ms + 1 : 0;
		len += got < 0 ? 0 : (size_t)got;
		settle();
	}
	return len;
}

static bool
is_ended(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* ---- served in the first call ---- */

static void
test_at_once(void **state)
{
	static const struct {
		enum conf_kind kind;
		const char *said;
		size_t in, out;
		const char *how;
	} cases[] = {
	    {CONF_ECHO, "hello", 5, 5, "closed"},
	    {CONF_ECHO, "", 0, 0, "closed"},
	    {CONF_DISCARD, "hello", 5, 0, "closed"},
	    {CONF_DAYTIME, "", 0, 26, "done"},
	    {CONF_DAYTIME, "hello", 5, 26, "done"},
	    {CONF_TIME, "", 0, 4, "done"},
	    {CONF_DECOY, "", 0, 0, "done"},
	    {CONF_DECOY, "hello", 0, 0, "done"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct told told = {0};
		int ends[2];
		char got[64];

		pair(SOCK_STREAM, ends);
		if (cases[i].in > 0 || cases[i].said[0] != '\0')
			assert_true(send(ends[1], cases[i].said, strlen(cases[i].said), 0) > 0);
		shutdown(ends[1], SHUT_WR);
		assert_true(internal_serve(&reactor, cases[i].kind, ends[0], &host, &told));
		assert_int_equal(told.times, 1);
		assert_int_equal(told.end.bytes_in, cases[i].in);
		assert_int_equal(told.end.bytes_out, cases[i].out);
		assert_string_equal(told.end.how, cases[i].how);
		assert_int_equal(told.end.error, 0);
		if (cases[i].out > 0)
			assert_int_equal(recv(ends[1], got, sizeof got, 0), cases[i].out);
		if (cases[i].kind == CONF_ECHO)
			assert_memory_equal(got, cases[i].said, cases[i].out);
		assert_true(recv(ends[1], got, sizeof got, 0) <= 0);
		assert_int_equal(reactor.alarms.count, 0);
		assert_int_equal(fcntl(ends[0], F_GETFD), -1);
		close(ends[1]);
	}
}

static void
test_clock(void **state)
{
	time_t before = time(NULL);
	struct told told = {0};
	unsigned char got[64] = {0};
	struct tm tm = {0};
	uint32_t seconds;
	int ends[2];

	(void)state;
	pair(SOCK_STREAM, ends);
	internal_serve(&reactor, CONF_TIME, ends[0], &host, &told);
	assert_int_equal(recv(ends[1], got, sizeof got, 0), 4);
	seconds = (uint32_t)got[0] << 24 | (uint32_t)got[1] << 16 | (uint32_t)got[2] << 8 | got[3];
	/* RFC 868: 2,208,988,800 corresponds to 00:00 1 Jan 1970 GMT */
	assert_in_range(seconds - 2208988800U, before, before + 2);
	close(ends[1]);

	pair(SOCK_STREAM, ends);
	internal_serve(&reactor, CONF_DAYTIME, ends[0], &host, &told);
	assert_int_equal(recv(ends[1], got, sizeof got, 0), 26);
	assert_string_equal(strptime((char *)got, "%a %b %d %H:%M:%S %Y", &tm), "\r\n");
	tm.tm_isdst = -1;
	assert_in_range(mktime(&tm), before, before + 2);
	close(ends[1]);
}

/* What the client said is not left unread: the answer would be lost to a reset. */
static void
test_daytime_is_not_reset(void **state)
{
	struct told told = {0};
	char got[64];
	int ends[2];

	(void)state;
	tcp_pair(ends);
	assert_int_equal(send(ends[1], "GET / HTTP/1.0\r\n\r\n", 18, 0), 18);
	usleep(1000);
	internal_serve(&reactor, CONF_DAYTIME, ends[0], &host, &told);
	usleep(1000);
	assert_int_equal(recv(ends[1], got, sizeof got, 0), 26);
	assert_int_equal(recv(ends[1], got, sizeof got, 0), 0);
	close(ends[1]);
}

/* ---- echo and discard ---- */

static void
test_echo_later(void **state)
{
	struct told told = {0};
	char got[64];
	int ends[2];

	(void)state;
	tcp_pair(ends);
	assert_true(internal_serve(&reactor, CONF_ECHO, ends[0], &host, &told));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(send(ends[1], "hello", 5, 0), 5);
		settle();
		assert_int_equal(recv(ends[1], got, sizeof got, 0), 5);
		assert_memory_equal(got, "hello", 5);
	}
	assert_int_equal(told.times, 0);
	send(ends[1], "last", 4, 0);
	shutdown(ends[1], SHUT_WR);
	settle();
	assert_int_equal(recv(ends[1], got, sizeof got, 0), 4);
	assert_true(is_ended(ends[1]));
	assert_int_equal(told.times, 1);
	assert_int_equal(told.end.bytes_in, 19);
	assert_int_equal(told.end.bytes_out, 19);
	assert_string_equal(told.end.how, "closed");
	close(ends[1]);
}

/* The client writes until nothing moves any more, ends its half, and only then reads: all of it is
 * there, in order, and nothing else. */
static void
echo_unread(const int ends[2])
{
	struct told told = {0};
	size_t said = 0;
	int unsent = 0;
	socklen_t len = sizeof unsent;

	assert_true(internal_serve(&reactor, CONF_ECHO, ends[0], &host, &told));
	for (int stuck = 0; stuck < 3 && said < BULK;) {
		ssize_t sent = send(ends[1], bulk + said, BULK - said, MSG_DONTWAIT);

		stuck = sent < 0 ? stuck + 1 : 0;
		said += sent < 0 ? 0 : (size_t)sent;
		settle();
	}
	assert_int_equal(told.times, 0);
	for (int i = 0; unsent != UNSENT_BYTES && i < 5000; i++) {
		settle();
		if (getsockopt(ends[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, &len) < 0)
			unsent = UNSENT_BYTES; /* it is no TCP */
	}
	assert_int_equal(unsent, UNSENT_BYTES);
	shutdown(ends[1], SHUT_WR);
	settle();
	assert_int_equal(read_bulk(ends[1], said), said);
	assert_memory_equal(seen, bulk, said);
	settle();
	assert_true(is_ended(ends[1]));
	assert_int_equal(told.times, 1);
	assert_int_equal(told.end.bytes_out, said);
	close(ends[1]);
}

static void
test_echo_unread(void **state)
{
	int ends[2], small = 4096;

	(void)state;
	pair(SOCK_STREAM, ends);
	echo_unread(ends);
	tcp_pair(ends);
	for (int i = 0; i < 2; i++) {
		setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
		setsockopt(ends[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	}
	echo_unread(ends);
}

/* Records stay records. */
static void
test_echo_seqpacket(void **state)
{
	struct told told = {0};
	char got[64];
	int ends[2];

	(void)state;
	pair(SOCK_SEQPACKET, ends);
	assert_true(internal_serve(&reactor, CONF_ECHO, ends[0], &host, &told));
	send(ends[1], "one", 3, 0);
	send(ends[1], "three", 5, 0);
	settle();
	assert_int_equal(recv(ends[1], got, sizeof got, 0), 3);
	assert_int_equal(recv(ends[1], got, sizeof got, 0), 5);
	close(ends[1]);
	settle();
	assert_int_equal(told.times, 1);
}

static void
test_patience(void **state)
{
	static const enum conf_kind kinds[] = {CONF_ECHO, CONF_DISCARD};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct told told = {0};
		char got[8];
		int ends[2];

		pair(SOCK_STREAM, ends);
		assert_true(internal_serve(&reactor, kinds[i], ends[0], &host, &told));
		pass_ms(TYPING_MS - 2000);
		assert_int_equal(told.times, 0);
		send(ends[1], ".", 1, 0); /* a byte is a sign of life */
		settle();
		(void)!recv(ends[1], got, sizeof got, 0);
		pass_ms(TYPING_MS - 2000);
		assert_int_equal(told.times, 0);
		pass_ms(4000);
		assert_int_equal(told.times, 1);
		assert_string_equal(told.end.how, "timed out");
		assert_true(is_ended(ends[1]));
		close(ends[1]);
	}
}

static void
test_reset(void **state)
{
	static const enum conf_kind kinds[] = {CONF_ECHO, CONF_DISCARD, CONF_CHARGEN, CONF_TARPIT};

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct told told = {0};
		int ends[2];

		tcp_pair(ends);
		assert_true(internal_serve(&reactor, kinds[i], ends[0], &host, &told));
		settle();
		reset(ends[1]);
		settle();
		assert_int_equal(told.times, 1);
		assert_string_equal(told.end.how, "reset");
		assert_int_not_equal(told.end.error, 0);
		assert_int_equal(reactor.alarms.count, 0);
	}
}

static void
test_discard_bulk(void **state)
{
	struct told told = {0};
	size_t said = 0;
	int ends[2];

	(void)state;
	tcp_pair(ends);
	assert_true(internal_serve(&reactor, CONF_DISCARD, ends[0], &host, &told));
	while (said < BULK) {
		ssize_t sent = send(ends[1], bulk + said, BULK - said, MSG_DONTWAIT);

		said += sent < 0 ? 0 : (size_t)sent;
		settle();
	}
	close(ends[1]);
	settle();
	assert_int_equal(told.times, 1);
	assert_int_equal(told.end.bytes_in, BULK);
	assert_int_equal(told.end.bytes_out, 0);
}

/* ---- chargen ---- */

/* Byte number i of RFC 864's pattern. */
static char
pattern_at(size_t i)
{
	size_t line = i / 74, column = i % 74;

	if (column >= 72)
		return column == 72 ? '\r' : '\n';
	return (char)(' ' + (line + column) % 95);
}

/* Read a piece that goes on at from; its length. */
static size_t
read_pattern(int fd, size_t from, size_t len)
{
	ssize_t got = recv(fd, seen, len, 0);

	assert_true(got > 0);
	for (size_t i = 0; i < (size_t)got; i++)
		assert_int_equal(seen[i], pattern_at(from + i));
	return (size_t)got;
}

/* Read slowly, in odd pieces, and with a mouth that never shuts: the text goes on where it was. */
static void
test_chargen(void **state)
{
	struct told told = {0};
	size_t from = 0;
	int ends[2];

	(void)state;
	tcp_pair(ends);
	assert_true(internal_serve(&reactor, CONF_CHARGEN, ends[0], &host, &told));
	for (size_t i = 1; i < 200; i++) {
		from += read_pattern(ends[1], from, 1 + i * 97 % 20000);
		assert_true(send(ends[1], bulk, 1000, 0) > 0);
		settle();
	}
	assert_true(from > 1000000);
	shutdown(ends[1], SHUT_WR); /* it may still read */
	settle();
	assert_int_equal(told.times, 0);
	for (size_t i = 0; i < 100; i++) {
		from += read_pattern(ends[1], from, BULK);
		settle();
	}
	close(ends[1]);
	settle();
	assert_int_equal(told.times, 1);
	assert_string_equal(told.end.how, "reset");
	assert_int_equal(told.end.bytes_in, 199 * 1000);
	assert_true(told.end.bytes_out >= from);
}

/* Who never reads gets no more than small buffers hold, costs no time, and is given up. */
static void
test_chargen_unread(void **state)
{
	(void)state;
	for (int is_tcp = 0; is_tcp < 2; is_tcp++) {
		struct told told = {0};
		struct pollfd events = {.fd = reactor.epoll_fd, .events = POLLIN};
		int ends[2];

		if (is_tcp)
			tcp_pair(ends);
		else
			pair(SOCK_STREAM, ends);
		assert_true(internal_serve(&reactor, CONF_CHARGEN, ends[0], &host, &told));
		settle();
		assert_int_equal(poll(&events, 1, 50), 0);
		pass_ms(STALLED_MS - 1000);
		assert_int_equal(told.times, 0);
		pass_ms(2000);
		assert_int_equal(told.times, 1);
		assert_string_equal(told.end.how, "timed out");
		assert_in_range(told.end.bytes_out, 1, 1 << 20);
		close(ends[1]);
	}
}

/* ---- many, and none ---- */

static void
test_many(void **state)
{
	enum { MANY = 2000 };
	static struct told told[MANY];
	static int ends[MANY][2];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		pair(SOCK_STREAM, ends[i]);
		assert_true(internal_serve(
		    &reactor, i % 2 ? CONF_ECHO : CONF_CHARGEN, ends[i][0], &host, &told[i]));
	}
	for (int i = 0; i < MANY; i++)
		send(ends[i][1], &i, sizeof i, 0);
	settle();
	for (int i = 1; i < MANY; i += 2) {
		int got = -1;

		assert_int_equal(recv(ends[i][1], &got, sizeof got, 0), sizeof got);
		assert_int_equal(got, i);
	}
	for (int i = 0; i < MANY; i++)
		close(ends[i][1]);
	settle();
	for (int i = 0; i < MANY; i++)
		assert_int_equal(told[i].times, 1);
	assert_int_equal(reactor.alarms.count, 0);
}

static void
test_no_watch(void **state)
{
	static const enum conf_kind kinds[] = {CONF_ECHO, CONF_DISCARD, CONF_CHARGEN, CONF_TARPIT};
	struct reactor broken = {.epoll_fd = -1};

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct told told = {0};
		int ends[2];

		pair(SOCK_STREAM, ends);
		assert_false(internal_serve(&broken, kinds[i], ends[0], &host, &told));
		assert_int_equal(errno, EBADF);
		assert_int_equal(told.times, 1);
		assert_string_equal(told.end.how, "failed");
		assert_int_equal(told.end.error, EBADF);
		assert_int_equal(broken.alarms.count, 0);
		assert_int_equal(fcntl(ends[0], F_GETFD), -1);
		close(ends[1]);
	}
	reactor_release(&broken);
}

/* Whichever allocation fails, the client is told of once, and closed. */
static void
test_no_memory(void **state)
{
	static const enum conf_kind kinds[] = {CONF_ECHO, CONF_DISCARD, CONF_CHARGEN, CONF_TARPIT};

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		for (long count = 0; count < 2; count++) {
			struct reactor fresh = {.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
			struct told told = {0};
			int ends[2];

			pair(SOCK_STREAM, ends);
			alloc_fail_after(count);
			assert_false(internal_serve(&fresh, kinds[i], ends[0], &host, &told));
			assert_int_equal(errno, ENOMEM);
			assert_int_equal(alloc_fail_never(), 1);
			assert_int_equal(told.times, 1);
			assert_string_equal(told.end.how, "failed");
			assert_int_equal(fcntl(ends[0], F_GETFD), -1);
			close(ends[1]);
			reactor_release(&fresh);
		}
}

static void
test_release(void **state)
{
	static const enum conf_kind kinds[] = {CONF_ECHO, CONF_DISCARD, CONF_CHARGEN, CONF_TARPIT};
	struct told told[4] = {0};
	int ends[4][2];

	(void)state;
	for (int i = 0; i < 4; i++) {
		pair(SOCK_STREAM, ends[i]);
		internal_serve(&reactor, kinds[i], ends[i][0], &host, &told[i]);
	}
	internal_release();
	for (int i = 0; i < 4; i++) {
		assert_int_equal(told[i].times, 1);
		assert_string_equal(told[i].end.how, "stopped");
		close(ends[i][1]);
	}
	assert_int_equal(reactor.alarms.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_at_once),
	    CASE(test_clock),
	    CASE(test_daytime_is_not_reset),
	    CASE(test_echo_later),
	    CASE(test_echo_unread),
	    CASE(test_echo_seqpacket),
	    CASE(test_patience),
	    CASE(test_reset),
	    CASE(test_discard_bulk),
	    CASE(test_chargen),
	    CASE(test_chargen_unread),
	    CASE(test_many),
	    CASE(test_no_watch),
	    CASE(test_no_memory),
	    CASE(test_release),
	};

	raise_descriptors();
	fill_bulk();
	return cmocka_run_group_tests_name("inetd_internal", tests, NULL, NULL);
}
