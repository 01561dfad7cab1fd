/*
 * What would have made a rule match that was passed: every proposal is tried by the matcher.
 */
#ifndef EXPLAIN_MISS_H
#define EXPLAIN_MISS_H

#include "cmd/tcpwrap/explain/trace.h"

/* Look at a rule that some of the open readings passed; kind says how. */
void miss_find(struct trace *, struct matcher *, const struct trace_step *,
    const struct trace_rule *, matchset missed);

#endif
