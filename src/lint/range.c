/*
 * NAME     range - the addresses that a test matches
 * INVARIANTS  Only what matches by its address alone has a range; a mask with holes has none.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"
#include "lint/inside.h"

enum { V4_BYTES = 4, V4_AT = 12 };

static void
set_v4(struct range *range, uint32_t low, uint32_t high)
{
	uint32_t bits[2] = {htonl(low), htonl(high)};
	struct addr addr = addr_from_v4(&bits[0]);

	memcpy(range->low, addr.bytes, sizeof range->low);
	addr = addr_from_v4(&bits[1]);
	memcpy(range->high, addr.bytes, sizeof range->high);
}

static void
set_v6(struct range *range, const struct net6 *net)
{
	memcpy(range->low, net->addr.bytes, sizeof range->low);
	for (unsigned bit = net->len_bits; bit < ADDR_BITS; bit++)
		range->low[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
	memcpy(range->high, range->low, sizeof range->high);
	for (unsigned bit = net->len_bits; bit < ADDR_BITS; bit++)
		range->high[bit / 8] |= (uint8_t)(0x80U >> bit % 8);
}

/* "192.168.": one to three numbers, each with its dot. */
static bool
set_prefix(struct range *range, const char *text, size_t len)
{
	char padded[32];
	uint32_t mask = UINT32_MAX;
	struct addr addr;
	unsigned dots = 0;

	if (len > 12 || !str_consists_of(text, len, "0123456789."))
		return false;
	memcpy(padded, text, len);
	for (size_t i = 0; i < len; i++)
		dots += text[i] == '.';
	for (; dots < V4_BYTES; dots++) {
		padded[len++] = '0';
		padded[len++] = '.';
		mask <<= 8;
	}
	if (mask == UINT32_MAX || !addr_parse_v4(padded, len - 1, &addr))
		return false;
	set_v4(range, addr_v4_bits(&addr) & mask, addr_v4_bits(&addr) | ~mask);
	return true;
}

bool
range_of(const struct test *test, struct range *ret)
{
	uint32_t mask = test->v4.mask;

	if (test->subject != SUBJECT_HOST || test->flags & TEST_AND)
		return false;
	switch ((int)test->kind) {
	case TEST_ADDR4:
		set_v4(ret, test->v4.net, test->v4.net);
		return true;
	case TEST_NET4:
		if ((~mask & (~mask + 1)) != 0)
			return false;
		set_v4(ret, test->v4.net, test->v4.net | ~mask);
		return true;
	case TEST_NET6:
		set_v6(ret, test->v6);
		return true;
	case TEST_PREFIX:
		return !(test->flags & TEST_NAME) && set_prefix(ret, test->text, test->len);
	default:
		return false;
	}
}

bool
range_is_within(const struct range *range, const struct range *outer)
{
	return memcmp(range->low, outer->low, sizeof range->low) >= 0 &&
	    memcmp(range->high, outer->high, sizeof range->high) <= 0;
}

bool
range_is_apart(const struct range *range, const struct range *other)
{
	return memcmp(range->high, other->low, sizeof range->high) < 0 ||
	    memcmp(range->low, other->high, sizeof range->low) > 0;
}

static void
read_net(const char *text, struct range *ret)
{
	struct net6 net;
	uint32_t v4, mask;

	if (net_parse_v4(text, strlen(text), &v4, &mask))
		set_v4(ret, v4, v4 | ~mask);
	else if (net_parse_v6(text, strlen(text), &net))
		set_v6(ret, &net);
}

void
range_read_special(struct range ret[RANGE_SPECIALS])
{
	static const char *const nets[] = {
#define NET(text, what) text,
#include "nets.def"
#undef NET
	};

	/* What is none would be wrong in nets.def, and stays the range of "::". */
	for (size_t i = 0; i < RANGE_SPECIALS; i++)
		read_net(nets[i], &ret[i]);
}

bool
range_is_special(const struct range *range, const struct range special[RANGE_SPECIALS])
{
	for (size_t i = 0; i < RANGE_SPECIALS; i++) {
		if (range_is_within(range, &special[i]))
			return true;
	}
	return false;
}
