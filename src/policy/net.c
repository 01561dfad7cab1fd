/*
 * NAME     net - networks as written
 * INVARIANTS  Total; accepts exactly what net.h says; host bits never decide.
 */
#include "policy/net.h"

#include <string.h>

#include "base/str.h"

/* Cut "/length" off. False: there is one, and it is no number up to max without leading zero. */
static bool
take_length(const char *text, size_t *len, unsigned long max, unsigned long *ret)
{
	const char *slash = memchr(text, '/', *len);
	size_t digits;

	if (slash == NULL)
		return true;
	digits = *len - (size_t)(slash - text) - 1;
	*len = (size_t)(slash - text);
	return digits <= 3 && str_number(slash + 1, digits, max, ret) &&
	    (digits == 1 || slash[1] != '0');
}

static bool
parse_bare(const char *text, size_t len, struct net6 *ret)
{
	struct net6 net;
	unsigned long bits = ADDR_BITS;
	size_t scope_len;

	if (!take_length(text, &len, ADDR_BITS, &bits) ||
	    !addr_parse_v6(text, len, &net.addr, &net.scope, &scope_len))
		return false;
	net.scope_len = (uint8_t)scope_len;
	net.len_bits = (uint8_t)bits;
	*ret = net;
	return true;
}

bool
net_is_bare_v6(const char *text, size_t len)
{
	struct net6 net;

	/* The longest is an address, a scope and "/128". */
	return len >= 2 && len <= ADDR_TEXT_MAX + 4 && parse_bare(text, len, &net);
}

bool
net_parse_v6(const char *text, size_t len, struct net6 *ret)
{
	const char *close;
	size_t inner;
	unsigned long bits = ADDR_BITS;
	bool outside;

	if (len == 0 || text[0] != '[')
		return parse_bare(text, len, ret);
	close = memchr(text, ']', len);
	if (close == NULL)
		return false;
	inner = (size_t)(close - text) - 1;
	text = close + 1;
	len -= inner + 2;
	outside = len > 0;
	if (outside && (text[0] != '/' || !take_length(text, &len, ADDR_BITS, &bits)))
		return false;
	if (outside && memchr(close - inner, '/', inner) != NULL)
		return false;
	if (!parse_bare(close - inner, inner, ret))
		return false;
	if (outside)
		ret->len_bits = (uint8_t)bits;
	return true;
}

bool
net_parse_v4(const char *text, size_t len, uint32_t *ret_net, uint32_t *ret_mask)
{
	const char *slash = memchr(text, '/', len);
	struct addr net, mask;
	unsigned long bits = 0;
	size_t rest, net_len = len;
	uint32_t mask_bits;

	if (slash == NULL || !addr_parse_v4(text, (size_t)(slash - text), &net))
		return false;
	rest = len - (size_t)(slash - text) - 1;
	if (addr_parse_v4(slash + 1, rest, &mask))
		mask_bits = addr_v4_bits(&mask);
	else if (take_length(text, &net_len, 32, &bits))
		mask_bits = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
	else
		return false;
	*ret_net = addr_v4_bits(&net) & mask_bits;
	*ret_mask = mask_bits;
	return true;
}
