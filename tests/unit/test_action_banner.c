/*
 * NAME     test_action_banner - greeting a client with a file
 * PURPOSE  Bytes as they arrive; which files count; clients that go away or do not read.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "action/banner.h"

static char dir[] = "/tmp/test-banner-XXXXXX";
static char reported[512];
static unsigned reports;
static const char *client_name = "evil\n$(id)";

static void
on_report(void *ctx, const struct diag *diag)
{
	struct buf text;

	(void)ctx;
	buf_init(&text, reported, sizeof reported, sizeof reported - 1);
	diag_format(diag, &text);
	reports++;
}

static const char *
on_value(void *ctx, enum expansion_id id)
{
	(void)ctx;
	return id == EXPANSION_CLIENT_NAME ? client_name : "v";
}

static const struct expander expander = {.value = on_value, .report = on_report};

static bool
send_to(int fd, const char *daemon, const char *directory)
{
	struct action_env env = {
	    .fd = fd, .daemon = daemon, .expander = &expander, .report = on_report};
	struct diag diag = {.file = "F", .line = 7};

	reports = 0;
	reported[0] = '\0';
	return banner_send(&env, directory, &diag);
}

static void
write_file(const char *name, const char *bytes, size_t len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

/* All that arrives until the end. */
struct reader {
	int fd;
	char *bytes;
	size_t len, size;
};

static void *
read_all(void *arg)
{
	struct reader *reader = arg;
	ssize_t got;

	while (
	    (got = read(reader->fd, reader->bytes + reader->len, reader->size - reader->len)) > 0)
		reader->len += (size_t)got;
	return NULL;
}

static void
assert_arrives(const char *file, size_t file_len, const char *want, size_t want_len)
{
	struct reader reader = {.size = want_len + 100};
	pthread_t thread;
	int pair[2];

	write_file("d", file, file_len);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	reader.fd = pair[0];
	reader.bytes = malloc(reader.size);
	assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
	assert_true(send_to(pair[1], "d", dir));
	close(pair[1]);
	pthread_join(thread, NULL);
	close(pair[0]);
	assert_int_equal(reader.len, want_len);
	assert_memory_equal(reader.bytes, want, want_len);
	free(reader.bytes);
}

static void
lines_are_expanded_and_end_in_crlf(void **state)
{
	static const struct {
		const char *file, *want;
	} cases[] = {
	    {"", ""},
	    {"\n", "\r\n"},
	    {"hello\n", "hello\r\n"},
	    {"220-a\n220 b\n", "220-a\r\n220 b\r\n"},
	    {"no newline", "no newline"},
	    {"a\n\nb", "a\r\n\r\nb"},
	    {"Go away, %n 100%%\n", "Go away, evil___id_ 100%\r\n"},
	    {"a%zb%\n", "ab%\r\n"},
	    {"crlf\r\n", "crlf\r\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_arrives(
		    cases[i].file, strlen(cases[i].file), cases[i].want, strlen(cases[i].want));
}

static void
leading_nul_bytes_go_one_by_one(void **state)
{
	int pair[2];
	char packet[64];

	(void)state;
	assert_arrives("\0\0hi\0\n", 6, "\0\0hi\0\r\n", 7);
	/* Packets show the calls. */
	write_file("d", "\0\0one\ntwo\n", 10);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_true(send_to(pair[1], "d", dir));
	close(pair[1]);
	assert_int_equal(read(pair[0], packet, sizeof packet), 1);
	assert_int_equal(read(pair[0], packet, sizeof packet), 1);
	assert_int_equal(read(pair[0], packet, sizeof packet), 5);
	assert_memory_equal(packet, "one\r\n", 5);
	assert_int_equal(read(pair[0], packet, sizeof packet), 5);
	assert_memory_equal(packet, "two\r\n", 5);
	assert_int_equal(read(pair[0], packet, sizeof packet), 0);
	close(pair[0]);
}

/* Lines around the length of a piece, alone and behind others, and a file of many pieces. */
static void
lines_of_any_length_arrive(void **state)
{
	enum { PIECE = 8190, MOST = 3 * PIECE + 200 };
	static const size_t lens[] = {1, PIECE - 2, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE - 1,
	    2 * PIECE, 2 * PIECE + 1, 3 * PIECE};
	char *file = malloc(MOST), *want = malloc(2 * MOST);

	(void)state;
	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
		for (size_t first = 0; first <= 100; first += 50) {
			size_t f = 0, w = 0;

			for (size_t k = 0; k < first + lens[i] + 2; k++) {
				bool newline = k == first || k == first + lens[i] + 1;

				file[f++] = newline ? '\n' : (char)('a' + k % 26);
				if (newline)
					want[w++] = '\r';
				want[w++] = file[f - 1];
			}
			assert_arrives(file, f, want, w);
		}
	}
	free(file);
	free(want);
}

static void
a_line_that_expands_too_far_refuses(void **state)
{
	/* %n is 200 bytes: 81 of them fit into EXPAND_BANNER_MAX, with 183 bytes to spare. */
	static char long_name[201], line[81 * 2 + 184 + 2];
	int pair[2];

	(void)state;
	memset(long_name, 'n', 200);
	client_name = long_name;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	for (size_t extra = 182; extra <= 184; extra++) {
		size_t len = 0;

		for (unsigned i = 0; i < 81; i++) {
			line[len++] = '%';
			line[len++] = 'n';
		}
		memset(line + len, 'x', extra);
		line[len + extra] = '\n';
		write_file("d", line, len + extra + 1);
		assert_int_equal(81 * 200 + 183, EXPAND_BANNER_MAX);
		assert_int_equal(send_to(pair[1], "d", dir), extra <= 183);
		if (extra <= 183) {
			static char got[EXPAND_BANNER_MAX + 10];
			ssize_t arrived = recv(pair[0], got, sizeof got, MSG_DONTWAIT);

			/* The line and its end may come in two. */
			if (arrived == (ssize_t)(81 * 200 + extra))
				arrived += recv(pair[0], got + arrived, 2, MSG_DONTWAIT);
			assert_int_equal(arrived, 81 * 200 + extra + 2);
			assert_memory_equal(got + arrived - 2, "\r\n", 2);
		}
	}
	client_name = NULL;
	write_file("d", "%n\n", 3);
	assert_false(send_to(pair[1], "d", dir));
	client_name = "evil\n$(id)";
	close(pair[0]);
	close(pair[1]);
}

/* ---- which files ---- */

static void
files_that_are_none(void **state)
{
	static const struct {
		const char *daemon, *directory, *report; /* "" = silent; DIR stands for dir */
	} cases[] = {
	    {"absent", "DIR", ""},
	    {"d", "/nonexistent", "/nonexistent: No such file or directory"},
	    {"d", "DIR/plain", "DIR/plain: Not a directory"},
	    {"fifo", "DIR", "cannot use banner DIR/fifo: not a regular file"},
	    {"zero", "DIR", "cannot use banner DIR/zero: not a regular file"},
	    {"sub", "DIR", "cannot use banner DIR/sub: not a regular file"},
	    {"loop", "DIR", "DIR/loop: Too many levels of symbolic links"},
	    {"../plain", "DIR/sub", "no banner: \"../plain\" is no file name"},
	    {"..", "DIR/sub", "no banner: \"..\" is no file name"},
	    {".", "DIR", "no banner: \".\" is no file name"},
	    {"", "DIR", "no banner: \"\" is no file name"},
	};
	static const char *const made[] = {"fifo", "zero", "sub", "loop"};
	char path[128], report[512];
	int pair[2];

	(void)state;
	write_file("plain", "secret\n", 7);
	snprintf(path, sizeof path, "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof path, "%s/zero", dir);
	assert_int_equal(symlink("/dev/zero", path), 0);
	snprintf(path, sizeof path, "%s/loop", dir);
	assert_int_equal(symlink("loop", path), 0);
	snprintf(path, sizeof path, "%s/sub", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *in_dir = strstr(cases[i].report, "DIR");
		const char *rest =
		    strncmp(cases[i].directory, "DIR", 3) == 0 ? cases[i].directory + 3 : NULL;

		snprintf(path, sizeof path, "%s%s", rest != NULL ? dir : cases[i].directory,
		    rest != NULL ? rest : "");
		if (in_dir != NULL)
			snprintf(report, sizeof report, "%.*s%s%s", (int)(in_dir - cases[i].report),
			    cases[i].report, dir, in_dir + 3);
		else
			snprintf(report, sizeof report, "%s", cases[i].report);
		assert_true(send_to(pair[1], cases[i].daemon, path));
		assert_string_equal(reported, report);
		assert_int_equal(reports, *report != '\0');
	}
	close(pair[1]);
	assert_int_equal(read(pair[0], path, 1), 0); /* not one byte */
	close(pair[0]);
	for (unsigned i = 0; i < sizeof made / sizeof *made; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, made[i]);
		remove(path);
	}
}

/* ---- which clients ---- */

static void
a_client_that_is_gone_changes_nothing(void **state)
{
	int pair[2];

	(void)state;
	write_file("d", "hello\nhello\n", 12);
	signal(SIGPIPE, SIG_DFL); /* it would end this program */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	close(pair[0]);
	assert_true(send_to(pair[1], "d", dir));
	close(pair[1]);
	assert_true(send_to(-1, "d", dir));
	assert_int_equal(reports, 0);
}

static void
a_client_that_does_not_read_is_left_alone(void **state)
{
	enum { BIG = 4 << 20 };
	struct timespec start, end;
	char *file = malloc(BIG);
	int pair[2];

	(void)state;
	for (size_t i = 0; i < BIG; i++)
		file[i] = i % 64 == 63 ? '\n' : 'x';
	write_file("d", file, BIG);
	free(file);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_true(send_to(pair[1], "d", dir));
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_in_range(
	    end.tv_sec - start.tv_sec, BANNER_WAIT_MS / 1000 - 1, BANNER_WAIT_MS / 1000 + 3);
	assert_int_equal(reports, 0);
	assert_int_equal(fcntl(pair[1], F_GETFL) & O_NONBLOCK, 0);
	close(pair[0]);
	close(pair[1]);
}

static void
a_tool_shows_the_banner_on_a_pipe(void **state)
{
	int pipes[2];
	char text[32] = "";

	(void)state;
	write_file("d", "hello %n\n", 9);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_true(send_to(pipes[1], "d", dir));
	close(pipes[1]);
	assert_int_equal(read(pipes[0], text, sizeof text - 1), strlen("hello evil___id_\r\n"));
	assert_string_equal(text, "hello evil___id_\r\n");
	close(pipes[0]);
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int
remove_dir(void **state)
{
	static const char *const names[] = {"d", "plain", "fifo", "zero", "sub", "loop"};
	char path[128];

	(void)state;
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		remove(path);
	}
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_are_expanded_and_end_in_crlf),
	    cmocka_unit_test(leading_nul_bytes_go_one_by_one),
	    cmocka_unit_test(lines_of_any_length_arrive),
	    cmocka_unit_test(a_line_that_expands_too_far_refuses),
	    cmocka_unit_test(files_that_are_none),
	    cmocka_unit_test(a_client_that_is_gone_changes_nothing),
	    cmocka_unit_test(a_client_that_does_not_read_is_left_alone),
	    cmocka_unit_test(a_tool_shows_the_banner_on_a_pipe),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
