/*
 * The call that fails, and what is seen of a decision meanwhile.
 */
#ifndef FAILING_FAULT_H
#define FAILING_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum {
	FAULT_DECISIONS_MAX = 16,
	FAULT_LOG_BYTES = 16 << 10,
};

/* Shared with the process that decides. */
struct fault_result {
	char verdicts[FAULT_DECISIONS_MAX + 1]; /* G or R, in order */
	char client[256];
	bool reached, errno_kept, mask_kept;
	int descriptors, children; /* left over */
	long grown; /* blocks of memory that the last of several such decisions has left */
	long microseconds; /* of the processor's time */
	int pauses;
	char made[1024]; /* which calls were made: names, with blanks */
	size_t log_len;
	char log[FAULT_LOG_BYTES]; /* of the decision in the middle; lines end in 0x1f */
};

extern struct fault_result *fault_result;

struct fault {
	bool armed; /* the decision in the middle is at work */
	bool counting; /* any decision is */
	struct timespec decided; /* when the decision at work began */
	unsigned long nth, seen; /* calls of the job's kind: which fails, and how many were */
	long live; /* blocks of memory that decisions have taken and not given back */
	int error; /* what the call that fails leaves in errno */
};

extern struct fault fault;

/* Is this the call that fails? Then errno is set. */
bool fault_fails(const char *call);

#endif
