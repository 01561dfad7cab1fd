/*
 * tcpwrap audit: what listens, who asks the tables for it, and what these say.
 */
#ifndef TCPWRAP_AUDIT_H
#define TCPWRAP_AUDIT_H

#include "base/arena.h"
#include "host/guard.h"

struct audit_options {
	const char *allow, *deny, *namespaces; /* NULL: the usual ones */
	bool is_json, is_quiet, is_tcp, is_udp, is_unprotected, counts_loopback;
};

/* Who may come. */
enum audience {
	AUDIENCE_ANYBODY, /* from an address and by a name that no rule has */
	AUDIENCE_LOOPBACK,
	AUDIENCE_NET10,
	AUDIENCE_NET172,
	AUDIENCE_NET192,
	AUDIENCE_NET_FC00,
	AUDIENCES
};

enum outcome {
	OUTCOME_NONE, /* nobody of them can come */
	OUTCOME_OPEN, /* nobody asks */
	OUTCOME_ADMITTED,
	OUTCOME_REFUSED,
	OUTCOME_TWIST, /* a command serves them */
	OUTCOME_SOME, /* one way for some, another for others */
	OUTCOME_UNKNOWN,
};

struct verdict_of {
	enum outcome outcome;
	bool is_more; /* rules on names, users or commands were passed: they may say otherwise */
};

struct audited {
	const struct host_socket *socket;
	struct guard guard;
	bool is_loopback; /* bound to it */
	struct verdict_of verdicts[AUDIENCES];
};

enum audit_code {
#define AUDIT(id, text, remedy) AUDIT_##id,
#include "listeners.def"
#undef AUDIT
	AUDIT_CODES
};

struct audit_warning {
	struct audit_warning *next;
	enum audit_code code;
	const char *file; /* NULL: about no file */
	unsigned line;
	const char *args[2];
};

struct audit_counts {
	size_t all, asking, nothing, maybe, unseen; /* sockets that count */
	size_t loopback; /* of nothing, maybe and unseen: beside them, if loopback does not count */
};

struct audit {
	struct audit_options options;
	struct host host;
	struct guard_files files;
	struct audited *sockets;
	size_t count;
	struct audit_tables *tables; /* of each root */
	struct audit_warning *warnings, **warnings_end;
	struct audit_counts counts;
	struct arena arena;
	bool failed; /* memory ran out */
};

extern const char *const audit_outcomes[]; /* by enum outcome */
extern const char *const audit_audiences[]; /* by enum audience */

/* Of the private networks together. */
struct verdict_of audit_private(const struct audited *);

void audit_warn(struct audit *, enum audit_code, const char *file, unsigned line, const char *first,
    const char *second);
/* The text of a warning, and how to mend it. */
bool audit_warning_text(const struct audit_warning *, struct buf *);
const char *audit_warning_id(enum audit_code);
const char *audit_warning_remedy(enum audit_code);

/* "tcp 0.0.0.0:22" or "[::]:22", in the arena; "" without memory. */
const char *audit_place(struct audit *, const struct host_socket *, bool has_protocol);

/* The verdicts of a socket. */
void audit_judge(struct audit *, struct audited *);
/* Rules that those never read that they are for. */
void audit_check_rules(struct audit *);
void audit_tables_release(struct audit *);

void audit_show(struct audit *);
void audit_print_json(struct audit *);

#endif
