/*
 * NAME     tables - what the tables of this host mean to our library
 * PURPOSE  tables check ALLOW DENY: what would change if it took over from Debian's.
 *          tables judge ALLOW DENY DAEMON ADDRESS [NAME]: the verdict on a client, and its line.
 *          For tools/install and tools/demo; it is not installed.
 * SEE      docs/decisions/two-readings.md
 */
#include <stdio.h>
#include <string.h>

#include "cmd/tables/check.h"
#include "cmd/tables/judge.h"

enum { EXIT_NOTHING, EXIT_FOUND, EXIT_USAGE };

static int
run_check(char **args)
{
	struct check check = {.file = NULL};
	unsigned stops;

	for (int i = 0; i < 2; i++)
		check_table(&check, args[i]);
	word_lists_release(&check);
	stops = check.counts[STOP];
	if (fflush(stdout) != 0)
		return EXIT_USAGE;
	return stops > 0 ? EXIT_FOUND : EXIT_NOTHING;
}

static int
run_judge(char **args)
{
	struct question question = {args[0], args[1], args[2], args[3], args[4]};

	judge(&question);
	return fflush(stdout) != 0 ? EXIT_USAGE : EXIT_NOTHING;
}

static const struct {
	const char *name;
	int least, most; /* arguments */
	int (*run)(char **args); /* NULL stands behind the last */
} commands[] = {{"check", 2, 2, run_check}, {"judge", 4, 5, run_judge}};

int
main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (argc >= 2 && strcmp(argv[1], commands[i].name) == 0 &&
		    argc - 2 >= commands[i].least && argc - 2 <= commands[i].most)
			return commands[i].run(argv + 2);
	}
	fprintf(stderr,
	    "usage: tables check ALLOW DENY\n"
	    "       tables judge ALLOW DENY DAEMON ADDRESS [NAME]\n");
	return EXIT_USAGE;
}
