/*
 * Between who.c, what it finds, and how that is told.
 */
#ifndef TCPWRAP_WHO_H
#define TCPWRAP_WHO_H

#include "cmd/tcpwrap/sets/sets.h"

enum { NO_CONDITIONS = -1 };

struct who {
	const char *paths[2]; /* by enum table */
	const char *limit, *only, *port, *server;
	bool is_json, is_quiet, has_ranges, is_by_rule;
	/* What they come to: */
	struct reach_question question;
	unsigned long lines_max;
	enum reach_outcome only_outcome; /* REACH_OUTCOMES: all */
};

/* ---- who_answer.c ---- */

/* Those of IPv4 come first. */
struct run {
	struct point first; /* the last is before that of the next one of the family */
	uint32_t rule;
	int32_t conditions; /* in struct answer; NO_CONDITIONS */
	uint8_t outcome;
	bool is_fault;
};

/* Addresses and prefixes of a kind, of one family. */
struct total {
	struct sets_count addresses;
	unsigned long parts;
};

struct answer {
	const struct who *who;
	const struct reach *reach;
	struct run *runs; /* heap, as is the other */
	size_t count, size;
	struct reach_interval *open; /* those that have conditions */
	size_t open_count, open_size;
	struct total totals[REACH_OUTCOMES][2]; /* IPv4, IPv6 */
};

/* Runs that are told as one. */
struct part {
	const struct run *run; /* the first one */
	struct point first, last;
	bool is_mixed; /* other rules decide in it, too */
};

/* Work it out. False: out of memory. */
bool answer_collect(struct answer *);
/* The next part from *at on; false: there is none. */
bool answer_next(const struct answer *, size_t *at, struct part *ret);
void answer_release(struct answer *);

/* ---- who_show.c ---- */

void who_print_text(const struct answer *);
void who_print_json(const struct answer *, const char *daemon);

#endif
