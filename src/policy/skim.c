/*
 * NAME     skim - lines that do not concern a client
 * PURPOSE  Passes over a line of a large table in some tens of instructions.
 * INVARIANTS  Passed over is only what judging would come to nothing for, both ways: daemons are
 *          named in letters, so that their tests ask for nothing and find nothing. Clients are canonical quads,
 *          networks of such without host bits, IPv6 addresses and networks in groups, none of which holds the
 *          address, and, if the name is known, other names in plain letters. What comes behind them is an
 *          EXCEPT or options, which nobody looks at unless they match. Whatever is not of that form is judged.
 *          No byte beyond the end is read: a word's bytes are looked at unasked only if AHEAD of
 *          them are there.
 * LIMITS   SKIM_PREFIX_MAX; LINES_CLASSIC_MAX bytes, as a longer line is not the same both ways.
 * SEE      pattern.c and net.c, whose words these are; docs/decisions/any-size.md
 */
#include "policy/skim.h"

#include <string.h>

#include "base/bytes.h"
#include "base/str.h"
#include "policy/lexer.h"

enum {
	/* More than a prefix's head, a quad, its mask and what ends them, or eight groups and a length. */
	AHEAD = 64,
	LOOK_BACK = 2, /* a number's end is where it is read from */
	V4_BITS = 32,
	GROUPS = 8,
	GROUP_BITS = 16,
	GROUP_DIGITS = 4,
	HALF_BITS = 64, /* of an IPv6 address */
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

/* Of such a list: can it match the daemon that is asked for? */
static bool
names_daemon(const struct list *daemons, const char *daemon, size_t daemon_len)
{
	size_t at = 0, len;
	const char *word;

	while (list_next_word(daemons, &at, &word, &len)) {
		if (word[len - 1] == '.' || str_is(word, len, "ALL") ||
		    str_is(word, len, "KNOWN") || str_is(word, len, "EXCEPT") ||
		    str_eq_nocase(word, len, daemon, daemon_len))
			return true;
	}
	return false;
}

/* Has every rule of the line the daemon list that it begins with? */
static bool
is_divided_alike(const struct rule *rules, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (rules[i].code != DIAG_NONE || rules[i].daemons.len != rules[0].daemons.len)
			return false;
	}
	return count > 0;
}

static bool
has_prefix(const struct skim_form *form, const char *at)
{
	uint64_t head;

	memcpy(&head, at, sizeof head);
	return ((head ^ form->head) & form->head_mask) == 0 &&
	    (form->len <= sizeof head || memcmp(at, form->prefix, form->len) == 0);
}

static void
set_prefix(struct skim_form *form, const char *text, size_t len)
{
	size_t head = len < sizeof form->head ? len : sizeof form->head;

	form->len = len;
	memcpy(form->prefix, text, len);
	memset(&form->head_mask, 0xff, head);
	memcpy(&form->head, text, head);
}

/* How many bytes do lines of its form begin with? 0: it has none. */
static size_t
prefix_len(const struct line *line, const struct rule *rule, bool is_others)
{
	size_t len = rule->daemons.len + 1;

	while (!is_others && len < line->len && lexer_is_separator(line->text[len]))
		len++;
	return len < LOOK_BACK || len > SKIM_PREFIX_MAX || len >= line->len ? 0 : len;
}

const struct skim_form *
skim_learn(struct skim *skim, const struct line *line, const struct rule *rules, unsigned count)
{
	struct skim_form form = {.len = 0};
	size_t len;

	for (unsigned i = 0; i < skim->count; i++) {
		const struct skim_form *known = &skim->forms[i];

		if (line->len > known->len && memcmp(line->text, known->prefix, known->len) == 0)
			return known;
	}
	if (line->joined || line->fault != LINE_FINE || !is_divided_alike(rules, count) ||
	    !is_plain_daemons(&rules->daemons))
		return NULL;
	form.is_others =
	    skim->daemon != NULL && !names_daemon(&rules->daemons, skim->daemon, skim->daemon_len);
	len = prefix_len(line, rules, form.is_others);
	if (len == 0)
		return NULL;
	set_prefix(&form, line->text, len);
	if (skim->count < SKIM_FORMS)
		skim->next = skim->count++;
	else
		skim->next = (skim->next + 1) % SKIM_FORMS;
	skim->forms[skim->next] = form;
	return &skim->forms[skim->next];
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

/* ---- IPv6 ---- */

static inline unsigned
hex_value(char c)
{
	unsigned digit = (unsigned char)c - (unsigned)'0';
	unsigned letter = ((unsigned char)c | 0x20U) - (unsigned)'a';

	return digit < 10 ? digit : letter < 6 ? letter + 10 : UINT32_MAX;
}

/* Bits into an address from its lower end, others out at its upper end. */
static inline void
shift(struct skim_net *net, unsigned bits)
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
	struct skim_net front = {.high = 0}; /* of the gap */
	unsigned count = 0, gap = GROUPS + 1, value, digit;
	const char *begin;

	ret->high = ret->low = 0;
	if (at[0] == ':' && at[1] == ':') {
		gap = 0;
		at += 2;
	}
	for (;;) {
		for (begin = at, value = 0; at - begin < GROUP_DIGITS; at++) {
			if ((digit = hex_value(*at)) > 15)
				break;
			value = value << 4 | digit;
		}
		if (at == begin && gap == count)
			break; /* the gap is the end */
		if (at == begin || count == GROUPS)
			return NULL;
		shift(ret, GROUP_BITS);
		ret->low |= value;
		count++;
		if (at[0] != ':')
			break;
		if (at[1] == ':') {
			if (gap <= GROUPS)
				return NULL;
			gap = count;
			front = *ret;
			ret->high = ret->low = 0;
			at++;
		}
		at++;
	}
	if (gap > GROUPS ? count != GROUPS : count == GROUPS)
		return NULL;
	if (gap <= GROUPS) {
		shift(&front, (GROUPS - gap) * GROUP_BITS);
		ret->high |= front.high;
		ret->low |= front.low;
	}
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
static const char *
foreign_bracketed(const char *at, const struct skim_client *client, struct skim_net *ret)
{
	at = client->may_be_net6 ? NULL : groups(at + 1, ret);
	return at != NULL && *at == ']' ? foreign_net6(at + 1, client, ret) : NULL;
}

/* A name, or what names end in, that is not his. */
static const char *
foreign_name(const char *at, const char *end, const struct skim_client *client)
{
	const char *begin = at, *name = client->name;
	size_t len, name_len = client->name_len;

	while (at < end && !str_is_space(*at) && *at != ',' && *at != ':')
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

	if (str_is_digit(*at))
		return foreign_net(at, client, &net);
	if (*at == '[')
		return foreign_bracketed(at, client, &net);
	return client->has_name ? foreign_name(at, end, client) : NULL;
}

/*
 * Without brackets, in a line: to the plain way it is the network, to the classic way its first group is the
 * last client, and the rest options. Digits are no address and no name's; of other groups the name is asked.
 */
static const char *
foreign_bare(const char *at, const struct skim_client *client)
{
	struct skim_net net;
	size_t len = 0;

	while (str_is_digit(at[len]) && len <= GROUP_DIGITS)
		len++;
	if (at[len] != ':') {
		while (hex_value(at[len]) <= 15 && len <= GROUP_DIGITS)
			len++;
		if (!client->has_name || str_eq_nocase(at, len, client->name, client->name_len))
			return NULL;
	}
	return foreign_net6(groups(at, &net), client, &net);
}

/* The same in a list: to the classic way all of it is an address' text or a name; with a length, nothing. */
static const char *
foreign_in_list(const char *at, const struct skim_client *client)
{
	struct skim_net net;
	const char *end;

	end = foreign_net6(groups(at, &net), client, &net);
	if (end == NULL || memchr(at, '/', (size_t)(end - at)) != NULL)
		return end;
	return client->has_name && !client->may_be_net6 ? end : NULL;
}

bool
skim_client_init(
    struct skim_client *client, const struct addr_fact *addr, const struct name_fact *name)
{
	if (addr == NULL || !addr->agrees || addr->addr.scope != 0)
		return false;
	*client = (struct skim_client){.addr = addr, .name = ""};
	client->high = bytes_get64(addr->addr.bytes);
	client->low = bytes_get64(addr->addr.bytes + sizeof client->high);
	client->may_be_net6 = name != NULL && memchr(name->text, ':', name->len) != NULL;
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

/* Options: nobody looks at them, but the line has to end the same both ways. */
static const char *
pass_tail(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	if (newline == NULL || newline[-1] == '\\' ||
	    memchr(at, '\0', (size_t)(newline - at)) != NULL)
		return NULL;
	return newline + 1;
}

/* The client list's colon, if both ways take it for that: no IPv6 address has it in the same word. */
static const char *
pass_colon(const char *at, const char *end)
{
	return end - at > 1 && (at[1] == ' ' || at[1] == '\t') ? pass_tail(at, end) : NULL;
}

/* Clients that nobody looks at: what does not change where the line divides. */
static const char *
pass_rest(const char *at, const char *end)
{
	for (; at < end; at++) {
		char lower = str_lower(*at);

		if (*at == '\n')
			return at + 1;
		if (*at == ':')
			return pass_colon(at, end);
		if (!(lower >= 'a' && lower <= 'z') && !str_is_digit(lower) &&
		    !lexer_is_separator(lower) && lower != '.' && lower != '/' && lower != '-' &&
		    lower != '_')
			return NULL;
	}
	return NULL;
}

static inline bool
is_except(const char *at)
{
	return str_is(at, 6, "EXCEPT") && (at[6] == ' ' || at[6] == '\t');
}

/* Where a word of the client list ends, the line may, too. *ret: behind it, or NULL: it has to be judged. False:
 * another word stands at *ret. */
static inline bool
ends_line(const char *at, const char *end, const char **ret)
{
	while (lexer_is_separator(*at)) {
		if (*at++ == '\n') {
			*ret = at;
			return true;
		}
		if (at == end) {
			*ret = NULL;
			return true;
		}
	}
	*ret = at;
	if (*at != ':')
		return false;
	at = pass_colon(at, end);
	if (at != NULL)
		*ret = at;
	return at != NULL;
}

/* From a line's first word to behind its newline. NULL: it may concern the client. */
static inline const char *
foreign_line(const char *at, const char *end, const struct skim_client *client, bool *ret_divided)
{
	const char *next;

	while (end - at >= AHEAD) {
		next = foreign(at, end, client);
		if (next == NULL) {
			if (is_except(at))
				return pass_rest(at, end);
			next = foreign_bare(at, client);
			if (next == NULL || *next == ':')
				return NULL;
			*ret_divided = true;
		}
		if (*next == '\n')
			return next + 1;
		if (*next != ':' && !lexer_is_separator(*next))
			return NULL;
		if (ends_line(next, end, &at))
			return at;
		if (at == next)
			return NULL; /* a colon with something behind it */
	}
	return NULL;
}

/* Of the last one's form, or of which? */
static inline const struct skim_form *
form_of(const struct skim *skim, const struct skim_form *last, const char *at, const char *end)
{
	if ((size_t)(end - at) >= last->len + AHEAD && has_prefix(last, at))
		return last;
	for (unsigned i = 0; i < skim->count; i++) {
		const struct skim_form *form = &skim->forms[i];

		if ((size_t)(end - at) >= form->len + AHEAD && has_prefix(form, at))
			return form;
	}
	return NULL;
}

struct skim_run
skim_pass(const struct skim *skim, const struct skim_client *client, const char *bytes, size_t len)
{
	const char *at = bytes, *end = bytes + len, *next;
	const struct skim_form *form = skim->forms;
	struct skim_run run = {.len = 0};

	if (skim->count == 0)
		return run;
	while ((form = form_of(skim, form, at, end)) != NULL) {
		bool is_divided = false;

		next = form->is_others ? pass_rest(at + form->len, end)
		                       : foreign_line(at + form->len, end, client, &is_divided);
		if (next == NULL || next - at > LINES_CLASSIC_MAX)
			break;
		at = next;
		run.lines++;
		run.divided += is_divided;
	}
	run.len = (size_t)(at - bytes);
	return run;
}

size_t
skim_net(const struct skim_form *form, const struct skim_client *client, const char *bytes,
    size_t len, struct skim_net *ret)
{
	const char *at;

	if (len < form->len + AHEAD || !has_prefix(form, bytes))
		return 0;
	at = bytes + form->len;
	ret->is_v6 = false;
	at = *at == '[' ? foreign_bracketed(at, client, ret) : foreign_net(at, client, ret);
	return at != NULL && *at == '\n' ? (size_t)(at - bytes) + 1 : 0;
}

struct addr
skim_addr(const struct skim_net *net)
{
	unsigned char bytes[2 * sizeof net->high];

	bytes_put64(bytes, net->high);
	bytes_put64(bytes + sizeof net->high, net->low);
	return addr_from_v6(bytes, 0);
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
		if (next == NULL)
			next = foreign_in_list(at, client);
		if (next == NULL || !str_is_space(*next))
			return from;
		at = next;
		from = (size_t)(at - bytes);
	}
}
