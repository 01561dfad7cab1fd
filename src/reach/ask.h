/*
 * The engine, asked whether a list matches at one address, of which nothing else is known.
 */
#ifndef REACH_ASK_H
#define REACH_ASK_H

#include "policy/filelist.h"
#include "policy/match.h"
#include "reach/point.h"

/* What a list comes to. */
struct asked {
	matchset found;
	ways fault; /* it cannot be told there, for want of a list, whatever else is known */
	bool may_fault; /* that may come of what is not known, too */
	bool failed; /* out of memory: nothing else counts */
};

struct ask {
	struct facts facts;
	struct matcher matcher;
	struct addr_fact addrs[2];
	const char *daemon;
	int port; /* 0: not known */
	/* Words of lists that can match at that address. */
	void *ctx;
	enum list_status (*words)(void *ctx, const char *path, const struct words **ret);
	bool is_unsure, is_fault; /* as the last question turned out */
};

/* daemon NULL: it is not asked about. Not to be moved afterwards. */
void ask_init(struct ask *, const char *daemon);
void ask_set(struct ask *, enum end, struct point);
/* False: it is no address. */
bool ask_set_text(struct ask *, enum end, const char *text);
struct asked ask_list(struct ask *, enum end, const struct list *, matchset want);

/* A test that nobody can tell the answer of, with the ways and the AND of another. */
struct test ask_unknown(const struct test *);
bool ask_is_unknown(const struct test *);

#endif
