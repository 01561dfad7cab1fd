/*
 * Numbers that follow from a seed and the number of a policy, so that each policy can be had alone.
 */
#ifndef COMPAT_RANDOM_H
#define COMPAT_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

/* splitmix64: one addition and a finalizer for each number. */
static inline uint64_t
random_next(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static inline struct random
random_of(uint64_t seed, uint64_t number)
{
	struct random random = {seed};

	random.state = random_next(&random) ^ number;
	random.state = random_next(&random);
	return random;
}

/* 0 <= number < count */
static inline unsigned
random_below(struct random *random, unsigned count)
{
	return (unsigned)((random_next(random) >> 32) * count >> 32);
}

static inline bool
random_chance(struct random *random, unsigned percent)
{
	return random_below(random, 100) < percent;
}

#endif
