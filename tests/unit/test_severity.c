/*
 * NAME     test_severity - names of syslog.h
 * PURPOSE  Every name both ways, against the codes of RFC 5424; what the original refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/severity.h"

enum { NOT_KNOWN = -1, PLAIN = WAY_PLAIN, BOTH = WAY_BOTH };

static int
parse(const char *text, enum way way)
{
	int priority = NOT_KNOWN;
	bool ok = severity_parse(text, strlen(text), way, &priority);

	assert_int_equal(ok, priority != NOT_KNOWN);
	return priority;
}

static const struct {
	const char *text;
	int classic, plain;
} cases[] = {
    {"info", 6, 6},
    {"INFO", 6, 6},
    {"kern.emerg", 0, 0},
    {"mail.info", 22, 22},
    {"auth.alert", 33, 33},
    {"local0.crit", 130, 130},
    {"local7.debug", 191, 191},
    {"user.err", 11, 11},
    {"daemon.warning", 28, 28},
    {"lpr.notice", 53, 53},
    {"news.err", 59, 59},
    {"uucp.err", 67, 67},
    {"cron.err", 75, 75},
    /* the plain way only: V313, V314 */
    {"warn", NOT_KNOWN, 4},
    {"error", NOT_KNOWN, 3},
    {"panic", NOT_KNOWN, 0},
    {"authpriv.info", NOT_KNOWN, 86},
    {"ftp.info", NOT_KNOWN, 94},
    {"syslog.info", NOT_KNOWN, 46},
    {"security.info", NOT_KNOWN, 38},
    /* neither */
    {"", NOT_KNOWN, NOT_KNOWN},
    {".", NOT_KNOWN, NOT_KNOWN},
    {".info", NOT_KNOWN, NOT_KNOWN},
    {"mail.", NOT_KNOWN, NOT_KNOWN},
    {"mail", NOT_KNOWN, NOT_KNOWN},
    {"info.mail", NOT_KNOWN, NOT_KNOWN},
    {"mail.info.", NOT_KNOWN, NOT_KNOWN},
    {"mail .info", NOT_KNOWN, NOT_KNOWN},
    {"local8.info", NOT_KNOWN, NOT_KNOWN},
    {"inf", NOT_KNOWN, NOT_KNOWN},
    {"infos", NOT_KNOWN, NOT_KNOWN},
    {"none", NOT_KNOWN, NOT_KNOWN},
    {"mail.none", NOT_KNOWN, NOT_KNOWN},
    {"6", NOT_KNOWN, NOT_KNOWN},
    {"mail.6", NOT_KNOWN, NOT_KNOWN},
};

static void
names_have_their_codes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(parse(cases[i].text, WAY_CLASSIC), cases[i].classic);
		assert_int_equal(parse(cases[i].text, WAY_PLAIN), cases[i].plain);
	}
}

struct name {
	const char *name;
	int code, ways;
};

static const struct name facilities[] = {
#define FACILITY(name, code, ways) {name, code, ways},
#define LEVEL(name, code, ways)
#include "severities.def"
#undef FACILITY
#undef LEVEL
};

static const struct name levels[] = {
#define FACILITY(name, code, ways)
#define LEVEL(name, code, ways) {name, code, ways},
#include "severities.def"
#undef FACILITY
#undef LEVEL
};

/* What the classic way knows, the plain way knows as the same. */
static void
the_plain_way_knows_more_and_nothing_else(void **state)
{
	(void)state;
	for (size_t f = 0; f < sizeof facilities / sizeof *facilities; f++) {
		for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
			char text[64];
			int want = facilities[f].code * 8 + levels[l].code;
			bool classic = (facilities[f].ways & levels[l].ways & WAY_CLASSIC) != 0;

			snprintf(text, sizeof text, "%s.%s", facilities[f].name, levels[l].name);
			assert_int_equal(parse(text, WAY_PLAIN), want);
			assert_int_equal(parse(text, WAY_CLASSIC), classic ? want : NOT_KNOWN);
		}
	}
}

/* Nothing is read behind the length. */
static void
text_ends_at_its_length(void **state)
{
	int priority = NOT_KNOWN;
	char *exact = malloc(9);

	(void)state;
	memcpy(exact, "mail.info", 9);
	assert_true(severity_parse(exact, 9, WAY_CLASSIC, &priority));
	assert_int_equal(priority, 22);
	assert_false(severity_parse(exact, 8, WAY_CLASSIC, &priority));
	assert_false(severity_parse(exact, 4, WAY_CLASSIC, &priority));
	assert_int_equal(priority, 22);
	free(exact);
}

static void
the_unknown_name_is_found(void **state)
{
	static const struct {
		const char *text, *unknown;
	} parts[] = {{"x", "x"}, {"", ""}, {"x.info", "x"}, {"mail.y", "y"}, {"x.y", "x"},
	    {"mail.info.z", "info.z"}, {".info", ""}, {"mail.", ""}, {"mail .info", "mail "},
	    {"[.", "[."}, {"].", "]."}, {"[x].", "[x]"}};

	(void)state;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		size_t len = strlen(parts[i].text);
		const char *unknown = severity_unknown(parts[i].text, &len, WAY_CLASSIC);

		assert_int_equal(len, strlen(parts[i].unknown));
		assert_memory_equal(unknown, parts[i].unknown, len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_have_their_codes),
	    cmocka_unit_test(the_plain_way_knows_more_and_nothing_else),
	    cmocka_unit_test(text_ends_at_its_length),
	    cmocka_unit_test(the_unknown_name_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
