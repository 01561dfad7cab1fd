/*
 * How often a service may be started: at most rate at once, and rate a minute in the long run.
 * A service over its limit waits for credit, its clients in the queue; its port stays its own.
 */
#ifndef INETD_LIMITER_H
#define INETD_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

/* All zero is one that was never asked, with full credit. */
struct limiter {
	int64_t credit; /* a start costs LIMITER_START */
	int64_t at_ms; /* when credit was counted; 0 = never */
	int64_t told_ms; /* when the limit was last logged; 0 = never */
};

/* Is there credit for one start now? rate_per_minute = 0: always. */
bool limiter_has(struct limiter *, unsigned rate_per_minute, int64_t now_ms);
/* Spend it. */
void limiter_take(struct limiter *, unsigned rate_per_minute);
/* Is it time to log the limit again? Then it counts as logged. */
bool limiter_tells(struct limiter *, int64_t now_ms);

#endif
