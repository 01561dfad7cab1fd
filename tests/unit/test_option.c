/*
 * NAME     test_option - the option tail, parsed
 * PURPOSE  How fields divide (each case with the vector it was seen in), ranges at their limits,
 *          that an error is never an option, and the verdict of a tail.
 */
#include <stdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "policy/lines.h"
#include "policy/option.h"

/* What a tail reads as: "keyword=value|" for each option, then "end" or the error's name. */
static const char *
read_tail(enum way way, const char *tail, size_t len)
{
	static char got[4096];
	struct option_cursor cursor;
	struct option option;
	struct diag diag = {.code = DIAG_NONE};
	enum option_status status;
	size_t at = 0;

	option_cursor_init(&cursor, way, tail, len);
	while ((status = option_next(&cursor, &option, &diag)) == OPTION_FIELD) {
		assert_int_equal(strlen(option.value), option.value_len);
		assert_int_equal(option.has_value, option.value_len > 0);
		at += (size_t)snprintf(
		    got + at, sizeof got - at, "%s=%s|", option.keyword, option.value);
	}
	snprintf(
	    got + at, sizeof got - at, "%s", status == OPTION_END ? "end" : diag_name(diag.code));
	option_cursor_release(&cursor);
	return got;
}

static void
fields_divide(void **state)
{
	static const struct {
		const char *tail, *want;
	} cases[] = {
	    {"allow", "allow=|end"},
	    {"  ALLOW \r\n", "ALLOW=|end"},
	    {"allow=", "allow=|end"},
	    {"severity info", "severity=info|end"},
	    {"severity=info", "severity=info|end"},
	    {"severity = info", "severity=info|end"},
	    {"severity\t=\tinfo\t", "severity=info|end"},
	    {"severity == info", "BAD_SEVERITY"},
	    {"spawn == x", "spawn== x|end"},
	    {"spawn a : spawn b", "spawn=a|spawn=b|end"},
	    {"spawn a\\:b\\c\\\\:d", "spawn=a:b\\c\\:d|end"},
	    {"spawn echo [a:b] : allow", "spawn=echo [a|OPTION_BAD_NAME"}, /* V390 */
	    {"spawn echo [\\:\\:1]", "spawn=echo [::1]|end"},
	    {"spawn x\\", "spawn=x\\|end"},
	    {"spawn # no comment", "spawn=# no comment|end"},
	    {"allow :", "OPTION_NOT_LAST"}, /* V031 */
	    {"allow : deny", "OPTION_NOT_LAST"},
	    {"twist x : allow", "OPTION_NOT_LAST"}, /* V361 */
	    {"", "OPTION_NO_NAME"},
	    {"spawn x :", "spawn=x|OPTION_NO_NAME"},
	    {"(cmd) &", "OPTION_BAD_NAME"}, /* V035 */
	    {"allows", "OPTION_BAD_NAME"},
	    {"allow yes", "OPTION_TAKES_NO_VALUE"},
	    {"keepalive=1", "OPTION_TAKES_NO_VALUE"},
	    {"spawn", "OPTION_NEEDS_VALUE"},
	    {"spawn =", "OPTION_NEEDS_VALUE"},
	    {"rfc931", "rfc931=|end"},
	    {"nice", "nice=|end"},
	    {"aclexec x", "OPTION_LATER"},
	    {"user nobody", "OPTION_LATER"},
	    {"setenv A=b c", "SETENV_FAILED"}, /* V341 */
	    {"setenv A b=c", "setenv=A b=c|end"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(
		    read_tail(WAY_CLASSIC, cases[i].tail, strlen(cases[i].tail)), cases[i].want);
	assert_string_equal(read_tail(WAY_PLAIN, "setenv A=b c", 12), "SETENV_EQUALS");
	assert_string_equal(read_tail(WAY_PLAIN, "severity warn", 13), "severity=warn|end");
	assert_string_equal(read_tail(WAY_CLASSIC, "severity warn", 13), "BAD_SEVERITY");
}

static void
numbers_stop_at_their_limits(void **state)
{
	static const struct {
		const char *tail;
		bool ok;
		long number;
	} cases[] = {
	    {"rfc931", true, 0},
	    {"rfc931 1", true, 1},
	    {"rfc931 0", false, 0},
	    {"rfc931 -1", false, 0},
	    {"rfc931 2147483647", true, 2147483647},
	    {"rfc931 2147483648", false, 0},
	    {"rfc931 1s", false, 0},
	    {"rfc931 1 2", false, 0},
	    {"rfc931 0x10", false, 0},
	    {"umask 0", true, 0},
	    {"umask 022", true, 022},
	    {"umask 777", true, 0777},
	    {"umask 1000", false, 0},
	    {"umask -1", false, 0},
	    {"umask 8", false, 0},
	    {"umask x", false, 0},
	    {"nice", true, 10},
	    {"nice -20", true, -20},
	    {"nice +5", true, 5},
	    {"nice 0", true, 0},
	    {"nice -", false, 0},
	    {"nice +", false, 0},
	    {"nice 5x", false, 0},
	    {"nice -2147483647", true, -2147483647},
	    {"nice 99999999999999999999", false, 0},
	    {"linger 0", true, 0},
	    {"linger 5", true, 5},
	    {"linger -1", false, 0},
	    {"linger x", false, 0},
	    {"severity mail.info", true, 22},
	    {"severity bogus", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct option_cursor cursor;
		struct option option;
		struct diag diag;

		option_cursor_init(&cursor, WAY_CLASSIC, cases[i].tail, strlen(cases[i].tail));
		assert_int_equal(
		    option_next(&cursor, &option, &diag), cases[i].ok ? OPTION_FIELD : OPTION_BAD);
		if (cases[i].ok)
			assert_int_equal(option.number, cases[i].number);
		option_cursor_release(&cursor);
	}
}

/* Each line of the table: with and without a value, last and not last. */
static void
the_table_is_obeyed(void **state)
{
	(void)state;
	for (unsigned id = 0; id < OPTION_IDS; id++) {
		const struct option_spec *spec = &option_specs[id];
		bool later = spec->flags & OPTION_LATER;
		char tail[64];

		assert_true(spec->keyword[0] != '\0' && spec->help[0] != '\0');
		snprintf(tail, sizeof tail, "%s", spec->keyword);
		assert_int_equal(
		    strcmp(read_tail(WAY_CLASSIC, tail, strlen(tail)), "OPTION_NEEDS_VALUE") == 0,
		    spec->argument == OPTION_REQUIRED);
		snprintf(tail, sizeof tail, "%s 7", spec->keyword);
		assert_int_equal(strcmp(read_tail(WAY_CLASSIC, tail, strlen(tail)),
		                     "OPTION_TAKES_NO_VALUE") == 0,
		    spec->argument == OPTION_NONE);
		snprintf(tail, sizeof tail, "%s%s : spawn x", spec->keyword,
		    spec->argument == OPTION_REQUIRED ? " 7" : "");
		assert_int_equal(
		    strcmp(read_tail(WAY_CLASSIC, tail, strlen(tail)), "OPTION_NOT_LAST") == 0,
		    (spec->flags & OPTION_LAST) != 0);
		if (later)
			assert_string_equal(
			    read_tail(WAY_CLASSIC, tail, strlen(tail)), "OPTION_LATER");
	}
}

static void
verdicts_of_tails(void **state)
{
	static const struct {
		const char *tail;
		enum verdict granting, refusing; /* in the allow and the deny table */
	} cases[] = {
	    {"spawn x", VERDICT_GRANT, VERDICT_REFUSE},
	    {"spawn x : severity info : nice", VERDICT_GRANT, VERDICT_REFUSE},
	    {"allow", VERDICT_GRANT, VERDICT_GRANT},
	    {"spawn x : deny", VERDICT_REFUSE, VERDICT_REFUSE},
	    {"twist x", VERDICT_TWIST, VERDICT_TWIST},
	    {"twist x : allow", VERDICT_REFUSE, VERDICT_REFUSE},
	    {"bogus : allow", VERDICT_REFUSE, VERDICT_REFUSE},
	    {"spawn x : aclexec y : allow", VERDICT_REFUSE, VERDICT_REFUSE},
	    {"", VERDICT_REFUSE, VERDICT_REFUSE},
	    {"allow : bogus", VERDICT_REFUSE, VERDICT_REFUSE},
	};
	const struct option_context one_shot = {.resident = false}, resident = {.resident = true};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *tail = cases[i].tail;
		size_t len = strlen(tail);

		assert_int_equal(option_verdict(WAY_CLASSIC, tail, len, &one_shot, VERDICT_GRANT),
		    cases[i].granting);
		assert_int_equal(option_verdict(WAY_CLASSIC, tail, len, &one_shot, VERDICT_REFUSE),
		    cases[i].refusing);
	}
	assert_int_equal(
	    option_verdict(WAY_CLASSIC, "twist x", 7, &resident, VERDICT_GRANT), VERDICT_REFUSE);
}

/* Random tails over the bytes that mean something: total, and what has an error is refused. */
static void
any_tail_ends(void **state)
{
	static const char *const pieces[] = {"allow", "deny", "spawn", "twist", ":", "\\", "=", " ",
	    "\t", "\n", "x", "%u", "\\:", "severity", "info", "\x80", "setenv", "nice", "1", ""};
	const struct option_context context = {.resident = false};
	uint32_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 100000; round++) {
		char tail[128], *exact;
		size_t len = 0;
		const char *got;
		bool bad;

		for (unsigned i = 0; i < 10; i++) {
			const char *piece;

			seed = seed * 1664525 + 1013904223;
			piece = pieces[(seed >> 16) % (sizeof pieces / sizeof *pieces)];
			memcpy(tail + len, piece, strlen(piece));
			len += strlen(piece);
		}
		exact = malloc(len + 1); /* for the sanitizer: not a byte beyond len */
		memcpy(exact, tail, len);
		exact[len] = ':';
		got = read_tail(WAY_PLAIN, exact, len);
		bad = strlen(got) < 3 || strcmp(got + strlen(got) - 3, "end") != 0;
		if (bad)
			assert_int_equal(
			    option_verdict(WAY_PLAIN, exact, len, &context, VERDICT_GRANT),
			    VERDICT_REFUSE);
		free(exact);
	}
}

static void
long_fields_and_no_memory(void **state)
{
	size_t len = LINES_MAX;
	char *tail = malloc(len);
	const struct option_context context = {.resident = false};
	unsigned long failed;
	long count = 0;

	(void)state;
	memset(tail, 'x', len);
	memcpy(tail, "spawn ", 6);
	assert_int_equal(
	    option_verdict(WAY_CLASSIC, tail, len, &context, VERDICT_GRANT), VERDICT_GRANT);
	do {
		enum verdict verdict;

		alloc_fail_after(count++);
		verdict = option_verdict(WAY_CLASSIC, tail, len, &context, VERDICT_GRANT);
		failed = alloc_fail_never();
		assert_int_equal(verdict, failed == 0 ? VERDICT_GRANT : VERDICT_REFUSE);
	} while (failed > 0);
	assert_true(count > 1);
	free(tail);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_divide),
	    cmocka_unit_test(numbers_stop_at_their_limits),
	    cmocka_unit_test(the_table_is_obeyed),
	    cmocka_unit_test(verdicts_of_tails),
	    cmocka_unit_test(any_tail_ends),
	    cmocka_unit_test(long_fields_and_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
