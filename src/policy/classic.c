/*
 * NAME     classic - the original's readings of numbers and separators
 * PURPOSE  One room for what is reproduced only because a drop-in must never admit more.
 * INVARIANTS  Total; never reads beyond len. A NUL ends a text here as it did there.
 * SEE      docs/decisions/two-readings.md
 */
#include "policy/classic.h"

#include <string.h>

#include "base/str.h"

static unsigned
digit_value(char c)
{
	char lower = str_lower(c);

	if (str_is_digit(c))
		return (unsigned)(c - '0');
	return lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10 : UINT32_MAX;
}

/* A number as C writes it: 010 is octal, 0x10 hexadecimal. Returns how many bytes it has; 0: none, or
 * over 32 bits. */
static size_t
read_part(const char *text, size_t len, uint64_t *ret)
{
	unsigned base = 10;
	size_t i = 0;

	if (len == 0 || !str_is_digit(text[0]))
		return 0;
	if (text[0] == '0')
		base = len > 2 && str_lower(text[1]) == 'x' && digit_value(text[2]) < 16 ? 16 : 8;
	for (i = base == 16 ? 2 : 0, *ret = 0; i < len && digit_value(text[i]) < base; i++) {
		*ret = *ret * base + digit_value(text[i]);
		if (*ret > UINT32_MAX)
			return 0;
	}
	return i;
}

/* One to four such numbers, the last of which fills what the others leave; anything behind a blank. */
static bool
loose_address(const char *text, size_t len, uint32_t *ret)
{
	static const uint32_t rest[4] = {UINT32_MAX, 0xffffff, 0xffff, 0xff};
	uint64_t value;
	uint32_t high = 0;
	unsigned parts = 0;

	for (;;) {
		size_t taken = read_part(text, len, &value);

		if (taken == 0)
			return false;
		text += taken;
		len -= taken;
		if (len == 0 || *text != '.')
			break;
		if (parts == 3 || value > 255)
			return false;
		high |= (uint32_t)value << (24 - 8 * parts++);
		text++;
		len--;
	}
	if ((len > 0 && *text != '\0' && !str_is_space(*text)) || value > rest[parts])
		return false;
	*ret = high | (uint32_t)value;
	return true;
}

bool
classic_quad(const char *text, size_t len, uint32_t *ret)
{
	unsigned runs = 0;
	bool in_run = false;

	for (size_t i = 0; i < len; i++) {
		runs += text[i] != '.' && !in_run;
		in_run = text[i] != '.';
	}
	return runs == 4 && loose_address(text, len, ret) && *ret != UINT32_MAX;
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

/* What may stand before them. Returns how much there was. */
static size_t
read_sign(const char *text, size_t len, bool *ret_negative)
{
	size_t i = 0;

	while (i < len && str_is_space(text[i]))
		i++;
	*ret_negative = i < len && text[i] == '-';
	return i + (i < len && (text[i] == '+' || text[i] == '-'));
}

long
classic_number(const char *text, size_t len)
{
	bool negative;
	uint64_t value;
	size_t i = read_sign(text, len, &negative);

	read_digits(text + i, len - i, &value);
	if (value > INT64_MAX)
		value = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	/* What strtol gives is cut to an int there: 4294967304 reads 8. */
	return (int32_t)(uint32_t)(negative ? 0 - value : value);
}

bool
classic_port(const char *text, size_t len, unsigned *ret)
{
	bool negative;
	uint64_t value;
	size_t i = read_sign(text, len, &negative);

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

	if (memchr(text, c, len) == NULL)
		return len;
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
