/*
 * A rate, kept: from rest exactly its number may come at once, then they flow in evenly. In any time t
 * there are never more than count + count * t / per_ms.
 */
#ifndef INETD_BUCKET_H
#define INETD_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/inetd/conf/conf.h"

/* What has been taken and is not earned back yet. All zero is one at rest, whatever its rate. */
struct bucket {
	uint64_t debt; /* a start costs per_ms; a millisecond pays count */
	int64_t at_ms; /* when debt was counted */
	struct conf_rate rate; /* by which it was counted */
};

/* No number, no time, or more than CONF_RATE_MAX. */
bool bucket_is_no_limit(const struct conf_rate *);

/* Is there credit for one start now? A rate that has changed counts from now on: what was taken
 * stays taken, so that a reload gives nobody a second burst, and a higher number is there at
 * once. */
bool bucket_has(struct bucket *, const struct conf_rate *, int64_t now_ms);
/* Take it; the rate is the one that was asked for last. */
void bucket_take(struct bucket *);

/* When there is credit for one start; when it is at rest. now_ms where that is so now. */
int64_t bucket_next_ms(const struct bucket *, int64_t now_ms);
int64_t bucket_rest_ms(const struct bucket *, int64_t now_ms);

#endif
