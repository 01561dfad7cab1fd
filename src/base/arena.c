/*
 * NAME     arena - memory given back all at once
 * INVARIANTS  Objects fill a block from its beginning, texts from its end, which need no alignment.
 *          Blocks grow twofold from 4 KiB to 1 MiB, so the waste is bounded by the use.
 * LIMITS   max_bytes, if the owner sets one.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 8, BLOCK_MIN = 4096, BLOCK_MAX = 1 << 20 };

_Static_assert(alignof(uint64_t) <= ALIGN && alignof(void *) <= ALIGN && alignof(double) <= ALIGN,
    "any object but a long double");

struct arena_block {
	struct arena_block *before;
	size_t size_bytes;
	alignas(max_align_t) unsigned char bytes[];
};

void
arena_init_on(struct arena *arena, void *memory, size_t size_bytes)
{
	struct arena_block *block = memory;

	block->before = NULL;
	block->size_bytes = size_bytes - sizeof *block;
	*arena = (struct arena){
	    .last = block, .total_bytes = size_bytes, .max_bytes = size_bytes, .is_lent = true};
}

static struct arena_block *
add_block(struct arena *arena, size_t need)
{
	size_t size = arena->last == NULL ? BLOCK_MIN : arena->last->size_bytes * 2;
	struct arena_block *block;

	if (size > BLOCK_MAX)
		size = BLOCK_MAX;
	if (size < need)
		size = need;
	if (size > SIZE_MAX - sizeof *block)
		return NULL;
	if (arena->max_bytes != 0 && arena->total_bytes + size > arena->max_bytes)
		return NULL;
	block = calloc(1, sizeof *block + size);
	if (block == NULL)
		return NULL;
	block->before = arena->last;
	block->size_bytes = size;
	arena->last = block;
	arena->used_bytes = arena->text_bytes = 0;
	arena->total_bytes += size;
	return block;
}

static size_t
room_of(const struct arena *arena)
{
	if (arena->last == NULL)
		return 0;
	return arena->last->size_bytes - arena->used_bytes - arena->text_bytes;
}

void *
arena_alloc(struct arena *arena, size_t size_bytes)
{
	size_t room;
	void *ret;

	if (size_bytes > SIZE_MAX - ALIGN)
		return NULL;
	size_bytes = (size_bytes + ALIGN - 1) / ALIGN * ALIGN;
	room = room_of(arena);
	if (size_bytes > room && add_block(arena, size_bytes) == NULL)
		return NULL;
	if (arena->last == NULL && add_block(arena, size_bytes) == NULL)
		return NULL;
	ret = arena->last->bytes + arena->used_bytes;
	arena->used_bytes += size_bytes;
	return ret;
}

char *
arena_copy(struct arena *arena, const char *text, size_t len)
{
	char *ret;

	if (len == SIZE_MAX || (len >= room_of(arena) && add_block(arena, len + 1) == NULL))
		return NULL;
	arena->text_bytes += len + 1;
	ret = (char *)arena->last->bytes + arena->last->size_bytes - arena->text_bytes;
	if (len > 0)
		memcpy(ret, text, len);
	return ret;
}

void
arena_gap(const struct arena *arena, char **ret_from, size_t *ret_len)
{
	*ret_from = arena->last != NULL ? (char *)arena->last->bytes + arena->used_bytes : NULL;
	*ret_len = room_of(arena);
}

void
arena_release(struct arena *arena)
{
	for (struct arena_block *block = arena->last, *before; block != NULL; block = before) {
		before = block->before;
		if (!arena->is_lent)
			free(block);
	}
	if (arena->is_lent)
		arena->max_bytes = 0;
	arena->last = NULL;
	arena->used_bytes = arena->text_bytes = arena->total_bytes = 0;
	arena->is_lent = false;
}
