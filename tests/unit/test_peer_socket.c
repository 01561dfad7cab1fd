/*
 * NAME     test_peer_socket - the two ends of real sockets, on loopback
 * PURPOSE  Who is there, for each kind of socket; that no call waits; and that texts, ports and
 *          scopes are what the C library makes of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include "peer/socket.h"

enum {
	CLIENT, /* of an array of two descriptors */
	SERVER,
	WAIT_MS = 5000,
	DRAINED_MOST = 4 << 20, /* as docs/decisions/limits.md says */
	RR = 7,
	LSRR = 131,
	SSRR = 137,
	TIMESTAMP = 68,
	NOP = 1,
	END = 0, /* RFC 791, 3.1 */
};

/* ---- sockets ---- */

static struct sockaddr_in
v4(const char *text)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};

	assert_int_equal(inet_pton(AF_INET, text, &sin.sin_addr), 1);
	return sin;
}

static struct sockaddr_in6
v6(const char *text, unsigned scope)
{
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_scope_id = scope};

	assert_int_equal(inet_pton(AF_INET6, text, &sin6.sin6_addr), 1);
	return sin6;
}

static const char *
text_of(const void *sa)
{
	static char text[PEER_TEXT_MAX];

	peer_addr_text(sa, text);
	return text;
}

static void
wait_for(int fd, short events)
{
	struct pollfd poller = {.fd = fd, .events = events};

	assert_int_equal(poll(&poller, 1, WAIT_MS), 1);
}

static int
bound(int type, const void *sa, socklen_t len)
{
	int fd = socket(((const struct sockaddr *)sa)->sa_family, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, sa, len), 0);
	return fd;
}

static struct sockaddr_storage
own_address(int fd, socklen_t *ret_len)
{
	struct sockaddr_storage ss;

	*ret_len = sizeof ss;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&ss, ret_len), 0);
	return ss;
}

/* A connection from client's address to server's; options: IP options of the client. */
static void
meet(int ret[2], const void *client, const void *server, socklen_t len, const void *options,
    socklen_t options_len)
{
	int listener = bound(SOCK_STREAM, server, len);
	struct sockaddr_storage at = own_address(listener, &len);

	assert_int_equal(listen(listener, 1), 0);
	ret[CLIENT] = bound(SOCK_STREAM, client, len);
	if (options != NULL)
		assert_int_equal(
		    setsockopt(ret[CLIENT], IPPROTO_IP, IP_OPTIONS, options, options_len), 0);
	assert_int_equal(connect(ret[CLIENT], (struct sockaddr *)&at, len), 0);
	ret[SERVER] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(ret[SERVER] >= 0);
	close(listener);
}

static void
meet_v4(int ret[2])
{
	struct sockaddr_in client = v4("127.0.0.2"), server = v4("127.0.0.1");

	meet(ret, &client, &server, sizeof server, NULL, 0);
}

static void
part(int fds[2])
{
	close(fds[CLIENT]);
	close(fds[SERVER]);
}

static bool
has_v6(void)
{
	struct sockaddr_in6 sin6 = v6("::1", 0);
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ret = fd >= 0 && bind(fd, (struct sockaddr *)&sin6, sizeof sin6) == 0;

	if (fd >= 0)
		close(fd);
	return ret;
}

/* ---- peer_socket ---- */

static struct peer_ends
ends_of(int fd)
{
	struct peer_ends ends;

	memset(&ends, 0xa5, sizeof ends);
	peer_socket(fd, &ends);
	return ends;
}

static void
assert_ends(int fds[2], const char *client, const char *server)
{
	struct peer_ends ends = ends_of(fds[SERVER]);
	socklen_t len;
	struct sockaddr_storage far = own_address(fds[CLIENT], &len);
	struct sockaddr_storage near = own_address(fds[SERVER], &len);

	assert_true(ends.has_client && ends.has_server && !ends.datagram);
	assert_int_equal(ends.client_error, 0);
	assert_int_equal(ends.server_error, 0);
	assert_string_equal(text_of(&ends.client), client);
	assert_string_equal(text_of(&ends.server), server);
	assert_int_equal(
	    peer_port((struct sockaddr *)&ends.client), peer_port((struct sockaddr *)&far));
	assert_int_equal(
	    peer_port((struct sockaddr *)&ends.server), peer_port((struct sockaddr *)&near));
	assert_int_not_equal(peer_port((struct sockaddr *)&ends.client), 0);
}

/* Nobody is there, and nothing is said about the server. */
static void
assert_no_client(int fd, int error)
{
	struct peer_ends ends = ends_of(fd);

	assert_false(ends.has_client || ends.has_server);
	assert_int_equal(ends.client_error, error);
	assert_int_equal(ends.server_error, 0);
}

static void
a_connection_has_two_ends(void **state)
{
	struct sockaddr_in6 loopback = v6("::1", 0);
	int fds[2];

	(void)state;
	meet_v4(fds);
	assert_ends(fds, "127.0.0.2", "127.0.0.1");
	assert_int_equal(shutdown(fds[CLIENT], SHUT_WR), 0);
	wait_for(fds[SERVER], POLLIN);
	assert_ends(fds, "127.0.0.2", "127.0.0.1");
	part(fds);
	if (!has_v6())
		skip();
	meet(fds, &loopback, &loopback, sizeof loopback, NULL, 0);
	assert_ends(fds, "::1", "::1");
	part(fds);
}

static void
a_mapped_client_stays_mapped(void **state)
{
	struct sockaddr_in6 client = v6("::ffff:127.0.0.2", 0), server = v6("::ffff:127.0.0.1", 0);
	int fds[2];

	(void)state;
	if (!has_v6())
		skip();
	meet(fds, &client, &server, sizeof server, NULL, 0);
	assert_ends(fds, "::ffff:127.0.0.2", "::ffff:127.0.0.1");
	part(fds);
}

static void
a_client_that_is_gone_is_none(void **state)
{
	struct linger at_once = {.l_onoff = 1};
	int fds[2];

	(void)state;
	meet_v4(fds);
	assert_int_equal(
	    setsockopt(fds[CLIENT], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
	close(fds[CLIENT]);
	wait_for(fds[SERVER], POLLIN);
	assert_no_client(fds[SERVER], ECONNRESET);
	close(fds[SERVER]);
}

static void
no_connection_is_no_client(void **state)
{
	struct sockaddr_in at = v4("127.0.0.1");
	int listener = bound(SOCK_STREAM, &at, sizeof at), pipes[2];

	(void)state;
	assert_int_equal(listen(listener, 1), 0);
	assert_no_client(listener, ENOTCONN);
	close(listener);
	assert_no_client(listener, EBADF);
	assert_no_client(-1, EBADF);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_no_client(pipes[0], ENOTSOCK);
	close(pipes[0]);
	close(pipes[1]);
}

static void
who_sent_a_datagram_is_the_client(void **state)
{
	struct sockaddr_in from = v4("127.0.0.2"), to = v4("127.0.0.1");
	int fds[] = {bound(SOCK_DGRAM, &from, sizeof from), bound(SOCK_DGRAM, &to, sizeof to)};
	struct sockaddr_storage at;
	struct peer_ends ends;
	socklen_t len;
	char bytes[16];

	(void)state;
	assert_no_client(fds[SERVER], EAGAIN);
	assert_true(ends_of(fds[SERVER]).datagram);
	at = own_address(fds[SERVER], &len);
	/* the first counts, also if it is empty; and it stays */
	assert_int_equal(sendto(fds[CLIENT], "", 0, 0, (struct sockaddr *)&at, len), 0);
	assert_int_equal(sendto(fds[CLIENT], "hello", 5, 0, (struct sockaddr *)&at, len), 5);
	wait_for(fds[SERVER], POLLIN);
	for (unsigned i = 0; i < 2; i++) {
		ends = ends_of(fds[SERVER]);
		assert_true(ends.has_client && ends.has_server && ends.datagram);
		assert_int_equal(ends.client_error, 0);
		assert_string_equal(text_of(&ends.client), "127.0.0.2");
		assert_string_equal(text_of(&ends.server), "127.0.0.1");
		assert_int_equal(recv(fds[SERVER], bytes, sizeof bytes, MSG_DONTWAIT), i * 5);
	}
	assert_no_client(fds[SERVER], EAGAIN);
	/* connected, it has a client without one */
	at = own_address(fds[CLIENT], &len);
	assert_int_equal(connect(fds[SERVER], (struct sockaddr *)&at, len), 0);
	assert_ends(fds, "127.0.0.2", "127.0.0.1");
	part(fds);
}

static void
assert_unix(int fd, bool datagram)
{
	struct peer_ends ends = ends_of(fd);

	assert_true(ends.has_client);
	assert_int_equal(ends.datagram, datagram);
	assert_int_equal(ends.client.ss_family, AF_UNIX);
	assert_string_equal(text_of(&ends.client), "localhost");
	assert_int_equal(peer_port((struct sockaddr *)&ends.client), 0);
}

static void
unix_sockets_have_no_address(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	socklen_t len = sizeof at;
	int pair[2], fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_unix(pair[SERVER], false);
	part(pair);
	/* a sender without a name of its own: the kernel gives an address of no length */
	fds[SERVER] = bound(SOCK_DGRAM, &at, sizeof(sa_family_t)); /* binds to a free name */
	assert_int_equal(getsockname(fds[SERVER], (struct sockaddr *)&at, &len), 0);
	fds[CLIENT] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_no_client(fds[SERVER], EAGAIN);
	assert_int_equal(sendto(fds[CLIENT], "x", 1, 0, (struct sockaddr *)&at, len), 1);
	assert_unix(fds[SERVER], true);
	part(fds);
}

/* ---- texts, ports, scopes ---- */

static void
assert_as_the_c_library(const void *sa, socklen_t len)
{
	char want[NI_MAXHOST];

	assert_int_equal(getnameinfo(sa, len, want, sizeof want, NULL, 0, NI_NUMERICHOST), 0);
	assert_string_equal(text_of(sa), want);
}

static void
texts_are_those_of_the_c_library(void **state)
{
	static const char *const quads[] = {
	    "0.0.0.0", "127.0.0.1", "10.1.2.3", "255.255.255.255", "192.0.2.200"};
	static const char *const words[] = {"::", "::1", "::1.2.3.4", "::ffff:1.2.3.4", "fe80::1",
	    "febf::1", "fec0::1", "ff01::1", "ff02::1", "ff12::1", "ff05::1",
	    "2001:db8::", "1:0:0:2::3", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
	unsigned scopes[] = {0, if_nametoindex("lo"), 77777, UINT32_MAX};
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/x"};

	(void)state;
	for (size_t i = 0; i < sizeof quads / sizeof *quads; i++) {
		struct sockaddr_in sin = v4(quads[i]);

		assert_string_equal(text_of(&sin), quads[i]);
		assert_as_the_c_library(&sin, sizeof sin);
	}
	for (size_t i = 0; i < sizeof words / sizeof *words * 4; i++) {
		struct sockaddr_in6 sin6 = v6(words[i / 4], scopes[i % 4]);

		assert_as_the_c_library(&sin6, sizeof sin6);
	}
	for (uint32_t i = 0, bits = 1; i < 2000; i++) {
		struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_scope_id = i % 3};

		for (unsigned k = 0; k < 16; k++) {
			bits = bits * 1103515245 + 12345;
			sin6.sin6_addr.s6_addr[k] = bits >> 30 != 0 ? (uint8_t)(bits >> 16) : 0;
		}
		assert_as_the_c_library(&sin6, sizeof sin6);
	}
	assert_as_the_c_library(&un, sizeof un);
}

static void
scopes_show_as_names_on_links_only(void **state)
{
	unsigned lo = if_nametoindex("lo");
	struct sockaddr_in6 link = v6("fe80::1", lo), global = v6("2001:db8::1", lo);
	char want[PEER_TEXT_MAX];

	(void)state;
	if (lo == 0)
		skip();
	assert_string_equal(text_of(&link), "fe80::1%lo");
	snprintf(want, sizeof want, "2001:db8::1%%%u", lo);
	assert_string_equal(text_of(&global), want);
	link.sin6_scope_id = UINT32_MAX;
	assert_string_equal(text_of(&link), "fe80::1%4294967295");
}

static void
other_families_are_unknown(void **state)
{
	static const sa_family_t families[] = {AF_UNSPEC, AF_PACKET, AF_NETLINK, 12345};

	(void)state;
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		struct sockaddr_storage ss;

		memset(&ss, 0xff, sizeof ss);
		ss.ss_family = families[i];
		assert_string_equal(text_of(&ss), "unknown");
		assert_int_equal(peer_port((struct sockaddr *)&ss), 0);
	}
}

static void
ports_are_in_host_order(void **state)
{
	static const unsigned ports[] = {0, 1, 22, 255, 256, 65535};

	(void)state;
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
		struct sockaddr_in sin = v4("10.1.2.3");
		struct sockaddr_in6 sin6 = v6("::1", 0);

		sin.sin_port = sin6.sin6_port = htons((uint16_t)ports[i]);
		assert_int_equal(peer_port((struct sockaddr *)&sin), ports[i]);
		assert_int_equal(peer_port((struct sockaddr *)&sin6), ports[i]);
	}
}

/* What getaddrinfo makes of ADDRESS%SCOPE. */
static bool
scope_of_the_c_library(const char *address, const char *scope, uint32_t *ret)
{
	struct addrinfo hints = {.ai_family = AF_INET6, .ai_flags = AI_NUMERICHOST}, *found;
	char text[128];

	snprintf(text, sizeof text, "%s%%%s", address, scope);
	if (getaddrinfo(text, NULL, &hints, &found) != 0)
		return false;
	*ret = ((const struct sockaddr_in6 *)(const void *)found->ai_addr)->sin6_scope_id;
	freeaddrinfo(found);
	return true;
}

enum { UNTOUCHED = 4711 };

/* peer_scope keeps errno, and leaves its result alone if there is none. */
static bool
has_scope(const char *text, size_t len, const struct addr *addr, uint32_t *ret)
{
	bool has;

	*ret = UNTOUCHED;
	errno = ERANGE;
	has = peer_scope(NULL, text, len, addr, ret);
	assert_int_equal(errno, ERANGE);
	assert_true(has || *ret == UNTOUCHED);
	return has;
}

static void
scopes_are_those_of_the_c_library(void **state)
{
	static const char *const addresses[] = {"fe80::1", "febf::1", "fec0::1", "ff02::1",
	    "ff12::1", "ff01::1", "ff05::1", "2001:db8::1", "::1", "fe80:1::"};
	static const char *const scopes[] = {"lo", "LO", "lo0", "nobody0", "a-name-of-sixteen",
	    "fifteen-letters", "0", "1", "01", "7", "77777", "4294967295", "4294967296",
	    "18446744073709551617", "+1", "-1", " 1", "1 ", "0x1", "1lo", "%", "lo%lo"};

	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		struct sockaddr_in6 sin6 = v6(addresses[i], 0);
		struct addr addr = addr_from_v6(&sin6.sin6_addr, 0);
		uint32_t got, want;

		for (size_t k = 0; k < sizeof scopes / sizeof *scopes; k++) {
			want = UNTOUCHED;
			assert_int_equal(has_scope(scopes[k], strlen(scopes[k]), &addr, &got),
			    scope_of_the_c_library(addresses[i], scopes[k], &want));
			assert_int_equal(got, want);
		}
		assert_false(has_scope("", 0, &addr, &got));
		/* a part of a longer text */
		assert_true(has_scope("7]", 1, &addr, &got));
		assert_int_equal(got, 7);
	}
}

static void
names_are_scopes_on_links_only(void **state)
{
	struct sockaddr_in6 link = v6("fe80::1", 0), global = v6("2001:db8::1", 0);
	struct addr on_link = addr_from_v6(&link.sin6_addr, 0);
	struct addr elsewhere = addr_from_v6(&global.sin6_addr, 0);
	uint32_t got;

	(void)state;
	if (if_nametoindex("lo") == 0)
		skip();
	assert_true(has_scope("lo]", 2, &on_link, &got));
	assert_int_equal(got, if_nametoindex("lo"));
	assert_false(has_scope("lo", 2, &elsewhere, &got));
}

/* ---- draining ---- */

static void
a_datagram_is_dropped_and_no_other(void **state)
{
	struct sockaddr_in from = v4("127.0.0.2"), to = v4("127.0.0.1");
	int fds[] = {bound(SOCK_DGRAM, &from, sizeof from), bound(SOCK_DGRAM, &to, sizeof to)};
	static char large[9000];
	struct sockaddr_storage at;
	socklen_t len;
	char byte;

	(void)state;
	at = own_address(fds[SERVER], &len);
	peer_drop_datagram(fds[SERVER]); /* nothing is there: it does not wait */
	assert_int_equal(
	    sendto(fds[CLIENT], large, sizeof large, 0, (struct sockaddr *)&at, len), sizeof large);
	assert_int_equal(sendto(fds[CLIENT], "", 0, 0, (struct sockaddr *)&at, len), 0);
	assert_int_equal(sendto(fds[CLIENT], "x", 1, 0, (struct sockaddr *)&at, len), 1);
	wait_for(fds[SERVER], POLLIN);
	peer_drop_datagram(fds[SERVER]);
	peer_drop_datagram(fds[SERVER]);
	assert_int_equal(recv(fds[SERVER], &byte, 1, MSG_DONTWAIT), 1);
	assert_int_equal(byte, 'x');
	part(fds);
	peer_drop_datagram(-1);
}

/* How a server's close looks to a client that has sent something: bytes read, or -1 for a reset. */
static ssize_t
close_with_or_without_drain(bool drain)
{
	ssize_t got;
	char byte;
	int fds[2];

	meet_v4(fds);
	assert_int_equal(send(fds[CLIENT], "hello", 5, 0), 5);
	wait_for(fds[SERVER], POLLIN);
	if (drain)
		peer_drain(fds[SERVER]);
	close(fds[SERVER]);
	wait_for(fds[CLIENT], POLLIN);
	got = recv(fds[CLIENT], &byte, 1, 0);
	close(fds[CLIENT]);
	return got;
}

static void
a_drained_close_is_no_reset(void **state)
{
	(void)state;
	assert_int_equal(close_with_or_without_drain(false), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(close_with_or_without_drain(true), 0);
}

/* As much as goes in without waiting. */
static size_t
fill(int fd)
{
	static char bytes[65536];
	size_t total = 0;
	ssize_t sent;

	while ((sent = send(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
		total += (size_t)sent;
	assert_int_equal(errno, EAGAIN);
	return total;
}

static size_t
count_rest(int fd)
{
	static char bytes[65536];
	size_t total = 0;
	ssize_t got;

	while ((got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
		total += (size_t)got;
	return total;
}

static void
draining_takes_all_and_does_not_wait(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	peer_drain(pair[SERVER]);
	assert_in_range(fill(pair[CLIENT]), 16385, DRAINED_MOST);
	peer_drain(pair[SERVER]);
	assert_int_equal(count_rest(pair[SERVER]), 0);
	assert_int_equal(errno, EAGAIN);
	part(pair);
	peer_drain(-1);
}

static void
draining_has_an_end(void **state)
{
	int size = 32 << 20, pair[2];
	size_t sent, rest;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	if (setsockopt(pair[CLIENT], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0) {
		part(pair);
		skip(); /* needs root: no queue is that long */
	}
	sent = fill(pair[CLIENT]);
	assert_true(sent > 2 * DRAINED_MOST);
	peer_drain(pair[SERVER]);
	rest = count_rest(pair[SERVER]);
	assert_in_range(sent - rest, DRAINED_MOST, DRAINED_MOST + (64 << 10));
	part(pair);
}

/* ---- hanging up ---- */

static void
who_is_hung_up_on_sees_the_end(void **state)
{
	char byte;
	int fds[2];

	(void)state;
	meet_v4(fds);
	peer_hang_up(fds[SERVER]); /* and stays open */
	wait_for(fds[CLIENT], POLLIN);
	assert_int_equal(recv(fds[CLIENT], &byte, 1, 0), 0);
	part(fds);
	peer_hang_up(-1);
}

static void
a_socket_that_listens_goes_on(void **state)
{
	struct sockaddr_in at = v4("127.0.0.1");
	int listener = bound(SOCK_STREAM, &at, sizeof at), fds[2];
	struct sockaddr_storage ss;
	socklen_t len;

	(void)state;
	assert_int_equal(listen(listener, 1), 0);
	peer_hang_up(listener);
	ss = own_address(listener, &len);
	fds[CLIENT] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fds[CLIENT], (struct sockaddr *)&ss, len), 0);
	fds[SERVER] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fds[SERVER] >= 0);
	part(fds);
	close(listener);
}

/* ---- IP options ---- */

static void
assert_options(int fd, enum peer_options want, size_t want_len)
{
	unsigned char bytes[PEER_OPTIONS_MAX];
	size_t len = SIZE_MAX;

	assert_int_equal(peer_ip_options(fd, bytes, &len), want);
	assert_int_equal(len, want_len);
}

static void
a_client_that_records_its_route_is_heard(void **state)
{
	static const unsigned char options[] = {NOP, RR, 7, 4, 0, 0, 0, 0};
	struct sockaddr_in client = v4("127.0.0.2"), server = v4("127.0.0.1");
	unsigned char bytes[PEER_OPTIONS_MAX];
	size_t len;
	int fds[2];

	(void)state;
	meet(fds, &client, &server, sizeof server, options, sizeof options);
	assert_int_equal(peer_ip_options(fds[SERVER], bytes, &len), PEER_OPTIONS_CLEARED);
	assert_in_range(len, 7, PEER_OPTIONS_MAX);
	assert_non_null(memchr(bytes, RR, len));
	assert_options(fds[SERVER], PEER_OPTIONS_NONE, 0);
	part(fds);
}

struct option_case {
	enum peer_options want;
	socklen_t len;
	unsigned char bytes[PEER_OPTIONS_MAX];
};

/* Set on the server's own socket, where the kernel puts those of a client. Not everybody may. */
static void
check_option_cases(const struct option_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct option_case *at = &cases[i];
		bool cleared = at->want == PEER_OPTIONS_CLEARED, is_set;
		int fds[2];

		meet_v4(fds);
		is_set = setsockopt(fds[SERVER], IPPROTO_IP, IP_OPTIONS, at->bytes, at->len) == 0;
		if (!is_set && errno == EPERM) {
			part(fds);
			skip();
		}
		assert_true(is_set);
		assert_options(fds[SERVER], at->want, at->len);
		/* what is refused stays as it was */
		assert_options(
		    fds[SERVER], cleared ? PEER_OPTIONS_NONE : at->want, cleared ? 0 : at->len);
		part(fds);
	}
}

static void
other_options_are_cleared(void **state)
{
	static const struct option_case cases[] = {
	    {PEER_OPTIONS_CLEARED, 8, {RR, 7, 4, 0, 0, 0, 0, END}},
	    {PEER_OPTIONS_CLEARED, 4, {NOP, NOP, NOP, NOP}},
	    {PEER_OPTIONS_CLEARED, 40, {TIMESTAMP, 40, 5, 0}},
	    /* data that look like a route */
	    {PEER_OPTIONS_CLEARED, 12, {RR, 11, 12, LSRR, 7, 4, 127, SSRR, 7, 4, 127, END}},
	};

	(void)state;
	check_option_cases(cases, sizeof cases / sizeof *cases);
}

static void
routes_are_found_wherever_they_stand(void **state)
{
#define ROUTE(kind) kind, 7, 4, 127, 0, 0, 1
	static const struct option_case cases[] = {
	    {PEER_OPTIONS_ROUTED, 8, {ROUTE(LSRR), END}},
	    {PEER_OPTIONS_ROUTED, 8, {ROUTE(SSRR), END}},
	    {PEER_OPTIONS_ROUTED, 12, {NOP, NOP, NOP, ROUTE(LSRR), END}},
	    {PEER_OPTIONS_ROUTED, 16, {RR, 7, 4, 0, 0, 0, 0, ROUTE(SSRR), NOP, END}},
	    {PEER_OPTIONS_ROUTED, 40, {[0] = RR, 31, 4, [31] = ROUTE(LSRR), END}},
	    /* the kernel takes what stands behind the end for padding */
	    {PEER_OPTIONS_CLEARED, 12, {NOP, END, ROUTE(LSRR), END}},
	};
#undef ROUTE

	(void)state;
	check_option_cases(cases, sizeof cases / sizeof *cases);
}

static void
sockets_without_ip_options(void **state)
{
	struct sockaddr_in at = v4("127.0.0.1");
	struct sockaddr_in6 loopback = v6("::1", 0);
	int fds[2], udp = bound(SOCK_DGRAM, &at, sizeof at);

	(void)state;
	meet_v4(fds);
	assert_options(fds[SERVER], PEER_OPTIONS_NONE, 0);
	part(fds);
	assert_options(udp, PEER_OPTIONS_NONE, 0);
	close(udp);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_options(fds[SERVER], PEER_OPTIONS_NONE, 0);
	part(fds);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_options(fds[0], PEER_OPTIONS_FAILED, 0);
	assert_int_equal(errno, ENOTSOCK);
	part(fds);
	assert_options(-1, PEER_OPTIONS_FAILED, 0);
	assert_int_equal(errno, EBADF);
	if (!has_v6())
		skip();
	meet(fds, &loopback, &loopback, sizeof loopback, NULL, 0);
	assert_options(fds[SERVER], PEER_OPTIONS_NONE, 0);
	part(fds);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_connection_has_two_ends),
	    cmocka_unit_test(a_mapped_client_stays_mapped),
	    cmocka_unit_test(a_client_that_is_gone_is_none),
	    cmocka_unit_test(no_connection_is_no_client),
	    cmocka_unit_test(who_sent_a_datagram_is_the_client),
	    cmocka_unit_test(unix_sockets_have_no_address),
	    cmocka_unit_test(texts_are_those_of_the_c_library),
	    cmocka_unit_test(scopes_show_as_names_on_links_only),
	    cmocka_unit_test(other_families_are_unknown),
	    cmocka_unit_test(ports_are_in_host_order),
	    cmocka_unit_test(scopes_are_those_of_the_c_library),
	    cmocka_unit_test(names_are_scopes_on_links_only),
	    cmocka_unit_test(a_datagram_is_dropped_and_no_other),
	    cmocka_unit_test(a_drained_close_is_no_reset),
	    cmocka_unit_test(draining_takes_all_and_does_not_wait),
	    cmocka_unit_test(draining_has_an_end),
	    cmocka_unit_test(who_is_hung_up_on_sees_the_end),
	    cmocka_unit_test(a_socket_that_listens_goes_on),
	    cmocka_unit_test(a_client_that_records_its_route_is_heard),
	    cmocka_unit_test(other_options_are_cleared),
	    cmocka_unit_test(routes_are_found_wherever_they_stand),
	    cmocka_unit_test(sockets_without_ip_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
