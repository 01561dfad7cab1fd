/* The control socket over a fake inetd: who is answered, what, and what clients cannot do to the
 * loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cmd/inetd/control/answer.h"
#include "cmd/inetd/control/control.h"
#include "cmd/inetd/control/request.h"
#include "failing_alloc.h"

enum { CLIENTS_MAX = 16, CLIENT_MS = 5000, ANSWER_BYTES = 16 << 20 };

/* ---- the clock, and what is in front of the kernel ---- */

static int64_t passed_ms;
static uid_t peer_uid; /* who connects; (uid_t)-1: whoever it is */
static int accept_error; /* 0: accept works */

int __wrap_clock_gettime(clockid_t, struct timespec *);
int __real_accept4(int, struct sockaddr *, socklen_t *, int);
int __wrap_accept4(int, struct sockaddr *, socklen_t *, int);
int __real_getsockopt(int, int, int, void *, socklen_t *);
int __wrap_getsockopt(int, int, int, void *, socklen_t *);

int
__wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
	(void)id;
	*ret = (struct timespec){.tv_sec = passed_ms / 1000, .tv_nsec = passed_ms % 1000 * 1000000};
	return 0;
}

int
__wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	if (accept_error == 0)
		return __real_accept4(fd, address, len, flags);
	errno = accept_error;
	return -1;
}

int
__wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int status = __real_getsockopt(fd, level, name, value, len);

	if (name == SO_PEERCRED && peer_uid != (uid_t)-1)
		((struct ucred *)value)->uid = peer_uid;
	return status;
}

/* ---- a fake inetd ---- */

enum { SERVICES_MAX = 30000 };

static struct fake {
	size_t count;
	bool is_paused[SERVICES_MAX], is_dropped[SERVICES_MAX];
	unsigned loads;
	size_t findings;
	bool reload_fails, reload_lasts, fails;
} fake;

static const char *const ids[] = {"ftp/tcp", "*:tftp/udp", "echo/tcp", "echo/udp", "/run/a b.sock"};
static const char *const names[] = {"ftp/tcp", "tftp/udp", "echo/tcp", "echo/udp", "/run/a b.sock"};

static void
show_daemon(void *ctx, struct control_daemon *ret)
{
	*ret = (struct control_daemon){.pid = 77,
	    .up_ms = 61000,
	    .conf_path = "/etc/inetd\n.conf",
	    .loads = ((struct fake *)ctx)->loads,
	    .failed_loads = 1,
	    .loaded_ms = 5};
}

static size_t
count(void *ctx)
{
	return ((struct fake *)ctx)->count;
}

static void
show_service(void *ctx, size_t i, struct control_service *ret)
{
	static char name[32];
	const struct fake *now = ctx;
	bool is_first = i == 0;

	snprintf(name, sizeof name, "service%zu/tcp", i);
	*ret = (struct control_service){.id = i < 5 ? ids[i] : name,
	    .name = i < 5 ? names[i] : name,
	    .state = now->is_dropped[i] ? CONTROL_DROPPED
	        : now->is_paused[i]     ? CONTROL_PAUSED
	                                : CONTROL_DEGRADED,
	    .kind = "server",
	    .socktype = "stream",
	    .protocol = "tcp",
	    .server = "/bin/\xff",
	    .user = "root",
	    .file = "/etc/inetd.conf",
	    .line = 3,
	    .addresses = is_first ? 2 : 0,
	    .running = 4,
	    .waiting = 2,
	    .counters = {.accepted = 11,
	        .admitted = 7,
	        .refused = 1,
	        .limited = 2,
	        .failed = 1,
	        .crashed = 6},
	    .limit = is_first ? NULL : "over its rate",
	    .last_error = is_first ? "it \"broke\"" : NULL,
	    .last_error_ms = 9};
}

static void
show_address(void *ctx, size_t service, size_t i, struct control_address *ret)
{
	(void)ctx;
	assert_true(service == 0 && i < 2);
	ret->text = i == 0 ? "0.0.0.0 port 21" : "[::1] port 21";
	ret->state = i == 0 ? CONTROL_ONLINE : CONTROL_OFFLINE;
	ret->error = i == 0 ? NULL : "in use";
}

static enum control_result
set(struct fake *now, bool *is_set, bool wanted)
{
	bool is_news = *is_set != wanted;

	if (now->fails)
		return CONTROL_FAILED;
	*is_set = wanted;
	return is_news ? CONTROL_DONE : CONTROL_ALREADY;
}

static enum control_result
pause_service(void *ctx, size_t i, bool is_paused)
{
	return set(ctx, &((struct fake *)ctx)->is_paused[i], is_paused);
}

static enum control_result
drop(void *ctx, size_t i)
{
	return set(ctx, &((struct fake *)ctx)->is_dropped[i], true);
}

static unsigned long
end_running(void *ctx, size_t i)
{
	assert_true(((struct fake *)ctx)->is_dropped[i]);
	return 4;
}

static struct control control;

/* What the end of a reading is to the control socket. */
static void
end_reload(bool is_ok)
{
	struct control_sink *sink = control_listen(&control);

	for (size_t i = 0; i < fake.findings && sink != NULL; i++)
		sink->take(sink, i == 0, "f:1:1: error: x 'y\xff'");
	control_reloaded(&control, is_ok);
}

static void
reload(void *ctx)
{
	struct fake *now = ctx;

	now->loads++;
	if (!now->reload_lasts)
		end_reload(!now->reload_fails);
}

static const struct control_ops ops = {
    show_daemon, count, show_service, show_address, pause_service, drop, end_running, reload};

/* ---- answers, without a socket ---- */

static void
answer(const char *request, const char *want)
{
	struct buf buf;

	buf_init(&buf, NULL, 0, CONTROL_ANSWER_MAX);
	assert_int_equal(answer_request(&ops, &fake, request, strlen(request), &buf), ANSWER_READY);
	assert_string_equal(buf.bytes, want);
	buf_release(&buf);
}

static int
reset(void **state)
{
	(void)state;
	fake = (struct fake){.count = 5};
	passed_ms = 0;
	peer_uid = (uid_t)-1;
	accept_error = 0;
	return 0;
}

#define ERROR(text) "{\"version\":1,\"ok\":false,\"error\":\"" text "\"}\n"
#define OK(text) "{\"version\":1,\"ok\":true," text "}\n"
#define ACTED(text) OK("\"services\":[" text "]")
#define SELF                                                                                       \
	"\"inetd\":{\"pid\":77,\"up_ms\":61000,\"configuration\":\"/etc/"                          \
	"inetd\\u000a.conf\",\"loads\":0,"                                                         \
	"\"failed_loads\":1,\"current\":false,\"loaded_ms\":5,\"errors\":0,"                       \
	"\"unread\":null}"
#define FTP                                                                                        \
	"{\"id\":\"ftp/tcp\",\"name\":\"ftp/tcp\",\"state\":\"degraded\",\"kind\":\"server\","     \
	"\"running\":4,\"addresses\":["                                                            \
	"{\"address\":\"0.0.0.0 port 21\",\"state\":\"online\",\"error\":null},"                   \
	"{\"address\":\"[::1] port 21\",\"state\":\"offline\",\"error\":\"in use\"}]"
#define DETAILS                                                                                    \
	",\"type\":\"stream\",\"protocol\":\"tcp\",\"wait\":false,\"server\":\"/bin/\\u00ff\","    \
	"\"user\":\"root\",\"file\":\"/etc/"                                                       \
	"inetd.conf\",\"line\":3,\"waiting\":2,\"counters\":{\"accepted\":11,"                     \
	"\"admitted\":7,\"refused\":1,\"limited\":2,\"failed\":1,\"crashed\":6}"
#define TFTP                                                                                       \
	"{\"id\":\"*:tftp/udp\",\"name\":\"tftp/udp\",\"state\":\"degraded\","                     \
	"\"kind\":\"server\",\"running\":4,\"addresses\":[]"

static void
test_shown(void **state)
{
	(void)state;
	fake.count = 2;
	answer("1 list", OK(SELF ",\"services\":[" FTP "}," TFTP "}]"));
	answer("1 status",
	    OK(SELF ",\"services\":[" FTP DETAILS
	            ",\"limit\":null,\"last_error\":\"it \\\"broke\\\"\","
	            "\"last_error_ms\":9}," TFTP DETAILS
	            ",\"limit\":\"over its rate\",\"last_error\":null}]"));
	answer("1 status tftp",
	    OK(SELF ",\"services\":[" TFTP DETAILS
	            ",\"limit\":\"over its rate\",\"last_error\":null}]"));
	fake.count = 0;
	answer("1 list", OK(SELF ",\"services\":[]"));
}

static void
test_acted(void **state)
{
	(void)state;
	answer("1 pause ftp/tcp", ACTED("{\"id\":\"ftp/tcp\",\"result\":\"done\"}"));
	assert_true(fake.is_paused[0] && !fake.is_paused[1]);
	answer("1 pause ftp/tcp", ACTED("{\"id\":\"ftp/tcp\",\"result\":\"already\"}"));
	answer("1 resume ftp", ACTED("{\"id\":\"ftp/tcp\",\"result\":\"done\"}"));
	answer("1 drop /run/a b.sock", ACTED("{\"id\":\"/run/a b.sock\",\"result\":\"done\"}"));
	answer("1 drop --running echo",
	    ACTED("{\"id\":\"echo/tcp\",\"ended\":4,\"result\":\"done\"},"
	          "{\"id\":\"echo/udp\",\"ended\":4,\"result\":\"done\"}"));
	assert_true(fake.is_dropped[2] && fake.is_dropped[3] && fake.is_dropped[4]);
	answer("1 pause *:tftp/udp", ACTED("{\"id\":\"*:tftp/udp\",\"result\":\"done\"}"));
	answer("1 pause tftp/udp", ACTED("{\"id\":\"*:tftp/udp\",\"result\":\"already\"}"));
	answer("1 pause tftp", ACTED("{\"id\":\"*:tftp/udp\",\"result\":\"already\"}"));
	fake.fails = true;
	answer("1 drop --running ftp", ACTED("{\"id\":\"ftp/tcp\",\"result\":\"failed\"}"));
	assert_false(fake.is_dropped[0] || fake.is_paused[0]);
}

static void
test_names(void **state)
{
	(void)state;
	answer("1 pause gopher", ERROR("there is no service 'gopher'"));
	answer("1 pause ftp/udp", ERROR("there is no service 'ftp/udp'; did you mean *:tftp/udp?"));
	answer("1 pause ecoh", ERROR("there is no service 'ecoh'; did you mean echo/tcp?"));
	answer("1 pause tftp/ud", ERROR("there is no service 'tftp/ud'; did you mean *:tftp/udp?"));
	answer("1 pause /run", ERROR("there is no service '/run'"));
	answer("1 pause \"", ERROR("there is no service '\\\"'"));
	answer("1 status f", ERROR("there is no service 'f'"));
	for (size_t i = 0; i < fake.count; i++)
		assert_false(fake.is_paused[i]);
}

static void
test_no_request(void **state)
{
	static const char *const bad[] = {"", " ", "1", "1 ", "list", "1  list", "1 lis", "1 lists",
	    "1 LIST", "2 list", "0 list", "01x list", "-1 list", "1\tlist", "1 list\r", " 1 list",
	    "1 list ftp", "1 reload ftp", "1 pause", "1 pause ", "1 resume", "1 drop",
	    "1 drop --running", "1 drop --running ", "1 drop-running ftp", "1 pause \x7f",
	    "1 pause \xc3\xa9"};
	struct request request = {.command = CONTROL_COMMANDS};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (request_parse(bad[i], strlen(bad[i]), &request) == NULL)
			fail_msg("taken: %s", bad[i]);
	assert_non_null(request_parse("1 list\0", 7, &request));
	assert_int_equal(request.command, CONTROL_COMMANDS);
	assert_null(request_parse("1 status ", 9, &request));
	assert_int_equal(request.service_len, 0);
}

/* ---- the socket ---- */

static char folder[64], path[128];
static struct reactor reactor;

static int
open_control(void **state)
{
	reset(state);
	snprintf(folder, sizeof folder, "/tmp/tcpwrap-control-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/run/sock", folder);
	reactor = (struct reactor){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
	assert_true(control_open(&control, &reactor, path, &ops, &fake));
	return 0;
}

static int
close_control(void **state)
{
	char run[128];

	(void)state;
	control_close(&control);
	reactor_release(&reactor);
	snprintf(run, sizeof run, "%s/run", folder);
	assert_int_equal(rmdir(run), 0); /* nothing is left in it */
	return rmdir(folder);
}

static int
connect_to(const char *where)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(strlen(where) < sizeof address.sun_path);
	memcpy(address.sun_path, where, strlen(where));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void
say(int fd, const char *text, size_t len)
{
	assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
}

/* Turns, as long as there is something to do at once. */
static void
turn(void)
{
	struct pollfd waiting = {.fd = reactor.epoll_fd, .events = POLLIN};

	for (int i = 0; i < 1000 && poll(&waiting, 1, 0) == 1; i++)
		assert_true(reactor_turn(&reactor));
	assert_int_equal(poll(&waiting, 1, 0), 0); /* it does not spin */
}

/* Alarms that are due ring: somebody gives the reactor an event to wake up for. */
static void
pass(int64_t ms)
{
	static struct watch watch;
	int fds[2];

	passed_ms += ms;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	watch = (struct watch){0};
	watch.next_gone = &watch; /* its events are not delivered */
	assert_true(reactor_add(&reactor, &watch, fds[0], EPOLLIN));
	assert_int_equal(write(fds[1], "", 1), 1);
	assert_true(reactor_turn(&reactor));
	reactor_remove(&reactor, fds[0]);
	close(fds[0]);
	close(fds[1]);
	turn();
}

static char got[ANSWER_BYTES];

/* All that comes up to the end; -1: the end has not come. */
static ssize_t
hear(int fd)
{
	size_t len = 0;

	for (;;) {
		ssize_t more = recv(fd, got + len, sizeof got - 1 - len, 0);

		if (more < 0 && errno == EAGAIN)
			return -1;
		assert_true(more >= 0);
		len += (size_t)more;
		got[len] = '\0';
		if (more == 0)
			return (ssize_t)len;
	}
}

/* want is "": whatever is answered. */
static void
is_answered(const char *request, const char *want)
{
	int fd = connect_to(path);

	say(fd, request, strlen(request));
	turn();
	assert_true(hear(fd) >= 0);
	if (*want != '\0')
		assert_string_equal(got, want);
	close(fd);
}

static void
test_path(void **state)
{
	struct control other;
	struct stat found;
	mode_t before;

	(void)state;
	before = umask(0);
	control_close(&control);
	assert_int_equal(lstat(path, &found), -1);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
	path[strlen(path)] = '/';
	for (int i = 0; i < 2; i++) {
		umask(i == 0 ? 0 : 0777);
		assert_true(control_open(&control, &reactor, path, &ops, &fake));
		assert_int_equal(umask(before), i == 0 ? 0 : 0777);
		assert_int_equal(lstat(path, &found), 0);
		assert_int_equal(found.st_mode, S_IFSOCK | 0600);
		/* While it lives nobody takes its place. */
		assert_false(control_open(&other, &reactor, path, &ops, &fake));
		assert_int_equal(errno, EADDRINUSE);
		control_close(&other);
		is_answered("1 pause ftp\n",
		    i == 0 ? ACTED("{\"id\":\"ftp/tcp\",\"result\":\"done\"}")
		           : ACTED("{\"id\":\"ftp/tcp\",\"result\":\"already\"}"));
		*strrchr(path, '/') = '\0';
		assert_int_equal(stat(path, &found), 0);
		assert_int_equal(found.st_mode, S_IFDIR | 0755);
		path[strlen(path)] = '/';
		control_close(&control);
	}
	assert_int_equal(control.fd, -1);
}

/* What a dead process left goes; a file, and what is not ours, stays. */
static void
test_left_behind(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat found;

	(void)state;
	control_close(&control);
	memcpy(address.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	if (geteuid() == 0) {
		assert_int_equal(lchown(path, 1, 1), 0);
		assert_false(control_open(&control, &reactor, path, &ops, &fake));
		assert_int_equal(errno, EADDRINUSE);
		assert_int_equal(lchown(path, 0, 0), 0);
	}
	assert_true(control_open(&control, &reactor, path, &ops, &fake));
	is_answered("1 bad\n", ERROR("unknown command (inetctl --help)"));
	/* Somebody has put something else there: it is not ours to remove. */
	assert_int_equal(unlink(path), 0);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	control_close(&control);
	assert_int_equal(lstat(path, &found), 0);
	assert_false(control_open(&control, &reactor, path, &ops, &fake));
	assert_int_equal(errno, EADDRINUSE);
	assert_int_equal(unlink(path), 0);
}

static void
test_path_lengths(void **state)
{
	static char text[300];
	struct control other;

	(void)state;
	for (size_t len = 107; len <= 108; len++) {
		memset(text, 0, sizeof text);
		memset(text, 'x', len);
		memcpy(text, path, strlen(path));
		errno = 0;
		assert_int_equal(control_open(&other, &reactor, text, &ops, &fake), len == 107);
		assert_int_equal(errno == ENAMETOOLONG, len == 108);
		control_close(&other);
	}
	assert_false(control_open(&other, &reactor, "", &ops, &fake));
	assert_false(control_open(&other, &reactor, "/nonexistent/a/b", &ops, &fake));
	assert_int_equal(errno, ENOENT);
}

static void
test_pieces(void **state)
{
	static const char request[] = "1 pause ftp\n1 pause echo\n";
	int fd = connect_to(path);

	(void)state;
	for (size_t i = 0; request[i] != '\n'; i++) {
		say(fd, request + i, 1);
		turn();
		assert_int_equal(hear(fd), -1);
		assert_false(fake.is_paused[0]);
	}
	say(fd, "\n1 pause echo\n", 14);
	turn();
	assert_true(hear(fd) > 0);
	assert_string_equal(got, ACTED("{\"id\":\"ftp/tcp\",\"result\":\"done\"}"));
	assert_true(fake.is_paused[0] && !fake.is_paused[2]); /* one connection, one request */
	close(fd);
}

#define FINDING(severity) "{\"severity\":\"" severity "\",\"text\":\"f:1:1: error: x 'y\\u00ff'\"}"
#define NOT_TAKEN "\"error\":\"the configuration was not taken: services stay as they are\""

static void
test_reloads(void **state)
{
	(void)state;
	is_answered("1 reload\n", OK("\"findings\":[],\"services\":5"));
	fake.findings = 2;
	fake.reload_fails = true;
	is_answered("1 reload\n",
	    "{\"version\":1,\"ok\":false," NOT_TAKEN
	    ",\"findings\":[" FINDING("error") "," FINDING("warning") "],\"services\":5}\n");
	/* What was found for one is not told to the next. */
	fake.findings = 0;
	fake.reload_fails = false;
	is_answered("1 reload\n", OK("\"findings\":[],\"services\":5"));
	assert_int_equal(fake.loads, 3);
}

static unsigned
count_of(const char *word)
{
	unsigned found = 0;

	for (const char *at = got; (at = strstr(at, word)) != NULL; at++)
		found++;
	return found;
}

static void
test_many_findings(void **state)
{
	(void)state;
	fake.findings = 1000;
	is_answered("1 reload\n", "");
	assert_null(strstr(got, "\"more\""));
	fake.findings = 1001;
	is_answered("1 reload\n", "");
	assert_non_null(strstr(got, "],\"more\":1,"));
	assert_int_equal(count_of("\"severity\""), 1000);
	/* Nobody listens, and nothing is kept. */
	assert_null(control_listen(&control));
}

/* A reading takes its time: others are answered, and all who have asked hear of its end. */
static void
test_lasting_reload(void **state)
{
	int fds[3];

	(void)state;
	fake.reload_lasts = true;
	fake.findings = 1;
	for (int i = 0; i < 3; i++) {
		fds[i] = connect_to(path);
		say(fds[i], "1 reload\n", 9);
		turn();
	}
	is_answered("1 bad\n", ERROR("unknown command (inetctl --help)"));
	pass(60000);
	assert_int_equal(control.count, 3);
	close(fds[2]); /* who hangs up is forgotten */
	turn();
	assert_int_equal(control.count, 2);
	end_reload(true);
	turn();
	for (int i = 0; i < 2; i++) {
		assert_true(hear(fds[i]) > 0);
		assert_string_equal(got, OK("\"findings\":[" FINDING("error") "],\"services\":5"));
		close(fds[i]);
	}
	assert_int_equal(control.count, 0);
	end_reload(true); /* of somebody who has sent a signal */
	assert_int_equal(fake.loads, 3);
}

/* Its end does not come: nobody waits for ever. */
static void
test_endless_reload(void **state)
{
	int fd = connect_to(path);

	(void)state;
	fake.reload_lasts = true;
	say(fd, "1 reload\n", 9);
	turn();
	pass(299000);
	assert_int_equal(hear(fd), -1);
	pass(2000);
	assert_int_equal(hear(fd), 0);
	close(fd);
	end_reload(true);
}

static void
test_half_a_request(void **state)
{
	int fd = connect_to(path);

	(void)state;
	say(fd, "1 pause ftp", 11);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	turn();
	assert_int_equal(hear(fd), 0);
	close(fd);
	fd = connect_to(path);
	say(fd, "1 pause ftp", 11);
	close(fd);
	turn();
	assert_false(fake.is_paused[0]);
	assert_int_equal(control.count, 0);
}

static void
test_sizes(void **state)
{
	static char text[CONTROL_REQUEST_MAX + 100];
	static const char start[] = "1 pause ";

	(void)state;
	for (size_t len = CONTROL_REQUEST_MAX - 1; len <= CONTROL_REQUEST_MAX + 1; len++) {
		int fd = connect_to(path);

		memset(text, 'x', sizeof text);
		memcpy(text, start, sizeof start - 1);
		text[len - 1] = '\n';
		say(fd, text, len);
		turn();
		assert_true(hear(fd) > 0);
		/* One that did not fit was cut at the maximum, and is no request of another name.
		 * */
		assert_non_null(strstr(got, "\"ok\":false"));
		close(fd);
	}
	memset(text, '\xff', sizeof text);
	text[sizeof text - 1] = '\0';
	is_answered(text, ERROR("a request is one line of printable text"));
}

static void
test_strangers(void **state)
{
	static const uid_t strangers[] = {1, 1000, 65534, (uid_t)-2};
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
		peer_uid = strangers[i];
		if (peer_uid == geteuid())
			continue;
		fd = connect_to(path);
		say(fd, "1 pause ftp\n", 12);
		turn();
		/* Unread bytes make the end a reset. */
		assert_true(recv(fd, got, sizeof got, 0) <= 0);
		assert_false(fake.is_paused[0]);
		close(fd);
	}
	peer_uid = 0;
	is_answered("1 pause ftp\n", ACTED("{\"id\":\"ftp/tcp\",\"result\":\"done\"}"));
	peer_uid = geteuid();
	is_answered("1 resume ftp\n", ACTED("{\"id\":\"ftp/tcp\",\"result\":\"done\"}"));
}

static void
test_silent_clients(void **state)
{
	int fd = connect_to(path), late;

	(void)state;
	turn();
	pass(CLIENT_MS - 1000);
	late = connect_to(path);
	turn();
	assert_int_equal(hear(fd), -1);
	is_answered("1 bad\n", ERROR("unknown command (inetctl --help)"));
	pass(1100);
	assert_int_equal(hear(fd), 0);
	assert_int_equal(hear(late), -1);
	pass(CLIENT_MS);
	assert_int_equal(hear(late), 0);
	assert_int_equal(control.count, 0);
	close(fd);
	close(late);
}

/* An answer that fills the socket many times over, to a client that does not read. */
static void
test_slow_client(void **state)
{
	int fd = connect_to(path), other;

	(void)state;
	fake.count = 8000;
	say(fd, "1 status\n", 9);
	other = connect_to(path);
	say(other, "1 status\n", 9);
	turn();
	assert_int_equal(control.count, 2);
	is_answered("1 bad\n", ERROR("unknown command (inetctl --help)"));
	pass(CLIENT_MS - 1000);
	assert_int_equal(control.count, 2);
	/* One begins to read, and gets all of it in pieces. */
	for (size_t len = 0;;) {
		ssize_t more = recv(other, got + len, 4096, 0);

		if (more == 0)
			break;
		if (more > 0)
			len += (size_t)more;
		got[len] = '\0';
		turn();
	}
	assert_non_null(strstr(got, "\"id\":\"service7999/tcp\""));
	assert_string_equal(got + strlen(got) - 4, "}]}\n");
	pass(1100);
	assert_int_equal(control.count, 0);
	close(fd);
	close(other);
}

static void
test_too_many_services(void **state)
{
	(void)state;
	fake.count = SERVICES_MAX;
	is_answered("1 status\n", ERROR("no memory, or more services than an answer holds"));
	is_answered(
	    "1 pause service29999\n", ACTED("{\"id\":\"service29999/tcp\",\"result\":\"done\"}"));
}

static void
test_many_clients(void **state)
{
	enum { MANY = 50 };
	int fds[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++)
		fds[i] = connect_to(path);
	turn();
	assert_int_equal(control.count, CLIENTS_MAX);
	for (int i = 0; i < MANY; i++)
		say(fds[i], "1 bad\n", 6);
	turn();
	for (int i = 0; i < MANY; i++) {
		assert_true(hear(fds[i]) > 0);
		assert_string_equal(got, ERROR("unknown command (inetctl --help)"));
		close(fds[i]);
	}
	assert_int_equal(control.count, 0);
}

/* Sixteen that say nothing keep others waiting until their time is over, and no longer. */
static void
test_all_places_taken(void **state)
{
	int silent[CLIENTS_MAX], fd;

	(void)state;
	for (int i = 0; i < CLIENTS_MAX; i++)
		silent[i] = connect_to(path);
	turn();
	fd = connect_to(path);
	say(fd, "1 bad\n", 6);
	turn();
	assert_int_equal(hear(fd), -1);
	pass(CLIENT_MS + 1000);
	assert_true(hear(fd) > 0);
	close(fd);
	for (int i = 0; i < CLIENTS_MAX; i++)
		close(silent[i]);
}

static void
test_shortage(void **state)
{
	static const int errors[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS};

	(void)state;
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		int fd;

		accept_error = errors[i];
		fd = connect_to(path);
		say(fd, "1 bad\n", 6);
		turn(); /* which sees that it does not spin */
		accept_error = 0;
		assert_int_equal(hear(fd), -1);
		pass(2000);
		assert_true(hear(fd) > 0);
		close(fd);
	}
}

static void
test_no_memory(void **state)
{
	static const char *const requests[] = {
	    "1 list\n", "1 status ftp\n", "1 pause ftp\n", "1 reload\n", "1 pause nobody\n"};

	(void)state;
	fake.findings = 3;
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		unsigned long failures = 1;

		for (long n = 0; failures > 0; n++) {
			int fd = connect_to(path);

			say(fd, requests[i], strlen(requests[i]));
			alloc_fail_after(n);
			turn();
			failures = alloc_fail_never();
			/* Disconnected, or answered in whole lines. */
			while (recv(fd, got, 1, MSG_PEEK) < 0 && errno == EAGAIN)
				pass(1000);
			if (recv(fd, got, 1, MSG_PEEK) > 0) {
				ssize_t len = recv(fd, got, sizeof got - 1, 0);

				assert_true(len > 0 && got[len - 1] == '\n');
			}
			close(fd);
			turn();
			assert_int_equal(control.count, 0);
		}
	}
}

static void
test_closed_under_clients(void **state)
{
	int fds[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		fds[i] = connect_to(path);
	turn();
	control_close(&control);
	control_close(&control);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(hear(fds[i]), 0);
		close(fds[i]);
	}
}

int
main(void)
{
#define ON_SOCKET(test) cmocka_unit_test_setup_teardown(test, open_control, close_control)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_shown, reset),
	    cmocka_unit_test_setup(test_acted, reset),
	    cmocka_unit_test_setup(test_names, reset),
	    cmocka_unit_test_setup(test_no_request, reset),
	    ON_SOCKET(test_path),
	    ON_SOCKET(test_left_behind),
	    ON_SOCKET(test_path_lengths),
	    ON_SOCKET(test_pieces),
	    ON_SOCKET(test_reloads),
	    ON_SOCKET(test_many_findings),
	    ON_SOCKET(test_lasting_reload),
	    ON_SOCKET(test_endless_reload),
	    ON_SOCKET(test_half_a_request),
	    ON_SOCKET(test_sizes),
	    ON_SOCKET(test_strangers),
	    ON_SOCKET(test_silent_clients),
	    ON_SOCKET(test_slow_client),
	    ON_SOCKET(test_too_many_services),
	    ON_SOCKET(test_many_clients),
	    ON_SOCKET(test_all_places_taken),
	    ON_SOCKET(test_shortage),
	    ON_SOCKET(test_no_memory),
	    ON_SOCKET(test_closed_under_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
