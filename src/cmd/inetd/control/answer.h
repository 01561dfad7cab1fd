/*
 * The answer to a request: asks the table of functions, writes JSON.
 */
#ifndef INETD_CONTROL_ANSWER_H
#define INETD_CONTROL_ANSWER_H

#include "base/buf.h"
#include "cmd/inetd/control/ops.h"

/* Carry out the request of a line (without its newline), and append the answer, with its newline,
 * to an empty buffer. False: the answer does not fit, or memory ran out; it is then no whole one.
 * */
bool answer_request(
    const struct control_ops *, void *ctx, const char *line, size_t len, struct buf *);

/* An answer that says only what is wrong. */
bool answer_error(struct buf *, const char *error);

#endif
