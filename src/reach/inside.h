/*
 * Between the modules of this room: a policy as it is kept.
 */
#ifndef REACH_INSIDE_H
#define REACH_INSIDE_H

#include "base/arena.h"
#include "reach/lists.h"
#include "reach/residue.h"
#include "reach/reach.h"

/* What a rule may come to, as a set. */
enum {
	CAN_REFUSE = 1 << VERDICT_REFUSE,
	CAN_TWIST = 1 << VERDICT_TWIST,
	CAN_GRANT = 1 << VERDICT_GRANT,
	CAN_PASS = 8, /* it does not decide, nor does the rest of its table */
	CAN_DECIDE = CAN_REFUSE | CAN_TWIST | CAN_GRANT,
};

struct entry {
	const char *clients, *tail;
	uint32_t clients_len, tail_len;
	uint32_t daemons; /* which list of daemons */
	uint32_t first_piece, piece_count; /* in the order of addresses */
	unsigned line;
	uint8_t table, ways;
	bool has_tail, is_end;
	uint8_t can[READINGS]; /* the ways: classic, plain */
};

/* Addresses whose clients a rule's client list matches alike. */
struct piece {
	struct point first, last;
	uint32_t rule;
	uint32_t residue; /* what of it is not certain: reach->residues */
	uint8_t found; /* matchset */
	uint8_t fault; /* ways: as struct asked */
	bool may_fault;
};

/* Where a piece begins, or is the last of. */
struct mark {
	struct point at;
	uint32_t piece;
};

struct daemon_list {
	const char *text;
	size_t len;
	ways ways;
	uint32_t next; /* of the same hash; REACH_NO_RULE: none */
};

struct reach {
	struct whole tables[2];
	const char *paths[2];
	struct arena arena;
	struct entry *rules; /* heap, as are all that follow */
	size_t rule_count, rule_size, deny_from;
	struct piece *pieces;
	size_t piece_count, piece_size;
	struct mark *firsts, *lasts; /* sorted; one a piece */
	struct daemon_list *daemon_lists;
	size_t daemon_count, daemon_size;
	uint32_t *buckets; /* of daemon_lists, by hash */
	size_t bucket_count;
	char **names; /* of daemons; in the arena */
	size_t name_count, name_size;
	struct list_files lists;
	struct residues residues;
	size_t steps_left; /* for patterns of text */
	size_t work_left; /* tests that are tried, of rules with many words */
};

/* ---- pieces.c ---- */

struct maker;
struct maker *maker_new(struct reach *);
void maker_free(struct maker *);
enum made { MADE, MADE_NO_MEMORY, MADE_TOO_MANY };
/* Work out the pieces of the rule that was added last. */
enum made maker_add(struct maker *, const struct list *clients);
/* The same of one that is met by everybody. */
enum made maker_add_all(struct reach *, ways);

/* ---- daemons.c ---- */

/* Which list of daemons it is; false: out of memory. */
bool daemons_find(struct reach *, const struct list *, uint32_t *ret);
/* Collect the names that are spelled out. */
bool daemons_collect(struct reach *);
/* What each of them comes to, and what is left of it (NULL: nobody wants to know); both have daemon_count members.
 * False: the server is no address, or memory. */
struct daemons_left {
	struct residues residues;
	uint32_t *of; /* heap */
};
enum {
	DAEMONS_MAY_FAULT = 16
}; /* beside a matchset: it names a list, which nobody has looked at */
bool daemons_ask(const struct reach *, const struct reach_question *, matchset *ret,
    struct daemons_left *ret_left);

/* ---- policy.c ---- */

/* Room for one more; NULL: out of memory, and items is as it was. */
void *reach_grow(void *items, size_t count, size_t *size, size_t item_bytes);

#endif
