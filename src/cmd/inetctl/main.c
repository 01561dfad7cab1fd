/*
 * NAME     inetctl - ask the running inetd, or tell it what to do
 * SEE      inetctl(8), tool/control.h
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/inetctl/connection.h"
#include "cmd/inetctl/show.h"
#include "tool/end.h"

static int
complain(const char *path, const char *what)
{
	fprintf(stderr, "inetctl: %s: %s\n", path, what);
	return EXIT_FAILURE;
}

static int
fail_to_ask(const char *path)
{
	bool is_denied = errno == EACCES || errno == ECONNRESET || errno == EPIPE;

	fprintf(stderr, "inetctl: %s: %s%s\n", path, strerror(errno),
	    is_denied ? " (only root and inetd's own user are answered)" : "");
	return EXIT_FAILURE;
}

static int
show(const struct options *options, const struct buf *answer)
{
	struct value value;

	if (!value_parse(answer->len > 0 ? answer->bytes : "", answer->len, &value) ||
	    value.kind != VALUE_OBJECT)
		return complain(options->path, "no answer of inetd's (see its log)");
	if (options->is_json)
		fwrite(answer->bytes, 1, answer->len, stdout);
	else
		show_answer(options, &value);
	return show_is_success(&value) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run(const struct options *options, const struct buf *request, struct buf *answer)
{
	switch (connection_ask(options->path, request, answer)) {
	case CONNECTION_ANSWERED:
		return show(options, answer);
	case CONNECTION_NO_INETD:
		complain(
		    options->path, "no inetd answers there (is it running, and with --control?)");
		return EXIT_NO_INETD;
	case CONNECTION_STRANGER:
		return complain(options->path, "whoever listens there is neither root nor you");
	case CONNECTION_FAILED:
		break;
	}
	return fail_to_ask(options->path);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct buf request, answer;
	int status = EXIT_FAILURE;

	options_parse(&options, argc, argv);
	buf_init(&request, NULL, 0, CONTROL_REQUEST_MAX);
	buf_init(&answer, NULL, 0, CONTROL_ANSWER_MAX);
	if (options_request(&options, &request))
		status = run(&options, &request, &answer);
	else
		complain("service", "its name is too long");
	buf_release(&request);
	buf_release(&answer);
	return end_status("inetctl", status, EXIT_FAILURE);
}
