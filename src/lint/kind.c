/*
 * NAME     kind - what two tests of one word have to say to each other
 * PURPOSE  Which finding a difference is, what each test means in words, and how the word is written
 *          so that both readings take it alike.
 * INVARIANTS  A word is mended to what the plain reading makes of it; if that is nothing, to what
 *          the classic one does, where that is not a guess.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"
#include "lint/inside.h"

/* ---- which finding ---- */

/* Digits and dots that are no address, and not looked for in names, are no client's address. */
bool
kind_is_void(const struct test *test)
{
	return test->kind == TEST_VOID ||
	    (test->kind == TEST_EXACT && test->subject == SUBJECT_HOST &&
	        !(test->flags & TEST_NAME));
}

/* N/M that the plain way does not take: is N, and M if it is a quad, written in plain decimals? */
static bool
has_odd_quad(const struct test *test)
{
	const char *slash = memchr(test->text, '/', test->len);
	size_t net_len = slash != NULL ? (size_t)(slash - test->text) : test->len;
	size_t mask_len = slash != NULL ? test->len - net_len - 1 : 0;
	struct addr addr;

	return !addr_parse_v4(test->text, net_len, &addr) ||
	    (mask_len > 0 && memchr(slash, '.', mask_len + 1) != NULL &&
	        !addr_parse_v4(slash + 1, mask_len, &addr));
}

static enum lint_id
kind_of_bad_net(const struct test *classic)
{
	const char *slash = memchr(classic->text, '/', classic->len);
	const char *end = classic->text + classic->len;

	if (classic->kind == TEST_NET4)
		return has_odd_quad(classic) ? LINT_OCTAL : LINT_RUBBISH_LENGTH;
	if (classic->kind != TEST_NET6 || slash == NULL)
		return LINT_BAD_NET;
	while (slash < end && !str_is_digit(*slash))
		slash++;
	return slash == end ? LINT_NO_LENGTH : LINT_RUBBISH_LENGTH;
}

static enum lint_id
kind_of_void(const struct test *classic, const struct test *plain)
{
	switch ((int)plain->diag) {
	case DIAG_EMPTY_HOST:
		return LINT_EMPTY_HOST;
	case DIAG_BAD_BRACKETS:
		return LINT_BAD_BRACKETS;
	case DIAG_BAD_ADDRESS:
		return memchr(plain->text, '-', plain->len) != NULL ? LINT_RANGE : LINT_BAD_ADDRESS;
	case DIAG_BAD_NET:
		return kind_of_bad_net(classic);
	default:
		return LINT_READINGS_DIFFER;
	}
}

static enum lint_id
kind_of_net4(const struct test *plain)
{
	if (memchr(plain->text, ':', plain->len) != NULL)
		return LINT_MAPPED;
	if (plain->v4.mask == 0)
		return LINT_SLASH_ZERO;
	return plain->v4.mask == UINT32_MAX ? LINT_ALL_ONES : LINT_HOST_BITS;
}

static enum lint_id
kind_of_host(const struct test *classic, const struct test *plain)
{
	switch ((int)plain->kind) {
	case TEST_VOID:
		return kind_of_void(classic, plain);
	case TEST_NET4:
		return classic->kind == TEST_NET4 ? LINT_IDS : kind_of_net4(plain);
	case TEST_NET6:
		if (classic->kind == TEST_NET6)
			return LINT_IDS;
		return plain->text[0] == '[' ? LINT_LENGTH_IN_BRACKETS : LINT_BARE_IPV6;
	case TEST_NAME_UNKNOWN:
	case TEST_NAME_PARANOID:
		return LINT_STATE_NAME;
	case TEST_GLOB:
		/* Stars match any address before a name is looked at. */
		if (classic->flags == plain->flags || str_consists_of(plain->text, plain->len, "*"))
			return LINT_IDS;
		return classic->flags & TEST_STARS ? LINT_GLOB_STARS : LINT_GLOB_DIGITS;
	default:
		return classic->kind == plain->kind && classic->flags == plain->flags
		    ? LINT_IDS
		    : LINT_READINGS_DIFFER;
	}
}

/* A daemon or a user. */
static enum lint_id
kind_of_subject(const struct test *classic, const struct test *plain)
{
	if (classic->kind == plain->kind)
		return classic->flags == plain->flags ? LINT_IDS : LINT_GLOB_STARS;
	if (classic->kind == TEST_PORT)
		return str_consists_of(plain->text, plain->len, "0123456789") ? LINT_PORT_WRAP
		                                                              : LINT_PORT_SIGN;
	return plain->text[0] == '[' ? LINT_BRACKETED_NAME : LINT_READINGS_DIFFER;
}

enum lint_id
kind_of(const struct test *classic, const struct test *plain)
{
	return plain->subject == SUBJECT_HOST ? kind_of_host(classic, plain)
	                                      : kind_of_subject(classic, plain);
}

/* ---- in words ---- */

static const char *const meanings[TEST_KINDS] = {
    [TEST_VOID] = "nobody",
    [TEST_EXCEPT] = "EXCEPT",
    [TEST_ALL] = "all",
    [TEST_KNOWN] = "known ones",
    [TEST_GLOB] = "texts like it",
    [TEST_SUFFIX] = "texts that end so",
    [TEST_PREFIX] = "texts that begin so",
    [TEST_EXACT] = "that very text",
    [TEST_ADDR4] = "that address",
    [TEST_NET4] = "the network ",
    [TEST_NET6] = "the network ",
    [TEST_NETGROUP] = "the netgroup",
    [TEST_LIST] = "the list",
    [TEST_HOST_KNOWN] = "known hosts",
    [TEST_LOCAL] = "local hosts",
    [TEST_NAME_UNKNOWN] = "hosts without name or address",
    [TEST_NAME_PARANOID] = "hosts with a doubtful name",
    [TEST_PORT] = "the server's port ",
};

static void
add_quad(struct buf *buf, uint32_t bits)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr addr = {.s_addr = htonl(bits)};

	buf_add_str(buf, inet_ntop(AF_INET, &addr, text, sizeof text));
}

static bool
is_prefix(uint32_t mask)
{
	return (~mask & (~mask + 1)) == 0;
}

/* As both readings take it: a length where there is one from 1 to 31. */
static void
add_net4(struct buf *buf, uint32_t net, uint32_t mask)
{
	unsigned bits = 0;

	add_quad(buf, net);
	if (mask == UINT32_MAX)
		return;
	buf_add_char(buf, '/');
	if (mask == 0 || !is_prefix(mask)) {
		add_quad(buf, mask);
		return;
	}
	while (mask << bits != 0)
		bits++;
	buf_add_number(buf, bits);
}

static void
add_addr6(struct buf *buf, const struct net6 *net)
{
	char text[ADDR_TEXT_MAX];

	buf_add(buf, text, addr_format_v6(net->addr.bytes, text));
}

static void
add_net6(struct buf *buf, const struct net6 *net)
{
	buf_add_char(buf, '[');
	add_addr6(buf, net);
	if (net->scope_len > 0) {
		buf_add_char(buf, '%');
		buf_add(buf, net->scope, net->scope_len);
	}
	buf_add_char(buf, ']');
	if (net->len_bits == ADDR_BITS)
		return;
	buf_add_char(buf, '/');
	buf_add_number(buf, net->len_bits);
}

void
kind_describe(const struct test *test, struct buf *buf)
{
	if (test->kind == TEST_NET4) {
		buf_add_str(
		    buf, test->v4.mask == UINT32_MAX ? "the address " : meanings[TEST_NET4]);
		add_net4(buf, test->v4.net, test->v4.mask);
		return;
	}
	if (test->kind == TEST_NET6) {
		buf_add_str(
		    buf, test->v6->len_bits == ADDR_BITS ? "the address " : meanings[TEST_NET6]);
		add_addr6(buf, test->v6);
		if (test->v6->len_bits < ADDR_BITS) {
			buf_add_char(buf, '/');
			buf_add_number(buf, test->v6->len_bits);
		}
		return;
	}
	buf_add_str(buf, meanings[test->kind]);
	if (test->kind == TEST_PORT)
		buf_add_number(buf, test->port);
	else if (test->subject == SUBJECT_HOST && test->flags & TEST_NAME)
		buf_add_str(buf, ", in an address or a name");
}

/* ---- mended ---- */

/* "10.*" is "10.", but "1*" is more than addresses that begin with a part. */
static bool
mend_digits(const char *text, size_t len, struct buf *buf)
{
	while (len > 0 && text[len - 1] == '*')
		len--;
	if (len < 2 || text[len - 1] != '.' || !str_consists_of(text, len, "0123456789."))
		return false;
	return buf_add(buf, text, len);
}

static bool
mend_stars(const char *text, size_t len, struct buf *buf)
{
	if (mend_digits(text, len, buf))
		return true;
	while (len > 1 && text[len - 1] == '*' && text[len - 2] == '*')
		len--;
	/* Then the other difference would be left. */
	if (str_consists_of(text, len, "0123456789.*?"))
		return false;
	return buf_add(buf, text, len);
}

/* Part of an address, without the dot that says so. */
static bool
mend_prefix(const struct test *test, struct buf *buf)
{
	char padded[24];
	size_t len = test->len;
	struct addr addr;

	if (len > 11 || memchr(test->text, '-', len) != NULL)
		return false;
	memcpy(padded, test->text, len);
	for (int i = 0; i < 3; i++) {
		padded[len++] = '.';
		padded[len++] = '0';
		if (addr_parse_v4(padded, len, &addr))
			return buf_add(buf, test->text, test->len) && buf_add_char(buf, '.');
	}
	return false;
}

/* An IPv4 address or network in brackets. */
static bool
mend_brackets(const struct test *test, struct buf *buf)
{
	const char *inner = test->text + 1;
	size_t len = test->len;
	uint32_t net, mask;
	struct addr addr;

	if (len < 2 || test->text[0] != '[' || test->text[len - 1] != ']')
		return false;
	len -= 2;
	if (addr_parse_v4(inner, len, &addr))
		return buf_add(buf, inner, len);
	if (!net_parse_v4(inner, len, &net, &mask))
		return false;
	add_net4(buf, net, mask);
	return true;
}

static bool
mend_net(const struct test *test, struct buf *buf)
{
	if (test->kind == TEST_NET4)
		add_net4(buf, test->v4.net, test->v4.mask);
	else if (test->kind == TEST_NET6)
		add_net6(buf, test->v6);
	return test->kind == TEST_NET4 || test->kind == TEST_NET6;
}

bool
kind_mend(enum lint_id id, const struct test *classic, const struct test *plain, struct buf *buf)
{
	switch ((int)id) {
	case LINT_HOST_BITS:
	case LINT_SLASH_ZERO:
	case LINT_ALL_ONES:
	case LINT_MAPPED:
	case LINT_LENGTH_IN_BRACKETS:
	case LINT_BARE_IPV6:
		return mend_net(plain, buf);
	case LINT_RUBBISH_LENGTH:
		return mend_net(classic, buf);
	case LINT_GLOB_DIGITS:
		return mend_digits(plain->text, plain->len, buf);
	case LINT_GLOB_STARS:
		return mend_stars(plain->text, plain->len, buf);
	case LINT_BAD_ADDRESS:
		return mend_prefix(plain, buf);
	case LINT_BAD_NET:
	case LINT_BAD_BRACKETS:
		return mend_brackets(plain, buf);
	case LINT_PORT_SIGN:
		buf_add_number(buf, classic->port);
		return true;
	default:
		return false;
	}
}
