/*
 * NAME     facts - words of lists, and what lies on their boundaries
 * PURPOSE  A random word and a random client hardly ever meet. So each word leaves the facts that
 *          it just matches and just does not: the first and last address of a net and their
 *          neighbours, a name with a label more or less, an address in another spelling.
 * SEE      hosts_access(5) PATTERNS
 */
#include "facts.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

enum { TEXT_MAX = 192 };

static void
keep(struct facts *facts, struct pool *pool, const char *text)
{
	unsigned at =
	    pool->count < FACTS_POOL ? pool->count++ : random_below(facts->random, FACTS_POOL);

	pool->texts[at] = arena_copy(facts->arena, text, strlen(text));
	if (pool->texts[at] == NULL)
		abort();
}

const char *
facts_pick(struct facts *facts, const struct pool *pool)
{
	return pool->count > 0 ? pool->texts[random_below(facts->random, pool->count)] : "";
}

/* One in seven words is in mixed case. */
static void
add_cased(struct facts *facts, struct buf *out, const char *text)
{
	bool is_mixed = random_chance(facts->random, 15);

	for (; *text != '\0'; text++) {
		int c = (unsigned char)*text;

		if (is_mixed)
			c = random_chance(facts->random, 50) ? toupper(c) : tolower(c);
		buf_add_char(out, (char)c);
	}
}

#define KEEP(pool, ...)                                                                            \
	do {                                                                                       \
		char kept[TEXT_MAX];                                                               \
		snprintf(kept, sizeof kept, __VA_ARGS__);                                          \
		keep(facts, &facts->pool, kept);                                                   \
	} while (0)

/* An IPv4 address in one of the spellings that are mapped, or look so. */
static void
keep_mapped(struct facts *facts, const char *text)
{
	switch (random_below(facts->random, 6)) {
	case 0:
		KEEP(addrs, "::ffff:%s", text);
		break;
	case 1:
		KEEP(addrs, "::FFFF:%s", text);
		break;
	case 2:
		KEEP(addrs, "0::ffff:%s", text);
		break;
	case 3:
		KEEP(addrs, "::ffff:%s%%1", text);
		break;
	case 4:
		KEEP(addrs, "::ffff:%sx", text);
		break;
	default:
		KEEP(addrs, "::ffff:0%s", text);
		break;
	}
}

/* ---- addresses ---- */

static void
v4_word(struct facts *facts, struct buf *out)
{
	const char *text = PICK(facts->random, words_v4);
	size_t cut = strcspn(text, ".") + 1;
	char word[TEXT_MAX];

	KEEP(addrs, "%s", text);
	if (random_chance(facts->random, 30))
		KEEP(addrs, "0%s", text);
	if (random_chance(facts->random, 30))
		keep_mapped(facts, text);
	if (random_chance(facts->random, 40))
		cut += strcspn(text + cut, ".") + 1;
	snprintf(word, sizeof word, "%s", text);
	switch (random_below(facts->random, 8)) {
	case 0:
		snprintf(word, sizeof word, "%.*s", (int)cut, text);
		break;
	case 1:
		snprintf(word, sizeof word, "%s", text + cut - 1);
		break;
	case 2:
		snprintf(word, sizeof word, "%s.", text);
		break;
	case 3:
		snprintf(word, sizeof word, "%.*s*", (int)cut, text);
		break;
	case 4:
		word[random_below(facts->random, (unsigned)strlen(word))] = '?';
		break;
	case 5:
		snprintf(word, sizeof word, "0%s", text);
		break;
	default:
		break;
	}
	buf_add_str(out, word);
}

static void
keep_v4(struct facts *facts, uint32_t number)
{
	struct in_addr addr = {htonl(number)};
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &addr, text, sizeof text);
	keep(facts, &facts->addrs, text);
	if (random_chance(facts->random, 20))
		keep_mapped(facts, text);
}

static long
length_or(const char *text, long max, long otherwise)
{
	char *end;
	long length = strtol(text, &end, 10);

	return end != text && *end == '\0' && length >= 0 && length <= max ? length : otherwise;
}

static void
v4_net(struct facts *facts, struct buf *out)
{
	const char *base = PICK(facts->random, words_v4),
	           *length = PICK(facts->random, words_lengths);
	long bits = length_or(length, 32, 8);
	uint32_t mask = bits == 0 ? 0 : 0xffffffffU << (32 - bits), first;
	struct in_addr addr;
	char text[INET_ADDRSTRLEN];

	inet_pton(AF_INET, base, &addr);
	first = ntohl(addr.s_addr) & mask;
	keep_v4(facts, first - 1);
	keep_v4(facts, first);
	keep_v4(facts, first | ~mask);
	keep_v4(facts, (first | ~mask) + 1);
	addr.s_addr = htonl(first);
	inet_ntop(AF_INET, &addr, text, sizeof text);
	buf_add_str(out, random_chance(facts->random, 70) ? text : base);
	buf_add_char(out, '/');
	buf_add_str(out, length);
}

static void
v6_word(struct facts *facts, struct buf *out)
{
	static const char *const shapes[][2] = {
	    {"[", "]"}, {"[", "]"}, {"[", "]"}, {"", ""}, {"[", ""}, {"", "*"}, {"[", "]."}};
	const char *text = PICK(facts->random, words_v6);
	const char *const *shape = shapes[random_below(facts->random, 7)];

	KEEP(addrs, "%s", text);
	KEEP(addrs, "%.*s", (int)strcspn(text, "%"), text);
	buf_add_str(out, shape[0]);
	add_cased(facts, out, text);
	buf_add_str(out, shape[1]);
}

/* The address with all bits behind the prefix as given, and one more or less. */
static void
keep_v6_edge(struct facts *facts, const struct in6_addr *base, long bits, bool is_last)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr = *base;
	int step = is_last ? 1 : -1;

	for (long bit = bits; bit < 128; bit++) {
		unsigned char one = (unsigned char)(0x80 >> (bit % 8));

		if (is_last)
			addr.s6_addr[bit / 8] |= one;
		else
			addr.s6_addr[bit / 8] &= (unsigned char)~one;
	}
	for (int i = 0; i < 2; i++) {
		inet_ntop(AF_INET6, &addr, text, sizeof text);
		keep(facts, &facts->addrs, text);
		for (int byte = 15; byte >= 0; byte--) {
			addr.s6_addr[byte] = (unsigned char)(addr.s6_addr[byte] + step);
			if (addr.s6_addr[byte] != (is_last ? 0 : 0xff))
				break;
		}
	}
}

static void
v6_net(struct facts *facts, struct buf *out)
{
	static const char *const shapes[][3] = {
	    {"[", "]/", ""}, {"[", "]/", ""}, {"[", "]/", ""}, {"", "/", ""}, {"[", "/", "]"}};
	const char *text = PICK(facts->random, words_v6),
	           *length = PICK(facts->random, words_lengths);
	char plain[TEXT_MAX];
	struct in6_addr base = IN6ADDR_ANY_INIT;
	long bits = length_or(length, 128, 32);
	const char *const *shape = shapes[random_below(facts->random, 5)];

	snprintf(plain, sizeof plain, "%.*s", (int)strcspn(text, "%"), text);
	inet_pton(AF_INET6, plain, &base);
	keep_v6_edge(facts, &base, bits, false);
	keep_v6_edge(facts, &base, bits, true);
	buf_add_str(out, shape[0]);
	buf_add_str(out, text);
	buf_add_str(out, shape[1]);
	buf_add_str(out, length);
	buf_add_str(out, shape[2]);
}

/* ---- names, daemons, users ---- */

static void
name_word(struct facts *facts, struct buf *out)
{
	const char *name = PICK(facts->random, words_names), *dot = strchr(name, '.');
	const char *rest = dot != NULL ? dot + 1 : name;
	char word[TEXT_MAX];

	KEEP(names, "%s", name);
	KEEP(names, "x.%s", name);
	KEEP(names, random_chance(facts->random, 50) ? "x%s" : "%s.", name);
	KEEP(names, "%s", rest);
	snprintf(word, sizeof word, "%s", name);
	switch (random_below(facts->random, 11)) {
	case 0:
	case 1:
		snprintf(word, sizeof word, ".%s", rest);
		break;
	case 2:
		snprintf(word, sizeof word, "%.*s.", (int)strcspn(name, "."), name);
		break;
	case 3:
		snprintf(word, sizeof word, "*.%s", rest);
		break;
	case 4:
		snprintf(word, sizeof word, "%.1s*", name);
		break;
	case 5:
		word[random_below(facts->random, (unsigned)strlen(word))] = '?';
		break;
	case 6:
		snprintf(word, sizeof word, "*%s", name + 1);
		break;
	case 7:
		snprintf(word, sizeof word, "[%s]", name);
		break;
	case 8:
		snprintf(word, sizeof word, "%s.", name);
		break;
	default:
		break;
	}
	add_cased(facts, out, word);
}

void
facts_host_word(struct facts *facts, struct buf *out)
{
	switch (random_below(facts->random, 9)) {
	case 0:
	case 1:
		v4_word(facts, out);
		break;
	case 2:
		v4_net(facts, out);
		break;
	case 3:
		v6_word(facts, out);
		break;
	case 4:
		v6_net(facts, out);
		break;
	case 5:
	case 6:
		name_word(facts, out);
		break;
	case 7:
		add_cased(facts, out, PICK(facts->random, words_wild));
		break;
	default:
		buf_add_str(out, PICK(facts->random, words_odd));
		break;
	}
}

void
facts_daemon_word(struct facts *facts, struct buf *out)
{
	const char *word;

	if (random_chance(facts->random, 12)) {
		word = PICK(facts->random, words_ports);
		keep(facts, &facts->daemons, word);
		buf_add_str(out, word);
		return;
	}
	word = random_chance(facts->random, 60) ? PICK(facts->random, words_daemons)
	                                        : PICK(facts->random, words_odd_daemons);
	keep(facts, &facts->daemons, word);
	add_cased(facts, out, word);
}

void
facts_user_word(struct facts *facts, struct buf *out)
{
	const char *user = PICK(facts->random, words_users);

	KEEP(users, "%s", user);
	if (random_chance(facts->random, 30))
		KEEP(users, "%sx", user);
	add_cased(facts, out, user);
}

void
facts_start(struct facts *facts)
{
	keep(facts, &facts->addrs, PICK(facts->random, words_v4));
	keep(facts, &facts->addrs, PICK(facts->random, words_v6));
	keep(facts, &facts->names, PICK(facts->random, words_names));
	keep(facts, &facts->daemons, "d");
	keep(facts, &facts->daemons, "d");
	keep(facts, &facts->users, "bob");
}
