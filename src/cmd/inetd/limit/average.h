/*
 * The load of the host: processes that run or want to, in the mean of the last minute.
 */
#ifndef INETD_AVERAGE_H
#define INETD_AVERAGE_H

#include <stdint.h>

enum { AVERAGE_AGE_MS = 1000 }; /* the system counts anew every five seconds */

/* All zero but read is one that was never asked. */
struct average {
	unsigned (*read)(void); /* average_read, but for tests */
	int64_t read_ms;
	unsigned milli;
};

/* In thousandths. Asks the system only if the last answer is older than that. */
unsigned average_milli(struct average *, int64_t now_ms);

/* Asks the system. UINT_MAX if it cannot tell: as if it were high. */
unsigned average_read(void);

#endif
