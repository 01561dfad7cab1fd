/*
 * Ask the engine by an index, from the first rule on, and tell what differs from an answer that came
 * without one. For unit tests and fuzz targets.
 */
#ifndef TESTS_ASK_INDEX_H
#define TESTS_ASK_INDEX_H

#include "ask.h"
#include "table/store.h"

enum { INDEXED_LISTS_MAX = 8 };

/* Two tables as kept in memory, by enum table, their images, and the lists of a question. */
struct indexed {
	struct generation *texts[2];
	int text_fds[2], image_fds[2]; /* -1: there is no rule in it */
	const struct ask_list *lists;
	struct generation *words[INDEXED_LISTS_MAX]; /* NULL: the list cannot be read */
	int list_fds[INDEXED_LISTS_MAX], list_image_fds[INDEXED_LISTS_MAX]; /* if it has an index */
	size_t list_count;
};

/* False: *ret_code says why, and there is nothing to give back. */
bool indexed_init(
    struct indexed *, const char *const texts[2], const size_t lens[2], enum diag_code *ret_code);
void indexed_release(struct indexed *);

/* Lists from here on are what is kept of them, with an index each. False: out of memory. */
bool indexed_keep_lists(struct indexed *, const struct ask_list *, size_t count);
/* Make the images. False: errno. */
bool indexed_write(struct indexed *);

void indexed_ask(const struct indexed *, const struct ask *, struct answer *ret);

/* By the images. False: what was shown was not all, and the texts were shown behind it. */
bool indexed_ask_images(const struct indexed *, const struct ask *, struct answer *ret);

/* In what the index made a difference, in a few words; NULL: in nothing but lookups that were spared. */
const char *indexed_difference(const struct answer *without, const struct answer *with);
/* The same, of decisions alone. */
const char *indexed_decisions_differ(const struct answer *without, const struct answer *with);

#endif
