/*
 * Memory that is given back all at once: one arena a parsed generation.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

/* All zero is an empty arena. max_bytes = 0 means no maximum. */
struct arena {
	struct arena_block *last;
	size_t used_bytes, text_bytes; /* of the last block, from either end */
	size_t total_bytes; /* taken from the heap */
	size_t max_bytes;
	bool is_lent; /* the only block is the caller's */
};

/* An arena on zeroed memory of the caller's, aligned for any object, which is its maximum. */
void arena_init_on(struct arena *, void *memory, size_t size_bytes);

/* Zeroed memory of that size, aligned for any object but a long double. NULL: out of memory, or over the arena's
 * maximum; the arena stays usable. It lives until arena_release. */
void *arena_alloc(struct arena *, size_t size_bytes);

/* A copy of len bytes and a NUL behind them. NULL as above. */
char *arena_copy(struct arena *, const char *text, size_t len);

/* What was never touched of the last block: between the objects and the texts. */
void arena_gap(const struct arena *, char **ret_from, size_t *ret_len);

/* Give everything back, memory of the caller's to him; the arena is empty and usable again. */
void arena_release(struct arena *);

#endif
