/*
 * NAME     guest - a host that looks whether the library is a good guest
 * PURPOSE  A process in some difficult state loads the library late, asks, and compares itself with
 *          what it was before.
 * INVARIANTS  Descriptors of the host: HOST_RESULT_FD for results, and what a mode says.
 * SEE      modes.h; tests/compat/0121-guest.py
 *
 * usage: guest MODE LIBRARY ALLOW DENY CALLS QUERY...
 *        A query is VERDICT,DAEMON,NAME,ADDRESS; a name "?" is looked up. CALLS is how often all
 *        are asked. The answer is one line of NAME=NUMBER; what differs stands on lines with a "#".
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "library.h"
#include "modes.h"

static const struct {
	const char *name;
	void (*run)(void);
} modes[] = {
    {"alarm", signals_alarm},
    {"timer", signals_timer},
    {"sigchld-ignored", signals_child_ignored},
    {"sigchld-handled", signals_child_handled},
    {"sigchld-default", signals_child_default},
    {"closed", descriptors_closed},
    {"few-fds", descriptors_few},
    {"no-fds", descriptors_none},
    {"everything", together_everything},
    {"errno", state_errno},
    {"state", state_all},
    {"trace", state_trace},
    {"reload", together_reload},
    {"stack", memory_stack},
    {"memory", memory_decisions},
    {"memory-threads", memory_threads},
    {"memory-rewrites", memory_rewrites},
};

static void
read_query(char *text, struct query *ret)
{
	ret->granted = *strsep(&text, ",") == '1';
	ret->daemon = strsep(&text, ",");
	ret->name = strsep(&text, ",");
	ret->addr = text;
	if (ret->addr == NULL) {
		fprintf(stderr, "guest: a query is VERDICT,DAEMON,NAME,ADDRESS\n");
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	if (argc < 7 || argc - 6 > LIBRARY_QUERIES_MAX) {
		fprintf(stderr, "usage: guest MODE LIBRARY ALLOW DENY CALLS QUERY...\n");
		return 2;
	}
	library_task.path = argv[2];
	library_task.tables[0] = argv[3];
	library_task.tables[1] = argv[4];
	library_task.calls = (unsigned)strtoul(argv[5], NULL, 10);
	for (int i = 6; i < argc; i++)
		read_query(argv[i], &library_task.queries[library_task.query_count++]);
	if (dup3(STDOUT_FILENO, HOST_RESULT_FD, O_CLOEXEC) < 0)
		return 2;
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		if (strcmp(modes[i].name, argv[1]) == 0) {
			modes[i].run();
			host_say("wrong=%u logged=%u\n", atomic_load(&library_wrong),
			    atomic_load(&host_logged));
			return atomic_load(&library_wrong) == 0 ? 0 : 1;
		}
	}
	fprintf(stderr, "guest: no such mode: %s\n", argv[1]);
	return 2;
}
