/*
 * Between diff and how it tells what it finds.
 */
#ifndef TCPWRAP_DIFF_H
#define TCPWRAP_DIFF_H

#include "cmd/tcpwrap/sets/sets.h"

struct diff {
	const char *running[2]; /* by enum table */
	const char *daemon, *limit, *port, *server, *kind;
	bool is_json, is_quiet, has_ranges, has_prefixes; /* neither: what reads well */
	/* What they come to: */
	unsigned long lines_max;
	struct reach_question question; /* but for the daemon */
};

/* What is told of the daemons that fare alike. */
struct telling {
	const struct diff *diff;
	const struct reach *reaches[2]; /* before, after */
	struct part {
		struct reach_difference difference; /* the first one */
		struct point first, last;
		bool is_mixed; /* there are others, by other rules */
	} part;
	bool has_part, has_told; /* a part waits; something was told */
	struct part held; /* of IPv6, up to the mapped addresses: it may go on behind them */
	bool is_held;
	unsigned long parts[REACH_CHANGES][2]; /* IPv4, IPv6 */
	struct sets_count addresses[REACH_CHANGES][2];
};

void telling_init(struct telling *, const struct diff *, const struct reach *const reaches[2]);
void telling_take(struct telling *, const struct reach_difference *);
/* All were taken. */
void telling_end(struct telling *);
void telling_print_totals(const struct telling *);

extern const char *const telling_changes[]; /* by enum reach_change */

#endif
