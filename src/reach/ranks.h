/*
 * A set of small numbers that is asked for its next member: rules, in their order.
 */
#ifndef REACH_RANKS_H
#define REACH_RANKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANKS_NONE UINT32_MAX

enum { RANKS_LEVELS = 6 }; /* 64 to the sixth is more than UINT32_MAX */

/* Each bit of a level says whether a word of the level below has one. All zero: not to be used. */
struct ranks {
	uint64_t *levels[RANKS_LEVELS];
	unsigned count; /* of levels */
	uint64_t *words; /* all of them, on the heap */
};

/* For numbers below limit. False: out of memory; releasing is fine all the same. */
bool ranks_init(struct ranks *, uint32_t limit);
void ranks_release(struct ranks *);
void ranks_set(struct ranks *, uint32_t);
void ranks_clear(struct ranks *, uint32_t);
/* The least member that is not less; RANKS_NONE: there is none. */
uint32_t ranks_next(const struct ranks *, uint32_t from);

static inline bool
ranks_has(const struct ranks *ranks, uint32_t number)
{
	return (ranks->levels[0][number / 64] >> number % 64 & 1) != 0;
}

#endif
