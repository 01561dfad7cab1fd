/*
 * NAME     heap - the earliest of many
 * INVARIANTS  items[place - 1] of each member is itself; none is earlier than its parent.
 */
#include "cmd/inetd/heap.h"

#include <stdlib.h>

enum { FIRST_ROOM = 16 };

bool
heap_reserve(struct heap *heap, size_t count)
{
	size_t room = heap->room > 0 ? heap->room : FIRST_ROOM;
	struct heap_item **items;

	if (count <= heap->room)
		return true;
	while (room < count)
		room *= 2;
	items = reallocarray(heap->items, room, sizeof(struct heap_item *));
	if (items == NULL)
		return false;
	heap->items = items;
	heap->room = room;
	return true;
}

static void
put(struct heap *heap, size_t place, struct heap_item *item)
{
	heap->items[place - 1] = item;
	item->place = (uint32_t)place;
}

static void
rise(struct heap *heap, struct heap_item *item)
{
	size_t place = item->place;

	for (; place > 1 && heap->items[place / 2 - 1]->at_ms > item->at_ms; place /= 2)
		put(heap, place, heap->items[place / 2 - 1]);
	put(heap, place, item);
}

static void
sink(struct heap *heap, struct heap_item *item)
{
	size_t place = item->place, child;

	for (; (child = 2 * place) <= heap->count; place = child) {
		if (child < heap->count &&
		    heap->items[child]->at_ms < heap->items[child - 1]->at_ms)
			child++;
		if (heap->items[child - 1]->at_ms >= item->at_ms)
			break;
		put(heap, place, heap->items[child - 1]);
	}
	put(heap, place, item);
}

void
heap_set(struct heap *heap, struct heap_item *item, int64_t at_ms)
{
	if (item->place == 0)
		put(heap, ++heap->count, item);
	item->at_ms = at_ms;
	rise(heap, item);
	sink(heap, item);
}

void
heap_drop(struct heap *heap, struct heap_item *item)
{
	size_t place = item->place;
	struct heap_item *last;

	if (place == 0)
		return;
	item->place = 0;
	last = heap->items[--heap->count];
	if (last == item)
		return;
	put(heap, place, last);
	rise(heap, last);
	sink(heap, last);
}

void
heap_release(struct heap *heap)
{
	free(heap->items);
	*heap = (struct heap){.items = NULL};
}
