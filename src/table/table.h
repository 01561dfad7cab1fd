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

enum { TABLE_PATH_MAX = 4096 }; /* PATH_MAX of Linux, its NUL included */

/* What a decision has come upon that may not read a file, nor take long. All zero at its beginning, but
 * for the first member. */
struct table_kept {
	size_t left; /* rules, and words of lists, that may be looked at */
	bool is_long; /* there are more */
	bool must_read; /* what would have to be read, since it is not kept as it is now: */
	bool is_list;
	char path[TABLE_PATH_MAX];
	bool is_private; /* a file among those that were used is not everybody's to read */
};

/* Show the rules of both tables to pass, which comes from pass_init; afterwards pass_decide gives
 * the verdict. A table that cannot be had refuses, and is told through pass's facts. A reading that
 * had to be repeated may tell its findings again. The paths are borrowed until the decision is
 * used. errno is kept. */
void table_decide(struct pass *, const char *allow_path, const char *deny_path);

/* As table_decide, by what is kept alone: nothing is read, nothing waits. If must_read or is_long is set afterwards,
 * also by table_list_kept, what was decided counts for nothing. */
void table_decide_kept(
    struct pass *, const char *allow_path, const char *deny_path, struct table_kept *);

/* Read a table, or a list, to its end and keep it, so that decisions go on without reading. Waits until
 * it may be kept, but not for long. False: it cannot be kept as it is now, and whoever decides has to
 * read it. What does not exist needs no keeping: true. For a thread of its own; errno is kept. */
bool table_keep(const char *path);
bool table_list_keep(const char *path);

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
/* As table_list_open, from what is kept alone. LIST_BAD with must_read: it is not; with is_long: it has too many words. */
enum list_status table_list_kept(struct table_kept *, const char *path,
    struct list_source **ret_source, const struct words **ret_words, int *ret_error);
enum list_status table_list_read(
    void *ctx, struct list_source *, char *buf, size_t size, size_t *ret_len);
void table_list_close(void *ctx, struct list_source *);

#endif
