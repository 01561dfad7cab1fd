/*
 * What an index owes every address: the claims of all rules, by network, in hash tables for each length.
 */
#ifndef IMAGE_OWED_H
#define IMAGE_OWED_H

#include "base/arena.h"
#include "image/claim.h"

enum {
	OWED_FAMILIES = 2, /* INDEX_V4, INDEX_V6 */
	OWED_LENGTHS = ADDR_BITS + 1,
	OWED_CLASSES = UINT16_MAX + 1,
};

/* Many items as one number: they are the same if this is, but for one case in 2^64 that nobody can choose, as
 * the seed is drawn anew. */
struct tally {
	uint64_t sum;
	uint64_t count;
};

/* The items of one network and class. */
struct owed_net {
	struct place place;
	struct tally tally;
	uint32_t last; /* item */
	uint16_t class;
	uint8_t bits;
	bool is_used;
};

struct owed_nets {
	struct owed_net *slots;
	size_t count, size; /* used; a power of two */
};

struct owed_daemon {
	const char *name; /* NULL: no rule names one of this class */
	size_t len;
};

struct owed {
	uint64_t seed;
	struct owed_nets nets[OWED_FAMILIES][OWED_LENGTHS];
	/* Of every address, by class: */
	struct tally always[OWED_CLASSES], pending[OWED_CLASSES];
	uint32_t last_always[OWED_CLASSES], last_pending[OWED_CLASSES];
	struct owed_daemon daemons[OWED_CLASSES];
	size_t rows[INDEX_KEYS]; /* that the claims make */
	struct arena arena; /* of the daemons' names */
};

/* NULL: out of memory. */
struct owed *owed_new(uint64_t seed);
void owed_free(struct owed *);

/* Items come in their order. False: out of memory. */
bool owed_add(struct owed *, uint32_t item, const struct rule *);
bool owed_add_test(struct owed *, uint32_t item, const struct test *);

void tally_add(const struct owed *, struct tally *, uint32_t item);

/* All that is owed a daemon of that class at an address; CLASS_ANY: a daemon that no rule names. */
struct tally owed_at(const struct owed *, enum index_key family, struct place, uint16_t class);

/* Is anything owed a daemon of that class for that network? */
bool owed_has(
    const struct owed *, enum index_key family, struct place, unsigned bits, uint16_t class);

#endif
