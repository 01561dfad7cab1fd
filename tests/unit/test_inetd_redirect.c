/* Connections that are passed on: everything said arrives, and every kind of end arrives as what it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmd/inetd/redirect/redirect.h"
#include "failing_alloc.h"
#include "with_reactor.h"

enum { CONNECT_MS = 5000, STALLED_MS = 600000, DAY_MS = 24 * 3600 * 1000, BULK = 4 << 20 };

static char bulk[BULK], seen[BULK];

/* A target that listens, a client that is redirected to it. */
struct lab {
	struct redirect_target target;
	struct told told;
	int listener, client, server; /* the test's ends */
};

static void
add_target(struct redirect_target *target, const struct sockaddr_in *address)
{
	struct redirect_address *item = &target->items[target->count++];

	item->len = sizeof *address;
	item->address.v4 = *address;
}

/* A port of loopback where nobody listens. */
static struct sockaddr_in
dead_port(void)
{
	struct sockaddr_in address;

	close(listen_tcp(1, &address));
	return address;
}

static void
open_lab(struct lab *lab)
{
	struct sockaddr_in address;

	*lab = (struct lab){.listener = listen_tcp(64, &address)};
	no_block(lab->listener);
	add_target(&lab->target, &address);
}

static void
redirect(struct lab *lab)
{
	int ends[2];

	tcp_pair(ends);
	lab->client = ends[1];
	assert_true(redirect_serve(&reactor, &lab->target, ends[0], &host, &lab->told));
	settle();
	lab->server = accept4(lab->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static void
close_lab(struct lab *lab)
{
	close(lab->listener);
	close(lab->client);
	close(lab->server);
	settle();
	assert_int_equal(lab->told.times, 1);
}

static void
assert_hears(int fd, const char *text)
{
	char got[64];

	settle();
	assert_int_equal(recv(fd, got, sizeof got, 0), strlen(text));
	assert_memory_equal(got, text, strlen(text));
}

static ssize_t
hear(int fd)
{
	char byte;

	settle();
	return recv(fd, &byte, 1, MSG_DONTWAIT);
}

static void
test_both_ways(void **state)
{
	struct lab lab;

	(void)state;
	open_lab(&lab);
	redirect(&lab);
	assert_true(lab.server >= 0);
	send(lab.client, "question", 8, 0);
	assert_hears(lab.server, "question");
	send(lab.server, "answer", 6, 0);
	assert_hears(lab.client, "answer");
	shutdown(lab.client, SHUT_WR);
	assert_int_equal(hear(lab.server), 0);
	send(lab.server, "late answer", 11, 0); /* one half is closed, the other is not */
	assert_hears(lab.client, "late answer");
	assert_int_equal(lab.told.times, 0);
	shutdown(lab.server, SHUT_WR);
	assert_int_equal(hear(lab.client), 0);
	assert_int_equal(lab.told.times, 1);
	assert_string_equal(lab.told.end.how, "closed");
	assert_int_equal(lab.told.end.error, 0);
	assert_int_equal(lab.told.end.bytes_in, 8);
	assert_int_equal(lab.told.end.bytes_out, 17);
	assert_int_equal(reactor.alarms.count, 0);
	close_lab(&lab);
}

/* The target may end first. */
static void
test_target_ends_first(void **state)
{
	struct lab lab;

	(void)state;
	open_lab(&lab);
	redirect(&lab);
	send(lab.server, "bye", 3, 0);
	shutdown(lab.server, SHUT_WR);
	assert_hears(lab.client, "bye");
	assert_int_equal(hear(lab.client), 0);
	send(lab.client, "but", 3, 0);
	assert_hears(lab.server, "but");
	close(lab.client);
	assert_int_equal(hear(lab.server), 0);
	assert_string_equal(lab.told.end.how, "closed");
	close_lab(&lab);
}

/* Said before the target was there. */
static void
test_said_early(void **state)
{
	struct lab lab;
	int ends[2];

	(void)state;
	open_lab(&lab);
	tcp_pair(ends);
	lab.client = ends[1];
	send(ends[1], "early", 5, 0);
	shutdown(ends[1], SHUT_WR);
	assert_true(redirect_serve(&reactor, &lab.target, ends[0], &host, &lab.told));
	settle();
	lab.server = accept4(lab.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_hears(lab.server, "early");
	assert_int_equal(hear(lab.server), 0);
	close_lab(&lab);
}

/* One talks until nothing moves, the other does not listen: nothing is lost, no time is spent. */
static void
bulk_one_way(struct lab *lab, int from, int to)
{
	struct pollfd events = {.fd = reactor.epoll_fd, .events = POLLIN};
	size_t said = 0, heard = 0;

	for (int stuck = 0; stuck < 3 && said < BULK;) {
		ssize_t sent = send(from, bulk + said, BULK - said, MSG_DONTWAIT);

		stuck = sent < 0 ? stuck + 1 : 0;
		said += sent < 0 ? 0 : (size_t)sent;
		settle();
	}
	assert_int_equal(poll(&events, 1, 30), 0);
	shutdown(from, SHUT_WR);
	for (int silent = 0; silent < 3000 && heard < said;) {
		ssize_t got = recv(to, seen + heard, BULK - heard, MSG_DONTWAIT);

		silent = got < 0 ? silent + 1 : 0;
		heard += got < 0 ? 0 : (size_t)got;
		settle();
	}
	assert_int_equal(heard, said);
	assert_memory_equal(seen, bulk, said);
	assert_int_equal(hear(to), 0);
	assert_int_equal(lab->told.times, 0);
}

static void
test_bulk(void **state)
{
	int small = 16384;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct lab lab;

		open_lab(&lab);
		/* Servers inherit it: made small later, TCP would have to drop what it let in. */
		if (i >= 2)
			setsockopt(lab.listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
		redirect(&lab);
		if (i % 2 == 0)
			bulk_one_way(&lab, lab.client, lab.server);
		else
			bulk_one_way(&lab, lab.server, lab.client);
		close_lab(&lab);
	}
}

/* Both have said all, but one has not read it: it gets the rest, and we do not spin till then. */
static void
test_hung_up_behind_a_queue(void **state)
{
	struct pollfd events = {.events = POLLIN};
	size_t said = 0, heard = 0;
	struct lab lab;

	(void)state;
	open_lab(&lab);
	redirect(&lab);
	shutdown(lab.client, SHUT_WR);
	assert_int_equal(hear(lab.server), 0);
	for (int stuck = 0; stuck < 3;) {
		ssize_t sent = send(lab.server, bulk, BULK, MSG_DONTWAIT);

		stuck = sent < 0 ? stuck + 1 : 0;
		said += sent < 0 ? 0 : (size_t)sent;
		settle();
	}
	close(lab.server);
	lab.server = -1;
	settle();
	events.fd = reactor.epoll_fd;
	assert_int_equal(poll(&events, 1, 50), 0);
	assert_int_equal(lab.told.times, 0);
	for (int silent = 0; silent < 3000 && heard < said;) {
		ssize_t got = recv(lab.client, seen, BULK, MSG_DONTWAIT);

		silent = got < 0 ? silent + 1 : 0;
		heard += got < 0 ? 0 : (size_t)got;
		settle();
	}
	assert_int_equal(heard, said);
	assert_int_equal(hear(lab.client), 0);
	assert_string_equal(lab.told.end.how, "closed");
	assert_int_equal(lab.told.end.bytes_out, said);
	close_lab(&lab);
}

/* What is cut off does not look whole, whichever side it came from. */
static void
test_reset(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct lab lab;

		open_lab(&lab);
		redirect(&lab);
		reset(i == 0 ? lab.client : lab.server);
		assert_int_equal(hear(i == 0 ? lab.server : lab.client), -1);
		assert_int_equal(errno, ECONNRESET);
		assert_int_equal(lab.told.times, 1);
		assert_string_equal(lab.told.end.how, "reset");
		if (i == 0)
			lab.client = -1;
		else
			lab.server = -1;
		close_lab(&lab);
	}
}

static void
test_dead_target(void **state)
{
	struct sockaddr_in dead = dead_port();
	struct lab lab;

	(void)state;
	open_lab(&lab);
	lab.target.items[0].address.v4 = dead;
	redirect(&lab);
	assert_int_equal(hear(lab.client), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(lab.told.times, 1);
	assert_string_equal(lab.told.end.how, "no target");
	assert_int_equal(lab.told.end.error, ECONNREFUSED);
	assert_int_equal(reactor.alarms.count, 0);
	close_lab(&lab);
}

static void
test_no_target(void **state)
{
	struct lab lab;

	(void)state;
	open_lab(&lab);
	lab.target.count = 0;
	redirect(&lab);
	assert_string_equal(lab.told.end.how, "no target");
	close_lab(&lab);
}

static void
test_next_address(void **state)
{
	struct sockaddr_in dead = dead_port();
	struct lab lab;

	(void)state;
	open_lab(&lab);
	lab.target.items[1] = lab.target.items[0];
	lab.target.items[2] = lab.target.items[0];
	lab.target.items[0].address.v4 = dead;
	lab.target.items[1].address.any.sa_family = AF_INET + 1000; /* none that this host has */
	lab.target.count = 3;
	redirect(&lab);
	assert_true(lab.server >= 0);
	send(lab.client, "question", 8, 0);
	assert_hears(lab.server, "question");
	close_lab(&lab);
}

/* An address that says nothing at all: its queue is full, and connections hang. */
static void
test_silent_target(void **state)
{
	struct sockaddr_in silent;
	int listener = listen_tcp(0, &silent), others[4];
	struct lab lab;

	(void)state;
	for (int i = 0; i < 4; i++) {
		others[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(others[i], (struct sockaddr *)&silent, sizeof silent);
	}
	open_lab(&lab);
	lab.target.items[1] = lab.target.items[0];
	lab.target.items[0].address.v4 = silent;
	lab.target.count = 2;
	redirect(&lab);
	assert_int_equal(lab.server, -1);
	pass_ms(CONNECT_MS - 2000);
	assert_int_equal(accept(lab.listener, NULL, NULL), -1);
	pass_ms(3000);
	settle();
	lab.server = accept4(lab.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(lab.server >= 0);
	send(lab.client, "question", 8, 0);
	assert_hears(lab.server, "question");
	close_lab(&lab);

	open_lab(&lab); /* and if there is no other */
	lab.target.items[0].address.v4 = silent;
	redirect(&lab);
	pass_ms(CONNECT_MS + 1000);
	assert_int_equal(lab.told.times, 1);
	assert_string_equal(lab.told.end.how, "no target");
	assert_int_equal(lab.told.end.error, ETIMEDOUT);
	close_lab(&lab);
	for (int i = 0; i < 4; i++)
		close(others[i]);
	close(listener);
}

static void
test_patience(void **state)
{
	struct lab lab;

	(void)state;
	open_lab(&lab); /* nobody says anything */
	redirect(&lab);
	pass_ms(DAY_MS - 1000);
	assert_int_equal(lab.told.times, 0);
	pass_ms(62000);
	assert_int_equal(lab.told.times, 1);
	assert_string_equal(lab.told.end.how, "timed out");
	assert_int_equal(hear(lab.server), -1);
	close_lab(&lab);

	open_lab(&lab); /* one half is closed */
	redirect(&lab);
	shutdown(lab.client, SHUT_WR);
	settle();
	pass_ms(STALLED_MS - 1000);
	assert_int_equal(lab.told.times, 0);
	pass_ms(62000);
	assert_string_equal(lab.told.end.how, "timed out");
	close_lab(&lab);
}

static void
test_many(void **state)
{
	enum { MANY = 500 };
	static struct told told[MANY];
	static int ends[MANY][2], servers[MANY];
	struct sockaddr_in address;
	struct redirect_target target = {0};
	int listener = listen_tcp(MANY, &address), got;

	(void)state;
	no_block(listener);
	add_target(&target, &address);
	for (int i = 0; i < MANY; i++) {
		tcp_pair(ends[i]);
		assert_true(redirect_serve(&reactor, &target, ends[i][0], &host, &told[i]));
		send(ends[i][1], &i, sizeof i, 0);
	}
	settle();
	for (int i = 0; i < MANY; i++) {
		servers[i] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		assert_int_equal(recv(servers[i], &got, sizeof got, 0), sizeof got);
		send(servers[i], &got, sizeof got, 0);
		close(servers[i]);
	}
	settle();
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(recv(ends[i][1], &got, sizeof got, 0), sizeof got);
		assert_int_equal(got, i);
		close(ends[i][1]);
	}
	settle();
	for (int i = 0; i < MANY; i++)
		assert_int_equal(told[i].times, 1);
	assert_int_equal(reactor.alarms.count, 0);
	close(listener);
}

static void
test_no_memory(void **state)
{
	(void)state;
	for (long count = 0; count < 2; count++) {
		struct reactor fresh = {.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
		struct lab lab;
		int ends[2];

		open_lab(&lab);
		tcp_pair(ends);
		alloc_fail_after(count); /* the structure; room for its alarm */
		redirect_serve(&fresh, &lab.target, ends[0], &host, &lab.told);
		assert_int_equal(alloc_fail_never(), 1);
		assert_int_equal(lab.told.times, 1);
		assert_int_equal(lab.told.end.error, ENOMEM);
		assert_int_equal(fcntl(ends[0], F_GETFD), -1);
		lab.client = ends[1];
		lab.server = -1;
		close_lab(&lab);
		reactor_release(&fresh);
	}
}

static void
test_release(void **state)
{
	struct lab connecting, connected;
	int ends[2];

	(void)state;
	open_lab(&connected);
	redirect(&connected);
	open_lab(&connecting);
	tcp_pair(ends);
	connecting.client = ends[1];
	connecting.server = -1;
	redirect_serve(&reactor, &connecting.target, ends[0], &host, &connecting.told);
	redirect_release();
	assert_string_equal(connected.told.end.how, "stopped");
	assert_string_equal(connecting.told.end.how, "stopped");
	assert_int_equal(reactor.alarms.count, 0);
	close_lab(&connected);
	close_lab(&connecting);
}

static void
test_resolve(void **state)
{
	struct redirect_target target = {.count = 99};

	(void)state;
	assert_int_not_equal(redirect_resolve("127.0.0.1", "no-such-service", &target), 0);
	assert_int_equal(target.count, 99);
	assert_int_equal(redirect_resolve("127.0.0.1", "8080", &target), 0);
	assert_int_equal(target.count, 1);
	assert_int_equal(target.items[0].address.v4.sin_family, AF_INET);
	assert_int_equal(target.items[0].address.v4.sin_port, htons(8080));
	assert_int_equal(target.items[0].address.v4.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	assert_int_equal(redirect_resolve("::1", "80", &target), 0);
	assert_int_equal(target.items[0].address.v6.sin6_family, AF_INET6);
	assert_int_equal(target.items[0].len, sizeof(struct sockaddr_in6));
}

static int
release_all(void **state)
{
	redirect_release();
	return tear_down(state);
}

#undef CASE
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, release_all)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_both_ways),
	    CASE(test_target_ends_first),
	    CASE(test_said_early),
	    CASE(test_bulk),
	    CASE(test_hung_up_behind_a_queue),
	    CASE(test_reset),
	    CASE(test_dead_target),
	    CASE(test_no_target),
	    CASE(test_next_address),
	    CASE(test_silent_target),
	    CASE(test_patience),
	    CASE(test_many),
	    CASE(test_no_memory),
	    CASE(test_release),
	    CASE(test_resolve),
	};

	raise_descriptors();
	for (size_t i = 0; i < sizeof bulk; i++)
		bulk[i] = (char)((i * 2654435761U) >> 13);
	return cmocka_run_group_tests_name("inetd_redirect", tests, NULL, NULL);
}
