/*
 * NAME     options - the command line of tcpdmatch
 * SEE      tcpdmatch(8)
 */
#include "cmd/tcpdmatch/options.h"

#include <stddef.h>
#include <string.h>

#include "tool/flags.h"

static const struct flag table[] = {
#define FLAG(letter, name, argument, member, help)                                                 \
	{letter, name, argument, offsetof(struct options, member), help},
#include "cmd/tcpdmatch/flags.def"
#undef FLAG
};

static const struct flags flags = {
    .program = "tcpdmatch",
    .usage = "[-d] [-i inet_conf] daemon[@host] [user@]host",
    .hints = "\t-d: use allow/deny files in current directory\n"
             "\t-i: location of inetd.conf file\n",
    .about = "Say what the tables make of a client, and which rule decides.\n",
    .statuses = "Exit status: 0 answered, 1 no answer; with --status 2 denied, 3 delegated.\n",
    .flags = table,
    .count = sizeof table / sizeof *table,
};

/* Cut text behind the first '@'. NULL: there is none. */
static char *
cut(char *text)
{
	char *at = strchr(text, '@');

	if (at == NULL)
		return NULL;
	*at = '\0';
	return at + 1;
}

void
options_parse(struct options *options, int argc, char **argv)
{
	int at;

	*options = (struct options){.root = ""};
	at = flags_parse(&flags, argc, argv, options);
	if (argc - at != 2)
		flags_usage(&flags, argc > 0 ? argv[0] : flags.program);
	options->daemon = argv[at];
	options->server = cut(argv[at]);
	options->client = cut(argv[at + 1]);
	if (options->client != NULL)
		options->user = argv[at + 1];
	else
		options->client = argv[at + 1];
}
