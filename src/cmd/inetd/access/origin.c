/*
 * NAME     origin - items of only_from and no_access
 * PURPOSE  Addresses, networks and factors become sorted ranges: a client is found by halving, however
 *          many there are. Names stay words; they are for somebody who may wait.
 * INVARIANTS  Total: each item is compiled or noted. IPv4 clients meet IPv4 items only; a mapped one is
 *          an IPv4 item.
 * LIMITS   Memory: a range for each item and for each comma.
 * SEE      inetd.conf(5), docs/decisions/inetd-access.md, RFC 1123 2.1
 */
#include "cmd/inetd/access/origin.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "policy/net.h"

enum {
	OCTETS = 4,
	OCTET_MAX = 255,
	V4_BITS = 32,
};

struct compiler {
	struct conf *conf;
	origin_network *network;
	struct origins *into;
	const struct conf_word *item;
};

/* ---- ranges ---- */

static void
add_range(struct compiler *compiler, struct origin_ranges *into, const struct addr *net,
    unsigned len_bits)
{
	struct origin_range *range = &into->items[into->count++];

	range->line = compiler->item->line;
	for (unsigned i = 0; i < sizeof range->first; i++) {
		unsigned own = len_bits >= 8 * (i + 1) ? 8
		    : len_bits > 8 * i                 ? len_bits - 8 * i
		                                       : 0;
		uint8_t mask = (uint8_t)(0xff00U >> own);

		range->first[i] = net->bytes[i] & mask;
		range->last[i] = (uint8_t)(net->bytes[i] | (uint8_t)~mask);
	}
}

static void
add_v4(struct compiler *compiler, uint32_t net, unsigned len_bits)
{
	struct in_addr bits = {htonl(net)};
	struct addr mapped = addr_from_v4(&bits);

	add_range(compiler, &compiler->into->v4, &mapped, ADDR_V4_PREFIX_BITS + len_bits);
}

static void
add_v6(struct compiler *compiler, const struct addr *net, unsigned len_bits)
{
	bool is_v4 = addr_is_v4(net) && len_bits >= ADDR_V4_PREFIX_BITS;

	add_range(compiler, is_v4 ? &compiler->into->v4 : &compiler->into->v6, net, len_bits);
}

/* Zeros at the end stand for anything. */
static void
add_wild(struct compiler *compiler, uint32_t net)
{
	unsigned len_bits = V4_BITS;

	while (len_bits > 0 && (net >> (V4_BITS - len_bits) & OCTET_MAX) == 0)
		len_bits -= 8;
	add_v4(compiler, net, len_bits);
}

/* ---- items ---- */

static bool
octet(const char *text, size_t len, uint32_t *ret)
{
	unsigned long number;

	if (!str_number(text, len, OCTET_MAX, &number) || (len > 1 && *text == '0'))
		return false;
	*ret = (uint32_t)number;
	return true;
}

/* "192.0.2.{1,2,7}": up to three octets, each with its dot, then a list of them in braces. */
static bool
factors(struct compiler *compiler, const char *text)
{
	const char *list = strchr(text, '{') + 1;
	size_t count = compiler->into->v4.count;
	uint32_t net = 0, number;
	unsigned len_bits = 0;

	for (const char *dot; (dot = strchr(text, '.')) != NULL && dot < list; text = dot + 1) {
		if (len_bits == V4_BITS - 8 || !octet(text, (size_t)(dot - text), &number))
			return false;
		len_bits += 8;
		net |= number << (V4_BITS - len_bits);
	}
	if (text != list - 1)
		return false;
	len_bits += 8;
	for (char end = ','; end == ','; list++) {
		size_t len = strcspn(list, ",}");

		end = list[len];
		if (end == '\0' || !octet(list, len, &number)) {
			compiler->into->v4.count = count;
			return false;
		}
		add_v4(compiler, net | number << (V4_BITS - len_bits), len_bits);
		list += len;
	}
	if (*list == '\0')
		return true;
	compiler->into->v4.count = count;
	return false;
}

/* Letters, digits, hyphens and underscores between dots, and not a number at the end: that is an address
 * with a mistake in it. */
static bool
is_name(const char *text)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	const char *label = text + (*text == '.');
	size_t len = 0;

	if (strlen(text) > CONF_HOST_MAX)
		return false;
	for (;; label += len + 1) {
		len = strspn(label, letters);
		if (len == 0 || (label[len] != '.' && label[len] != '\0'))
			return false;
		if (label[len] == '\0' || label[len + 1] == '\0')
			return !str_consists_of(label, len, "0123456789");
	}
}

static bool
name(struct compiler *compiler, const char *text)
{
	uint32_t net;

	if (!is_name(text))
		return false;
	if (compiler->network != NULL && compiler->network(text, &net))
		add_wild(compiler, net);
	else
		compiler->into->names[compiler->into->name_count++] = *compiler->item;
	return true;
}

static unsigned
bits_of(uint32_t mask)
{
	unsigned count = 0;

	for (; mask != 0; mask <<= 1)
		count++;
	return count;
}

static bool
compile(struct compiler *compiler, const char *text)
{
	size_t len = strlen(text);
	struct addr addr;
	struct net6 net6;
	uint32_t net, mask;

	if (strchr(text, '{') != NULL)
		return factors(compiler, text);
	if (strchr(text, ':') != NULL) {
		if (!net_parse_v6(text, len, &net6) || net6.scope_len > 0)
			return false;
		add_v6(compiler, &net6.addr, net6.len_bits);
		return true;
	}
	if (strchr(text, '/') != NULL) {
		if (strchr(strchr(text, '/'), '.') != NULL || !net_parse_v4(text, len, &net, &mask))
			return false; /* a mask in quads is none that xinetd knows */
		add_v4(compiler, net, bits_of(mask));
		return true;
	}
	if (!addr_parse_v4(text, len, &addr))
		return name(compiler, text);
	add_wild(compiler, addr_v4_bits(&addr));
	return true;
}

/* ---- sorting: ranges that overlap or touch become one ---- */

static int
by_first(const void *a, const void *b)
{
	const struct origin_range *x = a, *y = b;

	return memcmp(x->first, y->first, sizeof x->first);
}

static void
sort(struct origin_ranges *ranges)
{
	size_t kept = 0;

	if (ranges->count > 1)
		qsort(ranges->items, ranges->count, sizeof *ranges->items, by_first);
	for (size_t i = 0; i < ranges->count; i++) {
		const struct origin_range *next = &ranges->items[i];
		struct origin_range *last = kept > 0 ? &ranges->items[kept - 1] : NULL;

		if (last == NULL || memcmp(next->first, last->last, sizeof last->last) > 0)
			ranges->items[kept++] = *next;
		else if (memcmp(next->last, last->last, sizeof last->last) > 0)
			memcpy(last->last, next->last, sizeof last->last);
	}
	ranges->count = kept;
}

static bool
make_room(struct compiler *compiler, const struct conf_words *items)
{
	struct origins *into = compiler->into;
	size_t ranges = items->count;

	for (size_t i = 0; i < items->count; i++)
		for (const char *at = items->items[i].text; *at != '\0'; at++)
			ranges += *at == ',';
	into->v4.items = conf_alloc(compiler->conf, ranges * sizeof *into->v4.items + 1);
	into->v6.items = conf_alloc(compiler->conf, items->count * sizeof *into->v6.items + 1);
	into->names = conf_alloc(compiler->conf, items->count * sizeof *into->names + 1);
	return into->v4.items != NULL && into->v6.items != NULL && into->names != NULL;
}

void
origin_compile(
    struct conf *conf, const struct conf_words *items, origin_network *network, struct origins *ret)
{
	struct compiler compiler = {.conf = conf, .network = network, .into = ret};

	*ret = (struct origins){0};
	if (!make_room(&compiler, items))
		return;
	for (size_t i = 0; i < items->count; i++) {
		compiler.item = &items->items[i];
		if (!compile(&compiler, compiler.item->text))
			conf_note(conf, CONF_BAD_ORIGIN, compiler.item);
	}
	sort(&ret->v4);
	sort(&ret->v6);
}

/* ---- clients ---- */

bool
origin_address(const struct sockaddr *sa, struct addr *ret)
{
	const struct sockaddr_in *v4 = (const void *)sa;
	const struct sockaddr_in6 *v6 = (const void *)sa;

	if (sa->sa_family == AF_INET)
		*ret = addr_from_v4(&v4->sin_addr);
	else if (sa->sa_family == AF_INET6)
		*ret = addr_from_v6(&v6->sin6_addr, 0);
	return sa->sa_family == AF_INET || sa->sa_family == AF_INET6;
}

static const struct origin_range *
find(const struct origin_ranges *ranges, const uint8_t client[16])
{
	size_t low = 0, high = ranges->count;
	const struct origin_range *before;

	/* The last one that begins at or before the client. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(ranges->items[middle].first, client, 16) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	before = &ranges->items[low - 1];
	return memcmp(client, before->last, 16) <= 0 ? before : NULL;
}

enum origin_found
origin_find(const struct origins *origins, const struct addr *client, unsigned *ret_line)
{
	const struct origin_range *found =
	    find(addr_is_v4(client) ? &origins->v4 : &origins->v6, client->bytes);

	if (found == NULL)
		return origins->name_count > 0 ? ORIGIN_MAYBE : ORIGIN_NO;
	*ret_line = found->line;
	return ORIGIN_YES;
}

/* A final dot says nothing. */
static size_t
name_len(const char *text)
{
	size_t len = strlen(text);

	return len > 1 && text[len - 1] == '.' ? len - 1 : len;
}

bool
origin_find_name(const struct origins *origins, const char *client, unsigned *ret_line)
{
	size_t client_len = name_len(client);

	for (size_t i = 0; i < origins->name_count; i++) {
		const char *text = origins->names[i].text;
		size_t len = name_len(text);
		bool is_domain = *text == '.';

		if ((is_domain ? client_len > len : client_len == len) &&
		    str_eq_nocase(text, len, client + client_len - len, len)) {
			*ret_line = origins->names[i].line;
			return true;
		}
	}
	return false;
}
