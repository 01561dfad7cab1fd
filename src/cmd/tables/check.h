/*
 * What changes on this host when our library takes over: findings about its two tables.
 *
 * A line is judged by how it is built, not by trying clients: if its classic and its plain reading
 * are not the same tests and options, it is told, whether or not a client exists that would notice.
 * Told without need, perhaps; never kept silent.
 */
#ifndef TABLES_CHECK_H
#define TABLES_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/diag.h"
#include "policy/rule.h"

enum weight {
	NOTE, /* the readings agree, and Debian's library does the same: worth knowing */
	STOP, /* the readings differ, or this version cannot carry it out */
};

/* A line being looked at. */
struct check {
	const char *file;
	unsigned line;
	const char *text; /* the logical line, or the word of a list */
	size_t len;
	enum lines_mode mode;
	bool classic_ended; /* in error: told once, and all that follows stands in one way only */
	unsigned counts[2]; /* by enum weight */
	struct checked_lists *lists;
};

/* Look at one table; findings go to stdout. lists are those that were looked at already. */
void check_table(struct check *, const char *path);

/* ---- the parts of a line ---- */

/* Every word of a list of the line, and the files that it names. */
void word_check_list(struct check *, const struct list *);
void word_lists_release(struct check *);
/* Options, as both ways read them. */
void option_tail_check(struct check *, const struct rule *);

/* ---- telling ---- */

/* Print a finding about the line, at a place in check->text (NULL: the whole line). */
void finding(struct check *, enum weight, const char *at, const char *message, const char *remedy);
/* The same for a message of the engine's. */
void finding_code(
    struct check *, enum weight, const char *at, enum diag_code, const char *subject, size_t len);
/* The same for a file that cannot be used. */
void finding_file(struct check *, enum diag_code, const char *path, int error);

/* Read a whole file. NULL: state says why not, or memory ran out (FILE_BAD, ENOMEM). */
char *text_read(const char *path, size_t *ret_len, int *ret_state, int *ret_error);

#endif
