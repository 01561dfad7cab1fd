/*
 * NAME     ranks - a set that knows its next member
 * PURPOSE  Adding, removing and looking for the next one cost a few steps, whatever is in the set.
 */
#include "reach/ranks.h"

#include <stdlib.h>

enum { BITS = 64, SHIFT = 6 };

static size_t
words_for(size_t bits)
{
	return (bits + BITS - 1) / BITS;
}

bool
ranks_init(struct ranks *ranks, uint32_t limit)
{
	/* One more of each, so that a look behind the last one finds nothing. */
	size_t bits = (size_t)limit + 1, all = 0;

	*ranks = (struct ranks){.count = 0};
	for (size_t left = bits;; left = words_for(left) + 1) {
		all += words_for(left) + 1;
		if (words_for(left) == 1)
			break;
	}
	ranks->words = calloc(all, sizeof *ranks->words);
	if (ranks->words == NULL)
		return false;
	all = 0;
	for (size_t left = bits;; left = words_for(left) + 1) {
		ranks->levels[ranks->count++] = ranks->words + all;
		all += words_for(left) + 1;
		if (words_for(left) == 1)
			break;
	}
	return true;
}

void
ranks_release(struct ranks *ranks)
{
	free(ranks->words);
	ranks->words = NULL;
}

void
ranks_set(struct ranks *ranks, uint32_t number)
{
	for (unsigned i = 0; i < ranks->count; i++, number >>= SHIFT)
		ranks->levels[i][number >> SHIFT] |= UINT64_C(1) << number % BITS;
}

void
ranks_clear(struct ranks *ranks, uint32_t number)
{
	for (unsigned i = 0; i < ranks->count; i++, number >>= SHIFT) {
		ranks->levels[i][number >> SHIFT] &= ~(UINT64_C(1) << number % BITS);
		if (ranks->levels[i][number >> SHIFT] != 0)
			return;
	}
}

/* Down from a member of a level to the least one below it. */
static uint32_t
descend(const struct ranks *ranks, unsigned level, uint32_t number)
{
	while (level-- > 0)
		number = number << SHIFT | (uint32_t)__builtin_ctzll(ranks->levels[level][number]);
	return number;
}

uint32_t
ranks_next(const struct ranks *ranks, uint32_t from)
{
	for (unsigned i = 0; i < ranks->count; i++) {
		uint64_t rest = ranks->levels[i][from >> SHIFT] >> from % BITS;

		if (rest != 0)
			return descend(ranks, i, from + (uint32_t)__builtin_ctzll(rest));
		from = (from >> SHIFT) + 1;
	}
	return RANKS_NONE;
}
