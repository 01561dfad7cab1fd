/*
 * The engine's decision about who is asked about, and what comes of it.
 */
#ifndef EXPLAIN_VERDICT_H
#define EXPLAIN_VERDICT_H

#include "cmd/tcpwrap/explain/asked.h"
#include "policy/decide.h"

struct generation;

/* Not to be moved. */
struct verdict_found {
	struct pass pass;
	const struct decision *counts,
	    *other; /* other: NULL if both readings come to one verdict */
	enum verdict verdict; /* options considered */
	struct diag option; /* with a code: the option that refuses */
};

/* paths go by enum table, and are borrowed; so do texts, which may be NULL: then the files are read. */
void verdict_find(struct verdict_found *, struct asked *, const char *const paths[2],
    const struct generation *const texts[2]);
void verdict_release(struct verdict_found *);

/* Do both readings come to the same by the same rule? */
bool verdict_is_both(const struct verdict_found *);

/* "admitted", "refused", "twisted" */
const char *verdict_text(enum verdict);
/* "classic", "plain" */
const char *verdict_reading(const struct verdict_found *, const struct decision *);

#endif
