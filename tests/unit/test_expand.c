/*
 * NAME     test_expand - % letters
 * PURPOSE  No byte that a shell could take as more than text comes out of a value; limits; faults.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "policy/expand.h"

static const char *values[EXPANSION_IDS];
static unsigned asked[EXPANSION_IDS];
static char reported[64];

static const char *
on_value(void *ctx, enum expansion_id id)
{
	assert_ptr_equal(ctx, values);
	asked[id]++;
	return values[id];
}

static void
on_report(void *ctx, const struct diag *diag)
{
	assert_ptr_equal(ctx, values);
	assert_int_equal(diag->code, DIAG_EXPANSION_UNKNOWN);
	snprintf(reported, sizeof reported, "%.20s", diag->arg);
}

static const struct expander expander = {.value = on_value, .report = on_report, .ctx = values};

static struct diag last;

static bool
expand_text(const char *text, struct buf *out)
{
	last = (struct diag){.code = DIAG_NONE};
	reported[0] = '\0';
	memset(asked, 0, sizeof asked);
	return expand(&expander, text, strlen(text), out, &last);
}

static int
set_values(void **state)
{
	(void)state;
	for (unsigned id = 0; id < EXPANSION_IDS; id++)
		values[id] = "v";
	return 0;
}

static void
each_letter_asks_for_its_value(void **state)
{
	static const struct {
		char letter;
		enum expansion_id id;
	} letters[] = {
#define EXPANSION(letter, id, help) {letter, EXPANSION_##id},
#include "expansions.def"
#undef EXPANSION
	};
	struct buf out;

	(void)state;
	buf_init(&out, NULL, 0, 100);
	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
		char text[] = {'<', '%', letters[i].letter, '>', '\0'};

		buf_clear(&out);
		assert_true(expand_text(text, &out));
		assert_string_equal(out.bytes, "<v>");
		for (unsigned id = 0; id < EXPANSION_IDS; id++)
			assert_int_equal(asked[id], id == letters[i].id);
	}
	assert_int_equal(sizeof letters / sizeof *letters, EXPANSION_IDS);
	buf_release(&out);
}

static void
other_text_stays(void **state)
{
	static const struct {
		const char *text, *want, *report;
	} cases[] = {
	    {"", "", ""},
	    {"$(x) `y` ; \\ \" '", "$(x) `y` ; \\ \" '", ""},
	    {"%%", "%", ""},
	    {"%%a", "%a", ""},
	    {"100%", "100%", ""},
	    {"%", "%", ""},
	    {"a%zb", "ab", "%z"},
	    {"% a", "a", "% "},
	    {"%a%%%a", "v%v", ""},
	    {"%\n", "", "%\n"},
	};
	struct buf out;

	(void)state;
	buf_init(&out, NULL, 0, 100);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&out);
		assert_true(expand_text(cases[i].text, &out));
		assert_string_equal(out.bytes, cases[i].want);
		assert_string_equal(reported, cases[i].report);
	}
	buf_release(&out);
}

/* Every byte, in every letter's value: what is not on the list of the manual becomes "_". */
static void
values_have_no_byte_that_is_special(void **state)
{
	static const char harmless[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "!@%-_=+:,./";
	static const char letters[] = "aAcdhHnNprRsu";
	char value[256], want[256];
	struct buf out;

	(void)state;
	for (unsigned byte = 1; byte < 256; byte++) {
		value[byte - 1] = (char)byte;
		want[byte - 1] = strchr(harmless, (char)byte) != NULL ? (char)byte : '_';
	}
	value[255] = want[255] = '\0';
	buf_init(&out, NULL, 0, 300);
	for (unsigned id = 0; id < EXPANSION_IDS; id++)
		values[id] = value;
	for (const char *letter = letters; *letter != '\0'; letter++) {
		char text[] = {'%', *letter, '\0'};

		buf_clear(&out);
		assert_true(expand_text(text, &out));
		assert_string_equal(out.bytes, want);
	}
	buf_release(&out);
	assert_int_equal(strlen(letters), EXPANSION_IDS);
}

/* A value is data: a % in it is never looked at again. */
static void
values_are_not_expanded_again(void **state)
{
	struct buf out;

	(void)state;
	values[EXPANSION_USER] = "%n%%";
	buf_init(&out, NULL, 0, 100);
	assert_true(expand_text("%u", &out));
	assert_string_equal(out.bytes, "%n%%");
	assert_int_equal(asked[EXPANSION_CLIENT_NAME], 0);
	buf_release(&out);
}

static void
a_value_that_cannot_be_had_fails(void **state)
{
	struct buf out;

	(void)state;
	values[EXPANSION_USER] = NULL;
	buf_init(&out, NULL, 0, 100);
	assert_false(expand_text("a %u b", &out));
	assert_int_equal(last.code, DIAG_LOOKUP_FAULT);
	assert_string_equal(last.arg, "%u");
	buf_release(&out);
}

static void
results_stop_at_the_maximum(void **state)
{
	static char text[EXPAND_OPTION_MAX + 3], value[EXPAND_OPTION_MAX + 2];

	(void)state;
	for (size_t len = EXPAND_OPTION_MAX - 1; len <= EXPAND_OPTION_MAX + 1; len++) {
		bool fits = len <= EXPAND_OPTION_MAX;
		struct buf out;

		/* the rule's own text */
		memset(text, 'x', len);
		text[len] = '\0';
		buf_init(&out, NULL, 0, EXPAND_OPTION_MAX);
		assert_int_equal(expand_text(text, &out), fits);
		assert_int_equal(last.code, fits ? DIAG_NONE : DIAG_EXPANSION_TOO_LONG);
		assert_int_equal(strlen(last.arg), fits ? 0 : 30); /* as the frozen text has it */
		/* a value, with one byte before it */
		memset(value, 'v', len - 1);
		value[len - 1] = '\0';
		values[EXPANSION_USER] = value;
		buf_clear(&out);
		assert_int_equal(expand_text("x%u", &out), fits);
		assert_int_equal(last.code, fits ? DIAG_NONE : DIAG_EXPANSION_TOO_LONG);
		buf_release(&out);
	}
}

static void
no_memory_fails(void **state)
{
	char storage[4];
	struct buf out;

	(void)state;
	buf_init(&out, storage, sizeof storage, 100);
	alloc_fail_after(0);
	assert_false(expand_text("%u%u%u%u", &out));
	assert_int_equal(alloc_fail_never(), 1);
	assert_int_not_equal(last.code, DIAG_NONE);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(each_letter_asks_for_its_value, set_values),
	    cmocka_unit_test_setup(other_text_stays, set_values),
	    cmocka_unit_test_setup(values_have_no_byte_that_is_special, set_values),
	    cmocka_unit_test_setup(values_are_not_expanded_again, set_values),
	    cmocka_unit_test_setup(a_value_that_cannot_be_had_fails, set_values),
	    cmocka_unit_test_setup(results_stop_at_the_maximum, set_values),
	    cmocka_unit_test_setup(no_memory_fails, set_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
