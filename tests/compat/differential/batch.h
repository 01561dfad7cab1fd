/*
 * Some policies that are written together and asked together, when they have been at rest long
 * enough for a library to keep them.
 */
#ifndef COMPAT_BATCH_H
#define COMPAT_BATCH_H

#include <time.h>

#include "judge.h"
#include "place.h"
#include "policy.h"

enum { BATCH_POLICIES = 128 };

struct batch {
	struct policy policies[BATCH_POLICIES];
	struct place places[BATCH_POLICIES];
	struct arena arena;
	unsigned count;
	struct timespec written;
};

/* What was counted while policies were asked. Lies in memory that is shared. */
struct tally {
	uint64_t policies, pairs, granted, findings;
	uint64_t verbose,
	    beyond_first; /* pairs whose deciding rule is known; that is not the first */
	uint64_t default_refuses; /* what the original and the classic reading grant */
	unsigned char subsets[1 << 9]; /* of the nine fields: asked */
};

/* Called for a request with a finding; true = go on with the policy. */
typedef void batch_report(
    void *ctx, const struct policy *, unsigned request, const struct finding *);

/* Make the folders of a batch below a folder. Ends the program when it cannot. */
struct batch *batch_new(const char *folder, unsigned number);
void batch_free(struct batch *);

/* Forget the policies; the folders stay. */
void batch_clear(struct batch *);

/* Write what is in policies[0..count-1]. Ends the program when it cannot. */
void batch_write(struct batch *);

/* Wait until that is at rest. */
void batch_settle(const struct batch *);

/* Ask one of them; at most one finding for each policy is reported. */
void batch_ask(
    struct batch *, unsigned which, struct judge *, struct tally *, batch_report *, void *ctx);

#endif
