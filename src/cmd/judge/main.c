/*
 * NAME     judge - the verdict on one client, and the line that makes it
 * PURPOSE  judge ALLOW DENY DAEMON ADDRESS [NAME]. For the demo and the tests; it is not installed.
 */
#include <stdio.h>

#include "cmd/judge/judge.h"

enum { EXIT_ANSWERED, EXIT_USAGE = 2 };

int
main(int argc, char **argv)
{
	if (argc < 5 || argc > 6) {
		fprintf(stderr, "usage: judge ALLOW DENY DAEMON ADDRESS [NAME]\n");
		return EXIT_USAGE;
	}
	judge(&(struct question){argv[1], argv[2], argv[3], argv[4], argv[5]});
	return fflush(stdout) != 0 ? EXIT_USAGE : EXIT_ANSWERED;
}
