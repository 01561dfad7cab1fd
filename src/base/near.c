/*
 * NAME     near - did you mean
 * INVARIANTS  Linear: what agrees at both ends is left out, and then one slip at most is left.
 */
#include "base/near.h"

#include <string.h>

#include "base/str.h"

static bool
same(char a, char b)
{
	return str_lower(a) == str_lower(b);
}

bool
near_is(const char *text, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	while (len > 0 && word_len > 0 && same(*text, *word)) {
		text++;
		word++;
		len--;
		word_len--;
	}
	while (len > 0 && word_len > 0 && same(text[len - 1], word[word_len - 1])) {
		len--;
		word_len--;
	}
	if (len <= 1 && word_len <= 1)
		return true;
	return len == 2 && word_len == 2 && same(text[0], word[1]) && same(text[1], word[0]);
}
