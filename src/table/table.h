/*
 * The files on disk: rules are shown to a pass as they are read, or from a kept generation.
 *
 * Saving a table takes effect at the next decision: docs/decisions/freshness.md. Thread-safe; a
 * lock is only ever tried, so nothing that a fork leaves behind blocks anybody.
 */
#ifndef TABLE_TABLE_H
#define TABLE_TABLE_H

#include "policy/decide.h"

struct generation;

/* Show the rules of both tables to pass, which comes from pass_init; afterwards pass_decide gives
 * the verdict. A table that cannot be had refuses, and is told through pass's facts. A reading that
 * had to be repeated may tell its findings again. The paths are borrowed until the decision is
 * used. errno is kept. */
void table_decide(struct pass *, const char *allow_path, const char *deny_path);

/* Parse the text of a table, which is copied. NULL: *ret_code says why (DIAG_NO_MEMORY,
 * DIAG_LINE_OVER_LIMIT). To be given back by generation_release. */
struct generation *table_text(const char *text, size_t len, enum diag_code *ret_code);

/* As table_decide, with texts in place of files; both arrays go by enum table. The names stand where
 * paths would, and are borrowed as those are. Lists in the texts are files all the same. */
void table_decide_texts(
    struct pass *, const char *const names[2], const struct generation *const texts[2]);

/* The list callbacks of struct facts_ops, for whoever implements it; ctx is not looked at. */
enum list_status table_list_open(void *ctx, const char *path, struct list_source **ret_source,
    const struct words **ret_words, int *ret_error);
enum list_status table_list_read(
    void *ctx, struct list_source *, char *buf, size_t size, size_t *ret_len);
void table_list_close(void *ctx, struct list_source *);

#endif
