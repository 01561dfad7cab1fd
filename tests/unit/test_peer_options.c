/*
 * NAME     test_peer_options - IP options that no kernel hands out
 * PURPOSE  getsockopt and setsockopt here are stand-ins: what is told of a list that is cut short or
 *          laid out as RFC 791 does not, and what is switched off. Options of real clients are for
 *          test_peer_socket.c and tests/e2e/0222-ip-options.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer/socket.h"

enum {
	END = 0,
	NOP = 1,
	RR = 7,
	TIMESTAMP = 68,
	SECURITY = 130,
	LSRR = 131,
	SSRR = 137,
	ALERT = 148, /* RFC 791, 3.1; RFC 2113 */
};

struct list {
	enum peer_options want;
	socklen_t len;
	unsigned char bytes[PEER_OPTIONS_MAX];
};

static const struct list *given;
static int get_error, clear_error;
static unsigned cleared;

int __wrap_getsockopt(int, int, int, void *, socklen_t *);
int __wrap_setsockopt(int, int, int, const void *, socklen_t);

int
__wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	assert_true(fd >= 0);
	assert_int_equal(level, IPPROTO_IP);
	assert_int_equal(name, IP_OPTIONS);
	assert_int_equal(*len, PEER_OPTIONS_MAX);
	if (get_error != 0) {
		errno = get_error;
		return -1;
	}
	memcpy(value, given->bytes, given->len);
	*len = given->len;
	return 0;
}

int
__wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	assert_true(fd >= 0);
	assert_int_equal(level, IPPROTO_IP);
	assert_int_equal(name, IP_OPTIONS);
	assert_true(value == NULL || len == 0);
	cleared++;
	errno = clear_error;
	return clear_error == 0 ? 0 : -1;
}

/* As for a socket with that list; the bytes behind it must not count. */
static enum peer_options
ask(const struct list *list, socklen_t len)
{
	struct list cut = *list;
	unsigned char bytes[PEER_OPTIONS_MAX];
	size_t got = SIZE_MAX;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	enum peer_options options;

	assert_true(fd >= 0);
	cut.len = len;
	given = &cut;
	cleared = 0;
	memset(bytes, LSRR, sizeof bytes);
	options = peer_ip_options(fd, bytes, &got);
	close(fd);
	assert_int_equal(got, get_error != 0 ? 0 : len);
	assert_memory_equal(bytes, list->bytes, get_error != 0 ? 0 : len);
	return options;
}

static void
check(const struct list *lists, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		errno = 0;
		assert_int_equal(ask(&lists[i], lists[i].len), lists[i].want);
		assert_int_equal(cleared, lists[i].want == PEER_OPTIONS_CLEARED);
		assert_int_equal(errno, lists[i].want == PEER_OPTIONS_FAILED ? EBADMSG : 0);
	}
}

static void
lists_that_are_laid_out_well(void **state)
{
	static const struct list lists[] = {
	    {PEER_OPTIONS_NONE, 0, {LSRR}}, {PEER_OPTIONS_CLEARED, 1, {END}},
	    {PEER_OPTIONS_CLEARED, 2, {NOP, NOP}}, {PEER_OPTIONS_CLEARED, 2, {TIMESTAMP, 2}},
	    {PEER_OPTIONS_CLEARED, 4, {ALERT, 4, 0, 0}},
	    {PEER_OPTIONS_CLEARED, 12, {SECURITY, 11, LSRR, SSRR, LSRR}},
	    {PEER_OPTIONS_CLEARED, 40, {RR, 39, 4, LSRR, [39] = NOP}},
	    {PEER_OPTIONS_CLEARED, 40, {RR, 40, 4, SSRR}},
	    {PEER_OPTIONS_CLEARED, 40, {END, LSRR, 7, 4}},
	    {PEER_OPTIONS_CLEARED, 6, {255, 6, LSRR}}, /* a kind that nobody knows */
	};

	(void)state;
	check(lists, sizeof lists / sizeof *lists);
}

/* The kind alone is enough, whatever stands behind it. */
static void
routes_that_are_cut(void **state)
{
	static const struct list lists[] = {
	    {PEER_OPTIONS_ROUTED, 1, {LSRR}},
	    {PEER_OPTIONS_ROUTED, 1, {SSRR}},
	    {PEER_OPTIONS_ROUTED, 2, {LSRR, 0}},
	    {PEER_OPTIONS_ROUTED, 2, {LSRR, 1}},
	    {PEER_OPTIONS_ROUTED, 2, {SSRR, 255}},
	    {PEER_OPTIONS_ROUTED, 3, {NOP, NOP, LSRR}},
	    {PEER_OPTIONS_ROUTED, 5, {RR, 3, 4, NOP, SSRR}},
	    {PEER_OPTIONS_ROUTED, 40, {RR, 39, 4, [39] = LSRR}},
	};

	(void)state;
	check(lists, sizeof lists / sizeof *lists);
}

/* Behind such an option anything may stand: nobody gets past it. */
static void
lists_that_are_laid_out_ill(void **state)
{
	static const struct list lists[] = {
	    {PEER_OPTIONS_FAILED, 1, {RR}},
	    {PEER_OPTIONS_FAILED, 2, {RR, 0}},
	    {PEER_OPTIONS_FAILED, 2, {RR, 1}},
	    {PEER_OPTIONS_FAILED, 2, {RR, 3}},
	    {PEER_OPTIONS_FAILED, 3, {NOP, NOP, RR}},
	    {PEER_OPTIONS_FAILED, 11, {RR, 0, LSRR, 7, 4}},
	    {PEER_OPTIONS_FAILED, 11, {RR, 1, LSRR, 7, 4}},
	    {PEER_OPTIONS_FAILED, 11, {RR, 255, LSRR, 7, 4}},
	    {PEER_OPTIONS_FAILED, 40, {RR, 41, 4}},
	    {PEER_OPTIONS_FAILED, 40, {RR, 39, 4, [39] = ALERT}},
	};

	(void)state;
	check(lists, sizeof lists / sizeof *lists);
}

/* A route of full length behind others, cut after each byte: refused, or cut before its first byte. */
static void
no_cut_lets_a_route_through(void **state)
{
	static const struct list whole = {PEER_OPTIONS_ROUTED, 20,
	    {NOP, TIMESTAMP, 8, 5, [9] = NOP, [10] = LSRR, 7, 4, 10, 0, 0, 1, END}};

	(void)state;
	for (socklen_t len = 0; len <= whole.len; len++)
		assert_int_equal(ask(&whole, len),
		    len > 10                 ? PEER_OPTIONS_ROUTED
		        : len > 1 && len < 9 ? PEER_OPTIONS_FAILED
		        : len == 0           ? PEER_OPTIONS_NONE
		                             : PEER_OPTIONS_CLEARED);
}

/* 40 bytes of any kind end somewhere, and a route at the front of them is always one. */
static void
any_bytes_end(void **state)
{
	uint32_t bits = 1;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct list list = {.len = PEER_OPTIONS_MAX};

		for (unsigned k = 0; k < PEER_OPTIONS_MAX; k++) {
			bits = bits * 1103515245 + 12345;
			list.bytes[k] = (uint8_t)(bits >> 16);
			if (bits >> 29 != 0)
				list.bytes[k] %= 8;
		}
		list.bytes[0] = i % 2 ? LSRR : list.bytes[0];
		if (i % 2)
			assert_int_equal(ask(&list, list.len), PEER_OPTIONS_ROUTED);
		else
			assert_int_not_equal(ask(&list, list.len), PEER_OPTIONS_NONE);
	}
}

static void
calls_that_fail(void **state)
{
	static const struct list nops = {PEER_OPTIONS_FAILED, 4, {NOP, NOP, NOP, NOP}};

	(void)state;
	get_error = ENOMEM;
	assert_int_equal(ask(&nops, nops.len), PEER_OPTIONS_FAILED);
	assert_int_equal(cleared, 0);
	get_error = ENOPROTOOPT;
	assert_int_equal(ask(&nops, nops.len), PEER_OPTIONS_NONE);
	get_error = 0;
	clear_error = EPERM;
	assert_int_equal(ask(&nops, nops.len), PEER_OPTIONS_FAILED);
	assert_int_equal(errno, EPERM);
	clear_error = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lists_that_are_laid_out_well),
	    cmocka_unit_test(routes_that_are_cut),
	    cmocka_unit_test(lists_that_are_laid_out_ill),
	    cmocka_unit_test(no_cut_lets_a_route_through),
	    cmocka_unit_test(any_bytes_end),
	    cmocka_unit_test(calls_that_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
