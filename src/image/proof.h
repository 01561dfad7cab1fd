/*
 * Does an index show every address what it owes it? Proved at every address where that changes: the first
 * and last of each network, and those beside them. In between nothing changes.
 */
#ifndef IMAGE_PROOF_H
#define IMAGE_PROOF_H

#include "image/owed.h"

enum {
	PROOF_DIFFERENCES_MAX = 8, /* kept to be told; all are counted */
	/* More walks than that are not made: then each daemon is asked for at its own networks only. A
	 * walk takes a microsecond. */
	PROOF_WALKS_MAX = 1 << 22,
};

enum proof_status {
	PROOF_HOLDS,
	PROOF_DIFFERS,
	PROOF_DAMAGED, /* the index says that it cannot tell */
	PROOF_NO_MEMORY,
};

struct proof_difference {
	enum index_key family;
	struct place place;
	uint16_t class; /* CLASS_ANY: any daemon that no rule names */
	uint64_t owed, shown; /* items */
	bool has_missing;
	uint32_t missing; /* an item that is not shown: see proof_blame */
	unsigned line;
};

struct proof {
	const struct owed *owed;
	const struct index *index;
	void (*step)(void *ctx, size_t done, size_t all); /* NULL: nobody is told */
	void *ctx;
	/* afterwards */
	size_t networks, walks; /* how many */
	bool of_all_daemons; /* at every address, not only at those of their networks */
	size_t difference_count;
	struct proof_difference differences[PROOF_DIFFERENCES_MAX];
	bool rows_differ; /* there are more or less of them than claims, or of other networks */
	/* inside */
	struct proof_runs *runs;
	struct index_cursor cursor, alone;
	char nobody[24]; /* a daemon that no rule names, if has_nobody */
	bool has_nobody, is_damaged, is_short;
	uint16_t classes[OWED_CLASSES];
	size_t class_count;
	size_t all;
};

/* owed, index, step and ctx are set, all else is zero. */
enum proof_status proof_run(struct proof *);

/* Afterwards, with each rule again: is it one that is missing somewhere? */
void proof_blame(struct proof *, uint32_t item, unsigned line, const struct rule *);
void proof_blame_test(struct proof *, uint32_t item, unsigned line, const struct test *);

/* The address as text, into a buffer of ADDR_TEXT_MAX bytes. */
void proof_address(const struct proof_difference *, char *ret);

#endif
