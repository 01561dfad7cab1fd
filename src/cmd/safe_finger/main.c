/*
 * NAME     safe_finger - ask a host who is there
 * PURPOSE  Finger for traps: started by a rule for a client that may have set one itself.
 * INVARIANTS  Nothing is done as root, and nothing after the deadline. What is printed went through the
 *          filter; what is sent was made by target.c.
 * SEE      safe_finger(8), RFC 1288
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/safe_finger/connection.h"
#include "cmd/safe_finger/deadline.h"
#include "cmd/safe_finger/filter.h"
#include "cmd/safe_finger/nobody.h"
#include "cmd/safe_finger/options.h"

enum { READ_BYTES = 4096, TEXT_BYTES = READ_BYTES * FILTER_GROWTH + FILTER_NOTE_MAX };

/* The subject may be a stranger's words. */
static int
fail(const char *subject, const char *what)
{
	char storage[4 * TARGET_MAX + 1];
	struct buf text;

	buf_init(&text, storage, sizeof storage, sizeof storage - 1);
	buf_add_escaped(&text, subject, strnlen(subject, TARGET_MAX));
	fprintf(stderr, "safe_finger: %s: %s\n", storage, what);
	return EXIT_FAILURE;
}

static int
fail_as(const struct diag *diag)
{
	struct buf text;

	buf_init(&text, NULL, 0, 4 * DIAG_ARG_MAX);
	fprintf(stderr, "safe_finger: %s\n",
	    diag_format(diag, &text) ? text.bytes : diag_name(diag->code));
	buf_release(&text);
	return EXIT_FAILURE;
}

/* Else a socket would be our standard output, and what is printed be sent. A reader who goes away is an
 * error like any other. */
static bool
prepare(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return false;
	return signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

static bool
print(struct buf *text)
{
	size_t done = 0;

	while (done < text->len) {
		ssize_t put = write(STDOUT_FILENO, text->bytes + done, text->len - done);

		if (put < 0 && errno != EINTR)
			return false;
		done += put > 0 ? (size_t)put : 0;
	}
	buf_clear(text);
	return true;
}

/* To the end of the answer. NULL, or why that was not reached; what came until then is printed. */
static const char *
print_answer(int fd)
{
	static char bytes[READ_BYTES], storage[TEXT_BYTES + 1];
	struct filter filter = {0};
	struct buf text;
	bool is_whole;
	ssize_t got;

	buf_init(&text, storage, sizeof storage, TEXT_BYTES);
	do {
		got = recv(fd, bytes, sizeof bytes, 0);
		if (got < 0)
			return strerror(errno);
		is_whole = got > 0 ? filter_add(&filter, bytes, (size_t)got, &text)
		                   : filter_end(&filter, &text);
		if (!print(&text))
			return "cannot print the answer";
	} while (got > 0 && is_whole);
	return is_whole ? NULL : "the answer is too long, and was cut";
}

int
main(int argc, char **argv)
{
	struct options options;
	struct target target;
	struct diag diag = {0};
	const char *fault;
	int fd;

	if (!prepare())
		return EXIT_FAILURE;
	options_parse(&options, argc, argv);
	if (!deadline_start(options.timeout_s))
		return fail("no timer", strerror(errno));
	if (!nobody_become(&diag))
		return fail_as(&diag);
	fault = target_parse(options.target, options.is_long, &target);
	if (fault == NULL)
		fault = connection_open(&target, options.port, &fd);
	if (fault == NULL)
		fault = print_answer(fd);
	return fault == NULL ? EXIT_SUCCESS : fail(options.target, fault);
}
