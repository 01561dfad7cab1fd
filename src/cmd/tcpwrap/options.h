/*
 * The command line of tcpwrap check.
 */
#ifndef TCPWRAP_OPTIONS_H
#define TCPWRAP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct input {
	const char *path;
	bool is_deny; /* as a hosts.deny */
	bool may_be_absent;
};

struct options {
	struct input *inputs; /* to be freed */
	size_t count;
	bool is_json, shows_notes, is_differences;
	const char *explain; /* NULL: nothing is to be explained */
	bool is_done; /* all that was asked for is done: --help */
};

/* False: bad usage, and it is told. */
bool options_parse(struct options *, int argc, char **argv);

#endif
