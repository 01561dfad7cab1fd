/*
 * Does a list match a request?
 */
#ifndef POLICY_MATCH_H
#define POLICY_MATCH_H

#include "base/arena.h"
#include "policy/facts.h"
#include "policy/list.h"

/* Lists name lists: this deep, and so many in one decision's test of one word. */
enum { MATCH_LISTS_DEEP = 16, MATCH_LISTS_ALL = 256 };

struct matcher {
	const struct facts *facts;
	enum end end; /* whose host the tests at hand are about */
	bool failed; /* a resource ran out: the decision is a refusal */
	struct diag place; /* file and line for reports */
	/* Facts that every rule asks for, once they are known. */
	const struct addr_fact *addrs[2];
	const char *daemon;
	size_t daemon_len;
	bool daemon_agrees; /* the daemon's name reads the same both ways */
};

void matcher_init(struct matcher *, const struct facts *);

/* In which of the wanted ways, certainly or possibly, does the list match? Lookups are made only
 * when a test needs them, in the order of the words. If matcher->failed afterwards, the answer
 * counts for nothing. */
matchset list_match(struct matcher *, const struct list *, matchset want);

/* One pattern, of one or two tests. */
matchset pattern_match(struct matcher *, const struct test *, matchset want);

/* A /file list named by a word. */
matchset filelist_match(struct matcher *, const struct test *, ways want);

#endif
