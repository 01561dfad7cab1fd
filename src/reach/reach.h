/*
 * Which addresses does a policy admit? Exact sets, from the rules.
 *
 * A policy is read once. For a daemon, all addresses then fall into intervals whose clients fare alike, in
 * both readings: docs/decisions/exact-sets.md. What depends on more than the address (a name, a user, a
 * netgroup, a command, the server's side) is a condition, and is said to be one with its rule: nothing is
 * looked up. All of it is about clients that have an address, and whose name, if they have one, is none.
 *
 * Nothing about matching is known here but where an answer may change; what it is there, the engine says.
 */
#ifndef REACH_REACH_H
#define REACH_REACH_H

#include "policy/decide.h"
#include "table/whole.h"

#ifndef REACH_WORD_INTERVALS /* tests have less */
#define REACH_WORD_INTERVALS 65536
#endif

enum {
	/* A word whose addresses are more intervals than that is a condition. */
	REACH_WORD_MAX = REACH_WORD_INTERVALS,
	/* Intervals of all rules: some 100 bytes each, while they are sorted. */
	REACH_PIECES_MAX = 1 << 23,
	/* Conditions of an interval that are named; all are counted. */
	REACH_SHOWN_MAX = 8,
};

struct reach;

struct reach_input {
	const char *path; /* or a name, if there are bytes; borrowed */
	const char *bytes; /* NULL: the file is read */
	size_t len;
};

/* How /file lists are had: LIST_OK with bytes on the heap, LIST_MISSING, or LIST_BAD. */
struct reach_lists {
	void *ctx;
	enum list_status (*read)(void *ctx, const char *path, char **ret_bytes, size_t *ret_len);
};

/* Of one of the two tables, or of both (TABLE_CANNOT_MEMORY, is_large). */
struct reach_fault {
	enum table table;
	struct table_fault fault;
	bool is_large; /* over REACH_PIECES_MAX: nothing else is wrong */
};

/* Read a policy; inputs go by enum table. lists NULL: from files. progress may be NULL. NULL: fault. */
struct reach *reach_open(const struct reach_input inputs[2], const struct reach_lists *,
    const struct progress *, struct reach_fault *);
void reach_close(struct reach *); /* NULL is fine */

/* ---- its rules, by number: those of the allow table stand before those of the deny table ---- */

#define REACH_NO_RULE UINT32_MAX

struct reach_rule {
	enum table table;
	const char *file;
	unsigned line; /* of a line that the readings divide differently, there are two rules */
	ways ways; /* in which it stands */
	const char *daemons, *clients; /* their texts; not NUL-terminated */
	size_t daemons_len, clients_len;
	bool has_tail;
	const char *tail;
	size_t tail_len;
	bool is_end; /* no rule, but where the classic way's table ends in error */
};

size_t reach_rule_count(const struct reach *);
struct reach_rule reach_rule(const struct reach *, uint32_t number);

/* The names of daemons that the policy's rules spell out, each once. NULL: there is no such number. */
const char *reach_daemon(const struct reach *, size_t number);

/* ---- questions ---- */

struct reach_question {
	const char *
	    daemon; /* NULL: any daemon that no rule spells out; patterns of names are conditions */
	const char
	    *server; /* the address that clients talk to; NULL: "daemon@host" is a condition */
	int port; /* of the server; 0: a port for a daemon is a condition */
};

/* Do the tables take two daemons alike, so that both questions have one answer? False: not, or out of memory. */
bool reach_is_one(
    const struct reach *, const struct reach_question *, const struct reach_question *);

enum reach_outcome { REACH_REFUSED, REACH_TWISTED, REACH_ADMITTED, REACH_DEPENDS, REACH_OUTCOMES };

struct reach_interval {
	struct addr first, last; /* of one family */
	enum reach_outcome outcome;
	/* Decides if no condition holds; REACH_NO_RULE: no rule matches. What comes of it: outcome, or of one that
	 * depends, otherwise. */
	uint32_t rule;
	enum reach_outcome otherwise;
	bool is_fault; /* it cannot be decided there, for want of a list: refused */
	/* Rules before it that may match; of an outcome that is certain they change the options at most. */
	size_t condition_count;
	uint32_t conditions[REACH_SHOWN_MAX]; /* the first of them */
};

/* Intervals in their order: IPv6 below the mapped addresses, IPv4, the rest of IPv6. Neighbours differ. */
struct reach_sweep;
struct reach_sweep *reach_sweep_open(
    const struct reach *, const struct reach_question *); /* NULL: memory */
bool reach_sweep_next(struct reach_sweep *, struct reach_interval *ret);
void reach_sweep_close(struct reach_sweep *);

/* ---- rules that are never reached ---- */

enum reach_use {
	REACH_NOT_ASKED, /* its daemon list does not match */
	REACH_NEVER, /* proved: no address, name, user or command lets it decide anything */
	REACH_PERHAPS, /* it decides for some addresses, if a condition holds: its own, or one before it fails */
	REACH_DECIDES, /* for some addresses, whoever is behind them, unless a condition before it holds */
};

#define REACH_SEVERAL (UINT32_MAX - 1)

struct reach_rule_use {
	enum reach_use use;
	/* Of REACH_NEVER: the rule before it that takes all its clients; REACH_SEVERAL: more than one do
	 * together; REACH_NO_RULE: it has no clients, whatever stands before it. */
	uint32_t by;
	uint32_t first; /* REACH_SEVERAL: one of them, that which takes the lowest address */
};

/* For one daemon; ret has reach_rule_count() members. False: out of memory. */
bool reach_uses(const struct reach *, const struct reach_question *, struct reach_rule_use *ret);

/* ---- what an edit changes ---- */

enum reach_change {
	REACH_NOW_REFUSED, /* whoever was there before is refused, and was not */
	REACH_NOW_TWISTED,
	REACH_NOW_ADMITTED,
	REACH_NOW_OPTIONS, /* as before, but by a rule with other options */
	REACH_MAY_CHANGE, /* conditions are not the same */
	REACH_CHANGES
};

struct reach_difference {
	enum reach_change change;
	struct reach_interval before, after; /* their first and last are those of the difference */
};

struct reach_diff;
struct reach_diff *reach_diff_open(
    const struct reach *before, const struct reach *after, const struct reach_question *);
/* The next interval in which something changes. False: there is none: what was not told is the same, proved,
 * whatever the conditions come to. */
bool reach_diff_next(struct reach_diff *, struct reach_difference *ret);
void reach_diff_close(struct reach_diff *);

#endif
