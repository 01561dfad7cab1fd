/*
 * A policy as text, a line for each part: what is printed is read again, and means the same.
 *
 *	policy NUMBER VERBOSE REPEAT FRESH
 *	allow "TEXT"
 *	deny "TEXT"
 *	file NAME "TEXT"
 *	request KEY="TEXT" ...
 *	end
 *
 * A table without a line is absent. KEY is the number of a field, or name, user, resident. In TEXT
 * other bytes than printable ASCII, the backslash and the quotation mark are \xNN.
 */
#ifndef COMPAT_SPELL_H
#define COMPAT_SPELL_H

#include <stdio.h>

#include "policy.h"

enum spell_result { SPELL_POLICY, SPELL_GO, SPELL_END, SPELL_BAD };

/* The next policy of a stream; texts live in the arena. SPELL_GO: a line "go". */
enum spell_result spell_read(FILE *, struct policy *, struct arena *);

/* request: only that one; -1 = all. */
void spell_print(FILE *, const struct policy *, int request);

void spell_text(FILE *, const char *text, size_t len);

#endif
