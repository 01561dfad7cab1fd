/*
 * NAME     bucket - so many, in so long
 * INVARIANTS  debt <= count * per_ms. A clock that steps back earns nothing twice.
 * LIMITS   CONF_RATE_MAX * UINT_MAX fits in 52 bits; what a change of rate multiplies, in 64.
 */
#include "cmd/inetd/limit/bucket.h"

static uint64_t
full(const struct conf_rate *rate)
{
	return (uint64_t)rate->count * rate->per_ms;
}

bool
bucket_is_no_limit(const struct conf_rate *rate)
{
	return rate->count == 0 || rate->count > CONF_RATE_MAX || rate->per_ms == 0;
}

static void
earn(struct bucket *bucket, int64_t now_ms)
{
	int64_t passed_ms = now_ms - bucket->at_ms;
	uint64_t earned;

	if (passed_ms <= 0)
		return;
	bucket->at_ms = now_ms;
	if (passed_ms >= bucket->rate.per_ms) {
		bucket->debt = 0;
		return;
	}
	earned = (uint64_t)passed_ms * bucket->rate.count;
	bucket->debt = bucket->debt > earned ? bucket->debt - earned : 0;
}

/* So many starts of debt as before, in other units, rounded up. */
static void
adapt(struct bucket *bucket, const struct conf_rate *rate)
{
	uint64_t old = bucket->rate.per_ms, starts, rest;

	if (bucket->debt > 0 && old != rate->per_ms) {
		starts = bucket->debt / old;
		rest = bucket->debt % old;
		bucket->debt = starts * rate->per_ms + (rest * rate->per_ms + old - 1) / old;
	}
	if (bucket->debt > full(rate))
		bucket->debt = full(rate);
	bucket->rate = *rate;
}

bool
bucket_has(struct bucket *bucket, const struct conf_rate *rate, int64_t now_ms)
{
	if (bucket_is_no_limit(rate)) {
		*bucket = (struct bucket){.debt = 0};
		return true;
	}
	earn(bucket, now_ms);
	adapt(bucket, rate);
	return bucket->debt + rate->per_ms <= full(rate);
}

void
bucket_take(struct bucket *bucket)
{
	bucket->debt += bucket->rate.per_ms;
	if (bucket->debt > full(&bucket->rate))
		bucket->debt = full(&bucket->rate);
}

/* When no more than left of the debt is left. */
static int64_t
when(const struct bucket *bucket, uint64_t left, int64_t now_ms)
{
	uint64_t count = bucket->rate.count, owed = bucket->debt;
	int64_t at_ms = bucket->at_ms;

	if (owed <= left)
		return now_ms;
	at_ms += (int64_t)((owed - left + count - 1) / count);
	return at_ms > now_ms ? at_ms : now_ms;
}

int64_t
bucket_next_ms(const struct bucket *bucket, int64_t now_ms)
{
	return when(bucket, full(&bucket->rate) - bucket->rate.per_ms, now_ms);
}

int64_t
bucket_rest_ms(const struct bucket *bucket, int64_t now_ms)
{
	return when(bucket, 0, now_ms);
}
