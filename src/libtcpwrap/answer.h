/*
 * What a decision asks, answered from a request: the callbacks of struct facts_ops.
 */
#ifndef LIBTCPWRAP_ANSWER_H
#define LIBTCPWRAP_ANSWER_H

#include <stdint.h>

#include "libtcpwrap/request.h"
#include "peer/ident.h"
#include "peer/name.h"
#include "peer/socket.h"
#include "policy/facts.h"

/* Lives as long as the decision is made; not to be moved. */
struct answers {
	const struct tw_request *request;
	struct facts facts; /* for pass_init */
	int64_t deadline_ms; /* of all lookups, on CLOCK_MONOTONIC */
	int64_t names_spent_ms; /* by lookups of names, not by the user's */
	void (*report)(void *ctx, const struct diag *);
	void *ctx;
	struct addr_fact addrs[2];
	struct name_fact names[2];
	bool has_addr[2], has_name[2], has_user;
	char addr_texts[2][PEER_TEXT_MAX];
	struct peer_name found[2];
	char user[PEER_USER_MAX];
};

/* Nothing is looked up yet. request is borrowed; findings go to report. */
void answers_init(struct answers *, const struct tw_request *, int timeout_ms,
    void (*report)(void *ctx, const struct diag *), void *ctx);

#endif
