/*
 * The way of a decision, gone once more after it was made, and looked at.
 */
#ifndef EXPLAIN_WALK_H
#define EXPLAIN_WALK_H

#include "cmd/tcpwrap/explain/trace.h"
#include "cmd/tcpwrap/explain/verdict.h"

enum walk_end {
	WALK_AGREES, /* the same rules decide */
	WALK_DISAGREES, /* they do not, though nothing was in the way */
	WALK_CUT, /* a table could not be read to where it decides */
};

/* Show the trace what the decision was made by: with an image, the lines that it proposes, unless the trace
 * is to have all. asked is over. */
enum walk_end walk_again(struct trace *, const struct verdict_found *, const char *const paths[2]);

#endif
