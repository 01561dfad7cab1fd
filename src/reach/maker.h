/*
 * Between pieces.c and cuts.c: a rule at hand, whose pieces are worked out.
 */
#ifndef REACH_MAKER_H
#define REACH_MAKER_H

#include "reach/inside.h"
#include "reach/ranks.h"

/* Of the rule's own list (the first one), and of a /file list that it names. */
struct group {
	const struct terms *terms;
	const struct list_file *file; /* NULL: the rule's own */
	uint32_t number; /* of the file */
	struct ranks active; /* terms */
	size_t active_count;
	struct test *tests; /* those of active terms, for the engine */
	size_t test_count;
	struct words words;
};

/* A term begins at an address, or ends before it. */
struct cut {
	struct point at;
	uint32_t group, term;
	bool ends, is_over; /* is_over: it would be behind the last address */
};

struct maker {
	struct reach *reach;
	struct ask ask;
	struct terms terms;
	struct arena nets;
	struct group groups[MATCH_LISTS_ALL + 1];
	size_t group_count;
	struct cut *cuts; /* heap */
	size_t cut_count, cut_size;
	/* Everywhere by a name, as most rules are that are not about addresses: asked once, by ways. */
	struct asked unknown[WAY_BOTH + 1];
	bool has_unknown[WAY_BOTH + 1];
	struct list list; /* the rule's, whose tests are those of groups[0] */
	struct residue residue;
	bool failed, is_too_many;
};

/* ---- pieces.c ---- */

/* One of the rule that was added last, all addresses so far. */
struct piece piece_new(const struct reach *, matchset found);
enum made piece_add(struct reach *, const struct piece *);
/* Ask from one address to another, with the tests at hand: they can match everywhere between, or nowhere. */
enum made piece_ask(struct maker *, struct point first, struct point last);

/* ---- cuts.c ---- */

enum made cuts_add(struct maker *);
enum list_status cuts_words(void *ctx, const char *path, const struct words **ret);
/* What is left of the rule's list, where it was asked about last. */
void cuts_residue(struct maker *);

#endif
