/*
 * NAME     target - the argument of safe_finger
 * PURPOSE  The last host is who is asked; the rest, user and hosts in front of it, is the question,
 *          which RFC 1288 forwards from host to host.
 * INVARIANTS  The query is one line, whatever the argument: nothing in it can end the line, be a second
 *          word, or be taken for the switch "/W". A host is an address or a name, never a number
 *          that only some resolvers take for an address.
 * LIMITS   TARGET_MAX, TARGET_HOST_MAX, ADDR_SCOPE_MAX.
 * SEE      RFC 1288 2.3, safe_finger(8)
 */
#include "cmd/safe_finger/target.h"

#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/str.h"

/* ---- hosts ---- */

static bool
is_name_char(char c)
{
	return (str_lower(c) >= 'a' && str_lower(c) <= 'z') || str_is_digit(c) || c == '-' ||
	    c == '_';
}

/* An interface: letters, and what else names of interfaces have. */
static bool
is_scope(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_name_char(text[i]) && text[i] != '.')
			return false;
	return len <= ADDR_SCOPE_MAX;
}

static bool
is_address(const char *text, size_t len)
{
	struct addr addr;
	const char *scope;
	size_t scope_len;

	return addr_parse(text, len, &addr, &scope, &scope_len) && is_scope(scope, scope_len);
}

/* "10" or "0x0a": resolvers read an address out of a name that ends so. */
static bool
is_number(const char *label, size_t len)
{
	size_t digits = 0;

	if (len >= 2 && label[0] == '0' && str_lower(label[1]) == 'x')
		return true;
	while (digits < len && str_is_digit(label[digits]))
		digits++;
	return digits == len;
}

/* Labels with dots between them, and perhaps one behind the last, which is no number. */
static bool
is_name(const char *text, size_t len)
{
	size_t start = 0;

	if (len > 1 && text[len - 1] == '.')
		len--;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' && i > start)
			start = i + 1;
		else if (!is_name_char(text[i]) || (text[i] == '-' && i == start))
			return false;
	}
	return len > start && !is_number(text + start, len - start);
}

/* Cut the brackets of an IPv6 address off. */
static void
strip_brackets(const char **text, size_t *len)
{
	if (*len > 2 && (*text)[0] == '[' && (*text)[*len - 1] == ']' &&
	    memchr(*text, ':', *len) != NULL) {
		(*text)++;
		*len -= 2;
	}
}

static bool
is_host(const char *text, size_t len)
{
	strip_brackets(&text, &len);
	return len > 0 && len <= TARGET_HOST_MAX && (is_address(text, len) || is_name(text, len));
}

static bool
are_hosts(const char *text, const char *end)
{
	while (text < end) {
		const char *at = memchr(text + 1, '@', (size_t)(end - text) - 1);
		const char *next = at != NULL ? at : end;

		if (!is_host(text + 1, (size_t)(next - text) - 1))
			return false;
		text = next;
	}
	return true;
}

/* ---- the user ---- */

static bool
is_user(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len == 0 || text[0] != '/';
}

/* ---- the target ---- */

static bool
write_query(struct target *target, bool is_long, const char *rest, size_t len)
{
	struct buf query;

	buf_init(&query, target->query, sizeof target->query, sizeof target->query - 1);
	if (is_long)
		buf_add_str(&query, len > 0 ? "/W " : "/W");
	buf_add(&query, rest, len);
	buf_add_str(&query, "\r\n");
	target->query_len = query.len;
	return !query.failed;
}

const char *
target_parse(const char *text, bool is_long, struct target *ret)
{
	size_t len = strnlen(text, TARGET_MAX + 1);
	const char *first = memchr(text, '@', len), *last = memrchr(text, '@', len), *host;

	if (len > TARGET_MAX)
		return "too long";
	if (first == NULL)
		return "names no host: write [USER]@HOST";
	if (!is_user(text, (size_t)(first - text)))
		return "has a user that cannot be asked for";
	if (!are_hosts(first, text + len))
		return "has a host that is neither a name nor an address";
	host = last + 1;
	len -= (size_t)(host - text);
	strip_brackets(&host, &len);
	memcpy(ret->host, host, len);
	ret->host[len] = '\0';
	ret->is_address = is_address(host, len);
	return write_query(ret, is_long, text, (size_t)(last - text)) ? NULL : "too long";
}
