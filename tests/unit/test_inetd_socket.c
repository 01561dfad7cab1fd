/* What a socket is made with: options that its connections inherit, places that are not there yet,
 * owner and mode, and the frozen queue. On loopback, with ports that the kernel chooses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/inetd/socket.h"
#include "in_folder.h"

static struct conf_entry entry;
static struct setup owner = {.socket_uid = (uid_t)-1, .socket_gid = (gid_t)-1};
static struct service service = {.entry = &entry, .setup = &owner};

static struct endpoint
at(int socktype, const char *address)
{
	struct endpoint endpoint = {.service = &service, .socktype = socktype};

	endpoint.len = sizeof endpoint.address.v4;
	endpoint.address.v4.sin_family = AF_INET;
	assert_int_equal(inet_pton(AF_INET, address, &endpoint.address.v4.sin_addr), 1);
	return endpoint;
}

static int
option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof value;

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static struct endpoint
bound_to(int fd, const struct endpoint *like)
{
	struct endpoint endpoint = *like;
	socklen_t len = endpoint.len;

	assert_int_equal(getsockname(fd, &endpoint.address.any, &len), 0);
	endpoint.len = (uint16_t)len;
	return endpoint;
}

static int
open_at(const struct endpoint *endpoint)
{
	struct socket_path path;
	int fd = socket_open(endpoint, false, &path);

	assert_true(fd >= 0);
	assert_true(socket_listen(fd, endpoint, 5));
	return fd;
}

static int
client_of(const struct endpoint *endpoint)
{
	int fd = socket(endpoint->address.any.sa_family, endpoint->socktype | SOCK_CLOEXEC, 0);
	const struct timeval second = {.tv_usec = 100000};
	int error;

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second), 0);
	if (connect(fd, &endpoint->address.any, endpoint->len) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void
test_connections_inherit(void **state)
{
	struct endpoint endpoint = at(SOCK_STREAM, "127.0.0.1");
	int fd, client, accepted;

	(void)state;
	entry = (struct conf_entry){
	    .is_keepalive = true, .is_nodelay = true, .sndbuf_bytes = 20000, .defer_accept_s = 7};
	fd = open_at(&endpoint);
	assert_true(option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT) >= 7);
	endpoint = bound_to(fd, &endpoint);
	client = client_of(&endpoint);
	assert_true(client >= 0);
	assert_int_equal(write(client, "x", 1), 1);
	accepted = accept(fd, NULL, NULL);
	assert_true(accepted >= 0);
	assert_int_equal(option(accepted, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(option(accepted, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(option(accepted, SOL_SOCKET, SO_SNDBUF), 40000);
	/* A line that does not say so any more takes it back. */
	entry = (struct conf_entry){0};
	socket_apply(fd, &entry);
	assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 0);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
	close(accepted);
	close(client);
	close(fd);
}

static void
test_free_bind(void **state)
{
	struct endpoint endpoint = at(SOCK_STREAM, "192.0.2.77"); /* nobody's */
	struct socket_path path;
	int fd;

	(void)state;
	entry = (struct conf_entry){0};
	assert_int_equal(socket_open(&endpoint, false, &path), -1);
	assert_int_equal(errno, EADDRNOTAVAIL);
	entry.is_free_bind = true;
	fd = socket_open(&endpoint, false, &path);
	assert_true(fd >= 0);
	close(fd);
}

static void
test_device(void **state)
{
	struct endpoint endpoint = at(SOCK_STREAM, "127.0.0.1");
	char device[32] = "";
	socklen_t len = sizeof device;
	struct socket_path path;
	int fd;

	(void)state;
	entry = (struct conf_entry){0};
	endpoint.device = "lo";
	fd = open_at(&endpoint);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, &len), 0);
	assert_string_equal(device, "lo");
	close(fd);
	endpoint.device = "none-such0";
	assert_int_equal(socket_open(&endpoint, false, &path), -1);
	assert_int_equal(errno, ENODEV);
}

/* Of our user: nobody else may in, neither a stream nor a datagram, but beside ourselves. */
static void
test_beside(void **state)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM};

	(void)state;
	entry = (struct conf_entry){0};
	for (size_t i = 0; i < 2; i++) {
		struct endpoint all = at(types[i], "0.0.0.0"), one = at(types[i], "127.0.0.1");
		struct socket_path path;
		int first = open_at(&all), second;

		one.address.v4.sin_port = bound_to(first, &all).address.v4.sin_port;
		assert_int_equal(socket_open(&one, false, &path), -1);
		assert_int_equal(errno, EADDRINUSE);
		assert_int_equal(socket_open(&one, true, &path), -1);
		socket_share(first, true);
		second = socket_open(&one, true, &path);
		assert_true(second >= 0);
		assert_true(socket_listen(second, &one, 5));
		close(second);
		close(first);
	}
}

static void
test_frozen_stream(void **state)
{
	struct endpoint endpoint = at(SOCK_STREAM, "127.0.0.1");
	int fd, client, late, accepted;
	char byte;

	(void)state;
	entry = (struct conf_entry){0};
	fd = open_at(&endpoint);
	endpoint = bound_to(fd, &endpoint);
	client = client_of(&endpoint);
	assert_true(socket_has_client(fd));
	assert_true(socket_freeze(fd, SOCK_STREAM));
	late = client_of(&endpoint);
	assert_int_equal(late, -1);
	assert_int_equal(errno, ECONNREFUSED);
	accepted = accept(fd, NULL, NULL);
	assert_true(accepted >= 0);
	assert_int_equal(write(accepted, "x", 1), 1);
	assert_int_equal(read(client, &byte, 1), 1);
	assert_false(socket_has_client(fd));
	close(accepted);
	close(client);
	close(fd);
}

static void
test_frozen_dgram(void **state)
{
	struct endpoint endpoint = at(SOCK_DGRAM, "127.0.0.1");
	char byte = 'a';
	int fd, client;

	(void)state;
	entry = (struct conf_entry){.socktype = CONF_DGRAM};
	fd = open_at(&endpoint);
	endpoint = bound_to(fd, &endpoint);
	client = client_of(&endpoint);
	assert_int_equal(send(client, &byte, 1, 0), 1);
	assert_true(socket_freeze(fd, SOCK_DGRAM));
	byte = 'b';
	assert_int_equal(send(client, &byte, 1, 0), 1);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 1);
	assert_int_equal(byte, 'a');
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &byte, 0), -1);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	close(client);
	close(fd);
}

static void
test_path(void **state)
{
	struct endpoint endpoint = {.service = &service, .socktype = SOCK_STREAM};
	char *name = endpoint.address.path.sun_path;
	struct socket_path path;
	struct stat found;
	int fd;

	(void)state;
	entry = (struct conf_entry){.families = CONF_UNIX, .socket_mode = 0620};
	owner.socket_uid = geteuid() == 0 ? 4711 : geteuid();
	owner.socket_gid = geteuid() == 0 ? 4712 : getegid();
	endpoint.len = sizeof endpoint.address.path;
	endpoint.address.path.sun_family = AF_UNIX;
	snprintf(name, sizeof endpoint.address.path.sun_path, "%s/s", folder);
	fd = socket_open(&endpoint, false, &path);
	assert_true(fd >= 0);
	assert_int_equal(lstat(name, &found), 0);
	assert_int_equal(found.st_mode, S_IFSOCK | 0620);
	assert_int_equal(found.st_uid, owner.socket_uid);
	assert_int_equal(found.st_gid, owner.socket_gid);
	assert_true(socket_is_linked(&endpoint, &path));
	/* Not through a link that somebody puts there. */
	assert_int_equal(unlink(name), 0);
	assert_int_equal(symlink("/dev/null", name), 0);
	assert_false(socket_set_access(&endpoint));
	assert_false(socket_is_linked(&endpoint, &path));
	socket_unlink(&endpoint, &path);
	assert_int_equal(lstat(name, &found), 0);
	assert_int_equal(unlink(name), 0);
	close(fd);
	owner.socket_uid = (uid_t)-1;
	owner.socket_gid = (gid_t)-1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_connections_inherit),
	    cmocka_unit_test(test_free_bind),
	    cmocka_unit_test(test_device),
	    cmocka_unit_test(test_beside),
	    cmocka_unit_test(test_frozen_stream),
	    cmocka_unit_test(test_frozen_dgram),
	    cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
