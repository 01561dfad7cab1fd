/*
 * Ask the engine by an index, from the first rule on, and tell what differs from an answer that came
 * without one. For unit tests and fuzz targets.
 */
#ifndef TESTS_ASK_INDEX_H
#define TESTS_ASK_INDEX_H

#include "ask.h"
#include "table/store.h"

/* Two tables as kept in memory, by enum table. */
struct indexed {
	struct generation *texts[2];
};

/* False: *ret_code says why, and there is nothing to give back. */
bool indexed_init(
    struct indexed *, const char *const texts[2], const size_t lens[2], enum diag_code *ret_code);
void indexed_release(struct indexed *);

void indexed_ask(const struct indexed *, const struct ask *, struct answer *ret);

/* In what the index made a difference, in a few words; NULL: in nothing but lookups that were spared. */
const char *indexed_difference(const struct answer *without, const struct answer *with);

#endif
