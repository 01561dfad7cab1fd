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
	    {"aclexec x", "aclexec=x|end"},
	    {"user nobody", "user=nobody|end"},
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
	}
}

/* ---- verdicts ---- */

static const char *says; /* what aclexecs say, each a letter: true, false, or ! */
static unsigned asked;

static enum command_status
aclexec(void *ctx, const struct tail *tail, unsigned number)
{
	(void)ctx;
	assert_non_null(tail->text);
	assert_int_equal(number, asked++);
	assert_true(number < strlen(says));
	return says[number] == 't' ? COMMAND_TRUE
	    : says[number] == 'f'  ? COMMAND_FALSE
	                           : COMMAND_FAILED;
}

static unsigned reported;

static void
report(void *ctx, const struct diag *diag)
{
	(void)ctx;
	assert_int_equal(diag->code, DIAG_TOO_MANY_COMMANDS);
	assert_int_equal(diag->line, 1);
	reported++;
}

static const struct facts_ops ops = {.aclexec = aclexec, .report = report};
static const struct facts facts = {.ops = &ops};

static struct option_outcome
outcome_of(enum way way, const char *text, size_t len, bool resident, enum verdict by_default)
{
	const struct option_context context = {.resident = resident};
	const struct tail tail = {"F", 1, way, text, len};

	asked = 0;
	return option_verdict(&tail, &facts, &context, by_default);
}

static enum verdict
verdict_of(enum way way, const char *text, size_t len, enum verdict by_default)
{
	return outcome_of(way, text, len, false, by_default).verdict;
}

/* A command decides only if nothing behind it does. */
static void
commands_have_a_say(void **state)
{
	static const struct {
		const char *tail, *says;
		enum verdict verdict; /* in the allow table */
		bool passes, failed;
		const char *left; /* to be carried out; NULL: nothing */
	} cases[] = {
	    {"aclexec a", "t", VERDICT_GRANT, false, false, NULL},
	    {"aclexec a", "f", VERDICT_GRANT, true, false, NULL},
	    {"aclexec a", "!", VERDICT_REFUSE, false, true, NULL},
	    {"spawn x : aclexec a : spawn y", "t", VERDICT_GRANT, false, false, " spawn y"},
	    /* behind a last one that says no, the rest is asked for as one more */
	    {"spawn x : aclexec a : spawn y", "ff", VERDICT_GRANT, true, false, NULL},
	    {"spawn x : aclexec a : spawn y", "f!", VERDICT_REFUSE, false, true, NULL},
	    {"aclexec a : user x : nice", "ff", VERDICT_GRANT, true, false, NULL},
	    {"aclexec a : aclexec b : nice", "tf!", VERDICT_REFUSE, false, true, NULL},
	    {"spawn x : aclexec a : spawn y", "!", VERDICT_REFUSE, false, true, NULL},
	    {"aclexec a : aclexec b", "ft", VERDICT_GRANT, false, false, NULL},
	    {"aclexec a : aclexec b", "tf", VERDICT_GRANT, true, false, NULL},
	    {"aclexec a : aclexec b : nice", "!", VERDICT_REFUSE, false, true, NULL},
	    {"aclexec a : allow", "f", VERDICT_GRANT, false, false, " allow"},
	    {"aclexec a : deny", "t", VERDICT_REFUSE, false, false, " deny"},
	    {"aclexec a : deny", "f", VERDICT_REFUSE, false, false, " deny"},
	    {"aclexec a : twist b", "f", VERDICT_TWIST, false, false, " twist b"},
	    {"aclexec a : allow", "!", VERDICT_REFUSE, false, true, NULL},
	    /* an error behind it is the rule's, whatever it says */
	    {"aclexec a : bogus", "t", VERDICT_REFUSE, false, false, " bogus"},
	    {"aclexec a : bogus", "f", VERDICT_REFUSE, false, false, " bogus"},
	    {"aclexec a :", "f", VERDICT_REFUSE, false, false, ""},
	    /* before it: never asked */
	    {"bogus : aclexec a", "", VERDICT_REFUSE, false, false, "bogus : aclexec a"},
	    {"aclexec : aclexec a", "", VERDICT_REFUSE, false, false, "aclexec : aclexec a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *tail = cases[i].tail;
		size_t len = strlen(tail);
		struct option_outcome got;

		says = cases[i].says;
		got = outcome_of(WAY_CLASSIC, tail, len, false, VERDICT_GRANT);
		assert_int_equal(asked, strlen(says));
		assert_int_equal(got.passes, cases[i].passes);
		assert_int_equal(got.failed, cases[i].failed);
		if (!got.passes)
			assert_int_equal(got.verdict, cases[i].verdict);
		if (got.passes || got.failed)
			continue;
		assert_int_equal(got.at <= len, cases[i].left != NULL);
		if (got.at <= len)
			assert_string_equal(tail + got.at, cases[i].left);
	}
}

static void
commands_are_counted(void **state)
{
	static const char one[] = "aclexec x:", last[] = "nice";
	static char tail[(OPTION_COMMANDS_MAX + 1) * sizeof one], yes[OPTION_COMMANDS_MAX + 2];

	(void)state;
	memset(yes, 't', OPTION_COMMANDS_MAX + 1);
	says = yes;
	for (unsigned count = OPTION_COMMANDS_MAX - 1; count <= OPTION_COMMANDS_MAX + 1; count++) {
		bool is_over = count > OPTION_COMMANDS_MAX;
		struct option_outcome got;

		tail[0] = '\0';
		for (unsigned i = 0; i < count; i++)
			memcpy(tail + i * strlen(one), one, sizeof one);
		memcpy(tail + count * strlen(one), last, sizeof last);
		reported = 0;
		got = outcome_of(WAY_PLAIN, tail, strlen(tail), false, VERDICT_GRANT);
		assert_int_equal(asked, is_over ? OPTION_COMMANDS_MAX : count);
		assert_int_equal(got.verdict, is_over ? VERDICT_REFUSE : VERDICT_GRANT);
		assert_int_equal(got.failed, is_over);
		assert_int_equal(reported, is_over);
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
	    {"", VERDICT_REFUSE, VERDICT_REFUSE},
	    {"allow : bogus", VERDICT_REFUSE, VERDICT_REFUSE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *tail = cases[i].tail;
		size_t len = strlen(tail);

		assert_int_equal(
		    verdict_of(WAY_CLASSIC, tail, len, VERDICT_GRANT), cases[i].granting);
		assert_int_equal(
		    verdict_of(WAY_CLASSIC, tail, len, VERDICT_REFUSE), cases[i].refusing);
	}
	assert_int_equal(
	    outcome_of(WAY_CLASSIC, "twist x", 7, true, VERDICT_GRANT).verdict, VERDICT_REFUSE);
}

/* Random tails over the bytes that mean something: total, and what has an error is refused. */
static void
any_tail_ends(void **state)
{
	static const char *const pieces[] = {"allow", "deny", "spawn", "twist", ":", "\\", "=", " ",
	    "\t", "\n", "x", "%u", "\\:", "severity", "info", "\x80", "setenv", "nice", "1", ""};
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
			    verdict_of(WAY_PLAIN, exact, len, VERDICT_GRANT), VERDICT_REFUSE);
		free(exact);
	}
}

static void
long_fields_and_no_memory(void **state)
{
	size_t len = LINES_MAX;
	char *tail = malloc(len);
	unsigned long failed;
	long count = 0;

	(void)state;
	memset(tail, 'x', len);
	memcpy(tail, "spawn ", 6);
	assert_int_equal(verdict_of(WAY_CLASSIC, tail, len, VERDICT_GRANT), VERDICT_GRANT);
	do {
		enum verdict verdict;

		alloc_fail_after(count++);
		verdict = verdict_of(WAY_CLASSIC, tail, len, VERDICT_GRANT);
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
	    cmocka_unit_test(commands_have_a_say),
	    cmocka_unit_test(commands_are_counted),
	    cmocka_unit_test(verdicts_of_tails),
	    cmocka_unit_test(any_tail_ends),
	    cmocka_unit_test(long_fields_and_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
