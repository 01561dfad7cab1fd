/*
 * A line of a table, divided: daemon list, client list, option tail.
 */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "policy/lines.h"
#include "policy/list.h"

struct rule {
	unsigned line;
	ways ways; /* in which it stands */
	bool has_tail; /* a colon stands behind the client list */
	/* Not DIAG_NONE: no rule, but a finding to be told when it is passed. */
	enum diag_code code;
	struct list daemons, clients;
	const char *tail;
	size_t tail_len;
};

enum { RULES_MAX = 2 }; /* of a line that the two ways divide differently */

/* Divide a line. Returns how many rules (0 to 2). They borrow its text. */
unsigned rule_read(struct rule ret[RULES_MAX], const struct line *);

/* Keep a rule in an arena: lists parsed, and its text copied if it stands in a scratch buffer.
 * False: out of memory. */
bool rule_keep(struct rule *, struct arena *, bool copy_text);

/* The rule's line as it stands, without its comment: NUL-terminated, in the arena. NULL: out of
 * memory. */
const char *rule_text(const struct rule *, struct arena *);

#endif
