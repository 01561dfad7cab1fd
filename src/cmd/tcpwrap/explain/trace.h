/*
 * What is to be told of the way of a decision: rules that were passed, words, near misses, and what was
 * wanted where.
 */
#ifndef EXPLAIN_TRACE_H
#define EXPLAIN_TRACE_H

#include "cmd/tcpwrap/explain/asked.h"
#include "policy/decide.h"

enum trace_kind {
	TRACE_DAEMON, /* it is for other daemons */
	TRACE_CLIENT, /* no word of its client list is the client */
	TRACE_EXCEPT, /* one is, and one behind an EXCEPT is, too */
	TRACE_MATCH,
	TRACE_UNKNOWN, /* it could not be found out whether it matches: that refuses */
	TRACE_FINDING, /* no rule, but something to be told */
};

/* Texts are on the heap; NULL: there is none. */
struct trace_rule {
	enum table table;
	unsigned line;
	enum trace_kind kind;
	ways ways; /* in which that is so */
	unsigned decides; /* set of 1 << enum reading */
	char *text; /* the beginning of a long one */
	char *daemon, *client; /* the words that match, or, of TRACE_EXCEPT, that which keeps out */
};

enum miss_kind {
#define MISS(id, name, text) MISS_##id,
#include "cmd/tcpwrap/explain/miss.def"
#undef MISS
	MISS_KINDS
};

struct trace_miss {
	enum miss_kind kind;
	enum table table;
	unsigned line;
	ways ways; /* that take the word so already */
	char *word, *better; /* as it stands; that with which the rule would match */
};

struct trace_want {
	bool is_set;
	enum table table;
	unsigned line;
	char *word;
};

enum { TRACE_SHOWN = 10, TRACE_MISSES_MAX = 16, TRACE_TEXT_MAX = 2047 };

/* All zero at the beginning, but for the first two. */
struct trace {
	struct asked *asked;
	bool is_all; /* else the last TRACE_SHOWN rules, and none for other daemons */
	struct trace_rule *rules;
	size_t count, size;
	size_t other_daemons, dropped; /* rules that are not shown */
	unsigned long unread[2]; /* lines that an index left out, by enum table */
	bool has_index[2];
	struct trace_miss misses[TRACE_MISSES_MAX];
	size_t miss_count, misses_lost;
	struct trace_want wants[ASKED_FACTS]; /* who wanted it first */
	bool failed; /* out of memory: something is missing */
};

/* A rule that the engine was shown. */
struct trace_step {
	const struct rule *rule;
	enum table table;
	matchset want; /* of the readings that were open */
	unsigned decides;
	unsigned wanted; /* by the rules before it */
};

/* Nothing is looked up, and what was wanted stays so. */
void trace_add(struct trace *, const struct trace_step *);
void trace_release(struct trace *);

/* For miss.c: copies of the texts are kept. */
void trace_miss(
    struct trace *, const struct trace_miss *, const char *word, size_t len, const char *better);

/* In which ways does a list of that one word match? */
matchset trace_word(struct matcher *, const struct list *, const char *word, size_t len, matchset);

#endif
