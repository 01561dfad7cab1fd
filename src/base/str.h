/*
 * Text as a pointer and a length, ASCII only: the host's locale never changes a verdict.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool
str_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* isspace() of the C locale: blank, tab, newline, VT, FF, CR. */
static inline bool
str_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline char
str_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Equal but for the case of ASCII letters. */
bool str_eq_nocase(const char *a, size_t a_len, const char *b, size_t b_len);

/* The same against a NUL-terminated word. */
bool str_is(const char *a, size_t a_len, const char *word);

/* Does text match a pattern of '*' (any run, also none), '?' (one byte) and literal bytes, over its
 * whole length, but for case? Time is linear in len for each '*': the last one is the only one
 * ever retried. */
bool str_glob(const char *pattern, size_t pattern_len, const char *text, size_t len);

/* Exactly len decimal digits (at least one) with a value of at most max. False: not that; *ret is
 * untouched. */
bool str_number(const char *text, size_t len, unsigned long max, unsigned long *ret);

/* Are all bytes among those of set? */
bool str_consists_of(const char *text, size_t len, const char *set);

/* Cut str_is_space() off both ends. */
void str_trim(const char **text, size_t *len);

#endif
