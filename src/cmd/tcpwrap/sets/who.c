/*
 * NAME     who - tcpwrap who
 * PURPOSE  The addresses that a daemon's tables admit, refuse or leave open: all of them, as the fewest
 *          prefixes, with the rules that decide.
 * LIMITS   REACH_PIECES_MAX
 * SEE      tcpwrap-who(1)
 */
#include <limits.h>
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "cmd/tcpwrap/command.h"
#include "cmd/tcpwrap/sets/who.h"
#include "cmd/tcpwrap/show.h"
#include "tool/end.h"

enum { EXIT_TOLD, OUTPUT_BYTES = 1 << 16 };

static const struct flag table[] = {
#define FLAG(letter, name, argument, member, help)                                                 \
	{letter, name, argument, offsetof(struct who, member), help},
#include "cmd/tcpwrap/sets/who.def"
#undef FLAG
};

static const struct flags flags = {
    .program = "tcpwrap who",
    .usage = "[option ...] DAEMON",
    .hints = "tcpwrap who --help says more\n",
    .about =
        "Which addresses can reach DAEMON? All of them are told, IPv4 and IPv6, as the fewest\n"
        "prefixes: those that are admitted whatever else is known of a client, those that are\n"
        "refused, and those where it depends on a name, a user or a command. Nothing is\n"
        "looked up, and no client is tried: it is worked out from the rules.\n",
    .statuses = "Exit status: 0 it is told; 2 bad usage, or a table that cannot be read.\n",
    .flags = table,
    .count = sizeof table / sizeof *table,
    .usage_status = EXIT_TROUBLE,
};

/* ---- the command ---- */

static bool
read_only(struct who *who)
{
	who->only_outcome = REACH_OUTCOMES;
	if (who->only == NULL)
		return true;
	for (unsigned i = 0; i < REACH_OUTCOMES; i++)
		if (strcmp(who->only, sets_outcomes[i]) == 0)
			who->only_outcome = (enum reach_outcome)i;
	if (who->only_outcome != REACH_OUTCOMES)
		return true;
	fputs("tcpwrap who: --only takes admitted, depends, twisted or refused\n", stderr);
	return false;
}

static bool
read_options(struct who *who)
{
	who->lines_max = ULONG_MAX;
	if (who->limit != NULL &&
	    !str_number(who->limit, strlen(who->limit), UINT32_MAX, &who->lines_max)) {
		fputs("tcpwrap who: a limit is a number of lines\n", stderr);
		return false;
	}
	who->question.server = who->server;
	return read_only(who) && sets_port("tcpwrap who", who->port, &who->question.port) &&
	    sets_server("tcpwrap who", who->server);
}

/* A name that no rule spells out, and that is nearly one that some do, is probably a slip. */
static void
note_slip(const struct reach *reach, const char *daemon)
{
	const char *near = NULL, *name;

	for (size_t i = 0; (name = reach_daemon(reach, i)) != NULL; i++) {
		if (str_is(daemon, strlen(daemon), name))
			return;
		if (near_is(daemon, strlen(daemon), name))
			near = name;
	}
	if (near == NULL)
		return;
	fputs("tcpwrap who: note: no rule spells out this daemon; did you mean ", stderr);
	images_print_path(stderr, near);
	fputs("?\n", stderr);
}

static int
run(const struct who *who, const char *daemon)
{
	struct reach *reach = sets_open("tcpwrap who", who->paths, who->is_quiet);
	struct answer answer = {.who = who, .reach = reach};
	int status = EXIT_TOLD;

	if (reach == NULL)
		return EXIT_TROUBLE;
	if (!who->is_quiet)
		note_slip(reach, daemon);
	if (answer_collect(&answer)) {
		if (who->is_json)
			who_print_json(&answer, daemon);
		else
			who_print_text(&answer);
	} else {
		fputs("tcpwrap who: out of memory\n", stderr);
		status = EXIT_TROUBLE;
	}
	answer_release(&answer);
	reach_close(reach);
	return status;
}

int
command_who(int argc, char **argv)
{
	struct who who = {.paths = {"/etc/hosts.allow", "/etc/hosts.deny"}};
	int at = flags_parse(&flags, argc, argv, &who);

	if (argc - at != 1)
		flags_usage(&flags, "tcpwrap who");
	if (!read_options(&who))
		return EXIT_TROUBLE;
	show_absent(flags.program, who.paths);
	who.question.daemon = argv[at];
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BYTES);
	return end_status(flags.program, run(&who, argv[at]), EXIT_TROUBLE);
}
