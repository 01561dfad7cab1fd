/*
 * Mends that let nobody in, written.
 */
#ifndef TCPWRAP_FIX_H
#define TCPWRAP_FIX_H

#include <limits.h>

#include "lint/lint.h"

struct fixed {
	unsigned long count; /* of mends */
	char backup[PATH_MAX]; /* "": nothing was written */
	const char *fault; /* NULL: none; else the table is as it was */
};

/* Mend a table, and show on standard output what was changed, unless that is not wanted. is_dry: change
 * nothing. */
void fix_table(enum table, const char *path, bool is_dry, bool is_shown, struct fixed *ret);

#endif
