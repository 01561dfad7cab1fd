/*
 * NAME     options - the command line of tcpdchk
 * SEE      tcpdchk(8)
 */
#include "cmd/tcpdchk/options.h"

#include <stddef.h>

#include "tool/flags.h"

static const struct flag table[] = {
#define FLAG(letter, name, argument, member, help)                                                 \
	{letter, name, argument, offsetof(struct options, member), help},
#include "cmd/tcpdchk/flags.def"
#undef FLAG
};

static const struct flags flags = {
    .program = "tcpdchk",
    .usage = "[-a] [-d] [-i inet_conf] [-v]",
    .hints = "\t-a: report rules with implicit \"ALLOW\" at end\n"
             "\t-d: use allow/deny files in current directory\n"
             "\t-i: location of inetd.conf file\n"
             "\t-v: list all rules\n",
    .about =
        "Report what is wrong, or looks wrong, in the tables and with the services they name.\n",
    .statuses = "Exit status: 0 nothing found, 1 nothing checked, 2 warnings, 3 errors.\n",
    .flags = table,
    .count = sizeof table / sizeof *table,
};

void
options_parse(struct options *options, int argc, char **argv)
{
	*options = (struct options){.root = ""};
	if (flags_parse(&flags, argc, argv, options) != argc)
		flags_usage(&flags, argc > 0 ? argv[0] : flags.program);
}
