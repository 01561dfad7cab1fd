/*
 * NAME     check_options - the command line of tcpwrap check
 * PURPOSE  check.def is the only list.
 * SEE      tcpwrap-check(1), tool/flags.h
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/tcpwrap/check/check.h"
#include "cmd/tcpwrap/command.h"
#include "tool/flags.h"

static const struct flag table[] = {
#define FLAG(letter, name, argument, member, help)                                                 \
	{letter, name, argument, offsetof(struct check_options, member), help},
#define ADDED(letter, name, argument, help) {letter, name, argument, FLAG_ADDED, help},
#include "cmd/tcpwrap/check/check.def"
#undef FLAG
#undef ADDED
};

static void
add_input(struct check_options *options, bool is_deny, const char *path)
{
	options->inputs[options->count++] = (struct check_input){.path = path, .is_deny = is_deny};
}

static void
add(void *ctx, char letter, const char *argument)
{
	struct check_options *options = ctx;

	if (letter != 'e') {
		add_input(options, letter == 'd', argument);
		return;
	}
	options->explains = true;
	if (argument != NULL)
		options->ids[options->id_count++] = argument;
}

static const struct flags flags = {
    .program = "tcpwrap check",
    .usage = "[option ...] [FILE ...]",
    .hints = "tcpwrap check --help says more\n",
    .about =
        "Look for mistakes in tables, and for what Debian's library takes differently.\n"
        "A FILE whose name ends in .deny is a hosts.deny, any other a hosts.allow.\n"
        "Without one: /etc/hosts.allow and /etc/hosts.deny. Behind --explain a FILE is an ID.\n",
    .statuses =
        "Exit status: 0 nothing found, or notes only; 1 warnings; 2 errors in a table, a table\n"
        "that cannot be read or written, bad usage. With --fix: what is left.\n",
    .flags = table,
    .count = sizeof table / sizeof *table,
    .add = add,
    .usage_status = EXIT_TROUBLE,
};

/* Which table a file is, by its name. */
static bool
is_deny(const char *path)
{
	static const char deny[] = ".deny";
	size_t len = strlen(path), ending = sizeof deny - 1;

	return len >= ending && strcmp(path + len - ending, deny) == 0;
}

static void
add_files(struct check_options *options, int count, char **paths)
{
	for (int i = 0; i < count && options->explains; i++)
		options->ids[options->id_count++] = paths[i];
	for (int i = 0; i < count && !options->explains; i++)
		add_input(options, is_deny(paths[i]), paths[i]);
	if (options->count > 0)
		return;
	add_input(options, false, "/etc/hosts.allow");
	add_input(options, true, "/etc/hosts.deny");
	options->inputs[0].may_be_absent = options->inputs[1].may_be_absent = true;
	options->is_usual = options->asks_host = true;
}

bool
check_parse(struct check_options *options, int argc, char **argv)
{
	size_t room = (size_t)argc + 2;
	int at;

	*options = (struct check_options){.inputs = calloc(room, sizeof *options->inputs),
	    .ids = calloc(room, sizeof *options->ids)};
	if (options->inputs == NULL || options->ids == NULL) {
		check_options_release(options);
		return check_complain("", "out of memory");
	}
	at = flags_parse(&flags, argc, argv, options);
	add_files(options, argc - at, argv + at);
	options->fixes = options->fixes || options->is_dry;
	return true;
}

void
check_options_release(struct check_options *options)
{
	free(options->inputs);
	free(options->ids);
}
