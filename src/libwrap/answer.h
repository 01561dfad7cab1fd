/*
 * What a decision asks, answered from a request: the callbacks of struct facts_ops.
 */
#ifndef LIBWRAP_ANSWER_H
#define LIBWRAP_ANSWER_H

#include "base/arena.h"
#include "libwrap/thread.h"
#include "policy/facts.h"

struct command_note; /* what aclexecs of a tail have said */

/* Lives as long as the decision; not to be moved. */
struct answers {
	struct request_info *request;
	struct thread *thread;
	struct facts facts; /* for pass_init */
	struct addr_fact addrs[2];
	struct name_fact names[2];
	bool has_addr[2], has_name[2];
	struct command_note *commands;
	struct arena arena; /* of commands */
};

/* Nothing is looked up yet. Both are borrowed. */
void answers_init(struct answers *, struct request_info *, struct thread *);
void answers_release(struct answers *);

/* The callback of that name. */
enum command_status command_aclexec(void *answers, const struct tail *, unsigned number);
/* Was that rule's first part carried out, and its match told, to ask a command? */
bool command_was_asked(const struct answers *, const char *file, unsigned line);

#endif
