/*
 * NAME     tcpwrap - the front door
 * PURPOSE  Finds the command. commands.def is the only list.
 * SEE      tcpwrap(1)
 */
#include <stdio.h>
#include <string.h>

#include "base/near.h"
#include "cmd/tcpwrap/command.h"
#include "tool/end.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
#define COMMAND(name, function, help) {name, command_##function, help},
#include "cmd/tcpwrap/commands.def"
#undef COMMAND
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static int
show_help(FILE *out)
{
	fputs("usage: tcpwrap COMMAND [ARGUMENT ...]\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].help);
	fputs("\ntcpwrap COMMAND --help says more; tcpwrap --version says which this is.\n", out);
	return out == stdout ? end_status("tcpwrap", 0, EXIT_TROUBLE) : EXIT_TROUBLE;
}

static int
unknown(const char *name)
{
	fprintf(stderr, "tcpwrap: there is no command '%s'", name);
	for (size_t i = 0; i < COMMANDS; i++) {
		if (near_is(name, strlen(name), commands[i].name))
			fprintf(stderr, "; did you mean %s?", commands[i].name);
	}
	fputs(" (tcpwrap --help)\n", stderr);
	return EXIT_TROUBLE;
}

/* Its name stands in front of what getopt says, as it does in every other message. */
static int
run(const struct command *command, int argc, char **argv)
{
	char name[64];

	snprintf(name, sizeof name, "tcpwrap %s", command->name);
	argv[0] = name;
	return command->run(argc, argv);
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return show_help(stderr);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return show_help(stdout);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("tcpwrap " TCPWRAP_VERSION);
		return end_status("tcpwrap", 0, EXIT_TROUBLE);
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return run(&commands[i], argc - 1, argv + 1);
	}
	return unknown(argv[1]);
}
