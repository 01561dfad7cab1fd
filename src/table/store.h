/*
 * Generations: tables and lists kept parsed, shared by the threads of a process.
 *
 * A generation never changes once it is stored. The store's lock is only tried: whoever misses it
 * finds nothing, stores nothing, and reads the file for himself.
 */
#ifndef TABLE_STORE_H
#define TABLE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "image/index.h"
#include "policy/filelist.h"
#include "policy/rule.h"
#include "policy/skim.h"
#include "table/stamp.h"

#ifndef TABLE_INDEX_FROM /* tests begin with the first rule */
#define TABLE_INDEX_FROM 64
#endif

enum {
	STORE_BYTES_MAX = 256 << 20, /* of a file that is kept */
	/* No more rules, or tests of words, are passed sooner than an index has told which. */
	STORE_INDEX_FROM = TABLE_INDEX_FROM,
};

struct generation {
	unsigned references; /* atomic */
	struct stamp stamp;
	uint64_t reader; /* who may use it: store_reader() of who read it; 0 = everybody */
	enum lines_mode mode;
	bool is_list; /* else a table: a file may serve as both */
	bool partial; /* only the first rules: a decision by one of them needs no more */
	struct rule *rules; /* NULL: they are read from the bytes as the index says */
	size_t rule_count, rule_size; /* of a list: words */
	struct index index;
	bool is_indexed;
	struct skim skim; /* of the index: lines that others differ from in a network only, */
	struct index_daemons skim_daemons[SKIM_FORMS]; /* and whose rules those are */
	uint32_t item; /* of the index: where in the bytes the line at hand begins */
	uint32_t error_at; /* the item that ends the classic way's table, if that */
	bool ends_in_error;
	uint32_t *newlines; /* of an index: how many stand before each piece of the bytes */
	size_t size; /* of the bytes */
	struct words words; /* of a list */
	char *bytes; /* the text that rules and words borrow */
	struct arena arena;
};

/* Effective uid, gid and groups as one number, or 0 for a file that everybody may read. */
uint64_t store_reader(const struct stamp *);

/* The same if it was read as a list, or as a table; else it is released, and this is NULL. */
struct generation *generation_if(struct generation *, bool is_list);

/* An empty generation with one reference; NULL: out of memory. */
struct generation *generation_new(const struct stamp *);
void generation_release(struct generation *); /* NULL is fine */

/* Keep a line's rules; their text is copied if it does not stand in bytes. True: kept. */
bool generation_add(struct generation *, const struct line *, const struct rule *, unsigned count);
/* Keep a list, whose text is the first size bytes; if it is long, an index of it. False: it has a word that is
 * too long; or out of memory, if the index has failed, too. */
bool generation_keep_words(struct generation *, size_t size);
/* File the lines ahead that differ from one before in a network only, which does not hold the client. Returns how
 * many. */
size_t generation_skim(struct generation *, struct lines *, const struct skim_client *);
/* All lines have come, from the first size bytes. False: it is not to be used. */
bool generation_finish(struct generation *, size_t size);

/* Is anything kept of the file, of whatever stamp? If not, it is opened at once, without a look
 * whether it is still what it was: a process that decides once decides no sooner by looking. */
bool store_keeps(const char *path);

/* The generation of exactly this stamp (NULL: of whatever), with a reference; NULL: none. */
struct generation *store_get(const char *path, const struct stamp *);

/* The whole text that this process has read last at this path, whatever the file is now; NULL: it is
 * not kept. Never an older text than that. */
struct generation *store_get_last(const char *path);

/* Was the file read before, under this stamp? Then the next reading is worth keeping. */
bool store_was_read(const char *path, const struct stamp *);
/* It was read, or seen to be absent (NULL): what is kept of another text is out of date. */
void store_note_read(const char *path, const struct stamp *);

/* A decision was made by the file's image, and nothing of the file is kept. Once so many were that it is time to
 * have read it, it counts as read. */
void store_note_image(const char *path, const struct stamp *);

/* Keep it; the store takes a reference of its own. False: it is not kept. */
bool store_put(const char *path, struct generation *);

#endif
