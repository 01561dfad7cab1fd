/*
 * What a service has that outlives the text it was read from: limits, counters, and whether the
 * administrator has paused it. A service of the next reading with the same id goes on with it.
 */
#ifndef INETD_STANDING_H
#define INETD_STANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/inetd/limiter.h"

struct service;
struct services;

struct counters {
	uint64_t accepted; /* clients that came */
	uint64_t admitted; /* that were served, or whose server was started */
	uint64_t refused; /* by rules */
	uint64_t limited; /* closed by a limit */
	uint64_t failed; /* admitted, but no server could be started */
	uint64_t crashed; /* servers ended by a signal */
};

struct standing {
	struct standing *next; /* of its bucket */
	char *id;
	const struct service *service; /* of the configuration that holds; NULL = it has none */
	size_t connections; /* that refer to it */
	size_t running; /* servers, and connections that inetd serves itself */
	bool is_wanted; /* by the configuration that is being prepared */
	bool is_paused;
	struct limiter limiter;
	struct counters counters;
};

enum { STANDING_BUCKETS = 1024 }; /* a thousand services are many */

/* All zero: none. */
struct standings {
	struct standing *buckets[STANDING_BUCKETS];
};

/* Give every service of the next configuration its standing. False: out of memory; give up by
 * standings_settle with the configuration that holds. */
bool standings_prepare(struct standings *, struct services *next);
/* This configuration holds: who is not in it, and has no connection, is forgotten. NULL: none does. */
void standings_settle(struct standings *, struct services *);

/* A connection that referred to it is over. */
void standing_leave(struct standings *, struct standing *);

#endif
