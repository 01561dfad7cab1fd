/*
 * The option tail of a rule: hosts_options(5). Parsed here, carried out by action.
 */
#ifndef POLICY_OPTION_H
#define POLICY_OPTION_H

#include "base/buf.h"
#include "base/diag.h"
#include "policy/facts.h"
#include "policy/tail.h"

enum option_id {
#define OPTION(id, keyword, argument, flags, help) OPTION_##id,
#include "options.def"
#undef OPTION
	OPTION_IDS
};

enum option_argument { OPTION_NONE, OPTION_REQUIRED, OPTION_OPTIONAL };
enum option_flag { OPTION_EXPAND = 1, OPTION_LAST = 2 };

struct option_spec {
	const char *keyword;
	enum option_argument argument;
	unsigned flags;
	const char *help;
};

extern const struct option_spec option_specs[OPTION_IDS];

/* One option, its syntax and its value's range checked. Texts are NUL-terminated and live until the
 * cursor's next step. */
struct option {
	enum option_id id;
	const char *keyword; /* as written */
	const char *value; /* raw, before % expansion; "" if there is none */
	size_t value_len;
	bool has_value;
	long number; /* of rfc931, umask, nice, linger; the priority of severity */
	bool is_whole; /* nothing is wrong with it, but perhaps its value */
};

struct option_cursor {
	const char *tail;
	size_t len, at;
	enum way way;
	bool done;
	struct buf field;
	char storage[256];
};

enum option_status { OPTION_FIELD, OPTION_END, OPTION_BAD };

/* tail is what follows the client list's colon, without the line's newline; borrowed. */
void option_cursor_init(struct option_cursor *, enum way, const char *tail, size_t len);
void option_cursor_release(struct option_cursor *);

/* Commands of aclexec that a rule may have: the original's lines hold 204. Each is a process. */
enum { OPTION_COMMANDS_MAX = 256 };

/* Where the next option begins in the tail: its length + TAIL_PAST_END if there is none. */
size_t option_cursor_at(const struct option_cursor *);

/* The next option in order. OPTION_BAD: diag says why (code and subject), and the rule refuses;
 * nothing may be read after it. */
enum option_status option_next(struct option_cursor *, struct option *ret, struct diag *);

enum verdict { VERDICT_REFUSE, VERDICT_TWIST, VERDICT_GRANT }; /* ordered: the lower one counts */

struct option_context {
	bool resident; /* twist would replace a daemon that goes on: refuse */
	/* Is a command to be asked? It is spared when that cannot matter. NULL: it is. */
	bool (*may_ask)(const void *ctx);
	const void *ctx;
};

/* What a rule comes to. */
struct option_outcome {
	enum verdict verdict;
	/* The last aclexec says no, and nothing behind it decides: neither does the rule, and its
	 * table has no more to say. All its options are done. */
	bool passes;
	/* In a command or an option around it, and told; or a command was spared: nothing is left to
	 * do. */
	bool failed;
	size_t at; /* where the options begin that are to be carried out: those before are done */
};

/* Judge a tail without carrying anything out, but for what stands up to an aclexec: that is asked of
 * facts. by_default is the verdict of a tail that does not decide by itself: grant in the allow
 * table, refuse in the deny table. */
struct option_outcome option_verdict(const struct tail *, const struct facts *,
    const struct option_context *, enum verdict by_default);

#endif
