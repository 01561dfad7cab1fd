/*
 * The differences that are allowed (ledger.def), and how often each was met.
 */
#ifndef COMPAT_LEDGER_H
#define COMPAT_LEDGER_H

#include <stdint.h>

#include "judge.h"

enum ledger_kind {
	KIND_MORE, /* a line that only we write */
	KIND_LESS, /* a line that only the original writes */
	KIND_INSTEAD, /* a line of ours in the place of one of its */
	KIND_LINE_NUMBER, /* the same line, but for the number behind "line" */
	KIND_NAMED, /* the same, but for the name of the client in the place of its address */
	KIND_CLEANED, /* the same, but that it has _ for what expansions replace */
	KIND_ESCAPED, /* the same, but that we have \xNN for a byte; we may cut it */
	KIND_REFUSES, /* we write this line and refuse; what else is different follows from that */
	KIND_FOLLOWS, /* the same without that we refuse */

};

enum ledger_id {
#define DIFFERENCE(id, ...) LEDGER_##id,
#include "ledger.def"
#undef DIFFERENCE
	LEDGER_IDS
};

/* When an entry holds. */
enum ledger_needs {
	NEEDS_ALWAYS,
	NEEDS_ACLEXEC, /* a table has that word */
	NEEDS_NUL, /* a table has such a byte */
	NEEDS_FEWER_LOOKUPS, /* we looked up less */
	NEEDS_OTHER_LOOKUPS, /* more, or less */
	NEEDS_NO_PORT, /* an end of another family than the two of the internet */
	NEEDS_STUCK_ACLEXEC, /* it counted a no again, for a later rule */
	NEEDS_ODD_DAEMON, /* its name is none of a file */
	NEEDS_NO_FILE, /* the request has no descriptor */
	NEEDS_OTHER_COMMANDS, /* we ran another number of commands of aclexec */
	NEEDS_BAD_LIST, /* we say that a list cannot be used */
	NEEDS_ODD_NUMBER, /* our line quotes a number that is none of up to nine digits */
	NEEDS_COUNT
};

struct ledger_entry {
	const char *name, *way, *ours, *theirs, *row;
	enum ledger_kind kind;
	enum ledger_needs needs;
};

extern const struct ledger_entry ledger[LEDGER_IDS];

/* How often each entry was needed. Points to memory that workers share with their parent. */
extern uint64_t *ledger_counts;

/* Whose answers are compared from now on. */
void ledger_begin(const struct policy *, const struct query *, const struct answer *ours,
    const struct answer *theirs);

/* Is there a line of ours from which everything follows? */
bool ledger_explains(enum way_asked, const struct answer *ours);

/* Are the lines the same, but for the ledger? */
bool ledger_same_lines(enum way_asked, const char *ours, const char *theirs);

#endif
