/*
 * NAME     foreign - words that are not the client
 * PURPOSE  Reads an address, a network or a name in some tens of instructions, to be passed over.
 * INVARIANTS  A word that is not NULL here matches nobody whom the client can be, asks for nothing that is not
 *          known, and has nothing to say, both ways: its value is the one that pattern.c and net.c
 *          find in it, and what they take for something else is NULL.
 * LIMITS   FOREIGN_AHEAD bytes are looked at unasked.
 * SEE      pattern.c, net.c, match.c, whose words and tests these are; skim.c
 */
#include "policy/foreign.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/str.h"

enum {
	V4_BITS = 32,
	GROUPS = 8,
	GROUP_BITS = 16,
	GROUP_DIGITS = 4,
	HALF_BITS = 64, /* of an IPv6 address */
};

/* ---- IPv4 ---- */

/* A bit for each of eight bytes, the lowest for the first: is it no digit? */
static inline unsigned
non_digits(const char *at)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), gather = UINT64_C(0x0102040810204080);
	uint64_t bytes;

	memcpy(&bytes, at, sizeof bytes);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bytes = __builtin_bswap64(bytes);
#endif
	bytes ^= ones * '0';
	bytes = (((bytes & ones * 0x7f) + ones * (0x80 - 10)) | bytes) & ones * 0x80;
	return (unsigned)((bytes >> 7) * gather >> 56);
}

/* The same of sixteen. */
static inline unsigned
non_digits16(const char *at)
{
#ifdef __SSE2__
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
	__m128i digits = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
	__m128i others = _mm_cmpeq_epi8(_mm_max_epu8(digits, _mm_set1_epi8(10)), digits);

	return (unsigned)_mm_movemask_epi8(others);
#else
	return non_digits(at) | non_digits(at + 8) << 8;
#endif
}

/* Where the next one that is no digit stands. */
static inline unsigned
take_lowest(unsigned *bits)
{
	unsigned lowest = (unsigned)__builtin_ctz(*bits);

	*bits &= *bits - 1;
	return lowest;
}

/* The number from there to before end. Over 255: it is no octet. */
static inline unsigned
octet(const char *begin, const char *end)
{
	unsigned len = (unsigned)(end - begin), value = (unsigned char)end[-1] - (unsigned)'0';

	value += len > 1 ? ((unsigned char)end[-2] - (unsigned)'0') * 10 : 0;
	value += len > 2 ? ((unsigned char)end[-3] - (unsigned)'0') * 100 : 0;
	return len - 1 > 2 || (len > 1 && *begin == '0') ? UINT32_MAX : value;
}

/* NULL: it is no quad. What stands behind it is not looked at. How long its numbers are cannot be foreseen,
 * so that no branch depends on it. */
static inline __attribute__((always_inline)) const char *
quad(const char *at, uint32_t *ret)
{
	unsigned marks = non_digits16(at) | 0xf0000;
	const char *a = at + take_lowest(&marks), *b = at + take_lowest(&marks);
	const char *c = at + take_lowest(&marks), *end = at + take_lowest(&marks);
	unsigned first = octet(at, a), second = octet(a + 1, b);
	unsigned third = octet(b + 1, c), fourth = octet(c + 1, end);

	if ((first | second | third | fourth) > 255 || *a != '.' || *b != '.' || *c != '.')
		return NULL;
	*ret = first << 24 | second << 16 | third << 8 | fourth;
	return end;
}

/* A length, or the mask of one, as both ways have it. */
static const char *
mask(const char *at, uint32_t *ret)
{
	unsigned digits = (unsigned)__builtin_ctz(non_digits(at) | 1U << 8), bits;
	uint32_t host;

	if (at[digits] == '.') {
		at = quad(at, ret);
		host = ~*ret;
		return at != NULL && *ret != 0 && host != 0 && (host & (host + 1)) == 0 ? at : NULL;
	}
	bits = digits > 0 ? octet(at, at + digits) : 0;
	if (bits == 0 || bits > V4_BITS)
		return NULL;
	*ret = UINT32_MAX << (V4_BITS - bits);
	return at + digits;
}

/* A network that does not hold the address. NULL: it may, or it is something else. */
const char *
foreign_net(const char *at, const struct skim_client *client, struct skim_net *ret)
{
	const struct addr_fact *addr = client->addr;

	at = quad(at, &ret->net);
	ret->mask = UINT32_MAX;
	if (at != NULL && *at == '/') {
		at = mask(at + 1, &ret->mask);
		if (at != NULL && (ret->net & ~ret->mask) != 0)
			return NULL;
	}
	if (at == NULL || (addr != NULL && addr->is_v4 && (addr->v4 & ret->mask) == ret->net))
		return NULL;
	return at;
}

/* ---- IPv6 ---- */

/* What digits stand for, and one more; of other bytes nothing. */
static const uint8_t hex_values[UINT8_MAX + 1] = {
    ['0'] = 1,
    ['1'] = 2,
    ['2'] = 3,
    ['3'] = 4,
    ['4'] = 5,
    ['5'] = 6,
    ['6'] = 7,
    ['7'] = 8,
    ['8'] = 9,
    ['9'] = 10,
    ['a'] = 11,
    ['b'] = 12,
    ['c'] = 13,
    ['d'] = 14,
    ['e'] = 15,
    ['f'] = 16,
    ['A'] = 11,
    ['B'] = 12,
    ['C'] = 13,
    ['D'] = 14,
    ['E'] = 15,
    ['F'] = 16,
};

struct halves {
	uint64_t high, low;
};

/* Bits into an address from its lower end, others out at its upper end. */
static inline void
shift(struct halves *net, unsigned bits)
{
	if (bits >= HALF_BITS) {
		net->high = bits < ADDR_BITS ? net->low << (bits - HALF_BITS) : 0;
		net->low = 0;
	} else if (bits > 0) {
		net->high = net->high << bits | net->low >> (HALF_BITS - bits);
		net->low <<= bits;
	}
}

/* An address in groups, without a quad or a scope. NULL: it is something else. What stands behind it is not
 * looked at. */
static const char *
groups(const char *at, struct skim_net *ret)
{
	struct halves front = {0, 0}, back = {0, 0}; /* of the gap */
	unsigned count = 0, gap = GROUPS + 1, value, digit;
	const char *begin;

	if (at[0] == ':' && at[1] == ':') {
		gap = 0;
		at += 2;
	}
	for (;;) {
		for (begin = at, value = 0; at - begin < GROUP_DIGITS; at++) {
			if ((digit = hex_values[(unsigned char)*at]) == 0)
				break;
			value = value << 4 | (digit - 1);
		}
		if (at == begin && gap == count)
			break; /* the gap is the end */
		if (at == begin || count == GROUPS)
			return NULL;
		shift(&back, GROUP_BITS);
		back.low |= value;
		count++;
		if (at[0] != ':')
			break;
		if (at[1] == ':') {
			if (gap <= GROUPS)
				return NULL;
			gap = count;
			front = back;
			back = (struct halves){0, 0};
			at++;
		}
		at++;
	}
	if (gap > GROUPS ? count != GROUPS : count == GROUPS)
		return NULL;
	if (gap <= GROUPS)
		shift(&front, (GROUPS - gap) * GROUP_BITS);
	ret->high = front.high | back.high;
	ret->low = front.low | back.low;
	return at;
}

/* A length behind a slash; without one it is all bits. */
static const char *
length6(const char *at, unsigned *ret)
{
	unsigned digits;

	*ret = ADDR_BITS;
	if (*at != '/')
		return at;
	digits = (unsigned)__builtin_ctz(non_digits(at + 1) | 1U << 8);
	*ret = digits > 0 ? octet(at + 1, at + 1 + digits) : 0;
	return *ret > 0 && *ret <= ADDR_BITS ? at + 1 + digits : NULL;
}

static bool
holds6(const struct skim_net *net, const struct skim_client *client)
{
	unsigned bits = net->bits;
	uint64_t high = client->high ^ net->high, low = client->low ^ net->low;

	if (client->addr == NULL || client->addr->is_v4)
		return false;
	if (bits <= HALF_BITS)
		return high >> (HALF_BITS - bits) == 0;
	return high == 0 && low >> (ADDR_BITS - bits) == 0;
}

/* A network, read up to its length, that does not hold the address, and is no IPv4 network to one way and none
 * to the other. NULL: it may, or it is something else. */
static const char *
foreign_net6(const char *at, const struct skim_client *client, struct skim_net *ret)
{
	ret->is_v6 = true;
	at = at != NULL ? length6(at, &ret->bits) : NULL;
	if (at == NULL || (ret->high == 0 && ret->low >> 32 == 0xffff) || holds6(ret, client))
		return NULL;
	return at;
}

/* In brackets a name is compared with it, too, if there is one. */
const char *
foreign_bracketed(const char *at, const struct skim_client *client, struct skim_net *ret)
{
	at = client->may_be_net6 ? NULL : groups(at + 1, ret);
	return at != NULL && *at == ']' ? foreign_net6(at + 1, client, ret) : NULL;
}

/* Where a name ends, or what names end in, as pattern_is_name has them. NULL: it is none. */
static inline const char *
skip_name(const char *at, const char *end)
{
	bool has_letter = false, has_dot = false;

	if (str_is_digit(*at) || *at == '-')
		return NULL;
	for (; at < end; at++) {
		if (((unsigned char)*at | 0x20U) - (unsigned)'a' < 26)
			has_letter = true;
		else if (*at == '.')
			has_dot = true;
		else if (!str_is_digit(*at) && *at != '-')
			break;
	}
	return at < end && has_letter && has_dot && at[-1] != '.' ? at : NULL;
}

const char *
foreign_name(const char *at, const char *end, const struct skim_client *client)
{
	const char *begin = at, *name = client->name;
	size_t len, name_len = client->name_len;

	at = skip_name(at, end);
	if (at == NULL)
		return NULL;
	len = (size_t)(at - begin);
	if (*begin == '.' ? name_len > len && str_eq_nocase(begin, len, name + name_len - len, len)
	                  : str_eq_nocase(begin, len, name, name_len))
		return NULL;
	return at;
}

/*
 * Without brackets, in a line: to the plain way it is the network, to the classic way its first group is the
 * last client, and the rest options. Digits are no address and no name's; of other groups the name is asked.
 */
const char *
foreign_bare(const char *at, const struct skim_client *client)
{
	struct skim_net net;
	size_t len = 0;

	while (str_is_digit(at[len]) && len <= GROUP_DIGITS)
		len++;
	if (at[len] != ':') {
		while (hex_values[(unsigned char)at[len]] > 0 && len <= GROUP_DIGITS)
			len++;
		if (!client->has_name || str_eq_nocase(at, len, client->name, client->name_len))
			return NULL;
	}
	return foreign_net6(groups(at, &net), client, &net);
}

/* The same in a list: to the classic way all of it is an address' text or a name; with a length, nothing. */
const char *
foreign_in_list(const char *at, const struct skim_client *client)
{
	struct skim_net net;
	const char *end;

	end = foreign_net6(groups(at, &net), client, &net);
	if (end == NULL || memchr(at, '/', (size_t)(end - at)) != NULL)
		return end;
	return client->has_name && !client->may_be_net6 ? end : NULL;
}
