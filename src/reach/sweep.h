/*
 * A walk over all addresses in order, for one daemon: at each stop, what is known of every rule.
 */
#ifndef REACH_SWEEP_H
#define REACH_SWEEP_H

#include "reach/inside.h"
#include "reach/ranks.h"

/* Rules that may match, by what comes of it. */
enum { MAYBE_REFUSE, MAYBE_TWIST, MAYBE_GRANT, MAYBE_MORE, MAYBES };

struct side {
	struct ranks sure, maybe[MAYBES]; /* rules */
	struct ranks fault; /* those of sure that cannot be decided, and so refuse */
	struct ranks fresh; /* those of maybe, until whoever notes them takes them out */
	/* As it is at this stop: */
	uint32_t decides[2]; /* by table: the first that matches for certain; RANKS_NONE */
	uint32_t ends[2]; /* by table: rules before this one have a say there */
	bool passes; /* the deny table may be come to */
	uint8_t can; /* what comes of it: a set of CAN_... */
};

struct reach_sweep {
	const struct reach *reach;
	matchset *daemons; /* what each list of daemons comes to, */
	struct daemons_left left; /* and what is left of it */
	uint32_t *hands; /* of rules in unsure, the piece at hand */
	struct side sides[READINGS];
	struct ranks unsure; /* rules that may match, in one reading or both */
	struct ranks tailed; /* those of unsure that have options */
	uint32_t *counts; /* of unsure: a Fenwick tree */
	uint64_t changes; /* of unsure, so far */
	size_t differing; /* rules at hand that the readings take differently */
	size_t first, last; /* the next marks */
	struct point at, end; /* the stop: up to and with end */
	bool is_begun, is_over;
	struct reach_interval next; /* of reach_sweep_next */
	uint64_t next_changes;
	bool has_next;
};

/* What a piece says in a reading, of the daemon. */
struct state {
	bool is_sure, is_fault, is_maybe;
	uint8_t can;
};
struct state sweep_state(const struct reach_sweep *, const struct piece *, enum reading);

/* Go to the next stop. False: there is none. */
bool sweep_step(struct reach_sweep *);
/* What may come of both readings there: a set of CAN_... */
uint8_t sweep_can(const struct reach_sweep *);
/* What holds at the stop. */
void sweep_tell(const struct reach_sweep *, struct reach_interval *ret);
/* But for their addresses, are they the same for whoever looks at them? Not known of conditions that are not shown
 * (is_still: nothing has come of them in between). */
bool sweep_is_alike(const struct reach_interval *, const struct reach_interval *, bool is_still);
/* In one reading: the rule that decides if no condition holds. */
uint32_t sweep_decider(const struct reach_sweep *, const struct side *);
/* The rules that have a say, of a table, in one reading or the other: those before. */
uint32_t sweep_end(const struct reach_sweep *, enum table);
/* Unsure rules before that one. */
uint32_t sweep_count(const struct reach_sweep *, uint32_t rule);

#endif
