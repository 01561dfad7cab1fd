/*
 * Refusals in the log: the first ones of a second as lines, the rest as a number.
 */
#ifndef INETD_ACCESS_TELLER_H
#define INETD_ACCESS_TELLER_H

#include "cmd/inetd/reactor.h"

struct stay; /* for the rest of a second, to tell its number */

struct teller {
	struct reactor *reactor;
	int bursts; /* the file of burst.h; -1: none, and every refusal is a line */
	struct stay *stays;
};

void teller_init(struct teller *, struct reactor *);
/* What was counted and not told yet is told now. */
void teller_release(struct teller *);

/* Is a refusal of this service to be said by a line? Otherwise it is counted. */
bool teller_says(struct teller *, const char *name, const char *tag, int priority);

#endif
