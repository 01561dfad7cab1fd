/*
 * NAME     skim - lines that do not concern a client
 * PURPOSE  Passes over a line of a large table in some tens of instructions.
 * INVARIANTS  Passed over is only what judging would come to nothing for, both ways: daemons are
 *          named in letters, so that their tests ask for nothing and find nothing; clients are
 *          canonical quads, or networks of such without host bits, none of which holds the
 *          address. Whatever is not of exactly that form is judged.
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

void
skim_learn(struct skim *skim, const struct line *line, const struct rule *rule, unsigned count)
{
	const struct list *clients = &rule->clients;
	size_t at = 0, len, head;

	if (count != 1 || line->joined || line->fault != LINE_FINE || rule->code != DIAG_NONE)
		return;
	while (at < clients->len && lexer_is_separator(clients->text[at]))
		at++;
	len = (size_t)(clients->text + at - line->text);
	if (at == clients->len || !str_is_digit(clients->text[at]) || len > SKIM_PREFIX_MAX ||
	    !is_plain_daemons(&rule->daemons))
		return;
	head = len < sizeof skim->head ? len : sizeof skim->head;
	*skim = (struct skim){.len = len};
	memcpy(skim->prefix, line->text, len);
	memset(&skim->head_mask, 0xff, head);
	memcpy(&skim->head, line->text, head);
}

/* ---- words ---- */

/* Up to three digits without a leading zero are moved into *quad. NULL: it is no octet. */
static inline const char *
octet(const char *at, uint32_t *quad)
{
	unsigned value = (unsigned char)at[0] - (unsigned)'0', digit;

	if (value > 9)
		return NULL;
	digit = (unsigned char)*++at - (unsigned)'0';
	if (digit <= 9) {
		if (value == 0)
			return NULL;
		value = value * 10 + digit;
		digit = (unsigned char)*++at - (unsigned)'0';
		if (digit <= 9) {
			value = value * 10 + digit;
			if (value > 255)
				return NULL;
			at++;
		}
	}
	*quad = *quad << 8 | value;
	return at;
}

/* NULL: it is no quad. What stands behind it is not looked at. */
static inline const char *
quad(const char *at, uint32_t *ret)
{
	*ret = 0;
	for (unsigned i = 0; i < 3; i++) {
		at = octet(at, ret);
		if (at == NULL || *at++ != '.')
			return NULL;
	}
	return octet(at, ret);
}

/* A length, or the mask of one, as both ways have it. */
static const char *
mask(const char *at, uint32_t *ret)
{
	uint32_t bits = 0, host;
	const char *end = octet(at, &bits);

	if (end != NULL && *end == '.') {
		end = quad(at, ret);
		host = ~*ret;
		return end != NULL && *ret != 0 && host != 0 && (host & (host + 1)) == 0 ? end
		                                                                         : NULL;
	}
	if (end == NULL || bits == 0 || bits > V4_BITS)
		return NULL;
	*ret = UINT32_MAX << (V4_BITS - bits);
	return end;
}

/* A word that does not hold the address. NULL: it may. */
static inline const char *
foreign(const char *at, const struct addr_fact *client)
{
	uint32_t net, bits = UINT32_MAX;

	at = quad(at, &net);
	if (at != NULL && *at == '/') {
		at = mask(at + 1, &bits);
		if (at != NULL && (net & ~bits) != 0)
			return NULL;
	}
	if (at == NULL || (client->is_v4 && (client->v4 & bits) == net))
		return NULL;
	return at;
}

/* ---- lines ---- */

/* From a line's first word to behind its newline. NULL: it may concern the client. */
static inline const char *
foreign_line(const char *at, const char *end, const struct addr_fact *client)
{
	while (end - at >= AHEAD) {
		at = foreign(at, client);
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
skim_pass(const struct skim *skim, const struct addr_fact *client, const char *bytes, size_t len,
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
