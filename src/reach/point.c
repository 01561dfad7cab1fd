/*
 * NAME     point - addresses as numbers
 */
#include "reach/point.h"

#include <string.h>

enum { HALF = 64, OCTETS = 16 };

struct point
point_of_addr(const struct addr *addr)
{
	return (struct point){bytes_get64(addr->bytes), bytes_get64(addr->bytes + OCTETS / 2)};
}

struct addr
point_addr(struct point p)
{
	unsigned char bytes[OCTETS];

	bytes_put64(bytes, p.high);
	bytes_put64(bytes + OCTETS / 2, p.low);
	return addr_from_v6(bytes, 0);
}

/* The bits of a half that are behind the first so many. */
static uint64_t
behind(unsigned bits)
{
	return bits >= HALF ? 0 : UINT64_MAX >> bits;
}

struct point
point_net_first(struct point p, unsigned bits)
{
	p.high &= ~behind(bits);
	p.low &= bits <= HALF ? 0 : ~behind(bits - HALF);
	return p;
}

struct point
point_net_last(struct point p, unsigned bits)
{
	p.high |= behind(bits);
	p.low |= bits <= HALF ? UINT64_MAX : behind(bits - HALF);
	return p;
}
