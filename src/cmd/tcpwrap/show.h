/*
 * Findings for people, and for scripts. Everything goes to stdout.
 */
#ifndef TCPWRAP_SHOW_H
#define TCPWRAP_SHOW_H

#include "lint/lint.h"

extern const char *const show_severities[]; /* by enum lint_severity */
extern const char *const show_tables[]; /* by enum table */

/* May what goes to stdout be coloured? */
bool show_is_coloured(void);
/* Text from a file or a network, on one line and harmless to a terminal. */
void show_escaped(const char *text, size_t len);

/* A table of these that was named and is not there is taken as empty, as elsewhere; it may be a slip, and
 * stderr says so. NULL: none was named. */
void show_absent(const char *command, const char *const paths[2]);

struct counts {
	unsigned long of[LINT_ERROR + 1]; /* by enum lint_severity */
	unsigned long shown[LINT_IDS], left_out[LINT_IDS];
};

/* The longest name of a finding. */
enum { LINT_NAME_MAX = 20 };

void show_finding(const struct finding *);
void show_counts(const struct counts *, bool notes_were_shown);
/* What lints.def says of a finding: in a line, or all of it. */
void show_name(enum lint_id);
void show_meaning(enum lint_id);

struct json {
	bool has_findings;
};
/* In this order: one start, findings, one middle, tables, one end. */
void json_start(void);
void json_finding(struct json *, const struct finding *);
void json_middle(void);
struct fixed;
/* fixed: what was mended; NULL: nothing was to be. */
void json_table(bool is_first, const char *path, enum table, bool is_present, const struct fixed *);
void json_end(const struct counts *);

/* A string by itself. */
void json_string(const char *text);
/* Another member of an object that has some: a string. */
void json_text(const char *name, const char *text);

#endif
