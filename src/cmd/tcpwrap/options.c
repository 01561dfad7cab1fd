/*
 * NAME     options - the command line of tcpwrap check
 * PURPOSE  flags.def is the only list: getopt_long and --help are fed from it.
 * SEE      tcpwrap(1)
 */
#include "cmd/tcpwrap/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct flag {
	const char *name, *argument;
	void (*handle)(struct options *, const char *argument);
	const char *help;
};

static void
add(struct options *options, bool is_deny, const char *path)
{
	options->inputs[options->count++] = (struct input){.path = path, .is_deny = is_deny};
}

static void
add_allow(struct options *options, const char *path)
{
	add(options, false, path);
}

static void
add_deny(struct options *options, const char *path)
{
	add(options, true, path);
}

static void
set_differences(struct options *options, const char *argument)
{
	(void)argument;
	options->is_differences = true;
}

static void
set_notes(struct options *options, const char *argument)
{
	(void)argument;
	options->shows_notes = true;
}

static void
set_json(struct options *options, const char *argument)
{
	(void)argument;
	options->is_json = true;
}

static void
set_explain(struct options *options, const char *argument)
{
	options->explain = argument;
}

static void show_help(struct options *, const char *);

static const struct flag flags[] = {
#define FLAG(name, argument, handle, help) {name, argument, handle, help},
#include "cmd/tcpwrap/flags.def"
#undef FLAG
};

enum { FLAGS = sizeof flags / sizeof *flags };

static void
show_help(struct options *options, const char *argument)
{
	(void)argument;
	puts("usage: tcpwrap check [OPTION ...] [FILE ...]\n"
	     "Look for mistakes in tables, and for what Debian's library takes differently.\n"
	     "A FILE whose name ends in .deny is a hosts.deny, any other a hosts.allow.\n"
	     "Without one: /etc/hosts.allow and /etc/hosts.deny.\n");
	for (size_t i = 0; i < FLAGS; i++)
		printf("  --%s %-*s %s\n", flags[i].name, 16 - (int)strlen(flags[i].name),
		    flags[i].argument, flags[i].help);
	puts("\nExit status: 0 nothing found, or notes only; 1 warnings; 2 errors in a table, a "
	     "table\n"
	     "that cannot be read, bad usage.");
	options->is_done = true;
}

/* Which table a file is, by its name. */
static bool
is_deny(const char *path)
{
	static const char deny[] = ".deny";
	size_t len = strlen(path), ending = sizeof deny - 1;

	return len >= ending && strcmp(path + len - ending, deny) == 0;
}

static void
add_files(struct options *options, int count, char **paths)
{
	for (int i = 0; i < count; i++)
		add(options, is_deny(paths[i]), paths[i]);
	if (options->count > 0)
		return;
	add(options, false, "/etc/hosts.allow");
	add(options, true, "/etc/hosts.deny");
	options->inputs[0].may_be_absent = options->inputs[1].may_be_absent = true;
}

bool
options_parse(struct options *options, int argc, char **argv)
{
	static char name[] = "tcpwrap check"; /* in front of what getopt says */
	struct option names[FLAGS + 1] = {{0}};
	int found;

	*options = (struct options){.inputs = calloc((size_t)argc + 2, sizeof(struct input))};
	if (options->inputs == NULL) {
		fputs("tcpwrap check: out of memory\n", stderr);
		return false;
	}
	for (int i = 0; i < FLAGS; i++)
		names[i] = (struct option){flags[i].name,
		    flags[i].argument[0] != '\0' ? required_argument : no_argument, NULL, i + 1};
	argv[0] = name;
	while ((found = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (found < 1 || found > FLAGS) {
			fputs("tcpwrap check: bad usage (tcpwrap check --help)\n", stderr);
			return false;
		}
		flags[found - 1].handle(options, optarg);
	}
	add_files(options, argc - optind, argv + optind);
	return true;
}
