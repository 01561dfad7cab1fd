/*
 * Where in the address space the answer of a test may change.
 */
#ifndef REACH_REGION_H
#define REACH_REGION_H

#include "policy/pattern.h"
#include "reach/point.h"

/* Within one the test has the same answer everywhere, or cannot be told by the address. */
struct span {
	struct point first, last;
	bool is_sure; /* the engine has to be asked at one of its addresses, */
	/* or not at all: more than the address decides there. */
};

struct spans {
	struct span *items; /* heap */
	size_t count, size;
	size_t
	    steps_left; /* of looking for the addresses of patterns of text: then they are not sure */
	bool failed; /* out of memory */
};

/* Octets that are tried for the patterns of a whole policy: a second of them. */
#define REGION_STEPS (UINT64_C(1) << 25)

void spans_add(struct spans *, struct point first, struct point last, bool is_sure);

/* Add where a host's test may match by address: nowhere else does it. Not for TEST_LIST, nor for tests that the
 * address has no part in. */
void region_add(struct spans *, const struct test *);

#endif
