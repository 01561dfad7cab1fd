/*
 * NAME     options - the command line of inetd
 * PURPOSE  flags.def is the only list: getopt_long and --help are fed from it.
 * SEE      inetd(8)
 */
#include "cmd/inetd/options.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cmd/inetd/conf/conf.h"
#include "tool/control.h"
#include "tool/end.h"

enum { DEFAULT_BACKLOG = 128 };

struct flag {
	char letter;
	const char *name, *argument;
	void (*handle)(struct options *, const char *argument);
	const char *help;
};

static void show_help(struct options *, const char *);

static void
fail(const char *what, const char *argument)
{
	fprintf(stderr, "inetd: %s%s%s%s (inetd --help)\n", what, argument != NULL ? " '" : "",
	    argument != NULL ? argument : "", argument != NULL ? "'" : "");
	exit(EXIT_USAGE);
}

static void
set_debug(struct options *options, const char *argument)
{
	(void)argument;
	options->is_debug = options->is_foreground = true;
}

static void
set_foreground(struct options *options, const char *argument)
{
	(void)argument;
	options->is_foreground = true;
}

static void
set_keep_environment(struct options *options, const char *argument)
{
	(void)argument;
	options->keeps_environment = true;
}

/* What other inetds have to be told. */
static void
set_default(struct options *options, const char *argument)
{
	(void)options;
	(void)argument;
}

static void
set_no_access(struct options *options, const char *argument)
{
	(void)argument;
	options->skips_tables = true;
}

static void
set_no_shortcut(struct options *options, const char *argument)
{
	(void)argument;
	options->skips_shortcut = true;
}

static void
set_pid_file(struct options *options, const char *argument)
{
	options->pid_file = argument;
}

static void
set_control(struct options *options, const char *argument)
{
	options->control_path = argument;
	options->is_control_asked = true;
}

static void
set_records(struct options *options, const char *argument)
{
	if (!record_mode_parse(argument, &options->records))
		fail("--records takes off, admitted or all, not", argument);
}

static void
set_backlog(struct options *options, const char *argument)
{
	unsigned long number;

	if (!str_number(argument, strlen(argument), INT_MAX, &number) || number == 0)
		fail("-q takes a length from 1 on, not", argument);
	options->backlog = (int)number;
}

static void
set_rate(struct options *options, const char *argument)
{
	unsigned long number;

	if (!str_number(argument, strlen(argument), CONF_RATE_MAX, &number))
		fail("-R takes a number from 0 to 1000000, not", argument);
	options->rate_per_minute = (unsigned)number;
}

static void
set_check(struct options *options, const char *argument)
{
	(void)argument;
	options->is_check = true;
}

static void
set_json(struct options *options, const char *argument)
{
	(void)argument;
	options->is_json = true;
}

static void
set_print(struct options *options, const char *argument)
{
	if (argument != NULL && strcmp(argument, "inetd") != 0 && strcmp(argument, "xinetd") != 0)
		fail("--print takes inetd or xinetd, not", argument);
	options->is_print = true;
	options->is_print_lines = argument != NULL && argument[0] == 'i';
}

static void
show_version(struct options *options, const char *argument)
{
	(void)options;
	(void)argument;
	puts("inetd (tcpwrap) " TCPWRAP_VERSION);
	exit(end_status("inetd", EXIT_SUCCESS, EXIT_FAILURE));
}

static const struct flag flags[] = {
#define FLAG(letter, name, argument, handle, help) {letter, name, argument, handle, help},
#include "cmd/inetd/flags.def"
#undef FLAG
};

enum { FLAGS = sizeof flags / sizeof flags[0] };

static int
takes(const struct flag *flag)
{
	if (flag->argument[0] == '[')
		return optional_argument;
	return flag->argument[0] != '\0' ? required_argument : no_argument;
}

static void
show_help(struct options *options, const char *argument)
{
	(void)options;
	(void)argument;
	puts("usage: inetd [option ...] [configuration-file]\n"
	     "Listen for the services of inetd.conf(5) and start a server for each client.\n");
	for (size_t i = 0; i < FLAGS; i++) {
		const struct flag *flag = &flags[i];
		char spelling[64], letter[] = {'-', flag->letter, '\0'};

		snprintf(spelling, sizeof spelling, "%2s%s%s%s%s", flag->letter < ' ' ? "" : letter,
		    flag->name[0] == '\0'    ? ""
		        : flag->letter < ' ' ? "  --"
		                             : ", --",
		    flag->name, takes(flag) == required_argument ? " " : "", flag->argument);
		printf("  %-24s %s\n", spelling, flag->help);
	}
	puts("\nThe configuration file is /etc/inetd.conf unless given.\n"
	     "Exit status: 0 success, 1 failure or faults found by --check, 2 bad usage.");
	exit(end_status("inetd", EXIT_SUCCESS, EXIT_FAILURE));
}

/* getopt_long's two views of the table. */
static void
describe(char letters[3 * FLAGS + 1], struct option names[FLAGS + 1])
{
	size_t at = 0, named = 0;

	for (size_t i = 0; i < FLAGS; i++) {
		if (flags[i].letter > ' ')
			letters[at++] = flags[i].letter;
		for (int colons = takes(&flags[i]); colons > 0 && flags[i].letter > ' '; colons--)
			letters[at++] = ':'; /* one if it takes an argument, two if it may */
		if (flags[i].name[0] != '\0')
			names[named++] =
			    (struct option){flags[i].name, takes(&flags[i]), NULL, flags[i].letter};
	}
	letters[at] = '\0';
	names[named] = (struct option){0};
}

void
options_parse(struct options *options, int argc, char **argv)
{
	char letters[3 * FLAGS + 1];
	struct option names[FLAGS + 1];
	int letter;

	*options = (struct options){.conf_path = "/etc/inetd.conf",
	    .control_path = CONTROL_PATH,
	    .records = RECORD_OF_ADMITTED,
	    .backlog = DEFAULT_BACKLOG};
	describe(letters, names);
	while ((letter = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		size_t i = 0;

		while (i < FLAGS && flags[i].letter != letter)
			i++;
		if (i == FLAGS)
			fail("bad usage", NULL); /* getopt has said which */
		flags[i].handle(options, optarg);
	}
	if (optind < argc)
		options->conf_path = argv[optind++];
	if (optind < argc)
		fail("more than one configuration file:", argv[optind]);
	if (options->is_json && !options->is_check)
		fail("--json goes with --check", NULL);
	if (options->pid_file == NULL)
		options->pid_file = options->is_foreground ? "none" : "/run/inetd.pid";
}
