/*
 * The files on disk: rules are shown to a pass as they are read, or from a kept generation.
 *
 * Saving a table takes effect at the next decision: docs/decisions/freshness.md. Thread-safe; a
 * lock is only ever tried, so nothing that a fork leaves behind blocks anybody.
 */
#ifndef TABLE_TABLE_H
#define TABLE_TABLE_H

#include "policy/decide.h"
#include "table/lists.h"

/* Show the rules of both tables to pass, which comes from pass_init; afterwards pass_decide gives
 * the verdict. A table that cannot be had refuses, and is told through pass's facts. A reading that
 * had to be repeated may tell its findings again. The paths are borrowed until the decision is
 * used. errno is kept. */
void table_decide(struct pass *, const char *allow_path, const char *deny_path);

/* As table_decide, by what is kept alone: nothing is read, nothing waits. If must_read or is_long is set
 * afterwards, also by table_list_kept, what was decided counts for nothing. */
void table_decide_kept(
    struct pass *, const char *allow_path, const char *deny_path, struct table_kept *);

/* Read a table to its end and keep it, so that decisions go on without reading. Waits until it may be
 * kept, but not for long. False: it cannot be kept as it is now, and whoever decides has to read it. What
 * does not exist needs no keeping: true. For a thread of its own; errno is kept. */
bool table_keep(const char *path);

/* Parse the text of a table, which is copied. NULL: *ret_code says why (DIAG_NO_MEMORY,
 * DIAG_LINE_OVER_LIMIT). To be given back by generation_release. */
struct generation *table_text(const char *text, size_t len, enum diag_code *ret_code);

/* As table_decide, with texts in place of files; both arrays go by enum table. The names stand where
 * paths would, and are borrowed as those are. Lists in the texts are files all the same. */
void table_decide_texts(
    struct pass *, const char *const names[2], const struct generation *const texts[2]);

#endif
