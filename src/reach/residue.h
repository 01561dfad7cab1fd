/*
 * What is left of a list at an address, where all that is certain there is taken out of it. Two lists that have
 * the same left match alike there, whatever a name, a user or anything else comes to.
 */
#ifndef REACH_RESIDUE_H
#define REACH_RESIDUE_H

#include "base/arena.h"
#include "reach/ask.h"
#include "reach/lists.h"

enum {
	RESIDUE_NONE, /* all is certain */
	RESIDUE_UNTOLD, /* like nothing, not even itself: out of memory or room */
	RESIDUE_FIRST,
};

/* Their texts, each once. All zero: none. */
struct residues {
	struct arena arena;
	struct residue_text {
		const char *text;
		uint32_t len, next; /* of the same hash; RESIDUE_NONE: none */
	} * items; /* heap; the first is RESIDUE_FIRST */
	size_t count, size;
	uint32_t *buckets; /* heap */
	size_t bucket_count;
	size_t text_bytes;
};

uint32_t residues_add(struct residues *, const char *text, size_t len);
bool residues_same(const struct residues *, uint32_t, const struct residues *, uint32_t);
void residues_release(struct residues *);

/* One in the making: in each way, the sets between the EXCEPTs. */
struct residue {
	struct residue_way {
		char *bytes; /* heap */
		size_t len, size;
		size_t before, start,
		    last; /* of the set before, the set at hand, and its last pattern */
		bool is_true; /* it matches for certain, and so whatever else is in it */
		bool is_over; /* it does not, and so what is behind it has no say */
	} of_ways[2];
	bool failed; /* out of memory */
};

void residue_begin(struct residue *);
/* A term that is active at the address that is asked about; lists: where it can be looked up. */
void residue_take(
    struct residue *, struct ask *, enum end, const struct term *, const struct list_files *lists);
uint32_t residue_end(struct residue *, struct residues *);
/* Of a list that was not looked at: all of it. */
uint32_t residue_whole(struct residue *, struct residues *, const char *text, size_t len);
void residue_release(struct residue *);

#endif
