/*
 * The command line of a tool, from a table that --help is made from, too.
 */
#ifndef TOOL_FLAGS_H
#define TOOL_FLAGS_H

#include <stddef.h>

struct flag {
	char letter;
	const char *name; /* the long one; "" = none */
	const char *argument; /* its name; "" = it takes none */
	size_t offset; /* in the options: of a const char * that takes the argument, or of a bool */
	const char *help;
};

struct flags {
	const char *program;
	const char *usage; /* what follows the program's name */
	const char *hints; /* lines behind that, when it is used wrong */
	const char *about; /* what it does, in front of the flags in --help */
	const char *statuses; /* behind them */
	const struct flag *flags;
	size_t count;
	int usage_status; /* of bad usage; 0 = 1, as the old tools did */
};

enum { FLAGS_MAX = 16 };

/* Where the arguments begin. -h, --help, -V and --version end the program, and so does bad usage.
 * */
int flags_parse(const struct flags *, int argc, char **argv, void *options);

/* Say how it is used, and end with the status of bad usage. name is argv[0]. */
_Noreturn void flags_usage(const struct flags *, const char *name);

#endif
