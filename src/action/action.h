/*
 * Carry out the options of the rule that counts: hosts_options(5).
 *
 * What an option does outside the process is asked of the caller, so that libwrap can keep its
 * preemptible calls and a tool can look without touching.
 */
#ifndef ACTION_ACTION_H
#define ACTION_ACTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "policy/expand.h"
#include "policy/option.h"
#include "policy/tail.h"

struct action_env {
	void *ctx;
	int fd; /* the client's socket; -1: none */
	/* A tool asks: commands (aclexec says yes), identities, nice and socket options are left
	 * out. setenv, umask, banners and severity are carried out, as in the original. */
	bool dry_run;
	bool resident; /* the process goes on to other clients: twist refuses */
	const char *daemon; /* for banners */
	const struct expander *expander;
	void (*report)(void *ctx, const struct diag *); /* warnings on the way */
	void (*shell)(void *ctx, char *command); /* spawn */
	void (*severity)(void *ctx, int priority);
	bool (*lookup_user)(void *ctx, long timeout_s); /* rfc931; 0 = the default. False: refuse */
	void (*twist)(void *ctx, const char *command); /* log it; the exec follows */
	/* Verbose logging of each option; may be NULL. */
	void (*option)(void *ctx, const struct option *, const char *expanded);
};

enum action_result {
	ACTION_TRUE, /* stopped behind an aclexec that says yes, */
	ACTION_FALSE, /* or no */
	ACTION_END, /* the tail does not decide: its table does */
	ACTION_ALLOW,
	ACTION_DENY,
	/* Delegated: a dry run (diag->code is DIAG_NONE), or the shell could not be started (diag
	 * says why, and the client is to be turned away). A real twist does not return. */
	ACTION_TWISTED,
	ACTION_ERROR, /* diag says why: refuse */
};

/* Run the options in order from *at on (0: all), each one read only after the one before it is done:
 * an error comes after what stands in front of it. *at is then where the next option begins, as
 * option_cursor_at says it. Exactly one diagnostic goes with ACTION_ERROR; it is in *ret, whose file
 * and line stay as the caller set them, and was not reported. */
enum action_result action_run(
    const struct action_env *, const struct tail *, size_t *at, struct diag *ret);

#endif
