/*
 * For tests of what runs in inetd's loop: a reactor, a clock that the test moves, the ends of connections.
 * Link with --wrap=clock_gettime.
 */
#ifndef WITH_REACTOR_H
#define WITH_REACTOR_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/internal/internal.h"

static struct reactor reactor;
static int64_t skew_ms;

int __real_clock_gettime(clockid_t, struct timespec *);
int __wrap_clock_gettime(clockid_t, struct timespec *);

int
__wrap_clock_gettime(clockid_t id, struct timespec *now)
{
	int status = __real_clock_gettime(id, now);

	now->tv_sec += skew_ms / 1000;
	return status;
}

/* What a host was told. */
struct told {
	unsigned times;
	struct internal_end end;
};

static void
note_end(void *ctx, const struct internal_end *end)
{
	struct told *told = ctx;

	told->times++;
	told->end = *end;
}

static const struct internal_host host = {note_end};

/* Deal with events until there are none for a moment. */
static void
settle(void)
{
	struct pollfd events = {.fd = reactor.epoll_fd, .events = POLLIN};

	while (poll(&events, 1, 1) > 0)
		assert_true(reactor_turn(&reactor));
}

/* Let time pass, and alarms ring that are due by then. */
static void
pass_ms(int64_t ms)
{
	skew_ms += ms;
	while (reactor.alarms.count > 0 && heap_first(&reactor.alarms)->at_ms <= clock_now_ms())
		assert_true(reactor_turn(&reactor));
}

static inline void
no_block(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static inline void
pair(int type, int ret[2])
{
	assert_int_equal(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ret), 0);
}

/* A listening TCP socket on loopback, and its address. */
static inline int
listen_tcp(int backlog, struct sockaddr_in *ret)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof *ret;

	*ret =
	    (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(fd, (struct sockaddr *)ret, sizeof *ret), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)ret, &len), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

/* Both ends of a TCP connection, neither of which blocks. */
static inline void
tcp_pair(int ret[2])
{
	struct sockaddr_in address;
	int listener = listen_tcp(1, &address);

	ret[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(ret[1], (struct sockaddr *)&address, sizeof address), 0);
	no_block(ret[1]);
	ret[0] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(ret[0] >= 0);
	close(listener);
}

/* Close it as a program that crashed or was rude. */
static inline void
reset(int fd)
{
	static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(fd);
}

/* For tests with thousands of clients. */
static void
raise_descriptors(void)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max < 20000 ? files.rlim_max : 20000;
	setrlimit(RLIMIT_NOFILE, &files);
}

static int
set_up(void **state)
{
	(void)state;
	reactor = (struct reactor){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
	return reactor.epoll_fd < 0;
}

static inline int
tear_down(void **state)
{
	(void)state;
	internal_release();
	reactor_release(&reactor);
	return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
