/*
 * NAME     test_buf - the bounded buffer
 * PURPOSE  Its invariants at the maximum, at the edge of the caller's storage, and without memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "failing_alloc.h"

static void
assert_invariants(const struct buf *buf)
{
	assert_true(buf->len <= buf->max_bytes);
	assert_true(buf->len < buf->size_bytes);
	assert_int_equal(buf->bytes[buf->len], '\0');
}

/* A maximum of 10 with storage of 0, 5, 11 and 64 bytes: all behave the same. */
static void
a_maximum_is_reached_and_not_passed(void **state)
{
	static const size_t storages[] = {0, 5, 11, 64};

	(void)state;
	for (size_t i = 0; i < sizeof storages / sizeof *storages; i++) {
		for (size_t len = 9; len <= 11; len++) {
			char storage[64];
			struct buf buf;

			buf_init(&buf, storages[i] > 0 ? storage : NULL, storages[i], 10);
			assert_int_equal(buf_add(&buf, "abcdefghijkl", len), len <= 10);
			assert_int_equal(buf.failed, len > 10);
			assert_int_equal(buf.len, len <= 10 ? len : 0);
			if (len <= 10)
				assert_invariants(&buf);
			/* byte by byte: what fits is in, failed stays */
			buf_clear(&buf);
			assert_false(buf.failed);
			for (size_t k = 0; k < len; k++)
				assert_int_equal(buf_add_char(&buf, (char)('a' + k)), k < 10);
			assert_int_equal(buf.failed, len > 10);
			assert_invariants(&buf);
			assert_memory_equal(buf.bytes, "abcdefghij", buf.len);
			if (len > 10) {
				assert_true(buf_add(&buf, "", 0));
				assert_true(buf.failed);
			}
			buf_release(&buf);
		}
	}
}

/* Grows from the caller's storage to the heap without losing a byte, NUL bytes included. */
static void
bytes_survive_every_growth(void **state)
{
	enum { TOTAL = 5000 };
	char storage[16];
	struct buf buf;

	(void)state;
	buf_init(&buf, storage, sizeof storage, TOTAL);
	for (unsigned i = 0; i < TOTAL; i++) {
		assert_true(buf_add_char(&buf, (char)(i * 7)));
		assert_invariants(&buf);
		assert_int_equal(buf.bytes == storage, buf.len < sizeof storage);
	}
	for (unsigned i = 0; i < TOTAL; i++)
		assert_int_equal(buf.bytes[i], (char)(i * 7));
	assert_false(buf_add_char(&buf, 'x'));
	buf_release(&buf);
	assert_int_equal(buf.len, 0);
}

static void
a_released_buffer_is_usable_again(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, NULL, 0, 100);
	assert_true(buf_add_str(&buf, "one"));
	buf_release(&buf);
	assert_true(buf_add_str(&buf, "two"));
	assert_string_equal(buf.bytes, "two");
	buf_release(&buf);
}

static void
reserve_ends_an_empty_buffer_with_nul(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, NULL, 0, 4);
	assert_true(buf_reserve(&buf, 0));
	assert_string_equal(buf.bytes, "");
	assert_true(buf_reserve(&buf, 4));
	assert_false(buf_reserve(&buf, 5));
	assert_false(buf_reserve(&buf, SIZE_MAX));
	buf_release(&buf);
}

static void
no_memory_loses_nothing_that_was_there(void **state)
{
	char storage[8];
	struct buf buf;

	(void)state;
	for (long count = 0; count < 3; count++) {
		size_t len;

		buf_init(&buf, storage, sizeof storage, 1 << 20);
		alloc_fail_after(count);
		while (buf_add_char(&buf, 'x'))
			continue;
		assert_true(alloc_fail_never() > 0);
		assert_true(buf.failed);
		assert_invariants(&buf);
		len = buf.len;
		assert_int_equal(strspn(buf.bytes, "x"), len);
		assert_true(
		    buf_add_char(&buf, 'y')); /* there is memory again; failed tells of the gap */
		assert_true(buf.failed);
		assert_int_equal(buf.bytes[len], 'y');
		buf_release(&buf);
	}
}

static void
numbers_are_decimal(void **state)
{
	static const struct {
		unsigned long number;
		const char *text;
	} cases[] = {{0, "0"}, {9, "9"}, {10, "10"}, {4294967295, "4294967295"}};
	struct buf buf;

	(void)state;
	buf_init(&buf, NULL, 0, 100);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&buf);
		assert_true(buf_add_number(&buf, cases[i].number));
		assert_string_equal(buf.bytes, cases[i].text);
	}
	buf_clear(&buf);
	assert_true(buf_add_number(&buf, UINT64_MAX));
	assert_string_equal(buf.bytes, "18446744073709551615");
	buf_release(&buf);
}

/* Every byte: printable ASCII stays, all else becomes \xNN, and can be read back. */
static void
escaped_text_is_printable_and_reversible(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, NULL, 0, 100);
	for (unsigned byte = 0; byte < 256; byte++) {
		char c = (char)byte;

		buf_clear(&buf);
		assert_true(buf_add_escaped(&buf, &c, 1));
		for (size_t i = 0; i < buf.len; i++)
			assert_in_range(buf.bytes[i], 0x20, 0x7e);
		if (buf.len == 1) {
			assert_int_equal(buf.bytes[0], c);
			assert_int_not_equal(c, '\\');
		} else {
			assert_int_equal(buf.len, 4);
			assert_memory_equal(buf.bytes, "\\x", 2);
			assert_int_equal(strtoul(buf.bytes + 2, NULL, 16), byte);
		}
	}
	buf_release(&buf);
	/* an escape is never cut in two */
	for (size_t max = 0; max < 12; max++) {
		buf_init(&buf, NULL, 0, max);
		assert_int_equal(buf_add_escaped(&buf, "\n\n\n", 3), max >= 12);
		assert_int_equal(buf.len, max / 4 * 4);
		buf_release(&buf);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_maximum_is_reached_and_not_passed),
	    cmocka_unit_test(bytes_survive_every_growth),
	    cmocka_unit_test(a_released_buffer_is_usable_again),
	    cmocka_unit_test(reserve_ends_an_empty_buffer_with_nul),
	    cmocka_unit_test(no_memory_loses_nothing_that_was_there),
	    cmocka_unit_test(numbers_are_decimal),
	    cmocka_unit_test(escaped_text_is_printable_and_reversible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
