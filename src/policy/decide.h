/*
 * One decision: the rules of two tables pass by, and two readings of them are judged at once.
 *
 * Whoever has the tables shows their rules in order; policy reads no file. A reading is decided by
 * the first rule that matches in it; a client is admitted only if both readings admit it.
 */
#ifndef POLICY_DECIDE_H
#define POLICY_DECIDE_H

#include "base/arena.h"
#include "policy/facts.h"
#include "policy/match.h"
#include "policy/option.h"
#include "policy/rule.h"

enum table { TABLE_ALLOW, TABLE_DENY };

enum decided_by {
	BY_NO_MATCH, /* no rule matches: grant */
	BY_RULE,
	BY_FAULT, /* something failed: refuse */
};

/* How one reading comes out. */
struct decision {
	enum verdict verdict;
	enum decided_by by;
	enum diag_code fault; /* BY_FAULT: what it was */
	enum way way; /* in which the rule was read: its options are read so too */
	enum table table;
	const char *file; /* borrowed from pass_table */
	unsigned line;
	bool failed; /* a command that had a say did, and that was told: nothing is carried out */
	bool has_tail;
	const char *tail; /* lives until pass_release */
	size_t tail_len;
	const char *text; /* the rule's line, if the pass keeps it; lives as long as the tail */
};

enum reading { READING_CLASSIC, READING_PLAIN, READINGS };

struct pass {
	struct matcher matcher;
	struct option_context options;
	unsigned open; /* readings not decided yet: 1 << enum reading */
	unsigned ended; /* readings whose part of this table ended early, in error */
	matchset want; /* the ways that the readings still open need of this table */
	enum table table;
	const char *file;
	enum lines_mode mode;
	/* Is the table still what it was when it was read? NULL: it is. Set by whoever shows it. */
	bool (*holds)(void *source);
	void *source;
	struct decision decisions[READINGS];
	/* Where an aclexec was last told to say no: both readings may come to it, by rules of their own. */
	enum table no_table;
	unsigned no_line; /* 0 = nowhere */
	struct arena tails;
	bool keeps_text; /* set after pass_init by who wants to show the rule */
};

/* facts is borrowed until pass_release. Not to be moved: it is a part of what it tells options. */
void pass_init(struct pass *, const struct facts *facts, const struct option_context *);
void pass_release(struct pass *);
/* Begin again, with all readings open; what was decided before may still be used. */
void pass_restart(struct pass *);

/* The rules that follow are from this table. file is borrowed until the decision is used. */
void pass_table(struct pass *, enum table, const char *file, enum lines_mode);

/* The mode turns out to be this one: known only when the first line has been read. */
void pass_mode(struct pass *, enum lines_mode);

/* Show a rule, or a finding in a rule's place. False: all is decided, show nothing more. */
bool pass_rule(struct pass *, const struct rule *);

/* The table cannot be had: every reading that is still open refuses. Whoever calls has told why. */
void pass_fault(struct pass *, enum diag_code);

/* The tables are at their end. The decision that counts: the lower verdict, or the classic one. */
const struct decision *pass_decide(struct pass *);

/* After pass_decide: the reading that did not count, if it comes to another verdict; else NULL. */
const struct decision *pass_differing(const struct pass *);

#endif
