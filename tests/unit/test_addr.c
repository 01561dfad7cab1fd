/*
 * NAME     test_addr - addresses as values
 * PURPOSE  Round trips, strictness, and the bit at the boundary of every prefix length.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "chance.h"

/* The same numbers in every run. */
static uint32_t seed = 20240601;

static uint8_t
any_byte(void)
{
	seed = seed * 1664525 + 1013904223;
	return (uint8_t)(seed >> 24);
}

static bool
parse(const char *text, struct addr *ret)
{
	const char *scope;
	size_t scope_len, len = strlen(text);
	char *exact = malloc(len + 1); /* for the sanitizer: not a byte beyond len */
	bool ok;

	memcpy(exact, text, len);
	exact[len] = 'x';
	ok = addr_parse(exact, len, ret, &scope, &scope_len);
	free(exact);
	return ok;
}

static void
text_and_bytes_go_round(void **state)
{
	static const struct {
		const char *text, *canonical;
	} cases[] = {
	    {"0.0.0.0", "0.0.0.0"},
	    {"255.255.255.255", "255.255.255.255"},
	    {"10.1.2.3", "10.1.2.3"},
	    {"::", "::"},
	    {"::1", "::1"},
	    {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
	    {"2001:db8::0:1", "2001:db8::1"},
	    {"::ffff:10.1.2.3", "10.1.2.3"},
	    {"::FFFF:0a01:0203", "10.1.2.3"},
	    {"0:0:0:0:0:ffff:10.1.2.3", "10.1.2.3"},
	    {"fe80::1%eth0", "fe80::1"},
	    {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct addr a, again;
		char text[ADDR_TEXT_MAX];

		assert_true(parse(cases[i].text, &a));
		assert_int_equal(addr_format(&a, text), strlen(cases[i].canonical));
		assert_string_equal(text, cases[i].canonical);
		assert_true(parse(text, &again));
		assert_true(addr_eq(&a, &again));
	}
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t bytes[16];
		struct addr a, again;
		char text[ADDR_TEXT_MAX];
		size_t len;

		for (unsigned k = 0; k < 16; k++)
			bytes[k] = any_byte() & 1 ? any_byte() : 0; /* runs of zeroes */
		a = i % 2 ? addr_from_v4(bytes) : addr_from_v6(bytes, 0);
		len = addr_format(&a, text);
		assert_int_equal(len, strlen(text));
		assert_true(parse(text, &again));
		assert_memory_equal(a.bytes, again.bytes, 16);
	}
}

static void
what_is_no_address_is_none(void **state)
{
	static const char *const cases[] = {"", ".", "1", "1.2.3", "1.2.3.", "1.2.3.4.",
	    "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "01.2.3.4", "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4",
	    "1..2.3", "1.2.3.-4", "1.2.3.1000", "1.2.3.4/8", ":", ":::", "1::2::3", "::1/128",
	    "[::1]", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::g", "::1%", "::1.2.3.256",
	    "::1 ", "localhost", "::1%abcdefghijklmnopqrstuvwxyz0123456"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct addr a, before;

		memset(&a, 0xa5, sizeof a);
		before = a;
		assert_false(parse(cases[i], &a));
		assert_memory_equal(&a, &before, sizeof a);
	}
}

static void
bytes_behind_a_nul_are_no_address(void **state)
{
	struct addr a;
	const char *scope;
	size_t scope_len;

	(void)state;
	assert_false(addr_parse("::1\0", 4, &a, &scope, &scope_len));
	assert_false(addr_parse("1.2.3.4\0", 8, &a, &scope, &scope_len));
}

static void
scopes_are_handed_over_up_to_their_limit(void **state)
{
	char text[64] = "fe80::1%";

	(void)state;
	for (size_t len = ADDR_SCOPE_MAX - 2; len <= ADDR_SCOPE_MAX; len++) {
		struct addr a;
		const char *scope = NULL;
		size_t scope_len = 0;
		bool ok;

		memset(text + 8, 's', len);
		ok = addr_parse(text, 8 + len, &a, &scope, &scope_len);
		assert_int_equal(ok, len < ADDR_SCOPE_MAX);
		if (ok) {
			assert_ptr_equal(scope, text + 8);
			assert_int_equal(scope_len, len);
			assert_int_equal(a.scope, 0);
		}
	}
}

/* For every length: flipping any bit inside the prefix must break the match, flipping any other
 * must not. */
static void
every_prefix_ends_at_its_bit(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		uint8_t bytes[16];
		struct addr net;

		for (unsigned k = 0; k < 16; k++)
			bytes[k] = any_byte();
		net = round % 2 ? addr_from_v4(bytes) : addr_from_v6(bytes, 0);
		for (unsigned len = 0; len <= ADDR_BITS; len++) {
			assert_true(addr_has_prefix(&net, &net, len));
			for (unsigned bit = 0; bit < ADDR_BITS; bit++) {
				struct addr a = net;

				a.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
				assert_int_equal(addr_has_prefix(&a, &net, len), bit >= len);
				assert_false(addr_eq(&a, &net));
			}
		}
		assert_false(addr_has_prefix(&net, &net, ADDR_BITS + 1));
	}
}

static void
scopes_count_when_both_have_one(void **state)
{
	uint8_t bytes[16] = {0xfe, 0x80};
	struct addr none = addr_from_v6(bytes, 0), two = addr_from_v6(bytes, 2),
	            three = addr_from_v6(bytes, 3);

	(void)state;
	assert_true(addr_eq(&none, &two) && addr_eq(&two, &none) && addr_eq(&two, &two));
	assert_false(addr_eq(&two, &three));
	assert_true(addr_has_prefix(&two, &none, 10) && addr_has_prefix(&none, &two, 10));
	assert_false(addr_has_prefix(&two, &three, 10));
	assert_false(addr_has_prefix(&two, &three, 0));
}

static void
mapped_addresses_are_ipv4(void **state)
{
	struct addr a, b;

	(void)state;
	assert_true(parse("::ffff:1.2.3.4", &a) && parse("1.2.3.4", &b));
	assert_true(addr_is_v4(&a) && addr_is_v4(&b) && addr_eq(&a, &b));
	assert_true(parse("::1.2.3.4", &a));
	assert_false(addr_is_v4(&a));
	assert_false(addr_eq(&a, &b));
}

/* ---- the C library's own, for comparison ---- */

/* Put in, take out or change up to three bytes. */
static void
spoil(char text[64], const char *alphabet)
{
	for (uint64_t times = chance(4); times > 0; times--) {
		size_t len = strlen(text), at = chance(len + 1);
		char c = alphabet[chance(strlen(alphabet))];

		if (chance(2) == 0 && len < 60) {
			memmove(text + at + 1, text + at, len - at + 1);
			text[at] = c;
		} else if (at < len && chance(2) == 0) {
			memmove(text + at, text + at + 1, len - at);
		} else if (at < len) {
			text[at] = c;
		}
	}
}

static void
texts_are_read_as_inet_pton_does(void **state)
{
	static const char *const seeds[] = {"::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "fe80::1",
	    "1::", "2001:db8::1:2", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7::", "::1:2:3:4:5:6:7",
	    "::"};
	unsigned read = 0;

	(void)state;
	for (unsigned i = 0; i < 300000; i++) {
		char text[64];
		uint8_t bytes[16];
		const char *scope;
		size_t scope_len;
		struct addr addr;
		bool want;

		strcpy(text, seeds[i % (sizeof seeds / sizeof *seeds)]);
		spoil(text, "0123456789abcdefABCDEFg:::::....");
		want = strlen(text) < INET6_ADDRSTRLEN && inet_pton(AF_INET6, text, bytes) == 1;
		assert_int_equal(
		    addr_parse_v6(text, strlen(text), &addr, &scope, &scope_len), want);
		if (want)
			assert_memory_equal(addr.bytes, bytes, sizeof bytes);
		read += want;
	}
	assert_in_range(read, 50000, 299999);
}

static void
bytes_are_written_as_inet_ntop_does(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 300000; i++) {
		char want[INET6_ADDRSTRLEN], text[ADDR_TEXT_MAX];
		uint64_t zeros = chance(6);
		uint8_t bytes[16];

		for (unsigned k = 0; k < 8; k++) {
			unsigned group = (unsigned)(chance(65536) >> 4 * chance(4));

			group = chance(6) <= zeros ? 0 : chance(4) == 0 ? 0xffff : group;
			bytes[2 * k] = (uint8_t)(group >> 8);
			bytes[2 * k + 1] = (uint8_t)group;
		}
		inet_ntop(AF_INET6, bytes, want, sizeof want);
		assert_int_equal(addr_format_v6(bytes, text), strlen(want));
		assert_string_equal(text, want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_and_bytes_go_round),
	    cmocka_unit_test(what_is_no_address_is_none),
	    cmocka_unit_test(bytes_behind_a_nul_are_no_address),
	    cmocka_unit_test(scopes_are_handed_over_up_to_their_limit),
	    cmocka_unit_test(every_prefix_ends_at_its_bit),
	    cmocka_unit_test(scopes_count_when_both_have_one),
	    cmocka_unit_test(mapped_addresses_are_ipv4),
	    cmocka_unit_test(texts_are_read_as_inet_pton_does),
	    cmocka_unit_test(bytes_are_written_as_inet_ntop_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
