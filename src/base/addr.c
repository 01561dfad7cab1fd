/*
 * NAME     addr - addresses as values
 * PURPOSE  The one place where address text becomes bytes and bytes become text.
 * INVARIANTS  Total on any input; reads no byte beyond the given length; IPv4 is v4-mapped.
 * LIMITS   ADDR_TEXT_MAX, ADDR_SCOPE_MAX: the longest text the kernel's formats can give.
 * SEE      RFC 4291 2.2 (input), RFC 5952 (output)
 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/buf.h"
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
	char copy[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	if (body < 2 || body >= sizeof copy || memchr(text, '\0', body) != NULL)
		return false;
	if (percent != NULL && (scope_len == 0 || scope_len >= ADDR_SCOPE_MAX))
		return false;
	memcpy(copy, text, body);
	copy[body] = '\0';
	if (inet_pton(AF_INET6, copy, bytes) != 1)
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

size_t
addr_format(const struct addr *a, char *ret)
{
	struct buf quad;

	if (!addr_is_v4(a)) {
		inet_ntop(AF_INET6, a->bytes, ret, ADDR_TEXT_MAX);
		return strlen(ret);
	}
	buf_init(&quad, ret, ADDR_TEXT_MAX, ADDR_TEXT_MAX - 1);
	for (size_t i = sizeof v4_prefix; i < sizeof a->bytes; i++) {
		if (i > sizeof v4_prefix)
			buf_add_char(&quad, '.');
		buf_add_number(&quad, a->bytes[i]);
	}
	return quad.len;
}
