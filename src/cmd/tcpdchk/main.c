/*
 * NAME     tcpdchk - what is wrong with the tables?
 * PURPOSE  Looks at how services are started, then at every rule: its words, its options.
 * SEE      tcpdchk(8)
 */
#define INET6

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tcpd.h>
#include <unistd.h>

#include "cmd/tcpdchk/check.h"
#include "cmd/tcpdchk/lints.h"
#include "cmd/tcpdchk/options.h"
#include "cmd/tcpdchk/report.h"
#include "tool/end.h"
#include "tool/tell.h"

/* The path of a table; NULL: out of memory. */
static char *
path_of(const struct options *options, const char *name)
{
	const char *folder = options->is_here ? "" : "/etc/";
	const char *root = options->is_here ? "" : options->root;
	size_t size = strlen(root) + strlen(folder) + strlen(name) + 1;
	char *path = malloc(size);

	if (path != NULL)
		snprintf(path, size, "%s%s%s", root, folder, name);
	return path;
}

static int
status(void)
{
	if (told.errors > 0)
		return EXIT_ERRORS;
	return told.warnings > 0 ? EXIT_WARNINGS : EXIT_SUCCESS;
}

static bool
check_tables(const struct options *options, struct check *check)
{
	char *allow = path_of(options, "hosts.allow"), *deny = path_of(options, "hosts.deny");
	bool ok = allow != NULL && deny != NULL;

	if (ok) {
		names_check_table(allow);
		names_check_table(deny);
		table_check(check, TABLE_ALLOW, allow);
		table_check(check, TABLE_DENY, deny);
		ok = options->is_classic || lints_check(allow, deny);
	}
	free(allow);
	free(deny);
	return ok;
}

int
main(int argc, char **argv)
{
	struct options options;
	struct names names;
	struct check check = {.names = &names, .fd = STDOUT_FILENO};
	bool ok;

	options_parse(&options, argc, argv);
	report_start(options.is_json, options.is_verbose);
	check.tells_implicit = options.tells_implicit;
	check.skips_names = options.skips_names;
	if (options.is_json)
		check.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	hosts_access_verbose = options.is_verbose;
	if (!names_read(&names, options.conf, options.root))
		return EXIT_FAILURE;
	if (options.is_verbose && !options.is_json)
		printf("Using network configuration file: %s\n", names.conf);
	ok = check_tables(&options, &check);
	ok = report_end(names.conf) && ok;
	check_release(&check);
	names_release(&names);
	return end_status("tcpdchk", ok ? status() : EXIT_FAILURE, EXIT_FAILURE);
}
