/* Words into tests: what each spelling is, the classic and the plain way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/diag.h"
#include "policy/pattern.h"

static const char *const kinds[TEST_KINDS] = {"void", "except", "all", "known", "glob", "suffix",
    "prefix", "exact", "addr4", "net4", "net6", "netgroup", "list", "host-known", "local",
    "unknown", "paranoid", "port"};

static void
describe(enum role role, const char *word, char *out, size_t size)
{
	struct pattern pattern;
	size_t at = 0;

	pattern_read(&pattern, role, WAY_BOTH, word, strlen(word));
	for (unsigned i = 0; i < pattern.count; i++) {
		const struct test *test = &pattern.tests[i];

		at += (size_t)snprintf(out + at, size - at, "%s%s%s%s%s", at > 0 ? " " : "",
		    test->ways == WAY_BOTH          ? ""
		        : test->ways == WAY_CLASSIC ? "c:"
		                                    : "p:",
		    kinds[test->kind], test->flags & TEST_NAME ? "+name" : "",
		    test->flags & TEST_AND ? "&" : "");
	}
}

static const struct {
	enum role role;
	const char *word, *want;
} cases[] = {
    {ROLE_DAEMONS, "sshd", "exact"},
    {ROLE_DAEMONS, "ALL", "all"},
    {ROLE_DAEMONS, "except", "except"},
    {ROLE_DAEMONS, "in.", "prefix"},
    {ROLE_DAEMONS, "22", "port"},
    {ROLE_DAEMONS, "022", "port"},
    {ROLE_DAEMONS, "65535", "port"},
    {ROLE_DAEMONS, "65536", "exact"},
    {ROLE_DAEMONS, "+22", "c:port p:exact"},
    {ROLE_DAEMONS, "4294967318", "c:port p:exact"},
    {ROLE_DAEMONS, "18446744073709551638", "exact"},
    {ROLE_DAEMONS, "@d", "exact"},
    {ROLE_DAEMONS, "d@", "exact& void"},
    {ROLE_DAEMONS, "d@10.0.0.1", "exact& addr4"},
    {ROLE_DAEMONS, "d@[::1]", "exact& net6"},
    {ROLE_CLIENTS, "10.1.2.3", "addr4"},
    {ROLE_CLIENTS, "010.1.2.3", "c:exact p:void"},
    {ROLE_CLIENTS, "10.1.2", "c:exact p:void"},
    {ROLE_CLIENTS, "10.1.", "prefix"},
    {ROLE_CLIENTS, "10.1.*", "c:glob+name p:glob"},
    {ROLE_CLIENTS, "10.0.0.1-10.0.0.5", "c:exact+name p:void"},
    {ROLE_CLIENTS, "10.0.0.0/8", "net4"},
    {ROLE_CLIENTS, "10.0.0.0/255.0.0.0", "net4"},
    {ROLE_CLIENTS, "10.1.2.3/8", "c:void p:net4"},
    {ROLE_CLIENTS, "0.0.0.0/0", "c:void p:net4"},
    {ROLE_CLIENTS, "0.0.0.0/0.0.0.0", "net4"},
    {ROLE_CLIENTS, "10.1.2.3/32", "net4"},
    {ROLE_CLIENTS, "10.1.2.3/255.255.255.255", "c:void p:net4"},
    {ROLE_CLIENTS, "10.0.0.0/33", "c:void p:void"},
    {ROLE_CLIENTS, "10.0.0.0/08", "c:net4 p:void"},
    {ROLE_CLIENTS, "012.0.0.0/8", "c:net4 p:void"},
    {ROLE_CLIENTS, "host/8", "c:void p:void"},
    {ROLE_CLIENTS, "[::1]", "net6"},
    {ROLE_CLIENTS, "::1", "c:exact+name p:net6"},
    {ROLE_CLIENTS, "[2001:db8::]/32", "net6"},
    {ROLE_CLIENTS, "[2001:db8::/32]", "c:void p:net6"},
    {ROLE_CLIENTS, "2001:db8::/32", "c:void p:net6"},
    {ROLE_CLIENTS, "[2001:db8::]/", "c:net6 p:void"},
    {ROLE_CLIENTS, "[2001:db8::]/129", "c:void p:void"},
    {ROLE_CLIENTS, "[::ffff:10.0.0.0]/104", "c:net6 p:net4"},
    {ROLE_CLIENTS, "[10.1.2.3]", "c:void p:void"},
    {ROLE_CLIENTS, ".ex.org", "suffix+name"},
    {ROLE_CLIENTS, "ex.org", "exact+name"},
    {ROLE_CLIENTS, "Local", "local"},
    {ROLE_CLIENTS, "KNOWN", "host-known"},
    {ROLE_CLIENTS, "UNKNOWN", "c:exact+name p:unknown"},
    {ROLE_CLIENTS, "paranoid", "c:exact+name p:paranoid"},
    {ROLE_CLIENTS, "@group", "netgroup"},
    {ROLE_CLIENTS, "/etc/list", "list"},
    {ROLE_CLIENTS, "bob@10.0.0.0/8", "net4& exact"},
    {ROLE_CLIENTS, "KNOWN@ALL", "all+name& known"},
    {ROLE_CLIENTS, "a@b@c", "exact+name& exact"},
    {ROLE_CLIENTS, "bob@@group", "netgroup& exact"},
    {ROLE_CLIENTS, "bob@/etc/list", "list& exact"},
    {ROLE_CLIENTS, "bob@10.1.2.3/8", "c:void& c:exact p:net4& p:exact"},
    {ROLE_FILE, "a@b", "exact+name"},
    {ROLE_FILE, "EXCEPT", "exact+name"},
};

static void
test_words(void **state)
{
	char seen[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		describe(cases[i].role, cases[i].word, seen, sizeof seen);
		if (strcmp(seen, cases[i].want) != 0)
			print_error("%s\n", cases[i].word);
		assert_string_equal(seen, cases[i].want);
	}
}

/* A length and the mask that it means are the same network; one bit more is another. */
static void
test_lengths(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits <= 32; bits++) {
		uint32_t net, mask, by_mask, want = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
		char text[64];

		snprintf(text, sizeof text, "255.255.255.255/%u", bits);
		assert_true(net_parse_v4(text, strlen(text), &net, &mask));
		assert_int_equal(mask, want);
		assert_int_equal(net, want);
		snprintf(text, sizeof text, "255.255.255.255/%u.%u.%u.%u", want >> 24,
		    want >> 16 & 255, want >> 8 & 255, want & 255);
		assert_true(net_parse_v4(text, strlen(text), &net, &by_mask));
		assert_int_equal(by_mask, mask);
	}
}

static void
test_v6_spellings(void **state)
{
	static const char *const same[] = {
	    "2001:db8::/32", "[2001:db8::/32]", "[2001:db8::]/32", "2001:DB8:0::/32"};
	static const char *const none[] = {"[2001:db8::/32]/32", "[2001:db8::", "2001:db8::]",
	    "[2001:db8::]32", "2001:db8::/032", "2001:db8::/", "2001:db8::/129", "10.0.0.0/8", "",
	    "[]", "::%", "::1%abcdefghijklmnopqrstuvwxyzabcdefghijkl"};
	struct net6 first, net;

	(void)state;
	assert_true(net_parse_v6(same[0], strlen(same[0]), &first));
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		assert_true(net_parse_v6(same[i], strlen(same[i]), &net));
		assert_memory_equal(net.addr.bytes, first.addr.bytes, 16);
		assert_int_equal(net.len_bits, 32);
	}
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_false(net_parse_v6(none[i], strlen(none[i]), &net));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_v6_spellings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
