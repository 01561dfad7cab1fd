/* Reading answers: what is JSON of inetd's kind, what is found in it, how it is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "cmd/inetctl/value.h"

/* In memory of exactly its size, so that a sanitizer sees a read behind it. */
static bool
is_value(const char *text, size_t len)
{
	char *copy = malloc(len + 1);
	struct value value;
	bool ok;

	assert_non_null(copy);
	memcpy(copy + 1, text, len);
	ok = value_parse(copy + 1, len, &value);
	free(copy);
	return ok;
}

static void
test_grammar(void **state)
{
	static const char *const good[] = {"{}", "[]", "0", "12", "true", "false", "null", "\"\"",
	    "[[],{}]", "{\"a\":1,\"b\":[1,2,{\"c\":null}]}\n",
	    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00fF\"", "[\"\xff\"]"};
	static const char *const bad[] = {"", "\n", "{", "[", "[1", "[1,", "[1,]", "[,]", "{]",
	    "[}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "1 ", " 1", "-1", "1.5",
	    "tru", "truex", "\"", "\"\\\"", "\"\\x\"", "\"\\u00f\"", "\"\\u00fg\"", "\"\n\"",
	    "1\n\n", "[1 ,2]", "}", "]]", "{}{}", "[1 2]"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!is_value(good[i], strlen(good[i])))
			fail_msg("not taken: %s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (is_value(bad[i], strlen(bad[i])))
			fail_msg("taken: %s", bad[i]);
}

/* Each beginning of a value is no value, and nothing is read behind it. */
static void
test_beginnings(void **state)
{
	static const char whole[] = "{\"a\":[1,\"\\u00ff\\n\",true,{\"b\":[]}],\"c\":null}";

	(void)state;
	assert_true(is_value(whole, sizeof whole - 1));
	for (size_t len = 0; len < sizeof whole - 1; len++)
		assert_false(is_value(whole, len));
}

static void
test_depth(void **state)
{
	enum { MAX = 32 };
	char text[2 * MAX + 2];

	(void)state;
	memset(text, '[', MAX);
	memset(text + MAX, ']', MAX);
	assert_true(is_value(text, 2 * MAX));
	memset(text, '[', MAX + 1);
	memset(text + MAX + 1, ']', MAX + 1);
	assert_false(is_value(text, 2 * MAX + 2));
}

static struct value
parse(const char *text)
{
	struct value value;

	assert_true(value_parse(text, strlen(text), &value));
	return value;
}

static void
test_members(void **state)
{
	struct value all =
	    parse("{\"aa\":1,\"a\":{\"b\":7},\"c\":true,\"d\":\"word\",\"e\":false}");
	struct value found = value_member(&all, "a"), none;

	(void)state;
	assert_int_equal(found.kind, VALUE_OBJECT);
	found = value_member(&found, "b");
	assert_int_equal(value_number(&found), 7);
	found = value_member(&all, "c");
	assert_true(value_is_true(&found));
	found = value_member(&all, "e");
	assert_false(value_is_true(&found));
	found = value_member(&all, "d");
	assert_true(
	    value_is(&found, "word") && !value_is(&found, "wor") && !value_is(&found, "words"));
	assert_false(value_is_true(&found) || value_number(&found) != 0);
	none = value_member(&all, "b");
	assert_int_equal(none.kind, VALUE_NONE);
	none = value_member(&none, "b");
	assert_int_equal(none.kind, VALUE_NONE);
	assert_false(value_is(&none, "") || value_number(&none) != 0 || value_is_true(&none));
}

static void
test_elements(void **state)
{
	struct value all = parse("[1,[2,3],\"x\"]"), empty = parse("[]"), number = parse("1"), one;
	size_t at = 0;

	(void)state;
	assert_true(value_next(&all, &at, &one) && value_number(&one) == 1);
	assert_true(value_next(&all, &at, &one) && one.kind == VALUE_ARRAY && one.len == 5);
	assert_true(value_next(&all, &at, &one) && value_is(&one, "x"));
	assert_false(value_next(&all, &at, &one));
	at = 0;
	assert_false(value_next(&empty, &at, &one));
	assert_false(value_next(&number, &at, &one));
	one = value_member(&number, "x");
	assert_false(value_next(&one, &at, &one));
}

static void
printed(const char *text, const char *want)
{
	struct value value = parse(text);
	struct buf buf;

	buf_init(&buf, NULL, 0, 1000);
	assert_true(buf_add_str(&buf, "") && value_print(&value, &buf));
	assert_string_equal(buf.bytes, want);
	buf_release(&buf);
}

static void
test_print(void **state)
{
	(void)state;
	printed("\"plain \\\"text\\\" \\\\ \\/\"", "plain \"text\" \\ /");
	printed("\"\\u001b[31m\\u00ff\\n\"", "\\x1b[31m\\xff ");
	printed("\"\\u20ac\xe2\x82\xac\"", "\\u20ac\\xe2\\x82\\xac");
	printed("17", "17");
	printed("null", "");
	printed("[1]", "");
}

/* What the writer writes is read as what it was. */
static void
test_round_trip(void **state)
{
	char bytes[256];
	struct buf json, text, want;
	struct value value;

	(void)state;
	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	buf_init(&json, NULL, 0, 10000);
	buf_init(&text, NULL, 0, 10000);
	buf_init(&want, NULL, 0, 10000);
	assert_true(json_add_string(&json, bytes, sizeof bytes));
	assert_true(value_parse(json.bytes, json.len, &value) && value_print(&value, &text));
	for (int i = 0; i < 256; i++)
		assert_true(
		    i == '\\' ? buf_add_char(&want, '\\') : buf_add_escaped(&want, bytes + i, 1));
	assert_string_equal(text.bytes, want.bytes);
	buf_release(&json);
	buf_release(&text);
	buf_release(&want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grammar),
	    cmocka_unit_test(test_beginnings),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_elements),
	    cmocka_unit_test(test_print),
	    cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
