/*
 * One fault or finding, as a value: whoever finds it fills one in, one layer reports it.
 * Codes, texts and remedies are lines of data/messages.def.
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum diag_code {
	DIAG_NONE,
#define MESSAGE(id, severity, text, remedy) DIAG_##id,
#include "messages.def"
#undef MESSAGE
	DIAG_CODES
};

enum diag_severity { DIAG_INFO, DIAG_WARNING, DIAG_ERROR };

/* The subject of a finding is cut to this: enough to recognise it, and a log line stays short. */
enum { DIAG_ARG_MAX = 128 };

struct diag {
	enum diag_code code;
	int error; /* errno value for texts with %m, else 0 */
	const char *file; /* borrowed; NULL = no table is concerned */
	unsigned line; /* last physical line of the rule, as the original counts; 0 = none */
	unsigned column; /* byte in the logical line, from 1; 0 = none */
	char arg[DIAG_ARG_MAX]; /* raw, NUL-terminated: escaped when formatted */
};

/* Fill in code and subject (cut to DIAG_ARG_MAX - 1 bytes); the place stays as it is. */
void diag_set(struct diag *, enum diag_code, const char *arg, size_t arg_len);

enum diag_severity diag_severity(enum diag_code);

/* "NO_COLON" for DIAG_NO_COLON: stable, for scripts. */
const char *diag_name(enum diag_code);

/* The message alone: text of messages.def with %s (subject, escaped) and %m (system error)
 * filled in. */
bool diag_format(const struct diag *, struct buf *);

/* The same for any text: each %s takes the next of args, %m is the text of error. */
bool diag_fill(struct buf *, const char *text, const char *const args[], int error);

/* How to mend it; "" if there is nothing more to say. */
const char *diag_remedy(enum diag_code);

#endif
