/*
 * A rule's options in a dry run: what they come to, and what they would be.
 */
#ifndef EXPLAIN_DRY_H
#define EXPLAIN_DRY_H

#include "action/action.h"
#include "cmd/tcpwrap/explain/asked.h"
#include "policy/decide.h"

/* Is handed each option in order, its value as enforced: % letters are filled in. */
struct dry_sink {
	void (*option)(void *ctx, const struct option *, const char *value);
	void *ctx;
};

/* As action_run. sink may be NULL. */
enum action_result dry_run(
    struct asked *, const struct tail *, size_t *at, struct diag *ret, const struct dry_sink *sink);

/* For struct facts_ops: no command is run, and each is taken to say yes. */
enum command_status dry_command(struct asked *, const struct tail *, unsigned number);

/* What comes of the decision that counts once its options are carried out. *ret has a code if one of them
 * refuses, and why. */
enum verdict dry_verdict(
    struct asked *, const struct pass *, const struct decision *counts, struct diag *ret);

/* Hand on all options of the decision that counts. */
void dry_options(struct asked *, const struct decision *counts, const struct dry_sink *);

#endif
