/*
 * NAME     options - the command line of inetctl
 * PURPOSE  flags.def and data/control.def are the only lists: the parser and --help are fed from
 *          them.
 * SEE      inetctl(8)
 */
#include "cmd/inetctl/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "tool/flags.h"

static const struct flag table[] = {
#define FLAG(letter, name, argument, member, help)                                                 \
	{letter, name, argument, offsetof(struct options, member), help},
#include "cmd/inetctl/flags.def"
#undef FLAG
};

static const struct command {
	const char *name;
	enum control_takes takes;
} commands[] = {
#define COMMAND(name, id, takes, help) [CONTROL_##id] = {name, CONTROL_##takes},
#include "control.def"
};

static const struct flags flags = {
    .program = "inetctl",
    .usage = "[option ...] command [service]",
    .hints = "inetctl --help says more\n",
    .about = "Ask the running inetd, or tell it what to do.\n\n"
#define TAKES_NOTHING ""
#define TAKES_MAYBE " [service]"
#define TAKES_SERVICE " service"
#define COMMAND(name, id, takes, help) "  " name TAKES_##takes "\n      " help "\n"
#include "control.def"
    ,
    .statuses = "Exit status: 0 done, 1 refused or failed, 2 bad usage, 3 no inetd answers.\n",
    .flags = table,
    .count = sizeof table / sizeof *table,
    .usage_status = EXIT_USAGE,
};

_Noreturn static void
fail(const char *what, const char *subject)
{
	fprintf(stderr, "inetctl: %s '%s' (inetctl --help)\n", what, subject);
	exit(EXIT_USAGE);
}

static enum control_command
find(const char *name)
{
	for (size_t i = 0; i < CONTROL_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return (enum control_command)i;
	for (size_t i = 0; i < CONTROL_COMMANDS; i++)
		if (near_is(name, strlen(name), commands[i].name))
			fprintf(stderr, "inetctl: did you mean %s?\n", commands[i].name);
	fail("there is no command", name);
}

void
options_parse(struct options *options, int argc, char **argv)
{
	enum control_takes takes;
	int at;

	*options = (struct options){.path = CONTROL_PATH};
	at = flags_parse(&flags, argc, argv, options);
	if (at >= argc)
		flags_usage(&flags, flags.program);
	options->command = find(argv[at]);
	if (options->ends_running && options->command != CONTROL_DROP)
		fail("--running goes with drop, not with", argv[at]);
	if (options->ends_running)
		options->command = CONTROL_DROP_RUNNING;
	takes = commands[options->command].takes;
	options->service = argv[at + 1];
	if (takes == CONTROL_SERVICE && options->service == NULL)
		fail("name a service behind", argv[at]);
	if (options->service != NULL && (takes == CONTROL_NOTHING || at + 2 < argc))
		fail("too many words, from", argv[at + (takes == CONTROL_NOTHING ? 1 : 2)]);
}

bool
options_request(const struct options *options, struct buf *request)
{
	buf_add_number(request, CONTROL_VERSION);
	buf_add_char(request, ' ');
	buf_add_str(request, commands[options->command].name);
	if (options->service != NULL) {
		buf_add_char(request, ' ');
		buf_add_str(request, options->service);
	}
	return buf_add_char(request, '\n');
}
