/*
 * NAME     limiter - credit for starts
 * INVARIANTS  0 <= credit <= rate * LIMITER_START. Pure: the clock is the caller's.
 * LIMITS   CONF_RATE_MAX * a minute fits in 37 bits.
 */
#include "cmd/inetd/limiter.h"

enum {
	/* One start: a millisecond earns rate, a minute rate * LIMITER_START. */
	LIMITER_START = 60000,
	LIMITER_TELL_MS = 60000, /* a flood must not flood the log */
};

bool
limiter_has(struct limiter *limiter, unsigned rate_per_minute, int64_t now_ms)
{
	int64_t full = (int64_t)rate_per_minute * LIMITER_START;
	int64_t passed_ms = now_ms - limiter->at_ms;

	if (limiter->at_ms == 0 || passed_ms >= LIMITER_START)
		limiter->credit = full;
	else if (passed_ms > 0)
		limiter->credit += passed_ms * rate_per_minute;
	if (limiter->credit > full)
		limiter->credit = full;
	limiter->at_ms = now_ms;
	return rate_per_minute == 0 || limiter->credit >= LIMITER_START;
}

void
limiter_take(struct limiter *limiter, unsigned rate_per_minute)
{
	if (rate_per_minute > 0)
		limiter->credit -= LIMITER_START;
}

bool
limiter_tells(struct limiter *limiter, int64_t now_ms)
{
	if (limiter->told_ms != 0 && now_ms - limiter->told_ms < LIMITER_TELL_MS)
		return false;
	limiter->told_ms = now_ms;
	return true;
}
