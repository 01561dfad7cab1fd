/*
 * What a table says beside what was meant: findings as values, for whoever shows them.
 *
 * A line is judged by how it is built, not by trying clients: if its classic and its plain reading
 * are not the same tests and options, it is told, whether or not a client exists that would notice.
 * Told without need, perhaps; never kept silent. A table with a directive has one reading, and only
 * what that one makes of it is told. The texts are lines of data/lints.def.
 */
#ifndef LINT_LINT_H
#define LINT_LINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "policy/decide.h"

enum lint_id {
#define LINT(id, ...) LINT_##id,
#define EFFECT(...)
#include "lints.def"
#undef LINT
#undef EFFECT
	LINT_IDS
};

/* Of a line with very many findings, each shows so much: what is told stays within some hundred times the
 * size of what was read. */
enum { LINT_LINE_MAX = 16384 };

enum lint_severity { LINT_NOTE, LINT_WARNING, LINT_ERROR };

/* What a mended line changes: the column of lints.def. */
enum lint_mend {
	LINT_MEND_NONE,
	LINT_MEND_SHOWN,
	LINT_MEND_SAME,
	LINT_MEND_MORE,
	LINT_MEND_LESS,
	LINT_MEND_REFUSES,
	LINT_MENDS
};

struct lint_spec {
	const char *name; /* "HOST-BITS": stable, for scripts */
	enum lint_severity severity;
	enum lint_mend mend;
	const char *message, *debian, *plain; /* as in lints.def: with %s and %m */
	const char *effects[2]; /* by enum table */
	const char *remedy;
	const char *example; /* a table that has it; "": none */
};

extern const struct lint_spec lint_specs[LINT_IDS];

/* The finding of that name, in any case; LINT_IDS: there is none. */
enum lint_id lint_find(const char *name);

/* All of it is valid during the call only. Texts are one line each, what came from a file in them is
 * escaped; "" says that there is nothing to say. */
struct finding {
	enum lint_id id;
	bool
	    differs; /* Debian's library takes it differently: installing this one changes something */
	enum table table; /* of the rule */
	const char *file;
	unsigned first_line, line; /* physical lines, from 1; 0: the whole file */
	size_t column; /* byte in text, from 1; 0: all of it */
	/* Raw: the line with its continuations joined, cut to LINT_LINE_MAX bytes; NULL: none. */
	const char *text;
	size_t len;
	const char *message;
	const char *debian, *plain; /* what each reading makes of it */
	const char *effect; /* what comes of it for clients */
	const char *remedy;
	/* The line mended, raw: it stands for first_line to line, and then this finding is gone. It says
	 * what the plain reading says; if that is nothing, what the classic one does; and if that is nothing,
	 * what was probably meant (a slip in an option, a dot that is missing). Empty: take the
	 * line out. NULL: there is none, or the line is longer than LINT_LINE_MAX. */
	const char *mended;
	size_t mended_len;
	/* It is the line with other bytes in the place of cut_len of them at cut, which is an offset. */
	size_t cut, cut_len;
	const char *by;
	size_t by_len;
	/* With it nobody gets in whom the line as it stands keeps out, in either reading. */
	bool is_safe;
};

/* Does a program ask the tables by a name? */
enum lint_daemon { LINT_ASKS, LINT_ASKS_NOBODY, LINT_ASKS_NOT };

/* What was counted of a table: rules that let in, whom nothing else is said of; and all others. */
struct lint_sum {
	unsigned long rules, grants, refusals;
	unsigned first_grant; /* its line */
};

struct lint {
	void *ctx; /* for the callbacks */
	void (*take)(void *ctx, const struct finding *);
	/* As in struct facts_ops; NULL: netgroups are not asked. */
	int (*netgroup)(void *ctx, const char *group, const char *host);
	/* NULL: nobody knows. name has len bytes. */
	enum lint_daemon (*daemon)(void *daemon_ctx, const char *name, size_t len);
	void *daemon_ctx;
	/* Addresses of this host, and of who asks. */
	const struct addr *own;
	size_t own_count;
	struct lint_sum sums[2]; /* by enum table; of all tables looked at */
	bool is_text_only; /* lists that words name are not opened */
	struct lint_lists *lists; /* those that were looked at; zero at first */
};

enum lint_status {
	LINT_DONE,
	LINT_ABSENT, /* no such file, or /dev/null */
	LINT_NO_MEMORY, /* and not everything is told */
	LINT_TOO_LARGE, /* of lint_shadows: nothing is told */
};

/* Look at a table. A list that several rules or tables of the same struct lint name is told once. */
enum lint_status lint_file(struct lint *, enum table, const char *path);
enum lint_status lint_text(
    struct lint *, enum table, const char *name, const char *bytes, size_t len);
void lint_release(struct lint *);

/* What two tables, looked at already, say together. */
void lint_pair(struct lint *, const char *allow, const char *deny);

/* Rules that never decide, of two tables (by enum table), of which one may be NULL. progress may be NULL.
 * LINT_DONE: also if a table cannot be read, which is told where it is looked at. */
struct progress;
enum lint_status lint_shadows(
    struct lint *, const char *const paths[2], const struct progress *progress);

/* A finding about a file as a whole, that somebody else has made. */
void lint_tell_file(struct lint *, enum table, enum lint_id, const char *file);

#endif
