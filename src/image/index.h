/*
 * Which rules of a table, or words of a list, a request has to be shown: all that can match it or have
 * something to say, in their order, and few others.
 *
 * The index proposes and never decides: whoever walks it shows what it names to the evaluator that is
 * shown everything where there is no index. So both come to the same, and no lookup is made that the
 * other would not make.
 */
#ifndef IMAGE_INDEX_H
#define IMAGE_INDEX_H

#include "image/rows.h"
#include "policy/facts.h"
#include "policy/rule.h"

/* What an item is filed by. */
enum index_key {
	INDEX_V4, /* the client's network: four bytes and a length */
	INDEX_V6, /* sixteen bytes and a length */
	INDEX_NAME, /* the client's name, or what it ends in: a hash */
	INDEX_PENDING, /* nothing, as long as the client's name is not known */
	INDEX_ALWAYS, /* nothing */
	INDEX_KEYS
};

/* All zero: none; index_init makes it ready. Immutable when it is finished. */
struct index {
	struct rows rows[INDEX_KEYS];
	/* Of each row of INDEX_V4 and INDEX_V6: the first row of the next larger network; UINT32_MAX: there
	 * is none. NULL: none of any. */
	uint32_t *parents[2];
	uint64_t name_shapes; /* that INDEX_NAME has: keys.h */
	bool failed; /* out of memory: index_finish will say so */
};

void index_init(struct index *);
void index_release(struct index *);

/* Whose rules: a number for each daemon that a list names; */
enum { INDEX_DAEMONS_MAX = 16 }; /* a list with more is any daemon's */
struct index_daemons {
	uint16_t classes[INDEX_DAEMONS_MAX];
	size_t count;
};

/* File rules under item, a number that is larger than that of all before: an item has several rules if
 * the two ways divide its line differently. */
void index_add_rule(struct index *, uint32_t item, const struct rule *);
/* The same of a rule with nothing but a network in its client list. */
void index_add_net4(
    struct index *, uint32_t item, const struct index_daemons *, uint32_t net, uint32_t mask);
void index_add_net6(
    struct index *, uint32_t item, const struct index_daemons *, const struct net6 *);
/* Whose rules does a list make them? False: it has something to say whoever comes, and to whichever
 * daemon. */
bool index_daemons(struct index_daemons *, const struct list *daemons);
/* File a test of a word of a list. */
void index_add_test(struct index *, uint32_t item, const struct test *);

/* False: out of memory, and it can only be released. */
bool index_finish(struct index *);

enum {
	/* Of a name; of one with more labels everything is shown. DNS has 127 at most. */
	INDEX_LABELS_MAX = 128,
	/* Networks that hold an address, or suffixes of a name in two spellings, and what always is;
	 * each of the client's daemon and of any. */
	INDEX_RUNS_MAX = 2 * (ADDR_BITS + 1 + 2 * (INDEX_LABELS_MAX + 1) + 2),
};

struct index_cursor {
	const struct index *index;
	uint16_t class; /* of the daemon */
	uint64_t from; /* the items before this one have passed */
	bool shows_all; /* the index cannot tell */
	bool has_name, has_pending;
	size_t run_count;
	struct index_run {
		uint32_t at, end; /* rows */
		uint32_t item; /* of the first */
		uint8_t key; /* enum index_key */
	} runs[INDEX_RUNS_MAX];
};

/* Can an index tell about him, as long as nothing is damaged? client NULL: there is none, or it is not known. */
static inline bool
index_tells(const struct addr_fact *client)
{
	return client != NULL && client->agrees && client->addr.scope == 0;
}

void index_begin(struct index_cursor *, const struct index *, const struct addr_fact *client,
    const char *daemon, size_t daemon_len);

/* What is named as long as the name is not known. index_next does it, if that is so when it is first asked. */
void index_add_pending(struct index_cursor *);

enum index_step {
	INDEX_ITEM,
	INDEX_END,
	INDEX_ALL, /* show every item from cursor->from on, and do not ask again */
};

/* The next item. The name is the client's, if it was looked up by now; else NULL: who is shown an item
 * may make it known. */
enum index_step index_next(struct index_cursor *, const struct name_fact *name, uint32_t *ret_item);

#endif
