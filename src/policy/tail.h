/*
 * The option tail of a rule, at its place.
 */
#ifndef POLICY_TAIL_H
#define POLICY_TAIL_H

#include <stddef.h>

#include "policy/way.h"

struct tail {
	const char *file;
	unsigned line;
	enum way way; /* how it is read */
	const char *text; /* what follows the client list's colon, without the line's newline */
	size_t len;
};

/* Where to go on in a tail once its last option was read. */
enum { TAIL_PAST_END = 1 }; /* behind len */

#endif
