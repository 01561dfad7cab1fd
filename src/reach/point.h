/*
 * An address as a number, to count and to compare with.
 */
#ifndef REACH_POINT_H
#define REACH_POINT_H

#include "base/addr.h"
#include "base/bytes.h"

struct point {
	uint64_t high, low;
};

#define POINT_V4_BASE UINT64_C(0xffff00000000)

static const struct point point_first = {0, 0}, point_last = {UINT64_MAX, UINT64_MAX};

static inline struct point
point_of_v4(uint32_t bits)
{
	return (struct point){0, POINT_V4_BASE | bits};
}

static inline bool
point_is_v4(struct point p)
{
	return p.high == 0 && p.low >> 32 == POINT_V4_BASE >> 32;
}

static inline int
point_compare(struct point a, struct point b)
{
	if (a.high != b.high)
		return a.high < b.high ? -1 : 1;
	return a.low < b.low ? -1 : a.low > b.low;
}

static inline bool
point_eq(struct point a, struct point b)
{
	return a.high == b.high && a.low == b.low;
}

/* The next one; behind the last comes the first. */
static inline struct point
point_next(struct point p)
{
	return (struct point){p.high + (p.low == UINT64_MAX), p.low + 1};
}

static inline struct point
point_before(struct point p)
{
	return (struct point){p.high - (p.low == 0), p.low - 1};
}

struct point point_of_addr(const struct addr *);
struct addr point_addr(struct point);
/* The last address of the network of that many bits. */
struct point point_net_last(struct point, unsigned bits);
/* Its first one. */
struct point point_net_first(struct point, unsigned bits);

#endif
