/*
 * Many clients, one a line; one result a line.
 */
#ifndef EXPLAIN_BATCH_H
#define EXPLAIN_BATCH_H

#include "cmd/tcpwrap/explain/asked.h"

struct batch {
	const char *const *paths; /* by enum table */
	const struct asked *like; /* what lines do not say */
	bool is_json;
	int fd; /* of the clients */
};

enum batch_end {
	BATCH_ADMITTED, /* each of them */
	BATCH_REFUSED, /* one at least */
	BATCH_TROUBLE, /* a line could not be judged, or the clients not be read, or results not be written */
};

enum batch_end batch_run(const struct batch *);

#endif
