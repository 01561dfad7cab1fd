/*
 * What is due first: a binary heap, whose members know their place.
 *
 * An item is a member of whatever it is about; the heap holds pointers only.
 */
#ifndef INETD_HEAP_H
#define INETD_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_item {
	int64_t at_ms;
	uint32_t place; /* counted from 1; 0 = in no heap */
	bool is_enrolled; /* reactor.h's; here it costs nothing */
};

/* All zero is an empty one. */
struct heap {
	struct heap_item **items; /* [count], the earliest first */
	size_t count, room;
};

/* Have room for so many in all. False: out of memory, and it is as it was. */
bool heap_reserve(struct heap *, size_t count);

/* Put in, or move. There is room for it. */
void heap_set(struct heap *, struct heap_item *, int64_t at_ms);
/* Take out, if it is in. */
void heap_drop(struct heap *, struct heap_item *);

/* The earliest; NULL: empty. */
static inline struct heap_item *
heap_first(const struct heap *heap)
{
	return heap->count > 0 ? heap->items[0] : NULL;
}

void heap_release(struct heap *);

#endif
