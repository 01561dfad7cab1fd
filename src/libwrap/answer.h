/*
 * What a decision asks, answered from a request: the callbacks of struct facts_ops.
 */
#ifndef LIBWRAP_ANSWER_H
#define LIBWRAP_ANSWER_H

#include "libwrap/thread.h"
#include "policy/facts.h"

/* Lives as long as the decision; not to be moved. */
struct answers {
	struct request_info *request;
	struct thread *thread;
	struct facts facts; /* for pass_init */
	struct addr_fact addrs[2];
	struct name_fact names[2];
	bool has_addr[2], has_name[2];
};

/* Nothing is looked up yet. Both are borrowed. */
void answers_init(struct answers *, struct request_info *, struct thread *);

#endif
