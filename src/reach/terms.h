/*
 * A list as terms: its tests, made so that the engine can be asked about an address alone, and where they have to
 * be tried.
 */
#ifndef REACH_TERMS_H
#define REACH_TERMS_H

#include "reach/ask.h"
#include "reach/region.h"

#define TERM_NO_LIST UINT32_MAX

struct term {
	struct test tests[2]; /* the second if the first has TEST_AND */
	struct test whole[2]; /* as the list has them, whatever is known */
	uint32_t first_span, span_count; /* 0: it has to be tried everywhere */
	bool is_list; /* its tests name one */
	uint32_t list; /* which: lists.h */
};

/* All zero: none. */
struct terms {
	struct term *items; /* heap */
	size_t count, size;
	size_t
	    first_except; /* the terms before it are the first set, without which nothing matches */
	struct spans spans;
	const struct test *word; /* at hand */
	bool failed; /* out of memory */
};

void terms_clear(struct terms *); /* keeps its memory */
void terms_release(struct terms *);

/* Add the terms of a pattern: its second test, if it has TEST_AND, stands behind it. What the tests point to is
 * borrowed. */
void terms_add_client(struct terms *, const struct test *);

/* What is known beside the client's address. */
struct terms_server {
	bool has_daemon, has_address, has_port;
};
void terms_add_daemon(struct terms *, const struct test *, const struct terms_server *);

/* The same words in another order become the same terms in the same order: "or" has none. */
void terms_sort(struct terms *);

static inline unsigned
term_tests(const struct term *term)
{
	return (term->tests[0].flags & TEST_AND) != 0 ? 2 : 1;
}

#endif
