/*
 * What an index owes a rule: to whom it has to be shown. Worked out anew from the rule's tests, beside
 * file.c, to prove what file.c and index.c have made.
 */
#ifndef IMAGE_CLAIM_H
#define IMAGE_CLAIM_H

#include "image/index.h"

/* The upper bits of an address: of an IPv4 address in the first 32 bits. */
struct place {
	uint64_t high, low;
};

struct claim {
	enum index_key key; /* INDEX_NAME: place is of no meaning */
	struct place place;
	unsigned bits; /* of the network */
	uint16_t class; /* of the daemon */
	const char *daemon; /* of that class, or NULL: any; borrowed from the rule */
	size_t daemon_len;
};

/* Call take for each claim of a rule, perhaps with one twice. False: take said so. */
bool claim_rule(const struct rule *, void *ctx, bool (*take)(void *ctx, const struct claim *));
/* The same for a test of a word of a list. */
bool claim_test(const struct test *, void *ctx, bool (*take)(void *ctx, const struct claim *));

/* The bits of a network's addresses that it has, and the first address behind its last bit. */
struct place place_mask(unsigned bits);
static inline struct place
place_and(struct place a, struct place b)
{
	return (struct place){a.high & b.high, a.low & b.low};
}

#endif
