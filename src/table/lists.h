/*
 * /file lists from disk: the list callbacks of struct facts_ops, for whoever implements it.
 */
#ifndef TABLE_LISTS_H
#define TABLE_LISTS_H

#include "policy/facts.h"
#include "table/kept.h"

/* ctx is not looked at. */
enum list_status table_list_open(void *ctx, const char *path, struct list_source **ret_source,
    const struct words **ret_words, int *ret_error);
enum list_status table_list_read(
    void *ctx, struct list_source *, char *buf, size_t size, size_t *ret_len);
void table_list_close(void *ctx, struct list_source *);

/* As table_list_open, from what is kept alone. LIST_BAD with must_read: it is not; with is_long: it has
 * too many words. */
enum list_status table_list_kept(struct table_kept *, const char *path,
    struct list_source **ret_source, const struct words **ret_words, int *ret_error);

/* Read a list to its end and keep it: as table_keep. */
bool table_list_keep(const char *path);

/* Has a list changed while it was read, since the last call, in this thread? Then what was decided counts
 * for nothing. */
bool lists_changed(void);

#endif
