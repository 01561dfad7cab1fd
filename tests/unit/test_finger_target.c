/*
 * NAME     test_finger_target - [USER]@HOST[@HOST...]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/safe_finger/target.h"

static void
targets_are_understood(void **state)
{
	static const struct {
		const char *text, *host, *query;
		bool is_address;
	} cases[] = {
	    {"@host", "host", "\r\n", false},
	    {"joe@host.example.org.", "host.example.org.", "joe\r\n", false},
	    {"joe@a@b@c", "c", "joe@a@b\r\n", false},
	    {"@a@c", "c", "@a\r\n", false},
	    {"@192.0.2.1", "192.0.2.1", "\r\n", true},
	    {"@[2001:db8::1]", "2001:db8::1", "\r\n", true},
	    {"@2001:db8::1", "2001:db8::1", "\r\n", true},
	    {"@fe80::1%eth0.7", "fe80::1%eth0.7", "\r\n", true},
	    {"@[fe80::1%2]", "fe80::1%2", "\r\n", true},
	    {"@::ffff:192.0.2.1", "::ffff:192.0.2.1", "\r\n", true},
	    {"joe@[::1]@192.0.2.1@c", "c", "joe@[::1]@192.0.2.1\r\n", false},
	    {"@3com", "3com", "\r\n", false},
	    {"@a_b-c.d", "a_b-c.d", "\r\n", false},
	    {"@1.2.3.4.example", "1.2.3.4.example", "\r\n", false},
	    {"@face", "face", "\r\n", false},
	    {"$(id);'\"~!/@c", "c", "$(id);'\"~!/\r\n", false},
	    {"-l@c", "c", "-l\r\n", false},
	};
	char long_query[TARGET_QUERY_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct target target;

		assert_null(target_parse(cases[i].text, false, &target));
		assert_string_equal(target.host, cases[i].host);
		assert_string_equal(target.query, cases[i].query);
		assert_int_equal(target.query_len, strlen(cases[i].query));
		assert_int_equal(target.is_address, cases[i].is_address);
		assert_null(target_parse(cases[i].text, true, &target));
		snprintf(long_query, sizeof long_query, "/W%s%s",
		    cases[i].query[0] == '\r' ? "" : " ", cases[i].query);
		assert_string_equal(target.query, long_query);
	}
}

static void
others_are_none(void **state)
{
	static const char *const cases[] = {"", "joe", "@", "joe@", "@@", "@a@", "@@a", "joe@@a",
	    "joe smith@a", "joe\r@a", "joe\nroot@a", "joe\t@a", "\x7f@a", "\xe9@a", "/W@a", "/@a",
	    "@a b", "@a\r\n", "@a\n@b", "@b c@a", "@a/b", "@a:79", "@a:b", "@.", "@.a", "@a..b",
	    "@a..", "@-a", "@a.-b", "@1", "@127.1", "@0x7f.1", "@0xa", "@a.0Xf", "@a.7",
	    "@1.2.3.4.", "@256.1.1.1", "@1.2.3.04", "@[1.2.3.4]", "@[a]", "@[]", "@[::1", "@::1]",
	    "@[[::1]]", "@[::1].", "@:::", "@::1%a/b", "@::1% ", "@1.2.3.4%lo", "@%lo",
	    "@\xc3\xa9"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct target target;

		if (target_parse(cases[i], false, &target) == NULL)
			fail_msg("'%s' is taken for a target", cases[i]);
	}
}

/* No byte but a printable one gets into a query, wherever it stands. */
static void
no_byte_ends_the_line(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		char text[][8] = {"j?e@a", "@b?b@a", "@a?a", "?@a", "@?@a"};

		for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
			struct target target;

			*strchr(text[i], '?') = (char)c;
			if (target_parse(text[i], true, &target) != NULL)
				continue;
			for (size_t at = 0; at < target.query_len - 2; at++)
				assert_in_range(target.query[at], at == 2 ? ' ' : '!', '~');
			assert_string_equal(target.query + target.query_len - 2, "\r\n");
		}
	}
}

static void
lengths_are_bounded(void **state)
{
	char text[TARGET_MAX + 2];
	struct target target;

	(void)state;
	for (size_t len = TARGET_MAX - 1; len <= TARGET_MAX + 1; len++) {
		memset(text, 'u', len);
		memcpy(text + len - 2, "@a", 3);
		assert_int_equal(target_parse(text, true, &target) == NULL, len <= TARGET_MAX);
		if (len <= TARGET_MAX)
			assert_int_equal(target.query_len, strlen("/W ") + len - 2 + 2);
	}
	for (size_t len = TARGET_HOST_MAX - 1; len <= TARGET_HOST_MAX + 1; len++) {
		memset(text, 'h', len + 1);
		text[0] = '@';
		text[len + 1] = '\0';
		assert_int_equal(
		    target_parse(text, false, &target) == NULL, len <= TARGET_HOST_MAX);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(targets_are_understood),
	    cmocka_unit_test(others_are_none),
	    cmocka_unit_test(no_byte_ends_the_line),
	    cmocka_unit_test(lengths_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
