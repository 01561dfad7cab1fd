/* The record of a connection: what is in it, what is escaped, when there is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/inetd/conf/conf.h"
#include "cmd/inetd/record.h"

/* As wait(2) encodes them. */
enum { EXIT_3 = 3 << 8, SIGNAL_11_DUMPED = 11 | 0x80 };

static const struct record full = {.service = "ftp/tcp",
    .client = "192.0.2.1",
    .port = 4711,
    .verdict = RECORD_ADMITTED,
    .rule_file = "/etc/hosts.allow",
    .rule_line = 12,
    .pid = 77,
    .duration_ms = 61204,
    .has_status = true,
    .status = EXIT_3,
    .cpu_us = 1000612};

static void
check(const struct record *record, unsigned parts, const char *want)
{
	char storage[RECORD_LINE_MAX + 1];
	struct buf line;

	buf_init(&line, storage, sizeof storage, RECORD_LINE_MAX);
	assert_true(record_format(record, parts, &line));
	assert_string_equal(line.bytes, want);
}

#define FRONT                                                                                      \
	"record service=ftp/tcp client=192.0.2.1 port=4711 verdict=admitted "                      \
	"rule=/etc/hosts.allow:12"

static void
test_usual_parts(void **state)
{
	(void)state;
	check(&full, 0, FRONT " pid=77 duration=61.204 exit=3 cpu=1.000612");
}

static void
test_chosen_parts(void **state)
{
	(void)state;
	check(&full, CONF_LOG_HOST, FRONT);
	check(&full, CONF_LOG_PID, FRONT " pid=77");
	check(&full, CONF_LOG_DURATION, FRONT " duration=61.204");
	check(&full, CONF_LOG_EXIT, FRONT " exit=3 cpu=1.000612");
	check(&full, CONF_LOG_TRAFFIC | CONF_LOG_ATTEMPT | CONF_LOG_USERID, FRONT);
}

static void
test_signals_and_traffic(void **state)
{
	struct record record = full;

	(void)state;
	record.status = SIGNAL_11_DUMPED;
	check(&record, CONF_LOG_EXIT, FRONT " signal=11 cpu=1.000612");
	record.has_status = false;
	record.pid = 0;
	record.has_traffic = true;
	record.in_bytes = 5000000000;
	check(&record, 0, FRONT " duration=61.204 in=5000000000 out=0");
	record.end = "timed out";
	check(&record, CONF_LOG_EXIT, FRONT " end=\"timed out\"");
}

static void
test_turned_away(void **state)
{
	struct record record = {.service = "ftp",
	    .client = "2001:db8::1",
	    .verdict = RECORD_LIMITED,
	    .reason = "over the rate of its source",
	    .duration_ms = 5};

	(void)state;
	check(&record, 0,
	    "record service=ftp client=2001:db8::1 verdict=limited reason=\"over the rate of its "
	    "source\"");
	record = (struct record){.service = "/run/a b.sock",
	    .verdict = RECORD_REFUSED,
	    .rule_file = "/etc/a \"b\"",
	    .rule_line = 1};
	check(&record, 0,
	    "record service=\"/run/a b.sock\" verdict=refused rule=\"/etc/a \\x22b\\x22:1\"");
}

static void
test_hostile_names(void **state)
{
	struct record record = {
	    .service = "x\n\"\\\xff", .client = "", .end = "a=b verdict=refused"};

	(void)state;
	check(&record, 0,
	    "record service=\"x\\x0a\\x22\\x5c\\xff\" client=\"\" verdict=admitted"
	    " duration=0.000 end=\"a=b verdict=refused\"");
}

/* What a reader that splits lines at blanks takes for one word stands as it is. */
static void
test_each_byte(void **state)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                            "0123456789._:/@%+,-[]";
	char text[] = "a?b", want[64];

	(void)state;
	for (unsigned byte = 1; byte < 256; byte++) {
		struct record record = {.service = text, .verdict = RECORD_REFUSED};
		bool is_shown = byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';

		text[1] = (char)byte;
		snprintf(want, sizeof want,
		    strchr(plain, text[1]) != NULL ? "record service=a%cb verdict=refused"
		        : is_shown                 ? "record service=\"a%cb\" verdict=refused"
		                                   : "record service=\"a\\x%02xb\" verdict=refused",
		    byte);
		check(&record, 0, want);
	}
}

/* The longest of everything is cut, and fits. */
static void
test_longest(void **state)
{
	static char text[5000];
	char storage[RECORD_LINE_MAX + 1];
	struct record record = full;
	struct buf line;

	(void)state;
	memset(text, '\n', sizeof text - 1);
	record.service = record.client = record.rule_file = record.reason = text;
	record.rule_line = record.port = UINT32_MAX;
	record.duration_ms = record.cpu_us = INT64_MAX;
	record.has_traffic = true;
	record.in_bytes = record.out_bytes = UINT64_MAX;
	buf_init(&line, storage, sizeof storage, RECORD_LINE_MAX);
	assert_true(record_format(&record, 0, &line));
	assert_non_null(strstr(line.bytes, "\\x0a...:4294967295\" reason="));
	assert_null(strchr(line.bytes, '\n'));
}

static void
test_negative_times(void **state)
{
	struct record record = full;

	(void)state;
	record.duration_ms = record.cpu_us = -5;
	check(&record, 0, FRONT " pid=77 duration=0.000 exit=3 cpu=0.000000");
}

static void
test_when(void **state)
{
	enum record_mode mode;

	(void)state;
	assert_true(record_mode_parse("off", &mode));
	assert_false(record_is_due(mode, RECORD_ADMITTED, CONF_LOG_HOST));
	assert_true(record_mode_parse("admitted", &mode));
	assert_true(record_is_due(mode, RECORD_ADMITTED, 0));
	assert_false(record_is_due(mode, RECORD_REFUSED, 0));
	assert_false(record_is_due(mode, RECORD_LIMITED, 0));
	assert_true(record_is_due(mode, RECORD_FAILED, CONF_LOG_ATTEMPT));
	assert_true(record_mode_parse("all", &mode));
	assert_true(record_is_due(mode, RECORD_LIMITED, 0));
	assert_false(record_mode_parse("some", &mode));
	assert_false(record_mode_parse("", &mode));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_usual_parts),
	    cmocka_unit_test(test_chosen_parts),
	    cmocka_unit_test(test_signals_and_traffic),
	    cmocka_unit_test(test_turned_away),
	    cmocka_unit_test(test_hostile_names),
	    cmocka_unit_test(test_each_byte),
	    cmocka_unit_test(test_longest),
	    cmocka_unit_test(test_negative_times),
	    cmocka_unit_test(test_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
