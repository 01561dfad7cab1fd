/*
 * Memory that runs out at the n-th allocation. Link with -Wl,--wrap for malloc, calloc, realloc, reallocarray.
 */
#ifndef TESTS_FAILING_ALLOC_H
#define TESTS_FAILING_ALLOC_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__real_reallocarray(void *, size_t, size_t);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);
void *__wrap_reallocarray(void *, size_t, size_t);

static long alloc_left = -1; /* allocations that still succeed; -1: all */
static unsigned long alloc_failures;

/* Sizes that no allocator has fail here, since the sanitizers' would stop the program. */
static bool
alloc_fails(size_t size)
{
	if (alloc_left != 0 && size <= PTRDIFF_MAX) {
		alloc_left -= alloc_left > 0;
		return false;
	}
	alloc_failures++;
	errno = ENOMEM;
	return true;
}

/* From now on, so many allocations succeed; then one after the other fails. */
static void
alloc_fail_after(long count)
{
	alloc_left = count;
	alloc_failures = 0;
}

/* All succeed again. Returns how many have failed. */
static unsigned long
alloc_fail_never(void)
{
	alloc_left = -1;
	return alloc_failures;
}

void *
__wrap_malloc(size_t size)
{
	return alloc_fails(size) ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return alloc_fails(size) ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return alloc_fails(size) ? NULL : __real_realloc(old, size);
}

void *
__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return alloc_fails(count * size) ? NULL : __real_reallocarray(old, count, size);
}

#endif
