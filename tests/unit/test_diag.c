/*
 * NAME     test_diag - findings as values
 * PURPOSE  Cutting and escaping of subjects; the table of messages keeps its own rules.
 */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/diag.h"

static char text[1024];

static const char *
format(const struct diag *diag)
{
	struct buf buf;

	buf_init(&buf, text, sizeof text, sizeof text - 1);
	assert_true(diag_format(diag, &buf));
	return text;
}

static void
subjects_are_cut_and_end_in_nul(void **state)
{
	char arg[DIAG_ARG_MAX + 2];

	(void)state;
	memset(arg, 'x', sizeof arg);
	for (size_t len = DIAG_ARG_MAX - 2; len <= DIAG_ARG_MAX + 1; len++) {
		struct diag diag = {.file = "F", .line = 3, .column = 4};

		diag_set(&diag, DIAG_BAD_NET, arg, len);
		assert_int_equal(strlen(diag.arg), len < DIAG_ARG_MAX ? len : DIAG_ARG_MAX - 1);
		assert_int_equal(diag.code, DIAG_BAD_NET);
		assert_string_equal(diag.file, "F"); /* the place stays */
		assert_int_equal(diag.line, 3);
		assert_int_equal(diag.column, 4);
	}
}

static void
texts_are_filled_in(void **state)
{
	struct diag diag = {.error = EACCES};

	(void)state;
	diag_set(&diag, DIAG_CANNOT_OPEN, "/etc/x", 6);
	assert_string_equal(format(&diag), "cannot open /etc/x: Permission denied");
	diag_set(&diag, DIAG_OPTION_BAD_NAME, "%s%n%m\n\\", 8);
	assert_string_equal(format(&diag), "bad option name: \"%s%n%m\\x0a\\x5c\"");
}

static void
a_full_buffer_is_told(void **state)
{
	struct diag diag = {.error = EACCES};
	size_t need;

	(void)state;
	diag_set(&diag, DIAG_CANNOT_OPEN, "/etc/x", 6);
	need = strlen(format(&diag));
	for (size_t max = 0; max <= need + 1; max++) {
		struct buf buf;

		buf_init(&buf, text, sizeof text, max);
		assert_int_equal(diag_format(&diag, &buf), max >= need);
		assert_true(buf.len <= max);
	}
}

/* A message: begins with its subject or a lower-case letter, has no full stop at its end, one
 * subject at most, and nothing that looks like a format but %s and %m. */
static void
messages_keep_the_grammar(void **state)
{
	(void)state;
	for (unsigned code = 1; code < DIAG_CODES; code++) {
		struct diag diag = {.error = EACCES};
		const char *remedy = diag_remedy((enum diag_code)code), *last;

		assert_true(diag_name((enum diag_code)code)[0] != '\0');
		for (unsigned other = 1; other < code; other++)
			assert_string_not_equal(
			    diag_name((enum diag_code)code), diag_name((enum diag_code)other));
		diag_set(&diag, (enum diag_code)code, "subject", 7);
		last = format(&diag);
		assert_true(*last != '\0' && !isupper((unsigned char)*last));
		assert_null(strchr(last, '\n'));
		assert_true(strstr(last, "...") != NULL || last[strlen(last) - 1] != '.');
		assert_true(*remedy == '\0' || remedy[strlen(remedy) - 1] != '.');
		last = strstr(last, "subject");
		assert_true(last == NULL || strstr(last + 1, "subject") == NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(subjects_are_cut_and_end_in_nul),
	    cmocka_unit_test(texts_are_filled_in),
	    cmocka_unit_test(a_full_buffer_is_told),
	    cmocka_unit_test(messages_keep_the_grammar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
