/*
 * NAME     test_arena - memory given back all at once
 * PURPOSE  Alignment, zeroes, no overlap, the maximum, and what holds when memory runs out.
 */
#include <stdalign.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "failing_alloc.h"

static void
memory_is_zero_aligned_and_apart(void **state)
{
	enum { COUNT = 3000 };
	static unsigned char *pieces[COUNT];
	static size_t sizes[COUNT];
	struct arena arena = {0};

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		sizes[i] = 1 + i * 37 % 700 + (i % 500 == 0 ? 100000 : 0);
		pieces[i] = arena_alloc(&arena, sizes[i]);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % alignof(uint64_t), 0);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(pieces[i][k], 0);
		memset(pieces[i], (int)(i % 255 + 1), sizes[i]);
	}
	for (unsigned i = 0; i < COUNT; i++) {
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(pieces[i][k], i % 255 + 1);
	}
	arena_release(&arena);
	assert_int_equal(arena.total_bytes, 0);
	assert_non_null(arena_alloc(&arena, 1)); /* usable again */
	arena_release(&arena);
}

static void
copies_end_in_nul(void **state)
{
	struct arena arena = {0};
	char *copy;

	(void)state;
	copy = arena_copy(&arena, "ab\0cd", 5);
	assert_memory_equal(copy, "ab\0cd", 6);
	assert_string_equal(arena_copy(&arena, "ignored", 0), "");
	arena_release(&arena);
}

/* Filling a fresh block to its last byte, and one more. */
static void
blocks_are_used_up(void **state)
{
	struct arena arena = {0};
	size_t block;

	(void)state;
	assert_non_null(arena_alloc(&arena, 1));
	block = arena.total_bytes;
	assert_non_null(arena_alloc(&arena, block - arena.used_bytes));
	assert_int_equal(arena.total_bytes, block);
	assert_non_null(arena_alloc(&arena, 1));
	assert_true(arena.total_bytes > block);
	arena_release(&arena);
}

static void
sizes_out_of_reason_are_refused(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX - alignof(max_align_t)));
	assert_null(arena_alloc(&arena, SIZE_MAX - 64));
	assert_null(arena_copy(&arena, "", SIZE_MAX));
	assert_int_equal(arena.total_bytes, 0);
	assert_non_null(arena_alloc(&arena, 1));
	arena_release(&arena);
}

static void
a_maximum_is_reached_and_not_passed(void **state)
{
	enum { MAX = 1 << 16 };

	(void)state;
	for (size_t size = MAX - 16; size <= MAX + 16; size += 16) {
		struct arena arena = {.max_bytes = MAX};

		assert_int_equal(arena_alloc(&arena, size) != NULL, size <= MAX);
		arena_release(&arena);
	}
	for (size_t size = 1; size <= 4096; size *= 4) {
		struct arena arena = {.max_bytes = MAX};
		size_t count = 0;

		while (arena_alloc(&arena, size) != NULL)
			assert_true(++count <= MAX / size);
		assert_true(count > 0);
		assert_true(arena.total_bytes <= MAX);
		arena_release(&arena);
	}
}

static void
no_memory_leaves_a_usable_arena(void **state)
{
	(void)state;
	for (long count = 0; count < 4; count++) {
		struct arena arena = {0};
		char *first = arena_copy(&arena, "first", 5);
		unsigned got = 0;

		alloc_fail_after(count);
		while (arena_alloc(&arena, 1000) != NULL)
			got++;
		assert_true(alloc_fail_never() > 0);
		assert_true(got >= (unsigned)count * 4);
		assert_string_equal(first, "first");
		assert_non_null(arena_alloc(&arena, 1000));
		arena_release(&arena);
	}
}

/* As much as there is, nothing behind it, and not the heap's to give back. */
static void
memory_of_the_caller_is_the_maximum(void **state)
{
	static max_align_t memory[64];
	unsigned char *end = (unsigned char *)memory + sizeof memory, *last = NULL, *got;
	struct arena arena;

	(void)state;
	arena_init_on(&arena, memory, sizeof memory);
	while ((got = arena_alloc(&arena, 40)) != NULL) {
		assert_true(got >= (unsigned char *)memory && got + 40 <= end);
		assert_int_equal(got[0] | got[39], 0);
		memset(got, 'x', 40);
		last = got;
	}
	assert_non_null(last);
	assert_true(end - last < 2 * 48);
	assert_null(arena_alloc(&arena, sizeof memory));
	arena_release(&arena);
	got = arena_alloc(&arena, 40); /* the heap, from here on */
	assert_non_null(got);
	assert_true(got < (unsigned char *)memory || got >= end);
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(memory_is_zero_aligned_and_apart),
	    cmocka_unit_test(copies_end_in_nul),
	    cmocka_unit_test(blocks_are_used_up),
	    cmocka_unit_test(sizes_out_of_reason_are_refused),
	    cmocka_unit_test(a_maximum_is_reached_and_not_passed),
	    cmocka_unit_test(no_memory_leaves_a_usable_arena),
	    cmocka_unit_test(memory_of_the_caller_is_the_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
