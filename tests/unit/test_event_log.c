/*
 * NAME     test_event_log - lines to syslog
 * PURPOSE  Frozen formats, hostile text, limits of length, and what is told how often. syslog is
 *          this program's own: were the library to call another symbol, no line would arrive.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "event/log.h"
#include "failing_alloc.h"

enum { ERR = 3, INFO_AUTH = 4 << 3 | 6 }; /* RFC 5424 */

static char said[16 << 10];
static int said_priority;
static unsigned lines;

void syslog(int priority, const char *format, ...);

void
syslog(int priority, const char *format, ...)
{
	va_list args;

	assert_string_equal(format, "%s");
	va_start(args, format);
	snprintf(said, sizeof said, "%s", va_arg(args, const char *));
	va_end(args);
	said_priority = priority;
	lines++;
	errno = EDOM;
}

/* Time stands still unless a test moves it. */
static time_t clock_s = 1000;
static void (*on_clock)(void);
int __wrap_clock_gettime(clockid_t, struct timespec *);

int
__wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
	(void)id;
	*ret = (struct timespec){.tv_sec = clock_s};
	if (on_clock != NULL)
		on_clock();
	return 0;
}

static unsigned
told(const struct diag *diag)
{
	unsigned before = lines;

	event_diag(diag);
	return lines - before;
}

static struct diag
finding(enum diag_code code, const char *file, unsigned line, const char *arg)
{
	struct diag diag = {.file = file, .line = line, .error = ENOENT};

	diag_set(&diag, code, arg, strlen(arg));
	return diag;
}

/* ---- texts ---- */

static void
findings_have_the_frozen_form(void **state)
{
	static const struct {
		enum diag_code code;
		const char *file, *arg, *want;
		unsigned line;
	} cases[] = {
	    {DIAG_OPTION_BAD_NAME, "/etc/hosts.allow", "(cmd)",
	        "error: /etc/hosts.allow, line 3: bad option name: \"(cmd)\"", 3},
	    {DIAG_NO_COLON, "/etc/hosts.deny", "",
	        "warning: /etc/hosts.deny, line 12: missing \":\" separator", 12},
	    {DIAG_TWIST_DUP, NULL, "", "warning: twist_option: dup: No such file or directory", 0},
	    {DIAG_CANNOT_OPEN, NULL, "/t", "warning: cannot open /t: No such file or directory", 0},
	    {DIAG_OPTION_NO_NAME, NULL, "", "error: missing option name", 9},
	    /* hostile: formats, newlines, controls, in the subject and in the file's name */
	    {DIAG_OPTION_BAD_NAME, "%n%s", "%s%n\nJan 1 sshd",
	        "error: %n%s, line 1: bad option name: \"%s%n\\x0aJan 1 sshd\"", 1},
	    {DIAG_OPTION_NO_NAME, "a\nb\x7f\\\xff", "",
	        "error: a\\x0ab\\x7f\\x5c\\xff, line 1: missing option name", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct diag diag =
		    finding(cases[i].code, cases[i].file, cases[i].line, cases[i].arg);

		errno = ERANGE;
		assert_int_equal(told(&diag), 1);
		assert_string_equal(said, cases[i].want);
		assert_int_equal(said_priority, ERR);
		assert_int_equal(errno, ERANGE);
	}
}

/* However long and hostile a path is, the message behind it is there, and the line is bounded. */
static void
long_paths_leave_room_for_the_message(void **state)
{
	char file[5000], arg[DIAG_ARG_MAX];
	struct buf out;
	char storage[2 * EVENT_DIAG_MAX];

	(void)state;
	memset(arg, '\n', sizeof arg - 1);
	arg[sizeof arg - 1] = '\0';
	for (size_t len = 1; len < sizeof file; len = len * 5 / 4 + 1) {
		for (unsigned hostile = 0; hostile < 2; hostile++) {
			struct diag diag;

			memset(file, hostile ? '\n' : 'p', len);
			file[len] = '\0';
			diag = finding(DIAG_OPTION_BAD_NAME, file, UINT32_MAX, arg);
			buf_init(&out, storage, sizeof storage, sizeof storage - 1);
			event_diag_text(&diag, &out);
			assert_in_range(out.len, 1, EVENT_DIAG_MAX);
			assert_null(memchr(out.bytes, '\n', out.len));
			assert_non_null(
			    strstr(out.bytes, ", line 4294967295: bad option name: \"\\x0a"));
			assert_int_equal(out.bytes[out.len - 1], '"');
		}
	}
}

static void
a_line_is_a_line(void **state)
{
	char text[3 * EVENT_LINE_MAX];

	(void)state;
	event_syslog(INFO_AUTH, "connect from %s%n (10.0.0.1) \\x41 \xc3\xa9");
	assert_string_equal(said, "connect from %s%n (10.0.0.1) \\x41 \xc3\xa9");
	assert_int_equal(said_priority, INFO_AUTH);
	errno = ERANGE;
	event_syslog(ERR, "\ra\nb\t\x1b[1m\x7f\n");
	assert_string_equal(said, "\\x0da\\x0ab\\x09\\x1b[1m\\x7f\\x0a");
	assert_int_equal(errno, ERANGE);
	event_syslog(ERR, "");
	assert_string_equal(said, "");
	memset(text, '\n', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	event_syslog(ERR, text);
	assert_int_equal(strlen(said), EVENT_LINE_MAX / 4 * 4);
	assert_null(strchr(said, '\n'));
}

static void
what_is_no_text_is_escaped(void **state)
{
	static const struct {
		const char *text, *shown;
	} odds[] = {
	    {"caf\xe9", "caf\\xe9"},
	    {"\xc3\xa9\xdf\xbf\xe2\x82\xac\xef\xbf\xbd\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf",
	        "\xc3\xa9\xdf\xbf\xe2\x82\xac\xef\xbf\xbd\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf"},
	    {"a\x9b\x32J", "a\\x9b2J"}, /* control sequences, in either spelling */
	    {"a\xc2\x9b\x32J", "a\\xc2\\x9b2J"},
	    {"a\xc2\x85 sshd", "a\\xc2\\x85 sshd"}, /* ends of lines */
	    {"a\xe2\x80\xa8 sshd", "a\\xe2\\x80\\xa8 sshd"},
	    {"\xe2\x80\xaenimda", "\\xe2\\x80\\xaenimda"}, /* right to left */
	    {"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},
	    {"\xe2\x80\x90\xe2\x80\xaf", "\xe2\x80\x90\xe2\x80\xaf"},
	    {"\xc0\x8a", "\\xc0\\x8a"}, /* longer than need be: a newline, a slash */
	    {"\xc1\xbf\xe0\x80\xaf", "\\xc1\\xbf\\xe0\\x80\\xaf"},
	    {"\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf"},
	    {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* half a character of UTF-16 */
	    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* behind the last */
	    {"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
	    {"\xc3", "\\xc3"}, /* cut */
	    {"\xe2\x82", "\\xe2\\x82"},
	    {"\xf0\x9f\x98", "\\xf0\\x9f\\x98"},
	    {"\xe2\x82x", "\\xe2\\x82x"},
	    {"\xf0\x9f\xc3\xa9", "\\xf0\\x9f\xc3\xa9"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof odds / sizeof *odds; i++) {
		event_syslog(ERR, odds[i].text);
		assert_string_equal(said, odds[i].shown);
	}
}

/* Of each byte between two others: itself where that is ASCII to be seen, else its number. */
static void
every_byte_alone(void **state)
{
	(void)state;
	for (unsigned byte = 1; byte < 256; byte++) {
		char text[] = {'a', (char)byte, 'b', '\0'}, want[8];
		bool is_seen = byte >= ' ' && byte < 0x7f;

		snprintf(want, sizeof want, is_seen ? "a%cb" : "a\\x%02xb", byte);
		event_syslog(ERR, text);
		assert_string_equal(said, want);
	}
}

static void
without_memory_a_line_is_cut_and_not_lost(void **state)
{
	char text[2000];

	(void)state;
	memset(text, '\n', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	alloc_fail_after(0);
	event_syslog(ERR, text);
	assert_int_equal(alloc_fail_never(), 1);
	assert_in_range(strlen(said), 400, 511);
	assert_null(strchr(said, '\n'));
}

/* ---- how often ---- */

static void
a_lasting_finding_is_told_once_a_minute(void **state)
{
	struct diag a = finding(DIAG_BAD_NET, "F", 1, "10.0.0.0/33"), b = a, c = a, d = a;

	(void)state;
	clock_s += 10000;
	b.line = 2;
	c.file = "G";
	diag_set(&d, DIAG_BAD_NET, "10.0.0.0/34", 11);
	assert_int_equal(told(&a), 1);
	assert_int_equal(told(&a), 0);
	assert_int_equal(told(&b) + told(&c) + told(&d), 3);
	assert_int_equal(told(&b) + told(&c) + told(&d), 0);
	clock_s += 59;
	assert_int_equal(told(&a), 0);
	clock_s += 1;
	assert_int_equal(told(&a), 1);
	assert_int_equal(told(&a), 0);
}

static void
many_findings_do_not_fill_the_log(void **state)
{
	unsigned count = 0;

	(void)state;
	clock_s += 10000;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned line = 1; line <= 1000; line++) {
			struct diag diag = finding(DIAG_BAD_ADDRESS, "F", line, "x");

			count += told(&diag);
		}
	}
	assert_int_equal(count, 64);
}

/* Lines that other people's log readers know are never left out: those that data/messages.def marks
 * as frozen. */
static void
lines_of_the_original_are_told_always(void **state)
{
	const char *root = getenv("ROOT");
	char path[4096], line[1024];
	unsigned frozen = 0;
	FILE *file;

	(void)state;
	snprintf(path, sizeof path, "%s/data/messages.def", root != NULL ? root : ".");
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, "MESSAGE(", 8) != 0 || strstr(line, "/* frozen */") == NULL)
			continue;
		line[strcspn(line, ",")] = '\0';
		for (unsigned code = 1; code < DIAG_CODES; code++) {
			struct diag diag = finding((enum diag_code)code, "F", 1, "x");

			if (strcmp(diag_name(diag.code), line + 8) != 0)
				continue;
			frozen++;
			assert_int_equal(told(&diag) + told(&diag) + told(&diag), 3);
		}
	}
	fclose(file);
	assert_in_range(frozen, 20, DIAG_CODES);
}

/* Whoever comes while another looks does not wait: here, in the middle of it. */
static void
tell_meanwhile(void)
{
	struct diag diag = finding(DIAG_BAD_NET, "busy", 1, "x");

	on_clock = NULL;
	assert_int_equal(told(&diag), 1);
	assert_int_equal(told(&diag), 1);
}

static void
nobody_waits_for_the_table(void **state)
{
	struct diag diag = finding(DIAG_BAD_NET, "free", 1, "x");

	(void)state;
	clock_s += 10000;
	on_clock = tell_meanwhile;
	assert_int_equal(told(&diag), 3);
	assert_int_equal(told(&diag), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(findings_have_the_frozen_form),
	    cmocka_unit_test(long_paths_leave_room_for_the_message),
	    cmocka_unit_test(a_line_is_a_line),
	    cmocka_unit_test(what_is_no_text_is_escaped),
	    cmocka_unit_test(every_byte_alone),
	    cmocka_unit_test(without_memory_a_line_is_cut_and_not_lost),
	    cmocka_unit_test(a_lasting_finding_is_told_once_a_minute),
	    cmocka_unit_test(many_findings_do_not_fill_the_log),
	    cmocka_unit_test(lines_of_the_original_are_told_always),
	    cmocka_unit_test(nobody_waits_for_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
