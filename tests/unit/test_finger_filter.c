/*
 * NAME     test_finger_filter - answers as harmless text
 * PURPOSE  Its bytes, its columns and its end; tests/e2e/0231-safe-finger.py compares with Debian's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/safe_finger/filter.h"

static const char cut_note[] = "\n\n Input truncated to 100000 bytes...\n";

/* The text of an answer that comes in two pieces. */
static bool
filter_pieces(struct buf *out, const char *answer, size_t first, size_t second)
{
	struct filter filter = {0};

	buf_init(out, NULL, 0, (first + second) * FILTER_GROWTH + FILTER_NOTE_MAX);
	return filter_add(&filter, answer, first, out) &&
	    filter_add(&filter, answer + first, second, out) && filter_end(&filter, out);
}

static void
check(const char *answer, size_t len, const char *text)
{
	for (size_t first = 0; first <= len; first++) {
		struct buf out;

		assert_true(filter_pieces(&out, answer, first, len - first));
		assert_false(out.failed);
		assert_string_equal(out.len > 0 ? out.bytes : "", text);
		buf_release(&out);
	}
}

static void
bytes_are_harmless(void **state)
{
	static const struct {
		const char *answer, *text;
	} cases[] = {
	    {"", ""},
	    {"\n", "\n"},
	    {"a", " a"},
	    {"a\n\nb\n", " a\n\n b\n"},
	    {"~!id\n.\nFrom\n", " ~!id\n .\n From\n"},
	    {"\\", " \\\\"},
	    {"\t\v\f", " \t\v\f"},
	    {"\a\x1b[1m\x7f\x80\xff", " \\007\\033[1m\\177\\200\\377"},
	    {"a\r\nb\r\n", " a\n b\n"},
	    {"\r\r\n\r", " \r\n \r"},
	    {"\ra", " \ra"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(cases[i].answer, strlen(cases[i].answer), cases[i].text);
	check("\0", 1, " \\000");
}

/* What follows so many bytes of a line, and how. */
static void
check_break(size_t count, const char *tail, const char *text)
{
	char answer[2 * FILTER_COLUMNS], want[4 * FILTER_COLUMNS];

	snprintf(answer, sizeof answer, "%.*d%s", (int)count, 0, tail);
	snprintf(want, sizeof want, " %.*d%s", (int)count, 0, text);
	check(answer, strlen(answer), want);
}

static void
lines_are_broken(void **state)
{
	(void)state;
	check_break(FILTER_COLUMNS - 2, "a", "a");
	check_break(FILTER_COLUMNS - 1, "\n", "\n");
	check_break(FILTER_COLUMNS - 1, "", "");
	check_break(FILTER_COLUMNS - 1, "a", "\\\n a");
	check_break(FILTER_COLUMNS - 2, "\\\n", "\\\\\n");
	check_break(FILTER_COLUMNS - 2, "\\a", "\\\\\\\n a");
	check_break(FILTER_COLUMNS - 2, "\xff", "\\377");
	check_break(FILTER_COLUMNS - 5, "\xff\xff", "\\377\\\n \\377");
	check_break(FILTER_COLUMNS - 6, "\xff\xff", "\\377\\377");
	check_break(FILTER_COLUMNS - 1, "\r\n", "\n");
}

static void
answers_are_cut(void **state)
{
	char *answer = malloc(FILTER_INPUT_MAX + 2);

	(void)state;
	assert_non_null(answer);
	memset(answer, '\n', FILTER_INPUT_MAX + 2);
	for (size_t len = FILTER_INPUT_MAX - 1; len <= FILTER_INPUT_MAX + 1; len++) {
		struct buf out;
		bool is_cut = len > FILTER_INPUT_MAX;

		assert_int_equal(filter_pieces(&out, answer, 1, len - 1), !is_cut);
		assert_int_equal(out.len, is_cut ? FILTER_INPUT_MAX + sizeof cut_note - 1 : len);
		if (is_cut)
			assert_string_equal(out.bytes + FILTER_INPUT_MAX, cut_note);
		buf_release(&out);
	}
	/* A CR at the very end is one byte too many, too. */
	answer[FILTER_INPUT_MAX] = '\r';
	answer[FILTER_INPUT_MAX + 1] = '\n';
	for (size_t more = 1; more <= 2; more++) {
		struct buf out;

		assert_false(filter_pieces(&out, answer, FILTER_INPUT_MAX, more));
		assert_string_equal(out.bytes + FILTER_INPUT_MAX, cut_note);
		buf_release(&out);
	}
	free(answer);
}

/* The note is told once, and nothing comes behind it. */
static void
after_the_cut_there_is_nothing(void **state)
{
	static char answer[FILTER_INPUT_MAX + 1];
	struct filter filter = {0};
	struct buf out;
	size_t len;

	(void)state;
	buf_init(&out, NULL, 0, sizeof answer * FILTER_GROWTH);
	assert_false(filter_add(&filter, answer, sizeof answer, &out));
	len = out.len;
	assert_false(filter_add(&filter, "a", 1, &out));
	assert_false(filter_end(&filter, &out));
	assert_int_equal(out.len, len);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_are_harmless),
	    cmocka_unit_test(lines_are_broken),
	    cmocka_unit_test(answers_are_cut),
	    cmocka_unit_test(after_the_cut_there_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
