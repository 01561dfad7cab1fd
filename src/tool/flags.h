/*
 * The command line of a tool, from a table that --help is made from, too.
 */
#ifndef TOOL_FLAGS_H
#define TOOL_FLAGS_H

#include <stddef.h>

struct flag {
	char letter;
	const char *name; /* the long one; "" = none */
	/* Its name; "" = it takes none; in brackets: it may be left out, and otherwise follows an "=". */
	const char *argument;
	/* In the options: of a const char * that takes the argument, or of a bool. FLAG_ADDED: none. */
	size_t offset;
	const char *help;
};

/* Flags that may be given several times, or do more than be set. */
#define FLAG_ADDED ((size_t)-1)

struct flags {
	const char *program;
	const char *usage; /* what follows the program's name */
	const char *hints; /* lines behind that, when it is used wrong */
	const char *about; /* what it does, in front of the flags in --help */
	const char *statuses; /* behind them */
	const struct flag *flags;
	size_t count;
	/* Called for each FLAG_ADDED, in their order. */
	void (*add)(void *options, char letter, const char *argument);
	int usage_status; /* of bad usage; 0 = 1, as the old tools did */
};

enum { FLAGS_MAX = 16 };

/* Where the arguments begin. -h, --help, -V and --version end the program, and so does bad usage.
 * */
int flags_parse(const struct flags *, int argc, char **argv, void *options);

/* Say how it is used, and end with the status of bad usage. name is argv[0]. */
_Noreturn void flags_usage(const struct flags *, const char *name);

#endif
