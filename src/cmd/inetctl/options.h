/*
 * The command line.
 */
#ifndef INETCTL_OPTIONS_H
#define INETCTL_OPTIONS_H

#include <stdbool.h>

#include "base/buf.h"
#include "tool/control.h"

enum {
	EXIT_USAGE = 2,
	EXIT_NO_INETD = 3, /* nobody answers */
};

struct options {
	bool is_json, ends_running;
	const char *path;
	enum control_command command;
	const char *service; /* NULL: none was named */
};

/* Returns only with something to ask: --help, --version and bad usage end the program. */
void options_parse(struct options *, int argc, char **argv);

/* Append the request that asks for it, with its newline. False: it is too long. */
bool options_request(const struct options *, struct buf *);

#endif
