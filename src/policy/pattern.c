/*
 * NAME     pattern - words of a list into tests
 * PURPOSE  Everything that is known about how a word is spelled, the classic and the plain way.
 * INVARIANTS  Total. A word without a meaning becomes TEST_VOID, which matches nobody; the plain
 *          way says why. An address pattern never asks for a name.
 * SEE      hosts_access(5), docs/decisions/two-readings.md
 */
#include "policy/pattern.h"

#include <string.h>

#include "base/diag.h"
#include "base/str.h"
#include "policy/classic.h"

static void
set_addr4(struct test *test, const struct addr *addr)
{
	test->kind = TEST_ADDR4;
	test->v4.net = addr_v4_bits(addr);
	test->v4.mask = UINT32_MAX;
}

static void
set_void(struct test *test, enum diag_code why)
{
	test->kind = TEST_VOID;
	test->diag = why;
}

/* ---- what a word says of any text ---- */

static void
text_test(struct test *test)
{
	const char *text = test->text;
	size_t len = test->len;
	bool glob = false;

	for (size_t i = 0; i < len; i++)
		glob = glob || text[i] == '*' || text[i] == '?';
	if (glob)
		test->kind = TEST_GLOB;
	else if (len > 0 && text[0] == '.')
		test->kind = TEST_SUFFIX;
	else if (len == 3 && str_is(text, len, "ALL"))
		test->kind = TEST_ALL;
	else if (len == 5 && str_is(text, len, "KNOWN"))
		test->kind = TEST_KNOWN;
	else if (len > 0 && text[len - 1] == '.')
		test->kind = TEST_PREFIX;
	else
		test->kind = TEST_EXACT;
}

/* ---- what it says of a host, the classic way ---- */

static bool
classic_net6(const char *text, size_t len, struct net6 *net)
{
	size_t scope_len;

	if (len < 2 || text[0] != '[' || text[len - 1] != ']' ||
	    !addr_parse_v6(text + 1, len - 2, &net->addr, &net->scope, &scope_len))
		return false;
	net->scope_len = (uint8_t)scope_len;
	return true;
}

static bool
ends_in_stars(const char *text, size_t len)
{
	return len >= 2 && text[len - 1] == '*' && text[len - 2] == '*';
}

/* A word in brackets is an IPv6 address or nothing, whatever it is to say something of. Several stars
 * at the end of a glob do not stand for an empty text. */
static void
classic_text_test(struct test *test, struct net6 *net)
{
	text_test(test);
	if (ends_in_stars(test->text, test->len))
		test->flags |= TEST_STARS;
	if (test->kind != TEST_EXACT || test->len < 2 || test->text[0] != '[' ||
	    test->text[test->len - 1] != ']')
		return;
	if (classic_net6(test->text, test->len, net)) {
		test->kind = TEST_NET6;
		net->len_bits = ADDR_BITS;
		test->v6 = net;
	} else {
		set_void(test, DIAG_NONE);
	}
}

/* N/M; slash is outside brackets. */
static void
classic_net(struct test *test, struct net6 *net, size_t slash)
{
	const char *mask = test->text + slash + 1;
	size_t mask_len = test->len - slash - 1;
	uint32_t bits;
	long length;

	set_void(test, DIAG_NONE);
	if (classic_quad(test->text, slash, &bits)) {
		/* Host bits in the net can never be equal to what the mask leaves. */
		if (classic_mask(mask, mask_len, &test->v4.mask) && (bits & ~test->v4.mask) == 0) {
			test->v4.net = bits;
			test->kind = TEST_NET4;
		}
	} else if (classic_net6(test->text, slash, net)) {
		length = classic_number(mask, mask_len);
		if (length >= 0 && length <= ADDR_BITS) {
			net->len_bits = (uint8_t)length;
			test->kind = TEST_NET6;
			test->v6 = net;
		}
	}
}

static void
classic_host(struct test *test, struct net6 *net)
{
	const char *text = test->text;
	size_t len = test->len, slash = classic_find(text, len, '/');
	struct addr quad;

	if (slash < len) {
		classic_net(test, net, slash);
		return;
	}
	classic_text_test(test, net);
	if (test->kind == TEST_NET6)
		test->flags |= TEST_NAME_SEEN;
	else if (test->kind == TEST_EXACT && addr_parse_v4(text, len, &quad))
		set_addr4(test, &quad);
	else if (test->kind != TEST_VOID && !str_consists_of(text, len, "0123456789./"))
		test->flags |= TEST_NAME;
}

/* ---- and the plain way ---- */

static void
plain_net6(struct test *test, struct net6 *net)
{
	unsigned bits;

	if (!addr_is_v4(&net->addr) || net->len_bits < ADDR_V4_PREFIX_BITS) {
		test->kind = TEST_NET6;
		test->v6 = net;
		if (net->len_bits == ADDR_BITS && test->text[test->len - 1] == ']')
			test->flags |= TEST_NAME_SEEN;
		return;
	}
	/* A mapped network is the IPv4 network that it maps. */
	bits = net->len_bits - ADDR_V4_PREFIX_BITS;
	test->kind = TEST_NET4;
	test->v4.mask = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
	test->v4.net = test->v4.mask & addr_v4_bits(&net->addr);
}

/* A word of address characters only: what it is, or why it is nothing. */
static void
plain_numeric(struct test *test)
{
	struct addr quad;

	if (addr_parse_v4(test->text, test->len, &quad)) {
		set_addr4(test, &quad);
		return;
	}
	text_test(test);
	if (test->kind == TEST_EXACT)
		set_void(test, DIAG_BAD_ADDRESS);
}

static void
plain_host(struct test *test, struct net6 *net)
{
	const char *text = test->text;
	size_t len = test->len;

	if (net_parse_v6(text, len, net)) {
		plain_net6(test, net);
	} else if (net_parse_v4(text, len, &test->v4.net, &test->v4.mask)) {
		test->kind = TEST_NET4;
	} else if (memchr(text, '/', len) != NULL) {
		set_void(test, DIAG_BAD_NET);
	} else if (memchr(text, '[', len) != NULL || memchr(text, ']', len) != NULL) {
		set_void(test, DIAG_BAD_BRACKETS);
	} else if (str_is(text, len, "UNKNOWN")) {
		test->kind = TEST_NAME_UNKNOWN;
	} else if (str_is(text, len, "PARANOID")) {
		test->kind = TEST_NAME_PARANOID;
	} else if (str_consists_of(text, len, "0123456789.-") && str_is_digit(text[0])) {
		plain_numeric(test);
	} else {
		text_test(test);
		/* A pattern of digits is an address pattern: no name can satisfy it. */
		if (!str_consists_of(text, len, "0123456789.*?"))
			test->flags |= TEST_NAME;
	}
}

static void
host_test(struct test *test, struct net6 *net, enum way way)
{
	const char *text = test->text;
	size_t len = test->len;

	test->subject = SUBJECT_HOST;
	if (len == 0) {
		set_void(test, DIAG_EMPTY_HOST);
	} else if (text[0] == '@') {
		test->kind = TEST_NETGROUP;
		test->text++;
		test->len--;
	} else if (text[0] == '/') {
		test->kind = TEST_LIST;
	} else if (str_is(text, len, "KNOWN")) {
		test->kind = TEST_HOST_KNOWN;
	} else if (str_is(text, len, "LOCAL")) {
		test->kind = TEST_LOCAL;
	} else if (way == WAY_CLASSIC) {
		classic_host(test, net);
	} else {
		plain_host(test, net);
	}
}

/* ---- words ---- */

/* What a word says of a daemon or a user, if it is no port. */
static void
subject_test(struct test *test, struct net6 *net, enum way way)
{
	if (way == WAY_CLASSIC)
		classic_text_test(test, net);
	else
		text_test(test);
}

static void
daemon_test(struct test *test, struct net6 *net, enum way way)
{
	unsigned long port;

	test->subject = SUBJECT_DAEMON;
	if (way == WAY_CLASSIC ? classic_port(test->text, test->len, &test->port)
	                       : str_number(test->text, test->len, 65535, &port)) {
		test->kind = TEST_PORT;
		if (way == WAY_PLAIN)
			test->port = (unsigned)port;
	} else {
		subject_test(test, net, way);
	}
}

/* Read a word one way into one or two tests. Returns how many. */
static unsigned
read_one_way(struct test *tests, struct net6 *nets, enum role role, const struct test *word)
{
	enum way way = (enum way)word->ways;
	size_t len = word->len;
	size_t split =
	    role != ROLE_FILE && len > 0 ? 1 + classic_find(word->text + 1, len - 1, '@') : len;

	tests[0] = tests[1] = *word;
	if (split >= len) {
		if (role == ROLE_DAEMONS)
			daemon_test(&tests[0], &nets[0], way);
		else
			host_test(&tests[0], &nets[0], way);
		return 1;
	}
	tests[1].text += split + 1;
	tests[1].len -= (uint32_t)split + 1;
	tests[0].len = (uint32_t)split;
	if (role == ROLE_DAEMONS) {
		daemon_test(&tests[0], &nets[0], way);
		host_test(&tests[1], &nets[1], way);
	} else {
		struct test user = tests[0];

		tests[0] = tests[1];
		host_test(&tests[0], &nets[0], way);
		user.subject = SUBJECT_USER;
		subject_test(&user, &nets[1], way);
		tests[1] = user;
	}
	tests[0].flags |= TEST_AND;
	return 2;
}

static bool
same_test(const struct test *a, const struct test *b)
{
	if (a->kind != b->kind || a->flags != b->flags || a->text != b->text || a->len != b->len)
		return false;
	if (a->kind == TEST_NET4)
		return a->v4.net == b->v4.net && a->v4.mask == b->v4.mask;
	if (a->kind == TEST_NET6)
		return memcmp(&a->v6->addr, &b->v6->addr, sizeof a->v6->addr) == 0 &&
		    a->v6->len_bits == b->v6->len_bits && a->v6->scope_len == b->v6->scope_len;
	if (a->kind == TEST_PORT)
		return a->port == b->port;
	return a->kind != TEST_VOID || a->diag == b->diag;
}

bool
pattern_is_name(const char *text, size_t len)
{
	bool has_letter = false, has_dot = false;

	for (size_t i = 0; i < len; i++) {
		char lower = str_lower(text[i]);
		bool letter = lower >= 'a' && lower <= 'z';

		if (!letter && text[i] != '.' && (i == 0 || !(str_is_digit(lower) || lower == '-')))
			return false;
		has_letter |= letter;
		has_dot |= text[i] == '.';
	}
	return has_letter && has_dot;
}

/* Words that plainly mean the same both ways, and fill most tables: a daemon's name, an IPv4
 * address, a host's name. What is decided here would come out the same below. */
static bool
read_common(struct pattern *pattern, enum role role, const struct test *word)
{
	struct test *test = &pattern->tests[0];
	bool digit = word->len > 0 && str_is_digit(word->text[0]);
	struct addr addr;

	if (digit && role != ROLE_DAEMONS && addr_parse_v4(word->text, word->len, &addr)) {
		*test = *word;
		test->subject = SUBJECT_HOST;
		set_addr4(test, &addr);
	} else if (role == ROLE_DAEMONS && str_lower(word->text[0]) >= 'a' &&
	    str_lower(word->text[0]) <= 'z' && memchr(word->text, '@', word->len) == NULL &&
	    !ends_in_stars(word->text, word->len)) {
		*test = *word;
		test->subject = SUBJECT_DAEMON;
		text_test(test);
	} else if (role != ROLE_DAEMONS && pattern_is_name(word->text, word->len)) {
		*test = *word;
		test->subject = SUBJECT_HOST;
		text_test(test);
		test->flags |= TEST_NAME;
	} else {
		return false;
	}
	pattern->count = 1;
	return true;
}

void
pattern_read(struct pattern *pattern, enum role role, ways which, const char *text, size_t len)
{
	struct test word = {.text = text, .len = (uint32_t)len}, *tests = pattern->tests;
	unsigned first = 0, second = 0;

	word.ways = which;
	if (len == 6 && role != ROLE_FILE && str_is(text, len, "EXCEPT")) {
		word.kind = TEST_EXCEPT;
		tests[0] = word;
		pattern->count = 1;
		return;
	}
	if (read_common(pattern, role, &word))
		return;
	if (which & WAY_CLASSIC) {
		word.ways = WAY_CLASSIC;
		first = read_one_way(tests, pattern->nets, role, &word);
	}
	if (which & WAY_PLAIN) {
		word.ways = WAY_PLAIN;
		second = read_one_way(tests + first, pattern->nets + first, role, &word);
	}
	pattern->count = first + second;
	if (first != second)
		return;
	for (unsigned i = 0; i < first; i++) {
		if (!same_test(&tests[i], &tests[first + i]))
			return;
	}
	for (unsigned i = 0; i < first; i++)
		tests[i].ways = WAY_BOTH;
	pattern->count = first;
}
