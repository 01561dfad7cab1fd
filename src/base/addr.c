/*
 * NAME     addr - addresses as values
 * PURPOSE  The one place where address text becomes bytes and bytes become text.
 * INVARIANTS  Total on any input; reads no byte beyond the given length; IPv4 is v4-mapped.
 * LIMITS   ADDR_TEXT_MAX, ADDR_SCOPE_MAX: the longest text the kernel's formats can give.
 * SEE      RFC 4291 2.2 (input), RFC 5952 (output)
 */
#include "base/addr.h"

#include <string.h>

#include "base/str.h"

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool
parse_quad(const char *text, size_t len, uint8_t ret[4])
{
	size_t i = 0;

	for (unsigned part = 0; part < 4; part++) {
		unsigned value = 0;
		size_t start = i;

		while (i < len && str_is_digit(text[i]) && i - start < 4)
			value = value * 10 + (unsigned)(text[i++] - '0');
		if (i == start || value > 255 || (i - start > 1 && text[start] == '0'))
			return false;
		ret[part] = (uint8_t)value;
		if (part < 3 && (i >= len || text[i++] != '.'))
			return false;
	}
	return i == len;
}

static int
hex_value(char c)
{
	unsigned digit = (unsigned char)c - (unsigned)'0',
	         letter = ((unsigned char)c | 0x20U) - 'a';

	if (digit <= 9)
		return (int)digit;
	return letter <= 'f' - 'a' ? (int)letter + 10 : -1;
}

/* Up to four hexadecimal digits. Returns how many. */
static size_t
parse_group(const char *text, size_t len, unsigned *ret)
{
	unsigned group = 0;
	size_t i = 0;
	int value;

	for (; i < len && i < 4 && (value = hex_value(text[i])) >= 0; i++)
		group = group << 4 | (unsigned)value;
	*ret = group;
	return i;
}

/* Groups between colons, the last two perhaps as a quad; "::" stands for one group or more of zeros. */
static bool
parse_groups(const char *text, size_t len, uint8_t ret[16])
{
	enum { NO_GAP = 17 };
	size_t at = 0, filled = 0, gap = NO_GAP;
	unsigned group;

	if (len > 0 && text[0] == ':' && (len < 2 || text[at = 1] != ':'))
		return false;
	while (at < len) {
		size_t digits = parse_group(text + at, len - at, &group);

		if (text[at] == ':') {
			if (gap != NO_GAP)
				return false;
			gap = filled;
			at++;
			continue;
		}
		if (at + digits < len && text[at + digits] == '.') {
			if (filled > 12 || !parse_quad(text + at, len - at, ret + filled))
				return false;
			filled += 4;
			break;
		}
		if (digits == 0 || filled > 14)
			return false;
		ret[filled++] = (uint8_t)(group >> 8);
		ret[filled++] = (uint8_t)group;
		at += digits;
		if (at < len && (text[at++] != ':' || at == len))
			return false;
	}
	if (gap == NO_GAP)
		return filled == 16;
	if (filled > 14)
		return false;
	memmove(ret + 16 - (filled - gap), ret + gap, filled - gap);
	memset(ret + gap, 0, 16 - filled);
	return true;
}

bool
addr_parse_v4(const char *text, size_t len, struct addr *ret)
{
	uint8_t quad[4];

	if (len < 7 || len > 15 || !parse_quad(text, len, quad))
		return false;
	*ret = addr_from_v4(quad);
	return true;
}

bool
addr_parse_v6(
    const char *text, size_t len, struct addr *ret, const char **ret_scope, size_t *ret_scope_len)
{
	const char *percent = len > 0 ? memchr(text, '%', len) : NULL;
	size_t body = percent != NULL ? (size_t)(percent - text) : len;
	size_t scope_len = percent != NULL ? len - body - 1 : 0;
	uint8_t bytes[16];

	if (percent != NULL && (scope_len == 0 || scope_len >= ADDR_SCOPE_MAX))
		return false;
	if (body < 2 || !parse_groups(text, body, bytes))
		return false;
	*ret = addr_from_v6(bytes, 0);
	*ret_scope = percent != NULL ? percent + 1 : text + len;
	*ret_scope_len = scope_len;
	return true;
}

bool
addr_parse(
    const char *text, size_t len, struct addr *ret, const char **ret_scope, size_t *ret_scope_len)
{
	if (addr_parse_v4(text, len, ret)) {
		*ret_scope = text + len;
		*ret_scope_len = 0;
		return true;
	}
	return addr_parse_v6(text, len, ret, ret_scope, ret_scope_len);
}

struct addr
addr_from_v4(const void *four_bytes)
{
	struct addr a = {.scope = 0};

	memcpy(a.bytes, v4_prefix, sizeof v4_prefix);
	memcpy(a.bytes + sizeof v4_prefix, four_bytes, 4);
	return a;
}

struct addr
addr_from_v6(const void *sixteen_bytes, uint32_t scope)
{
	struct addr a = {.scope = scope};

	memcpy(a.bytes, sixteen_bytes, sizeof a.bytes);
	return a;
}

bool
addr_is_v4(const struct addr *a)
{
	return memcmp(a->bytes, v4_prefix, sizeof v4_prefix) == 0;
}

uint32_t
addr_v4_bits(const struct addr *a)
{
	const uint8_t *b = a->bytes + sizeof v4_prefix;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool
scopes_agree(const struct addr *a, const struct addr *b)
{
	return a->scope == 0 || b->scope == 0 || a->scope == b->scope;
}

bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0 && scopes_agree(a, b);
}

bool
addr_has_prefix(const struct addr *a, const struct addr *net, unsigned len_bits)
{
	unsigned whole = len_bits / 8, rest = len_bits % 8;

	if (len_bits > ADDR_BITS || memcmp(a->bytes, net->bytes, whole) != 0)
		return false;
	if (rest != 0 && ((a->bytes[whole] ^ net->bytes[whole]) >> (8 - rest)) != 0)
		return false;
	return scopes_agree(a, net);
}

/* Returns where it ends. */
static char *
put_quad(char *at, const uint8_t quad[4])
{
	for (unsigned i = 0; i < 4; i++) {
		if (i > 0)
			*at++ = '.';
		if (quad[i] >= 100)
			*at++ = (char)('0' + quad[i] / 100);
		if (quad[i] >= 10)
			*at++ = (char)('0' + quad[i] / 10 % 10);
		*at++ = (char)('0' + quad[i] % 10);
	}
	return at;
}

static char *
put_group(char *at, unsigned group)
{
	static const char digits[] = "0123456789abcdef";
	unsigned shift = group > 0xfff ? 12 : group > 0xff ? 8 : group > 0xf ? 4 : 0;

	for (;; shift -= 4) {
		*at++ = digits[group >> shift & 15];
		if (shift == 0)
			return at;
	}
}

/* The first of the longest runs of two or more groups of zeros. */
static unsigned
longest_run(const unsigned groups[8], unsigned *ret_len)
{
	unsigned best = 8, len;

	*ret_len = 1;
	for (unsigned i = 0; i < 8; i += len + 1) {
		for (len = 0; i + len < 8 && groups[i + len] == 0; len++)
			;
		if (len > *ret_len) {
			best = i;
			*ret_len = len;
		}
	}
	return best;
}

/* At most eight groups of four with a colon between: ADDR_TEXT_MAX has room for that. */
size_t
addr_format_v6(const uint8_t bytes[16], char *ret)
{
	unsigned groups[8], gap, gap_len;
	char *at = ret;
	bool has_quad;

	for (unsigned i = 0; i < 8; i++)
		groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
	gap = longest_run(groups, &gap_len);
	has_quad = gap == 0 && (gap_len == 6 || (gap_len == 5 && groups[5] == 0xffff));
	for (unsigned i = 0; i < 8; i++) {
		if (i == gap) {
			*at++ = ':';
			i += gap_len - 1;
			if (i == 7)
				*at++ = ':';
			continue;
		}
		if (i > 0)
			*at++ = ':';
		if (i == 6 && has_quad) {
			at = put_quad(at, bytes + 12);
			break;
		}
		at = put_group(at, groups[i]);
	}
	*at = '\0';
	return (size_t)(at - ret);
}

size_t
addr_format(const struct addr *a, char *ret)
{
	char *end;

	if (!addr_is_v4(a))
		return addr_format_v6(a->bytes, ret);
	end = put_quad(ret, a->bytes + sizeof v4_prefix);
	*end = '\0';
	return (size_t)(end - ret);
}
