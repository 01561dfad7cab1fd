/*
 * The /file lists of a policy, each read once, as terms.
 */
#ifndef REACH_LISTS_H
#define REACH_LISTS_H

#include "base/arena.h"
#include "reach/reach.h"
#include "reach/terms.h"

struct list_file {
	const char *path;
	enum list_status status; /* LIST_OK, LIST_MISSING or LIST_BAD */
	char *bytes; /* heap */
	uint64_t hash; /* of them, to notice that they are others */
	struct terms terms;
};

struct list_files {
	struct list_file *items; /* heap */
	size_t count, size;
	struct reach_lists source;
	struct arena arena;
	bool failed; /* out of memory */
};

/* The list that a test names, read if need be; TERM_NO_LIST: out of memory. */
uint32_t list_files_get(struct list_files *, const struct test *);
void list_files_release(struct list_files *);

/* From files, as the library reads them. */
enum list_status list_files_read(void *ctx, const char *path, char **ret_bytes, size_t *ret_len);

#endif
