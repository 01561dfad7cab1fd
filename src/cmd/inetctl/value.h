/*
 * Reading an answer: JSON as inetd writes it, without blanks between its parts, its numbers whole
 * and not negative. Nothing is copied: a value is a piece of the text.
 */
#ifndef INETCTL_VALUE_H
#define INETCTL_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum value_kind {
	VALUE_NONE, /* there is no such value */
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_NUMBER,
	VALUE_STRING,
	VALUE_ARRAY,
	VALUE_OBJECT,
};

struct value {
	enum value_kind kind;
	const char *text; /* [len], in the text that was parsed */
	size_t len;
};

/* Exactly one value with an optional newline behind it. False: it is none; *ret is untouched. */
bool value_parse(const char *text, size_t len, struct value *ret);

/* The member of that name; of anything but an object, or if there is none: VALUE_NONE. */
struct value value_member(const struct value *object, const char *name);

/* The next element of an array; *at is 0 in front of the first. False: there is none. */
bool value_next(const struct value *array, size_t *at, struct value *ret);

/* 0, false, or nothing, of another kind. */
unsigned long value_number(const struct value *);
bool value_is_true(const struct value *);

/* Is it this string? Of words without anything that JSON escapes. */
bool value_is(const struct value *, const char *word);

/* Append a string so that it can be printed: bytes outside printable ASCII become \xNN, others
 * \uNNNN. A number as it is; nothing of another kind. */
bool value_print(const struct value *, struct buf *);

#endif
