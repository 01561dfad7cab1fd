/*
 * NAME     str - ASCII text as pointer and length
 * INVARIANTS  Reads no byte beyond the given length; no locale; no allocation.
 */
#include "base/str.h"

#include <string.h>

bool
str_eq_nocase(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (a_len != b_len)
		return false;
	for (size_t i = 0; i < a_len; i++) {
		if (a[i] != b[i] && str_lower(a[i]) != str_lower(b[i]))
			return false;
	}
	return true;
}

bool
str_is(const char *a, size_t a_len, const char *word)
{
	return str_eq_nocase(a, a_len, word, strlen(word));
}

bool
str_glob(const char *pattern, size_t pattern_len, const char *text, size_t len)
{
	size_t p = 0, t = 0, star = pattern_len, retry = 0;

	while (t < len) {
		if (p < pattern_len && pattern[p] == '*') {
			star = p++;
			retry = t;
		} else if (p < pattern_len &&
		    (pattern[p] == '?' || str_lower(pattern[p]) == str_lower(text[t]))) {
			p++;
			t++;
		} else if (star < pattern_len) {
			p = star + 1;
			t = ++retry;
		} else {
			return false;
		}
	}
	while (p < pattern_len && pattern[p] == '*')
		p++;
	return p == pattern_len;
}

bool
str_number(const char *text, size_t len, unsigned long max, unsigned long *ret)
{
	unsigned long value = 0;

	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned long digit = (unsigned long)(text[i] - '0');

		if (!str_is_digit(text[i]) || digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return true;
}

bool
str_consists_of(const char *text, size_t len, const char *set)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\0' || strchr(set, text[i]) == NULL)
			return false;
	}
	return true;
}

void
str_trim(const char **text, size_t *len)
{
	while (*len > 0 && str_is_space(**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len > 0 && str_is_space((*text)[*len - 1]))
		(*len)--;
}
