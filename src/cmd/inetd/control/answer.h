/*
 * The answer to a request: asks the table of functions, writes JSON.
 */
#ifndef INETD_CONTROL_ANSWER_H
#define INETD_CONTROL_ANSWER_H

#include "base/buf.h"
#include "cmd/inetd/control/ops.h"

enum answer_status {
	ANSWER_READY,
	ANSWER_LATER, /* a reload has begun; answer_reload is the answer */
	ANSWER_FAILED, /* it does not fit, or memory ran out: what is there is no whole one */
};

/* Carry out the request of a line (without its newline), and append the answer, with its newline,
 * to an empty buffer. */
enum answer_status answer_request(
    const struct control_ops *, void *ctx, const char *line, size_t len, struct buf *);

/* What a reload finds, as it will be told. */
struct answer_findings {
	struct control_sink sink; /* first: what takes them */
	struct buf list;
	unsigned long count;
};

void answer_findings_init(struct answer_findings *);
void answer_findings_release(struct answer_findings *);

/* The answer to whoever has asked for a reload, in an empty buffer. False: as ANSWER_FAILED. */
bool answer_reload(const struct control_ops *, void *ctx, bool is_ok,
    const struct answer_findings *, struct buf *);

/* An answer that says only what is wrong. */
bool answer_error(struct buf *, const char *error);

#endif
