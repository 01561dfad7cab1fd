/*
 * NAME     try-from - tell a client how it is seen
 * PURPOSE  Started as a service, it prints what rules and % letters know of the connection. It is
 *          the library that looks, expands and filters: what stands here is what a rule would get.
 * INVARIANTS  The eight lines are frozen: scripts read them.
 * LIMITS   A value has STRING_LENGTH, in the library.
 * SEE      try-from(8), hosts_access(5) EXPANSIONS
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tcpd.h>
#include <unistd.h>

/* The library's longest expansion, a server's description, and the words in front of it. */
enum { CLIENT = STDIN_FILENO, LINE_BYTES = 4 * STRING_LENGTH };

/* In this order: who the client is has been found out when its description is asked for. Not const,
 * as the historic percent_x has it. */
static char lines[][32] = {
    "client address  (%%a): %a",
    "client hostname (%%n): %n",
    "client username (%%u): %u",
    "client info     (%%c): %c",
    "server address  (%%A): %A",
    "server hostname (%%N): %N",
    "server process  (%%d): %d",
    "server info     (%%s): %s",
};

/* Does it ask about the program? Then that is answered, and nothing else. */
static bool
answer_about(const char *word)
{
	if (strcmp(word, "--version") == 0)
		puts("try-from (tcpwrap) " TCPWRAP_VERSION);
	else if (strcmp(word, "--help") == 0)
		puts("usage: try-from [--help | --version]\n"
		     "Print what is known of the connection that is standard input: both ends, "
		     "their\n"
		     "names and the user, as the % letters of hosts_access(5). For "
		     "inetd.conf(5).\n\n"
		     "Exit status: 0, or 1 if it could not be printed.");
	else
		return false;
	return true;
}

static void
describe(struct request_info *request)
{
	char line[LINE_BYTES];

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		puts(percent_x(line, sizeof line, lines[i], request));
}

int
main(int argc, char **argv)
{
	struct request_info request;
	const char *name = argc > 0 ? argv[0] : "try-from", *slash = strrchr(name, '/');

	if (argc < 2 || !answer_about(argv[1])) {
		request_init(
		    &request, RQ_DAEMON, slash != NULL ? slash + 1 : name, RQ_FILE, CLIENT, 0);
		sock_host(&request);
		describe(&request);
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
