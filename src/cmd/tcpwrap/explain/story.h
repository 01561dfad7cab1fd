/*
 * All that is told of one client.
 */
#ifndef EXPLAIN_STORY_H
#define EXPLAIN_STORY_H

#include "cmd/tcpwrap/explain/walk.h"

enum { STORY_FINDINGS_MAX = 32 };

/* Not to be moved. */
struct story {
	struct asked asked;
	const char *const *paths; /* by enum table */
	struct verdict_found found;
	struct trace trace;
	enum walk_end end;
	unsigned wanted; /* by rules and options: set of 1 << enum asked_fact */
	struct diag findings[STORY_FINDINGS_MAX];
	size_t finding_count, findings_lost;
};

/* Decide, and find out why. asked is filled in up to its last given member; is_all as in the trace. */
void story_begin(struct story *, const char *const paths[2], bool is_all);
void story_end(struct story *);

/* For people. */
void story_text(struct story *);
/* An object. */
void story_json(struct story *);

/* For both: names in a document, by enum. */
extern const char *const story_facts[];
extern const char *const story_kinds[];
/* The rule's text, or its beginning. NULL: none decided, or its table could not be read again. */
const char *story_rule(const struct story *, const struct decision *);
/* "both", or one of them: NULL if it is no one way. */
const char *story_ways(ways);

#endif
