/* Which places have a client in common, and which address is whose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "cmd/inetd/endpoint.h"

/* "4 0.0.0.0 7001", "d :: 7001" (dual), "6 ::1 7001", with an optional device behind a blank. */
static struct endpoint
place(int socktype, char kind, const char *address, in_port_t port, const char *device)
{
	struct endpoint endpoint = {.socktype = socktype, .device = device, .is_dual = kind == 'd'};

	if (kind == '4') {
		endpoint.len = sizeof endpoint.address.v4;
		endpoint.address.v4.sin_family = AF_INET;
		endpoint.address.v4.sin_port = htons(port);
		assert_int_equal(inet_pton(AF_INET, address, &endpoint.address.v4.sin_addr), 1);
	} else if (kind == 'u') {
		endpoint.len = sizeof endpoint.address.path;
		endpoint.address.path.sun_family = AF_UNIX;
		memcpy(endpoint.address.path.sun_path, address, strlen(address));
	} else {
		endpoint.len = sizeof endpoint.address.v6;
		endpoint.address.v6.sin6_family = AF_INET6;
		endpoint.address.v6.sin6_port = htons(port);
		assert_int_equal(inet_pton(AF_INET6, address, &endpoint.address.v6.sin6_addr), 1);
	}
	return endpoint;
}

static const struct {
	char kind;
	const char *address;
	char other_kind;
	const char *other;
	bool overlaps;
} pairs[] = {
    {'4', "0.0.0.0", '4', "127.0.0.1", true},
    {'4', "127.0.0.1", '4', "127.0.0.1", true},
    {'4', "127.0.0.1", '4', "127.0.0.2", false},
    {'4', "0.0.0.0", '6', "::", false},
    {'4', "0.0.0.0", 'd', "::", true},
    {'4', "127.0.0.1", 'd', "::", true},
    {'4', "127.0.0.1", '6', "::", false},
    {'4', "127.0.0.1", 'd', "::ffff:127.0.0.1", true},
    {'4', "127.0.0.2", 'd', "::ffff:127.0.0.1", false},
    {'4', "0.0.0.0", 'd', "::ffff:127.0.0.1", true},
    {'4', "0.0.0.0", 'd', "::1", false},
    {'6', "::", 'd', "::", true},
    {'6', "::", '6', "::1", true},
    {'6', "::1", '6', "::2", false},
    {'6', "::1", 'd', "::", true},
    {'6', "::1", 'd', "::ffff:127.0.0.1", false},
    {'u', "/a", 'u', "/a", false},
    {'u', "/a", '4', "0.0.0.0", false},
};

static void
test_overlaps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct endpoint a = place(SOCK_STREAM, pairs[i].kind, pairs[i].address, 7, NULL);
		struct endpoint b =
		    place(SOCK_STREAM, pairs[i].other_kind, pairs[i].other, 7, NULL);
		struct endpoint port =
		    place(SOCK_STREAM, pairs[i].other_kind, pairs[i].other, 8, NULL);

		print_message("# %s %s\n", pairs[i].address, pairs[i].other);
		assert_int_equal(endpoint_overlaps(&a, &b), pairs[i].overlaps);
		assert_int_equal(endpoint_overlaps(&b, &a), pairs[i].overlaps);
		assert_false(endpoint_overlaps(&a, &port));
		port = b;
		port.socktype = SOCK_DGRAM;
		assert_false(endpoint_overlaps(&a, &port));
	}
}

static void
test_devices(void **state)
{
	struct endpoint all = place(SOCK_STREAM, '4', "0.0.0.0", 7, NULL);
	struct endpoint eth = place(SOCK_STREAM, '4', "0.0.0.0", 7, "eth0");
	struct endpoint wlan = place(SOCK_STREAM, '4', "0.0.0.0", 7, "wlan0");

	(void)state;
	assert_true(endpoint_overlaps(&all, &eth));
	assert_false(endpoint_overlaps(&eth, &wlan));
	assert_int_not_equal(endpoint_cmp(&eth, &wlan), 0);
	assert_int_equal(endpoint_cmp(&eth, &wlan), -endpoint_cmp(&wlan, &eth));
	assert_int_equal(endpoint_cmp(&all, &eth), -endpoint_cmp(&eth, &all));
	assert_int_equal(endpoint_cmp(&eth, &eth), 0);
}

static void
test_takes(void **state)
{
	static const struct {
		char kind;
		const char *address;
		char local_kind;
		const char *local;
		bool takes;
	} cases[] = {
	    {'4', "0.0.0.0", '4', "192.0.2.1", true},
	    {'4', "192.0.2.1", '4', "192.0.2.1", true},
	    {'4', "192.0.2.1", '4', "192.0.2.2", false},
	    {'4', "192.0.2.1", '6', "::ffff:192.0.2.1", true}, /* of a dual socket */
	    {'4', "192.0.2.1", '6', "::ffff:192.0.2.2", false},
	    {'6', "::", '4', "192.0.2.1", false},
	    {'6', "::", '6', "::ffff:192.0.2.1", false},
	    {'d', "::", '6', "::ffff:192.0.2.1", true},
	    {'d', "::", '4', "192.0.2.1", true},
	    {'d', "::", '6', "2001:db8::1", true},
	    {'6', "2001:db8::1", '6', "2001:db8::2", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct endpoint a = place(SOCK_STREAM, cases[i].kind, cases[i].address, 7, NULL);
		struct endpoint local =
		    place(SOCK_STREAM, cases[i].local_kind, cases[i].local, 9999, NULL);

		print_message("# %s %s\n", cases[i].address, cases[i].local);
		assert_int_equal(endpoint_takes(&a, &local.address.any), cases[i].takes);
	}
}

static void
test_shares_socket(void **state)
{
	struct endpoint v6 = place(SOCK_STREAM, '6', "::", 7, NULL);
	struct endpoint dual = place(SOCK_STREAM, 'd', "::", 7, NULL);
	struct endpoint stream = place(SOCK_STREAM, 'u', "/a", 0, NULL);
	struct endpoint dgram = place(SOCK_DGRAM, 'u', "/a", 0, NULL);

	(void)state;
	assert_int_equal(endpoint_cmp(&v6, &dual), 0);
	assert_false(endpoint_shares_socket(&v6, &dual));
	assert_true(endpoint_shares_socket(&v6, &v6));
	assert_int_equal(endpoint_cmp(&stream, &dgram), 0);
	assert_false(endpoint_shares_socket(&stream, &dgram));
}

static void
test_format(void **state)
{
	static const struct {
		char kind;
		const char *address, *device, *want;
	} cases[] = {
	    {'4', "192.0.2.1", NULL, "192.0.2.1 port 21"},
	    {'6', "2001:db8::1", "eth0", "2001:db8::1 port 21 on eth0"},
	    {'u', "/run/a\nb", NULL, "/run/a\\x0ab"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct endpoint a =
		    place(SOCK_STREAM, cases[i].kind, cases[i].address, 21, cases[i].device);
		char storage[100];
		struct buf buf;

		buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
		assert_true(endpoint_format(&a, &buf));
		assert_string_equal(buf.bytes, cases[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_overlaps),
	    cmocka_unit_test(test_devices),
	    cmocka_unit_test(test_takes),
	    cmocka_unit_test(test_shares_socket),
	    cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
