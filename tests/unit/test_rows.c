/* Sorted rows: sorting, searching, memory that runs out. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chance.h"
#include "failing_alloc.h"
#include "image/rows.h"

enum { WIDTH_MAX = ROW_KEY_MAX + ROW_CLASS_BYTES + ROW_ITEM_BYTES };

static const unsigned key_sizes[] = {0, 5, 8, 17};
static const size_t counts[] = {0, 1, 2, 3, 255, 256, 257, 1000};

static size_t width; /* of the rows at hand */

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, width);
}

/* Keys of bytes below `values`; items count up, so that the order of equal keys can be seen. */
static void
fill(struct rows *rows, unsigned key_bytes, size_t count, unsigned values)
{
	unsigned char key[ROW_KEY_MAX];

	*rows = (struct rows){.key_bytes = key_bytes};
	width = key_bytes + ROW_CLASS_BYTES + ROW_ITEM_BYTES;
	for (size_t i = 0; i < count; i++) {
		for (unsigned k = 0; k < sizeof key; k++)
			key[k] = (unsigned char)(0xff - chance(values));
		assert_true(rows_add(rows, key, (uint16_t)(chance(values) << 8), (uint32_t)i));
	}
	assert_int_equal(rows->count, count);
}

static void
test_sort(void **state)
{
	static const unsigned values[] = {1, 2, 256};

	(void)state;
	for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
		for (unsigned i = 0; i < 12; i++) {
			struct rows rows;
			unsigned char *want;
			size_t size;

			fill(&rows, key_sizes[i / 3], counts[n], values[i % 3]);
			size = counts[n] * width;
			want = malloc(size + 1);
			if (size > 0)
				memcpy(want, rows.bytes, size);
			qsort(want, counts[n], width, compare);
			assert_true(rows_sort(&rows));
			assert_int_equal(rows.count, counts[n]);
			if (size > 0)
				assert_memory_equal(rows.bytes, want, size);
			rows_trim(&rows);
			assert_int_equal(rows.size, counts[n]);
			if (size > 0)
				assert_memory_equal(rows.bytes, want, size);
			for (size_t r = 0; r + 1 < counts[n] && values[i % 3] == 1; r++)
				assert_int_equal(rows_item(&rows, r), r);
			free(want);
			rows_release(&rows);
		}
	}
}

static size_t
below(const struct rows *rows, const unsigned char *bytes, size_t len, bool or_equal)
{
	size_t count = 0;

	for (size_t i = 0; i < rows->count; i++) {
		int order = len > 0 ? memcmp(rows_at(rows, i), bytes, len) : 0;

		count += order < 0 || (order == 0 && or_equal);
	}
	return count;
}

static void
test_below(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
		for (unsigned i = 0; i < 4; i++) {
			struct rows rows;

			fill(&rows, key_sizes[i], counts[n], 3);
			assert_true(rows_sort(&rows));
			for (unsigned tries = 0; tries < 100; tries++) {
				unsigned char bytes[WIDTH_MAX];
				size_t len = chance(width + 1);

				for (size_t b = 0; b < width; b++)
					bytes[b] = (unsigned char)(chance(2) == 0 ? 0xff - chance(4)
					                                          : chance(3));
				if (counts[n] > 0 && chance(2) == 0)
					memcpy(bytes, rows_at(&rows, chance(counts[n])), width);
				assert_int_equal(rows_below(&rows, bytes, len, false),
				    below(&rows, bytes, len, false));
				assert_int_equal(rows_below(&rows, bytes, len, true),
				    below(&rows, bytes, len, true));
			}
			rows_release(&rows);
		}
	}
}

/* Numbers are big-endian, and the largest ones are numbers too. */
static void
test_numbers(void **state)
{
	static const unsigned char want[] = {0xfe, 1, 0xff, 0xff, 0xff, 0xff};
	struct rows rows = {.key_bytes = 0};

	(void)state;
	assert_true(rows_add(&rows, NULL, 0xfe01, UINT32_MAX));
	assert_memory_equal(rows_at(&rows, 0), want, sizeof want);
	assert_int_equal(rows_item(&rows, 0), UINT32_MAX);
	rows_release(&rows);
	assert_null(rows.bytes);
	assert_int_equal(rows.count, 0);
	assert_true(rows_sort(&rows));
	rows_trim(&rows);
	assert_int_equal(rows_below(&rows, want, 2, true), 0);
}

/* Rows take no more memory than they need, whichever of its two places sorting has ended in. */
static void
test_trim(void **state)
{
	(void)state;
	for (unsigned values = 1; values < 8; values++) {
		struct rows rows;

		fill(&rows, 5, 1025, values);
		assert_true(rows_sort(&rows));
		rows_trim(&rows);
		assert_true(malloc_usable_size(rows.bytes) < 1025 * width + 256);
		rows_release(&rows);
	}
	/* Each byte that differs is a pass, and the place changes. */
	for (size_t differing = 0; differing < 6; differing++) {
		struct rows rows = {.key_bytes = 5};

		for (uint32_t i = 0; i < 1025; i++) {
			unsigned char key[5] = {0};

			memset(key, (int)(i % 5), differing < 5 ? differing : 5);
			assert_true(rows_add(&rows, key, 0, i));
		}
		assert_true(rows_sort(&rows));
		rows_trim(&rows);
		assert_true(malloc_usable_size(rows.bytes) < 1025 * width + 256);
		rows_release(&rows);
	}
}

/* Whatever fails, what was added before is there, in some order, and can be released. */
static void
test_memory(void **state)
{
	enum { ROWS = 600 };
	unsigned long failures = 1;

	(void)state;
	for (long n = 0; failures > 0; n++) {
		struct rows rows = {.key_bytes = 5};
		uint64_t sum = 0, want = 0;
		bool is_sorted;

		alloc_fail_after(n);
		for (uint32_t i = 0; i < ROWS; i++) {
			unsigned char key[5] = {(unsigned char)(i * 7), 1, 2, (unsigned char)i, 3};

			if (rows_add(&rows, key, (uint16_t)(i % 3), i))
				want += i;
		}
		is_sorted = rows_sort(&rows);
		rows_trim(&rows);
		failures = alloc_fail_never();
		if (failures == 0)
			assert_true(is_sorted && rows.count == ROWS);
		assert_true(is_sorted || failures > 0);
		for (size_t i = 0; i < rows.count; i++) {
			sum += rows_item(&rows, i);
			if (is_sorted && i > 0)
				assert_true(
				    memcmp(rows_at(&rows, i - 1), rows_at(&rows, i), 7) <= 0);
		}
		assert_int_equal(sum, want);
		rows_release(&rows);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sort),
	    cmocka_unit_test(test_below),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_trim),
	    cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
