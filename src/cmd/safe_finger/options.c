/*
 * NAME     options - the command line of safe_finger
 * PURPOSE  flags.def is the only list: getopt_long and --help are fed from it.
 * LIMITS   TIMEOUT_MAX_S: who waits longer is not there any more.
 * SEE      safe_finger(8)
 */
#include "cmd/safe_finger/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tool/end.h"

enum { FINGER_PORT = 79, PORT_MAX = 65535, DEFAULT_TIMEOUT_S = 60, TIMEOUT_MAX_S = 3600 };

static void
bad_usage(const char *what)
{
	fprintf(stderr, "safe_finger: %s (safe_finger --help)\n", what);
	exit(EXIT_FAILURE);
}

static void
set_long(struct options *options, const char *argument)
{
	(void)argument;
	options->is_long = true;
}

static void
set_nothing(struct options *options, const char *argument)
{
	(void)options;
	(void)argument;
}

/* A number from 1 on. */
static unsigned
number(const char *argument, unsigned long max, const char *fault)
{
	unsigned long value = 0;

	if (!str_number(argument, strlen(argument), max, &value) || value == 0)
		bad_usage(fault);
	return (unsigned)value;
}

static void
set_port(struct options *options, const char *argument)
{
	options->port = number(argument, PORT_MAX, "--port takes a number from 1 to 65535");
}

static void
set_timeout(struct options *options, const char *argument)
{
	options->timeout_s = number(argument, TIMEOUT_MAX_S, "--timeout takes 1 to 3600 seconds");
}

static void show_help(struct options *, const char *);

static void
show_version(struct options *options, const char *argument)
{
	(void)options;
	(void)argument;
	puts("safe_finger (tcpwrap) " TCPWRAP_VERSION);
	exit(end_status("safe_finger", EXIT_SUCCESS, EXIT_FAILURE));
}

static const struct flag {
	int letter;
	const char *name, *argument;
	void (*handle)(struct options *, const char *argument);
	const char *help;
} flags[] = {
#define FLAG(letter, name, argument, handle, help) {letter, name, argument, handle, help},
#include "cmd/safe_finger/flags.def"
#undef FLAG
};

enum { FLAGS = sizeof flags / sizeof *flags };

static void
show_help(struct options *options, const char *argument)
{
	(void)options;
	(void)argument;
	puts("usage: safe_finger [option ...] [user]@host[@host ...]\n"
	     "Ask a host who is there, and print what it says as harmless text.\n");
	for (const struct flag *flag = flags; flag < flags + FLAGS; flag++) {
		char letter[] = {'-', (char)flag->letter, '\0'};

		if (*flag->help != '\0')
			printf("  %2s %s%s %-*s %s\n", flag->letter < ' ' ? "" : letter,
			    *flag->name != '\0' ? "--" : "  ", flag->name,
			    (int)(16 - strlen(flag->name)), flag->argument, flag->help);
	}
	puts("\nExit status: 0 if an answer came to its end, else 1.");
	exit(end_status("safe_finger", EXIT_SUCCESS, EXIT_FAILURE));
}

static const struct flag *
next_flag(int argc, char **argv)
{
	char letters[FLAGS + 1] = "";
	struct option names[FLAGS + 1] = {{0}};
	size_t lettered = 0, named = 0;
	int letter;

	for (const struct flag *flag = flags; flag < flags + FLAGS; flag++) {
		if (flag->letter > ' ')
			letters[lettered++] = (char)flag->letter;
		if (*flag->name != '\0')
			names[named++] = (struct option){
			    flag->name, *flag->argument != '\0', NULL, flag->letter};
	}
	letter = getopt_long(argc, argv, letters, names, NULL);
	if (letter == -1)
		return NULL;
	for (const struct flag *flag = flags; flag < flags + FLAGS; flag++)
		if (flag->letter == letter)
			return flag;
	bad_usage("an option that is none, or lacks its value");
	return NULL;
}

void
options_parse(struct options *options, int argc, char **argv)
{
	const struct flag *flag;

	opterr = 0; /* it would print a stranger's bytes as they are */
	*options = (struct options){.port = FINGER_PORT, .timeout_s = DEFAULT_TIMEOUT_S};
	while ((flag = next_flag(argc, argv)) != NULL)
		flag->handle(options, optarg);
	if (argc - optind != 1)
		bad_usage("give one [USER]@HOST");
	options->target = argv[optind];
}
