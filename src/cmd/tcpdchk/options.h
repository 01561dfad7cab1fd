/*
 * The command line.
 */
#ifndef TCPDCHK_OPTIONS_H
#define TCPDCHK_OPTIONS_H

#include <stdbool.h>

enum {
	EXIT_WARNINGS = 2,
	EXIT_ERRORS = 3,
};

struct options {
	bool tells_implicit, is_classic, is_here, is_json, is_verbose, skips_names;
	const char *conf; /* NULL: look at the host */
	const char *root; /* "": this host */
};

/* Returns only with something to check. */
void options_parse(struct options *, int argc, char **argv);

#endif
