/*
 * Processes that share a range of generated policies.
 */
#ifndef COMPAT_CROWD_H
#define COMPAT_CROWD_H

#include <stdbool.h>
#include <stdint.h>

struct crowd_order {
	const char *ours, *theirs; /* libraries */
	uint64_t seed, first, count; /* policies */
	unsigned jobs;
	const char *state; /* file that says how far it is, for who goes on later; NULL = none */
	const char *folder; /* scratch */
};

/* Ask them all; findings, progress and figures go to standard output. The number of findings, or
 * -1. */
long crowd_run(const struct crowd_order *);

#endif
