/*
 * NAME     classic - the original's readings of numbers and separators
 * PURPOSE  One room for what is reproduced only because a drop-in must never admit more.
 * INVARIANTS  Total; never reads beyond len. A NUL ends a text here as it did there.
 * LIMITS   QUAD_MAX: no word of the classic way is longer, since no line is.
 * SEE      docs/decisions/two-readings.md
 */
#include "policy/classic.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"

enum { QUAD_MAX = 2048 };

bool
classic_quad(const char *text, size_t len, uint32_t *ret)
{
	char copy[QUAD_MAX];
	struct in_addr parsed;
	unsigned runs = 0;
	bool in_run = false;

	for (size_t i = 0; i < len; i++) {
		runs += text[i] != '.' && !in_run;
		in_run = text[i] != '.';
	}
	if (runs != 4 || len >= sizeof copy)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_aton(copy, &parsed) == 0 || parsed.s_addr == INADDR_NONE)
		return false;
	*ret = ntohl(parsed.s_addr);
	return true;
}

bool
classic_mask(const char *text, size_t len, uint32_t *ret)
{
	long bits;

	if (classic_quad(text, len, ret))
		return true;
	bits = classic_number(text, len);
	if (bits < 1 || bits > 32)
		return false;
	*ret = UINT32_MAX << (32 - bits);
	return true;
}

/* Digits as strtoul reads them: 64 bits, and stuck at the top. Returns how many there were. */
static size_t
read_digits(const char *text, size_t len, uint64_t *ret)
{
	size_t i = 0;
	bool over = false;

	*ret = 0;
	for (; i < len && str_is_digit(text[i]); i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		over = over || *ret > (UINT64_MAX - digit) / 10;
		*ret = over ? UINT64_MAX : *ret * 10 + digit;
	}
	return i;
}

long
classic_number(const char *text, size_t len)
{
	size_t i = 0;
	bool negative = false;
	uint64_t value;

	while (i < len && str_is_space(text[i]))
		i++;
	if (i < len && (text[i] == '+' || text[i] == '-'))
		negative = text[i++] == '-';
	read_digits(text + i, len - i, &value);
	if (value > INT64_MAX)
		value = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	/* What strtol gives is cut to an int there: 4294967304 reads 8. */
	return (int32_t)(uint32_t)(negative ? 0 - value : value);
}

bool
classic_port(const char *text, size_t len, unsigned *ret)
{
	size_t i = 0;
	bool negative = false;
	uint64_t value;

	while (i < len && str_is_space(text[i]))
		i++;
	if (i < len && (text[i] == '+' || text[i] == '-'))
		negative = text[i++] == '-';
	if (i == len || read_digits(text + i, len - i, &value) != len - i)
		return false;
	if (negative && value != UINT64_MAX)
		value = 0 - value;
	if ((uint32_t)value > 65535)
		return false;
	*ret = (uint32_t)value;
	return true;
}

size_t
classic_find(const char *text, size_t len, char c)
{
	long depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '[')
			depth++;
		else if (text[i] == ']')
			depth--;
		else if (text[i] == c && depth == 0)
			return i;
	}
	return len;
}
