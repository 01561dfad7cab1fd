/*
 * NAME     skim - lines that do not concern a client
 * PURPOSE  Passes over a line of a large table in some tens of instructions.
 * INVARIANTS  Passed over is only what judging would come to nothing for, both ways: daemons are
 *          named in letters, so that their tests ask for nothing and find nothing; clients are
 *          canonical quads, networks of such without host bits, none of which holds the address, and,
 *          if the name is known, other names in plain letters. Whatever is not of exactly that form is judged.
 *          No byte beyond the end is read: a word's bytes are looked at unasked only if AHEAD of
 *          them are there.
 * LIMITS   SKIM_PREFIX_MAX; LINES_CLASSIC_MAX bytes, as a longer line is not the same both ways.
 * SEE      pattern.c and net.c, whose words these are; docs/decisions/any-size.md
 */
#include "policy/skim.h"

#include <string.h>

#include "base/str.h"
#include "policy/lexer.h"

enum {
	AHEAD = 64, /* more than a prefix's head, or than a quad, its mask and what ends them */
	LOOK_BACK = 2, /* a number's end is where it is read from */
	V4_BITS = 32,
};

/* ---- the form ---- */

/* Words of letters, digits, dots, lines, that begin with a letter: names, wildcards and EXCEPT. */
static bool
is_plain_daemons(const struct list *daemons)
{
	bool in_word = false;

	for (size_t i = 0; i < daemons->len; i++) {
		char c = daemons->text[i], lower = str_lower(c);
		bool letter = lower >= 'a' && lower <= 'z';

		if (lexer_is_separator(c))
			in_word = false;
		else if (letter || (in_word && (str_is_digit(c) || memchr("._-", c, 3) != NULL)))
			in_word = true;
		else
			return false;
	}
	return true;
}

bool
skim_learn(struct skim *skim, const struct line *line, const struct rule *rule, unsigned count)
{
	const struct list *clients = &rule->clients;
	size_t at = 0, len, head;

	if (skim->len > 0 && line->len > skim->len &&
	    memcmp(line->text, skim->prefix, skim->len) == 0)
		return true;
	if (count != 1 || line->joined || line->fault != LINE_FINE || rule->code != DIAG_NONE)
		return false;
	while (at < clients->len && lexer_is_separator(clients->text[at]))
		at++;
	len = (size_t)(clients->text + at - line->text);
	if (at == clients->len || !(str_is_digit(clients->text[at]) || clients->text[at] == '.') ||
	    len < LOOK_BACK || len > SKIM_PREFIX_MAX || !is_plain_daemons(&rule->daemons))
		return false;
	head = len < sizeof skim->head ? len : sizeof skim->head;
	*skim = (struct skim){.len = len};
	memcpy(skim->prefix, line->text, len);
	memset(&skim->head_mask, 0xff, head);
	memcpy(&skim->head, line->text, head);
	return true;
}

/* ---- words ---- */

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
static inline const char *
quad(const char *at, uint32_t *ret)
{
	unsigned marks = non_digits(at) | non_digits(at + 8) << 8 | 0xf0000;
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
	const char *end = quad(at, ret);
	uint32_t host = ~*ret;

	if (end != NULL)
		return *ret != 0 && host != 0 && (host & (host + 1)) == 0 ? end : NULL;
	bits = digits > 0 ? octet(at, at + digits) : 0;
	if (at[digits] == '.' || bits == 0 || bits > V4_BITS)
		return NULL;
	*ret = UINT32_MAX << (V4_BITS - bits);
	return at + digits;
}

/* A network that does not hold the address. NULL: it may, or it is something else. */
static inline const char *
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

/* A name, or what names end in, that is not his. */
static const char *
foreign_name(const char *at, const char *end, const struct skim_client *client)
{
	const char *begin = at, *name = client->name;
	size_t len, name_len = client->name_len;

	while (at < end && !str_is_space(*at) && *at != ',')
		at++;
	len = (size_t)(at - begin);
	if (at == end || !pattern_is_name(begin, len) || at[-1] == '.')
		return NULL;
	if (*begin == '.' ? name_len > len && str_eq_nocase(begin, len, name + name_len - len, len)
	                  : str_eq_nocase(begin, len, name, name_len))
		return NULL;
	return at;
}

static inline const char *
foreign(const char *at, const char *end, const struct skim_client *client)
{
	struct skim_net net;

	if (str_is_digit(*at) || !client->has_name)
		return foreign_net(at, client, &net);
	return foreign_name(at, end, client);
}

bool
skim_client_init(
    struct skim_client *client, const struct addr_fact *addr, const struct name_fact *name)
{
	if (addr == NULL || !addr->agrees || addr->addr.scope != 0)
		return false;
	*client = (struct skim_client){.addr = addr, .name = ""};
	/* No name with a dot is equal to what stands for an unknown one. */
	client->has_name = name != NULL &&
	    (name->state != NAME_KNOWN || memchr(name->text, '.', name->len) == NULL ||
	        (pattern_is_name(name->text, name->len) && name->text[name->len - 1] != '.'));
	if (client->has_name && name->state == NAME_KNOWN) {
		client->name = name->text;
		client->name_len = name->len;
	}
	return true;
}

/* ---- lines ---- */

/* From a line's first word to behind its newline. NULL: it may concern the client. */
static inline const char *
foreign_line(const char *at, const char *end, const struct skim_client *client)
{
	while (end - at >= AHEAD) {
		at = foreign(at, end, client);
		if (at == NULL || !lexer_is_separator(*at))
			return NULL;
		while (lexer_is_separator(*at)) {
			if (*at++ == '\n')
				return at;
			if (at == end)
				return NULL;
		}
	}
	return NULL;
}

static inline bool
has_prefix(const struct skim *skim, const char *at)
{
	uint64_t head;

	memcpy(&head, at, sizeof head);
	return ((head ^ skim->head) & skim->head_mask) == 0 &&
	    (skim->len <= sizeof head || memcmp(at, skim->prefix, skim->len) == 0);
}

unsigned
skim_pass(const struct skim *skim, const struct skim_client *client, const char *bytes, size_t len,
    size_t *ret_len)
{
	const char *at = bytes, *end = bytes + len, *next;
	unsigned count = 0;

	while ((size_t)(end - at) >= skim->len + AHEAD && has_prefix(skim, at)) {
		next = foreign_line(at + skim->len, end, client);
		if (next == NULL || next - at > LINES_CLASSIC_MAX)
			break;
		at = next;
		count++;
	}
	*ret_len = (size_t)(at - bytes);
	return count;
}

size_t
skim_net(const struct skim *skim, const struct skim_client *client, const char *bytes, size_t len,
    struct skim_net *ret)
{
	const char *at;

	if (len < skim->len + AHEAD || !has_prefix(skim, bytes))
		return 0;
	at = foreign_net(bytes + skim->len, client, ret);
	return at != NULL && *at == '\n' ? (size_t)(at - bytes) + 1 : 0;
}

size_t
skim_words(const struct skim_client *client, const char *bytes, size_t from, size_t len)
{
	const char *at = bytes + from, *end = bytes + len, *next;

	for (;;) {
		while (end - at >= AHEAD && str_is_space(*at))
			at++;
		if (end - at < AHEAD || at - bytes < LOOK_BACK)
			return from;
		next = foreign(at, end, client);
		if (next == NULL || !str_is_space(*next))
			return from;
		at = next;
		from = (size_t)(at - bytes);
	}
}
