/*
 * NAME     flags - the command line of a tool
 */
#include "tool/flags.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/end.h"

static int
trouble(const struct flags *flags)
{
	return flags->usage_status != 0 ? flags->usage_status : EXIT_FAILURE;
}

_Noreturn void
flags_usage(const struct flags *flags, const char *name)
{
	fprintf(stderr, "usage: %s %s\n%s", name, flags->usage, flags->hints);
	exit(trouble(flags));
}

static void
print_flag(char letter, const char *name, const char *argument, const char *help)
{
	char spelling[64];

	snprintf(spelling, sizeof spelling, "-%c%s%s%s%s", letter, name[0] != '\0' ? ", --" : "",
	    name, argument[0] != '\0' ? " " : "", argument);
	printf("  %-22s %s\n", spelling, help);
}

_Noreturn static void
show_help(const struct flags *flags)
{
	printf("usage: %s %s\n%s\n", flags->program, flags->usage, flags->about);
	for (size_t i = 0; i < flags->count; i++)
		print_flag(flags->flags[i].letter, flags->flags[i].name, flags->flags[i].argument,
		    flags->flags[i].help);
	print_flag('h', "help", "", "print this");
	print_flag('V', "version", "", "print the version");
	printf("\n%s", flags->statuses);
	exit(end_status(flags->program, EXIT_SUCCESS, trouble(flags)));
}

static int
kind_of(const struct flag *flag)
{
	if (flag->argument[0] == '\0')
		return no_argument;
	return flag->argument[0] == '[' ? optional_argument : required_argument;
}

/* getopt_long's two views of the table. */
static void
describe(
    const struct flags *flags, char letters[3 * FLAGS_MAX + 3], struct option names[FLAGS_MAX + 3])
{
	size_t at = 0, named = 0;

	for (size_t i = 0; i < flags->count && i < FLAGS_MAX; i++) {
		const struct flag *flag = &flags->flags[i];
		int takes = kind_of(flag);

		letters[at++] = flag->letter;
		for (int colons = 0; colons < takes; colons++)
			letters[at++] = ':'; /* one: it has to follow; two: it may */
		if (flag->name[0] != '\0')
			names[named++] = (struct option){flag->name, takes, NULL, flag->letter};
	}
	letters[at++] = 'h';
	letters[at++] = 'V';
	letters[at] = '\0';
	names[named++] = (struct option){"help", no_argument, NULL, 'h'};
	names[named++] = (struct option){"version", no_argument, NULL, 'V'};
	names[named] = (struct option){0};
}

static void
set(const struct flags *flags, const struct flag *flag, void *options, const char *argument)
{
	char *member;
	bool yes = true;

	if (flag->offset == FLAG_ADDED) {
		flags->add(options, flag->letter, argument);
		return;
	}
	member = (char *)options + flag->offset;
	if (flag->argument[0] != '\0')
		memcpy(member, &argument, sizeof argument);
	else
		memcpy(member, &yes, sizeof yes);
}

static void
handle(const struct flags *flags, int letter, void *options, const char *name)
{
	if (letter == 'h')
		show_help(flags);
	if (letter == 'V') {
		printf("%s (tcpwrap) " TCPWRAP_VERSION "\n", flags->program);
		exit(end_status(flags->program, EXIT_SUCCESS, trouble(flags)));
	}
	for (size_t i = 0; i < flags->count; i++) {
		if (flags->flags[i].letter == letter) {
			set(flags, &flags->flags[i], options, optarg);
			return;
		}
	}
	flags_usage(flags, name); /* getopt has said what is wrong */
}

int
flags_parse(const struct flags *flags, int argc, char **argv, void *options)
{
	char letters[3 * FLAGS_MAX + 3];
	struct option names[FLAGS_MAX + 3];
	int letter;

	/* Else the next file to be opened would be taken for it. */
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
		fprintf(stderr, "%s: standard output is closed\n", flags->program);
		exit(trouble(flags));
	}
	describe(flags, letters, names);
	while ((letter = getopt_long(argc, argv, letters, names, NULL)) != -1)
		handle(flags, letter, options, argc > 0 ? argv[0] : flags->program);
	return optind;
}
