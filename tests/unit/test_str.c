/*
 * NAME     test_str - text as pointer and length
 * PURPOSE  The glob against a slow definition of itself, its time, numbers at their limits.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

#include "base/str.h"

static bool
glob(const char *pattern, const char *text)
{
	return str_glob(pattern, strlen(pattern), text, strlen(text));
}

static void
globs_match_as_documented(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool want;
	} cases[] = {
	    {"", "", true},
	    {"", "a", false},
	    {"*", "", true},
	    {"*", "abc", true},
	    {"?", "", false},
	    {"?", "a", true},
	    {"a?c", "abc", true},
	    {"a*c", "ac", true},
	    {"a*c", "abcd", false},
	    {"*.example.org", "www.EXAMPLE.org", true},
	    {"*.example.org", "example.org", false},
	    {"a*b*c", "a-b-b-c", true},
	    {"*aab", "aaaab", true},
	    {"**", "", true},
	    {"*?", "", false},
	    {"10.*.1", "10.2.3.1", true},
	    {"[a]", "a", false},
	    {"\\*", "\\x", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(glob(cases[i].pattern, cases[i].text), cases[i].want);
}

/* The definition, exponential and obvious. */
static bool
slow_glob(const char *p, const char *t)
{
	if (*p == '\0')
		return *t == '\0';
	if (*p == '*')
		return slow_glob(p + 1, t) || (*t != '\0' && slow_glob(p, t + 1));
	return *t != '\0' && (*p == '?' || *p == *t) && slow_glob(p + 1, t + 1);
}

/* All patterns of up to 5 bytes of "ab?*" against all texts of up to 6 bytes of "ab". */
static void
globs_agree_with_the_definition(void **state)
{
	unsigned long pairs = 0;

	(void)state;
	for (unsigned p_len = 0; p_len <= 5; p_len++) {
		for (unsigned p = 0; p < 1U << 2 * p_len; p++) {
			char pattern[6] = "";

			for (unsigned i = 0; i < p_len; i++)
				pattern[i] = "ab?*"[p >> 2 * i & 3];
			for (unsigned t = 1; t < 1U << 7; t++) {
				char text[8] = "";

				for (unsigned i = 0; t >> (i + 1) != 0; i++)
					text[i] = "ab"[t >> i & 1];
				assert_int_equal(glob(pattern, text), slow_glob(pattern, text));
				pairs++;
			}
		}
	}
	assert_true(pairs > 100000);
}

/* Exponential in the original: forty stars against four kilobytes. Here some 160,000 steps a star
 * at worst; five seconds are a thousand times that. */
static void
globs_take_no_time(void **state)
{
	char pattern[96] = "", text[4096];
	clock_t start = clock();

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		memcpy(pattern + 2 * i, "a*", 2);
	memcpy(pattern + 80, "b", 2);
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_false(glob(pattern, text));
	assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
}

static void
case_is_that_of_ascii_letters(void **state)
{
	(void)state;
	for (int a = 0; a < 256; a++) {
		for (int b = 0; b < 256; b++) {
			char x = (char)a, y = (char)b;
			bool same = a == b || (a < 128 && b < 128 && tolower(a) == tolower(b));

			assert_int_equal(str_eq_nocase(&x, 1, &y, 1), same);
		}
	}
	assert_true(str_eq_nocase("a\0B", 3, "A\0b", 3));
	assert_false(str_eq_nocase("ab", 2, "abc", 3));
	assert_true(str_is("ALL", 3, "all"));
	assert_false(str_is("ALLOW", 5, "all"));
	assert_false(str_is("al", 2, "all"));
}

static void
numbers_stop_at_their_maximum(void **state)
{
	static const struct {
		const char *text;
		unsigned long max;
		bool ok;
	} cases[] = {
	    {"", 9, false},
	    {"0", 0, true},
	    {"1", 0, false},
	    {"254", 255, true},
	    {"255", 255, true},
	    {"256", 255, false},
	    {"00255", 255, true},
	    {"2550", 255, false},
	    {"+1", 9, false},
	    {"-1", 9, false},
	    {" 1", 9, false},
	    {"1 ", 9, false},
	    {"1a", 99, false},
	    {"/", 99, false},
	    {":", 99, false},
	    {"18446744073709551615", UINT64_MAX, true},
	    {"18446744073709551616", UINT64_MAX, false},
	    {"99999999999999999999", UINT64_MAX, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned long got = 4711;

		assert_int_equal(
		    str_number(cases[i].text, strlen(cases[i].text), cases[i].max, &got),
		    cases[i].ok);
		assert_true(got == (cases[i].ok ? strtoul(cases[i].text, NULL, 10) : 4711));
	}
}

static void
trimming_takes_blanks_off_both_ends(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {{"", ""}, {" ", ""}, {" \t\n\v\f\r", ""}, {"a", "a"}, {" a b\r\n", "a b"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *text = cases[i].text;
		size_t len = strlen(text);

		str_trim(&text, &len);
		assert_int_equal(len, strlen(cases[i].want));
		assert_memory_equal(text, cases[i].want, len);
	}
	for (int c = 0; c < 128; c++)
		assert_int_equal(str_is_space((char)c), isspace(c) != 0);
}

static void
sets_of_bytes(void **state)
{
	(void)state;
	assert_true(str_consists_of("", 0, "ab"));
	assert_true(str_consists_of("abba", 4, "ab"));
	assert_false(str_consists_of("abca", 4, "ab"));
	assert_false(str_consists_of("a\0", 2, "ab"));
	assert_true(str_consists_of("abx", 2, "ab"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sets_of_bytes),
	    cmocka_unit_test(globs_match_as_documented),
	    cmocka_unit_test(globs_agree_with_the_definition),
	    cmocka_unit_test(globs_take_no_time),
	    cmocka_unit_test(case_is_that_of_ascii_letters),
	    cmocka_unit_test(numbers_stop_at_their_maximum),
	    cmocka_unit_test(trimming_takes_blanks_off_both_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
