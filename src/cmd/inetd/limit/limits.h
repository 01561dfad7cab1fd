/*
 * May this client be served now? The one question about limits, and the state that answers it.
 *
 * The caller's way: limits_door before an accept; limits_ask when the client is known, and again right
 * before it is admitted; limits_take when it is; limits_give at its end. Whoever is refused, for whatever
 * reason, takes nothing. What the log should have of all that says news.h.
 *
 * The rules are the entry's, with the command line's rate in it where it has none. They may change from
 * one call to the next: what runs and what was taken stays counted.
 */
#ifndef INETD_LIMITS_H
#define INETD_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "cmd/inetd/limit/average.h"
#include "cmd/inetd/limit/bucket.h"
#include "cmd/inetd/limit/crashes.h"
#include "cmd/inetd/limit/sources.h"

enum limits_why {
#define CONDITION(id, reason, end) LIMITS_##id,
#include "cmd/inetd/limit/conditions.def"
#undef CONDITION
	LIMITS_WHYS,
	LIMITS_OF_SOURCE = LIMITS_SOURCE_CRASHES, /* the first that is about a source */
};

enum limits_say {
	LIMITS_GO,
	/* The service is over: let its listeners rest; clients stay in the kernel's queue. */
	LIMITS_WAIT,
	/* This source is over and is to wait, but nobody else: keep the connection, and ask again. As
	 * many as the caller has room for; the others are closed. */
	LIMITS_HOLD_SOURCE,
	/* Close this connection; others may be served. */
	LIMITS_CLOSE_SOURCE,
	/* The service is over, and closes who comes. */
	LIMITS_CLOSE,
};

/* A condition is over, for the log, when it was not met for so long, and does not hold: one that comes
 * and goes is one. */
enum { LIMITS_QUIET_MS = 10000 };

/* No time is known: when limits_give says so. */
#define LIMITS_UNTIL_GIVEN INT64_MAX

struct limits_answer {
	enum limits_say say;
	enum limits_why why; /* unless GO */
	int64_t until_ms; /* of WAIT and HOLD: then ask again */
};

/* What all services of a daemon have in common. */
struct limits_world {
	struct sources sources;
	struct average average;
	unsigned (*minute)(void); /* hours_local_minute, but for tests */
};

/* How a condition goes on. */
struct limits_count {
	uint32_t last_s; /* when it was last met, rounded up */
	uint32_t closed; /* clients, since it began */
	uint32_t from, upto; /* of limits->served, when it began and when it was last met */
};

/* Of one service; outlives a reload. */
struct limits {
	struct limits_world *world;
	struct sources_share share;
	unsigned running; /* exact */
	struct bucket bucket;
	struct crashes crashes; /* each source counts once in a row */
	unsigned row; /* which; never 0 */
	int64_t trial_ms; /* after a pause: when the one was started that is tried; 0 = none */

	/* for the log, by news.h */
	unsigned begun, told; /* conditions, as bits */
	uint32_t served; /* clients; turns over */
	int64_t news_ms; /* when to look for news; 0 = there are none to come */
	struct source_key source; /* that was last found over */
	struct limits_count counts[LIMITS_WHYS];
};

/* A place that is taken. All zero: none. The limits must outlive it. */
struct limits_ticket {
	struct limits *limits;
	struct source *source; /* NULL: a client without an address */
	int64_t started_ms;
	bool is_trial;
};

/* How what was started has ended. One that has lived for CRASHES_SOON_MS has worked, however it ends. */
enum limits_end {
	LIMITS_ENDED_WELL, /* with status 0, or it was no program */
	LIMITS_ENDED_BADLY, /* by a fault of its own, or before its program ran */
	LIMITS_ENDED_UNKNOWN, /* says nothing about the program: the client may have brought it about */
};

/* All zero before, but for the world, which has its functions and its secret. Before the release
 * all tickets are given back. */
void limits_init(struct limits *, struct limits_world *);
void limits_release(struct limits *);

/* May anybody be served? GO or WAIT. GO also where over_limit closes: accept, and ask. */
struct limits_answer limits_door(const struct conf_entry *, struct limits *, int64_t now_ms);
/* The same, asked when perhaps nobody is there, so that a no is no news. */
bool limits_may_follow(const struct conf_entry *, struct limits *, int64_t now_ms);

/* May this client be served, who is there? source is NULL for a unix socket and for "wait". The
 * source is looked at first: one that is over never makes others wait. Each CLOSE counts as a
 * client. */
struct limits_answer limits_ask(
    const struct conf_entry *, struct limits *, const struct addr *source, int64_t now_ms);

/* It is being served: right after limits_ask said GO. limits NULL: out of memory, nothing is
 * taken, and the client is to be closed. */
struct limits_ticket limits_take(
    const struct conf_entry *, struct limits *, const struct addr *source, int64_t now_ms);

/* It is not any more. The ticket is zeroed; one without a place is let be. True: somebody who
 * waits may have a place now. */
bool limits_give(struct limits_ticket *, enum limits_end, int64_t now_ms);

/* For the record of a client: "too many starts for this source". */
const char *limits_reason(enum limits_why);

/* Is the service over? Of a source, no: that is nobody's state. */
bool limits_is_over(const struct conf_entry *, struct limits *, enum limits_why, int64_t now_ms);

/* Does this condition close clients, or do they wait? */
bool limits_closes(const struct conf_entry *, enum limits_why);

#endif
