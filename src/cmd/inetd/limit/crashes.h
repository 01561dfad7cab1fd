/*
 * Crash loops, of a service or for a source: servers that end badly, one soon after the other, are
 * followed by pauses. A loop that goes on makes them longer; a server that works ends it at once.
 */
#ifndef INETD_CRASHES_H
#define INETD_CRASHES_H

#include <stdbool.h>
#include <stdint.h>

enum {
	/* A server that ends badly so soon has crashed; one that lives longer, or ends well, works. */
	CRASHES_SOON_MS = 1000,
	/* So many in a row are a loop: more than chance brings, fewer than a loop makes in a moment. */
	CRASHES_LOOP = 5,
	/* Without a crash for so long, a row is broken: slow failures are no loop. */
	CRASHES_QUIET_MS = 10000,
	/* The first pause, doubled up to the last: a mended server is back within a minute. */
	CRASHES_PAUSE_FIRST_MS = 1000,
	CRASHES_PAUSE_LAST_MS = 60000,
};

/* All zero: none. */
struct crashes {
	unsigned count; /* in a row */
	unsigned pause_ms; /* 0 = no loop */
	int64_t last_ms;
	int64_t until_ms; /* of the pause */
};

/* One more. What was started before the last pause is over makes no new one. */
void crashes_add(struct crashes *, int64_t started_ms, int64_t now_ms);

/* A server worked. In a loop that counts if it was started after the pause. True: nothing is
 * left. */
bool crashes_heal(struct crashes *, int64_t started_ms);

/* Would a crash now be the first of a row? */
bool crashes_is_quiet(const struct crashes *, int64_t now_ms);

/* When they may be forgotten; 0 = there are none. */
int64_t crashes_rest_ms(const struct crashes *);

#endif
