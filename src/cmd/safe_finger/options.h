/*
 * The command line.
 */
#ifndef SAFE_FINGER_OPTIONS_H
#define SAFE_FINGER_OPTIONS_H

#include <stdbool.h>

struct options {
	bool is_long;
	unsigned port, timeout_s;
	const char *target; /* as given */
};

/* Returns only with options to run with: --help, --version and bad usage end the program. */
void options_parse(struct options *, int argc, char **argv);

#endif
