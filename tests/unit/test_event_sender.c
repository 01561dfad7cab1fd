/* Lines to a log that is there, slow, full, restarted or gone: none out of order, none lost in silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include "event/log.h"
#include "event/sender.h"
#include "in_folder.h"

static char path[sizeof((struct sockaddr_un *)NULL)->sun_path];
static time_t clock_s;

time_t __wrap_time(time_t *);

time_t
__wrap_time(time_t *ret)
{
	(void)ret;
	return clock_s;
}

static int
start_log(void)
{
	struct sockaddr_un log = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(log.sun_path, sizeof log.sun_path, "%s", path);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&log, sizeof log), 0);
	return fd;
}

static void
stop_log(int fd)
{
	close(fd);
	unlink(path);
}

/* The next line, or "" if there is none. */
static const char *
next(int fd)
{
	static char line[16 << 10];
	ssize_t len = recv(fd, line, sizeof line - 1, 0);

	line[len > 0 ? len : 0] = '\0';
	return line;
}

/* Behind the time. */
static const char *
next_text(int fd)
{
	const char *line = next(fd), *end = strchr(line, '>');

	return end != NULL ? end + 1 + strlen("Nov  4 09:05:00 ") : line;
}

static void
say(const char *text)
{
	errno = ENXIO;
	sender_line(LOG_INFO, "in.ftpd", 7, text);
	assert_int_equal(errno, ENXIO);
}

static void
test_form(void **state)
{
	int fd = start_log();

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	clock_s = 1762247100; /* 2025-11-04 09:05:00 */
	sender_open("inetd", path);
	say("connect from 192.0.2.1 (192.0.2.1)");
	assert_string_equal(
	    next(fd), "<30>Nov  4 09:05:00 in.ftpd[7]: connect from 192.0.2.1 (192.0.2.1)");
	sender_line(LOG_AUTH | LOG_ALERT, "x", 2147483647, "a\nb\x1b");
	assert_string_equal(next(fd), "<33>Nov  4 09:05:00 x[2147483647]: a\\x0ab\\x1b");
	assert_true(sender_flush());
	sender_close();
	stop_log(fd);
}

/* As localtime has it, whatever the clock does. */
static void
test_time(void **state)
{
	static const char *const zones[] = {
	    "UTC", "CET-1CEST,M3.5.0,M10.5.0/3", "X-5:45", "Y0:44:30"};
	int fd = start_log();
	char want[64];

	(void)state;
	for (size_t zone = 0; zone < sizeof zones / sizeof *zones; zone++) {
		setenv("TZ", zones[zone], 1);
		tzset();
		sender_open("inetd", path);
		clock_s = 1761440000 + (time_t)zone; /* a day before summer time ends */
		for (unsigned i = 0; i < 20000; i++) {
			clock_s += i % 7 == 3 ? -5 : (time_t)(i % 13);
			say("");
			strftime(want, sizeof want,
			    "<30>%b %e %H:%M:%S in.ftpd[7]: ", localtime(&clock_s));
			assert_string_equal(next(fd), want);
		}
		sender_close();
	}
	stop_log(fd);
}

/* Lines said while the log is not there, or is another one, come when it is. */
static void
test_restart(void **state)
{
	int fd;

	(void)state;
	sender_open("inetd", path);
	say("before");
	assert_false(sender_flush());
	fd = start_log();
	assert_true(sender_flush());
	assert_string_equal(next_text(fd), "in.ftpd[7]: before");
	stop_log(fd);
	say("meanwhile");
	fd = start_log();
	say("after");
	assert_string_equal(next_text(fd), "in.ftpd[7]: meanwhile");
	assert_string_equal(next_text(fd), "in.ftpd[7]: after");
	stop_log(fd);
	fd = start_log(); /* nobody noticed */
	say("at once");
	assert_string_equal(next_text(fd), "in.ftpd[7]: at once");
	sender_close();
	stop_log(fd);
}

/* Count lines "N" in order, and what is said of those that are not among them. */
static unsigned
drain(int fd, unsigned *ret_lost)
{
	unsigned seen = 0, number, last = 0;
	const char *text;

	for (text = next_text(fd); *text != '\0'; text = next_text(fd)) {
		if (sscanf(text, "in.ftpd[7]: %u", &number) == 1) {
			assert_true(number > last);
			last = number;
			seen++;
		} else {
			assert_int_equal(
			    sscanf(strchr(text, ':'), ": log: %u lines lost", &number), 1);
			*ret_lost += number;
		}
	}
	return seen;
}

static void
test_full(void **state)
{
	unsigned said = 0, seen = 0, lost = 0;
	double start = now_ms();
	int fd = start_log();
	char text[16];

	(void)state;
	sender_open("inetd", path);
	while (said < 20000) {
		if (said % 7000 == 6999) /* again: nothing that waits is lost by it */
			sender_open("inetd", path);
		snprintf(text, sizeof text, "%u", ++said);
		say(text);
		if (said % 5000 == 0)
			seen += drain(fd, &lost);
	}
	assert_true(now_ms() - start < 5000);
	for (bool done = false; !done; seen += drain(fd, &lost))
		done = sender_flush();
	assert_true(lost > 0);
	assert_true(seen > 1000);
	assert_int_equal(seen + lost, said);
	assert_true(sender_flush());
	sender_close();
	stop_log(fd);
}

/* The longest line, one that is longer, and more of them than wait: each is whole, or counted. */
static void
test_long(void **state)
{
	char *text = malloc(EVENT_LINE_MAX + 200);
	int fd = start_log();

	(void)state;
	sender_open("inetd", path);
	memset(text, 'x', EVENT_LINE_MAX + 199);
	text[EVENT_LINE_MAX + 199] = '\0';
	say(text);
	text[EVENT_LINE_MAX] = '\0';
	say(text);
	assert_non_null(strstr(next(fd), "]: log: 1 lines lost"));
	assert_true(strlen(next(fd)) > EVENT_LINE_MAX);
	stop_log(fd);
	for (int i = 0; i < 20; i++)
		say(text);
	fd = start_log();
	assert_true(sender_flush());
	for (unsigned i = 0; i < (SENDER_BACKLOG_MAX) / (EVENT_LINE_MAX + 64); i++)
		assert_true(strlen(next(fd)) > EVENT_LINE_MAX);
	assert_non_null(strstr(next(fd), "lines lost"));
	sender_close();
	stop_log(fd);
	free(text);
}

/* ---- a log that listens on a stream socket ---- */

static int
start_stream(void)
{
	struct sockaddr_un log = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(log.sun_path, sizeof log.sun_path, "%s", path);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&log, sizeof log), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* Its first caller. */
static int
answer(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

	assert_true(fd >= 0);
	return fd;
}

static void
test_stream(void **state)
{
	int listener = start_stream(), fd;
	char got[200];

	(void)state;
	clock_s = 1762247100;
	setenv("TZ", "UTC", 1);
	tzset();
	sender_open("inetd", path);
	say("one");
	say("two");
	assert_true(sender_flush());
	fd = answer(listener);
	assert_int_equal(
	    recv(fd, got, sizeof got, 0), 2 * sizeof "<30>Nov  4 09:05:00 in.ftpd[7]: one");
	assert_string_equal(got, "<30>Nov  4 09:05:00 in.ftpd[7]: one");
	assert_string_equal(got + strlen(got) + 1, "<30>Nov  4 09:05:00 in.ftpd[7]: two");
	close(fd);
	say("to the next connection");
	fd = answer(listener);
	assert_true(recv(fd, got, sizeof got, 0) > 0);
	assert_non_null(strstr(got, "]: to the next connection"));
	close(fd);
	stop_log(listener);
	fd = start_log();
	say("to a log of the other kind");
	assert_string_equal(next_text(fd), "in.ftpd[7]: to a log of the other kind");
	sender_close();
	stop_log(fd);
}

/* What a log has read, line by line. */
struct reader {
	char bytes[32 << 10];
	size_t len;
	unsigned seen, last, lost;
};

/* "NUMBER xxx", x as often as the number says: whole, in order, or told to be lost. */
static void
take_line(struct reader *reader, const char *line)
{
	const char *text = strstr(line, "]: ");
	unsigned number;

	assert_non_null(text);
	assert_true(line[0] == '<');
	if (sscanf(text, "]: log: %u lines lost", &number) == 1) {
		reader->lost += number;
		return;
	}
	assert_int_equal(sscanf(text, "]: %u", &number), 1);
	assert_true(number > reader->last);
	assert_int_equal(strspn(strchr(text, 'x'), "x"), number % 4000 + 1);
	reader->last = number;
	reader->seen++;
}

/* At most so much. False: there was nothing. */
static bool
read_some(struct reader *reader, int fd, size_t most)
{
	ssize_t got = recv(fd, reader->bytes + reader->len, most, 0);
	size_t at = 0;

	if (got <= 0)
		return false;
	reader->len += (size_t)got;
	for (char *end; (end = memchr(reader->bytes + at, '\0', reader->len - at)) != NULL;) {
		take_line(reader, reader->bytes + at);
		at = (size_t)(end - reader->bytes) + 1;
	}
	reader->len -= at;
	memmove(reader->bytes, reader->bytes + at, reader->len);
	return true;
}

static void
say_number(unsigned number)
{
	static char text[5000];
	int len = snprintf(text, sizeof text, "%u ", number);

	memset(text + len, 'x', number % 4000 + 1);
	text[(unsigned)len + number % 4000 + 1] = '\0';
	say(text);
}

/* A log that reads more slowly than we speak, in pieces of odd sizes. */
static void
test_stream_full(void **state)
{
	static struct reader reader;
	int listener = start_stream(), fd;
	unsigned said = 0;

	(void)state;
	reader = (struct reader){.len = 0};
	sender_open("inetd", path);
	say_number(++said);
	fd = answer(listener);
	while (said < 5000) {
		say_number(++said);
		if (said % 500 == 0)
			sender_open("inetd", path);
		if (said > 1000)
			read_some(&reader, fd, said % 3000 + 1);
	}
	while (read_some(&reader, fd, 4001) || !sender_flush())
		;
	assert_true(sender_flush());
	assert_int_equal(reader.len, 0);
	assert_true(reader.lost > 0);
	assert_true(reader.seen > 1000);
	assert_int_equal(reader.seen + reader.lost, said);
	sender_close();
	close(fd);
	stop_log(listener);
}

/* A log that ends in the middle of a line: the next one gets it whole. */
static void
test_stream_broken(void **state)
{
	static struct reader reader;
	int listener = start_stream(), fd;
	unsigned said = 0;

	(void)state;
	sender_open("inetd", path);
	say_number(++said);
	fd = answer(listener);
	while (sender_flush())
		say_number(++said);
	reader = (struct reader){.last = said - 1};
	close(fd);
	say_number(++said);
	assert_true(sender_flush());
	fd = answer(listener);
	while (read_some(&reader, fd, 1000))
		;
	assert_int_equal(reader.seen, 2);
	assert_int_equal(reader.len, 0);
	sender_close();
	close(fd);
	stop_log(listener);
}

/* More callers than it answers: nobody waits for it. */
static void
test_stream_busy(void **state)
{
	struct sockaddr_un log = {.sun_family = AF_UNIX};
	int listener = start_stream(), callers[2], fd;
	static struct reader reader;

	(void)state;
	reader = (struct reader){.len = 0};
	snprintf(log.sun_path, sizeof log.sun_path, "%s", path);
	for (int i = 0; i < 2; i++) {
		callers[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		assert_int_equal(connect(callers[i], (struct sockaddr *)&log, sizeof log), 0);
	}
	sender_open("inetd", path);
	say_number(1);
	assert_false(sender_flush());
	for (int i = 0; i < 2; i++) {
		close(answer(listener));
		close(callers[i]);
	}
	assert_true(sender_flush());
	fd = answer(listener);
	assert_true(read_some(&reader, fd, 1000));
	assert_int_equal(reader.seen, 1);
	sender_close();
	close(fd);
	stop_log(listener);
}

static int
setup_log(void **state)
{
	int ret = setup(state);

	snprintf(path, sizeof path, "%.60s/log", folder);
	return ret;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_form),
	    cmocka_unit_test(test_time),
	    cmocka_unit_test(test_restart),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_long),
	    cmocka_unit_test(test_stream),
	    cmocka_unit_test(test_stream_full),
	    cmocka_unit_test(test_stream_broken),
	    cmocka_unit_test(test_stream_busy),
	};

	return cmocka_run_group_tests(tests, setup_log, teardown);
}
