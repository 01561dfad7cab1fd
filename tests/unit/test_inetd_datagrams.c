/* Datagram services: who gets an answer, how long it is, and where it comes from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cmd/inetd/internal/internal.h"

/* A service with its socket, and what it was allowed. */
struct lab {
	struct internal_datagrams service;
	int fd;
	unsigned ours; /* a port of another service */
	unsigned allowance; /* answers */
	unsigned asked;
	bool is_late; /* nobody knows yet */
};

static bool
is_ours(void *ctx, unsigned port)
{
	return port == ((struct lab *)ctx)->ours;
}

static enum internal_leave
may_answer(void *ctx, const struct sockaddr *sender)
{
	struct lab *lab = ctx;

	assert_true(sender->sa_family == AF_INET || sender->sa_family == AF_INET6);
	lab->asked++;
	if (lab->is_late)
		return INTERNAL_LATER;
	return lab->asked <= lab->allowance ? INTERNAL_YES : INTERNAL_NO;
}

static unsigned
port_of(int fd)
{
	struct sockaddr_in6 name; /* the port stands where IPv4 has it */
	socklen_t len = sizeof name;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	return ntohs(name.sin6_port);
}

static socklen_t
make_name(const char *text, unsigned port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof *ret);
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return sizeof *v4;
	}
	assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	return sizeof *v6;
}

static int
bound(const char *text, bool is_dual)
{
	struct sockaddr_storage name;
	socklen_t len = make_name(text, 0, &name);
	int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), only = !is_dual;

	assert_true(fd >= 0);
	if (name.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, len), 0);
	return fd;
}

static void
open_lab(struct lab *lab, enum conf_kind kind, const char *address, bool is_dual)
{
	*lab = (struct lab){.allowance = 1000, .fd = bound(address, is_dual)};
	lab->service = (struct internal_datagrams){.kind = kind,
	    .is_ours = is_ours,
	    .may_answer = may_answer,
	    .ctx = lab,
	    .port = port_of(lab->fd)};
	internal_datagrams_prepare(lab->fd, true);
}

/* Ask from a socket; the length of the answer, which must come from where it was sent to; -1: none. */
static ssize_t
ask(struct lab *lab, int from, const char *to, size_t len, char *ret)
{
	static char request[65536];
	struct sockaddr_storage asked, answering = {0};
	socklen_t name_len = make_name(to, port_of(lab->fd), &asked), answer_len = sizeof answering;
	struct pollfd arrival = {.fd = lab->fd, .events = POLLIN};
	ssize_t got;

	for (size_t i = 0; i < len; i++)
		request[i] = (char)(i * 7);
	assert_int_equal(sendto(from, request, len, 0, (struct sockaddr *)&asked, name_len), len);
	assert_int_equal(poll(&arrival, 1, 5000), 1);
	internal_datagrams_serve(&lab->service, lab->fd);
	got = recvfrom(from, ret, 65536, MSG_DONTWAIT, (struct sockaddr *)&answering, &answer_len);
	if (got >= 0) {
		assert_int_equal(answer_len, name_len);
		assert_memory_equal(&answering, &asked, name_len);
		if (lab->service.kind == CONF_ECHO)
			assert_memory_equal(ret, request, (size_t)got);
	}
	return got;
}

static void
test_lengths(void **state)
{
	static const struct {
		enum conf_kind kind;
		size_t in;
		ssize_t out; /* -1 = no answer */
	} cases[] = {
	    {CONF_ECHO, 0, 0},
	    {CONF_ECHO, 1, 1},
	    {CONF_ECHO, 1500, 1500},
	    {CONF_ECHO, 65507, 65507},
	    {CONF_DISCARD, 0, -1},
	    {CONF_DISCARD, 100, -1},
	    {CONF_CHARGEN, 0, -1},
	    {CONF_CHARGEN, 1, 1},
	    {CONF_CHARGEN, 100, 100},
	    {CONF_CHARGEN, 511, 511},
	    {CONF_CHARGEN, 512, 512},
	    {CONF_CHARGEN, 513, 512},
	    {CONF_CHARGEN, 65507, 512},
	    {CONF_DAYTIME, 0, -1},
	    {CONF_DAYTIME, 25, -1},
	    {CONF_DAYTIME, 26, 26},
	    {CONF_DAYTIME, 27, 26},
	    {CONF_TIME, 0, -1},
	    {CONF_TIME, 3, -1},
	    {CONF_TIME, 4, 4},
	    {CONF_TIME, 512, 4},
	};
	static const struct {
		const char *service, *client, *to;
		bool is_dual;
	} ways[] = {
	    {"127.0.0.1", "127.0.0.1", "127.0.0.1", false},
	    {"0.0.0.0", "127.0.0.1", "127.0.0.2", false},
	    {"::1", "::1", "::1", false},
	    {"::", "::1", "::1", true},
	    {"::", "127.0.0.1", "127.0.0.3", true},
	};
	static char answer[65536];

	(void)state;
	for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++)
		for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
			int client = bound(ways[w].client, false);
			struct lab lab;

			open_lab(&lab, cases[i].kind, ways[w].service, ways[w].is_dual);
			assert_int_equal(
			    ask(&lab, client, ways[w].to, cases[i].in, answer), cases[i].out);
			assert_int_equal(lab.service.bytes_in, cases[i].in);
			assert_int_equal(
			    lab.service.bytes_out, cases[i].out < 0 ? 0 : cases[i].out);
			assert_int_equal(lab.service.answered,
			    cases[i].out >= 0 || cases[i].kind == CONF_DISCARD);
			assert_int_equal(lab.service.answered + lab.service.ignored, 1);
			assert_int_equal(lab.asked, cases[i].out >= 0);
			close(lab.fd);
			close(client);
		}
}

static void
test_texts(void **state)
{
	static char answer[65536];
	int client = bound("127.0.0.1", false);
	time_t now = time(NULL);
	struct lab lab;
	struct tm tm = {0};

	(void)state;
	open_lab(&lab, CONF_CHARGEN, "127.0.0.1", false);
	ask(&lab, client, "127.0.0.1", 200, answer);
	assert_memory_equal(answer, " !\"#$%&'()*+,-./0123456789:;<=>?@AB", 35);
	assert_memory_equal(answer + 72, "\r\n!\"#$", 6);
	assert_memory_equal(answer + 146, "\r\n\"#$%", 6);
	close(lab.fd);
	open_lab(&lab, CONF_DAYTIME, "127.0.0.1", false);
	ask(&lab, client, "127.0.0.1", 100, answer);
	assert_memory_equal(answer + 24, "\r\n", 2);
	answer[24] = '\0';
	assert_non_null(strptime(answer, "%a %b %d %H:%M:%S %Y", &tm));
	tm.tm_isdst = -1;
	assert_in_range(mktime(&tm), now, now + 5);
	close(lab.fd);
	close(client);
}

/* Over the limit, from a port of ours, and back to normal. */
static void
test_refused(void **state)
{
	static char answer[65536];
	int client = bound("127.0.0.1", false);
	struct lab lab;

	(void)state;
	open_lab(&lab, CONF_ECHO, "127.0.0.1", false);
	lab.allowance = 2;
	assert_int_equal(ask(&lab, client, "127.0.0.1", 10, answer), 10);
	assert_int_equal(ask(&lab, client, "127.0.0.1", 10, answer), 10);
	assert_int_equal(ask(&lab, client, "127.0.0.1", 10, answer), -1);
	lab.allowance = 1000;
	assert_int_equal(ask(&lab, client, "127.0.0.1", 10, answer), 10);
	lab.ours = port_of(client);
	assert_int_equal(ask(&lab, client, "127.0.0.1", 10, answer), -1);
	lab.ours = 0;
	assert_int_equal(ask(&lab, client, "127.0.0.1", 10, answer), 10);
	assert_int_equal(lab.service.ignored, 2);
	close(lab.fd);
	close(client);
}

/* What cannot be decided yet is not lost. */
static void
test_late(void **state)
{
	static char answer[65536];
	int client = bound("127.0.0.1", false);
	struct lab lab;

	(void)state;
	open_lab(&lab, CONF_ECHO, "127.0.0.1", false);
	lab.is_late = true;
	assert_int_equal(ask(&lab, client, "127.0.0.1", 10, answer), -1);
	assert_false(internal_datagrams_serve(&lab.service, lab.fd));
	assert_int_equal(lab.service.bytes_in, 0);
	lab.is_late = false;
	assert_true(internal_datagrams_serve(&lab.service, lab.fd));
	assert_int_equal(recv(client, answer, sizeof answer, MSG_DONTWAIT), 10);
	assert_int_equal(lab.service.bytes_in, 10);
	assert_int_equal(lab.service.answered, 1);
	close(lab.fd);
	close(client);
}

/* It does not talk to itself, even if nobody knows its port. */
static void
test_itself(void **state)
{
	static char answer[65536];
	struct lab lab;

	(void)state;
	open_lab(&lab, CONF_ECHO, "0.0.0.0", false);
	assert_int_equal(ask(&lab, lab.fd, "127.0.0.1", 10, answer), -1);
	assert_int_equal(lab.asked, 0);
	close(lab.fd);
}

/* One question to all hosts must not make all of them answer one. */
static void
test_broadcast(void **state)
{
	static const int on = 1;
	static char answer[65536];
	int client = bound("127.0.0.1", false);
	struct lab lab;

	(void)state;
	setsockopt(client, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
	for (int is_dual = 0; is_dual < 2; is_dual++) {
		open_lab(&lab, CONF_ECHO, is_dual ? "::" : "0.0.0.0", is_dual);
		assert_int_equal(ask(&lab, client, "127.255.255.255", 10, answer), -1);
		assert_int_equal(lab.service.ignored, 1);
		assert_int_equal(ask(&lab, client, "127.0.0.1", 10, answer), 10);
		close(lab.fd);
	}
	close(client);
}

/* A storm is dealt with in portions, and an empty queue is no fault. */
static void
test_storm(void **state)
{
	int client = bound("127.0.0.1", false);
	struct sockaddr_storage name;
	struct lab lab;
	socklen_t len;

	(void)state;
	open_lab(&lab, CONF_DISCARD, "127.0.0.1", false);
	internal_datagrams_serve(&lab.service, lab.fd);
	assert_int_equal(lab.service.answered, 0);
	len = make_name("127.0.0.1", port_of(lab.fd), &name);
	for (int i = 0; i < 100; i++)
		assert_int_equal(sendto(client, "x", 1, 0, (struct sockaddr *)&name, len), 1);
	internal_datagrams_serve(&lab.service, lab.fd);
	assert_in_range(lab.service.answered, 1, 64);
	for (int i = 0; i < 10; i++)
		internal_datagrams_serve(&lab.service, lab.fd);
	assert_int_equal(lab.service.answered, 100);
	assert_int_equal(lab.service.bytes_in, 100);
	close(lab.fd);
	close(client);
}

/* A socket without addresses that prove anything: read, and left unanswered. */
static void
test_unix(void **state)
{
	int ends[2];
	char byte;
	struct lab lab = {.allowance = 1000};

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
	lab.service = (struct internal_datagrams){
	    .kind = CONF_ECHO, .is_ours = is_ours, .may_answer = may_answer, .ctx = &lab};
	send(ends[1], "x", 1, 0);
	internal_datagrams_serve(&lab.service, ends[0]);
	assert_int_equal(recv(ends[1], &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(lab.service.ignored, 1);
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_late),
	    cmocka_unit_test(test_itself),
	    cmocka_unit_test(test_broadcast),
	    cmocka_unit_test(test_storm),
	    cmocka_unit_test(test_unix),
	};

	return cmocka_run_group_tests_name("inetd_datagrams", tests, NULL, NULL);
}
