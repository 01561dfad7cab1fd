/*
 * The command line.
 */
#ifndef TCPDMATCH_OPTIONS_H
#define TCPDMATCH_OPTIONS_H

#include <stdbool.h>

enum {
	EXIT_DENIED = 2, /* by --status: some address */
	EXIT_DELEGATED = 3, /* by --status: some address, and none is denied */
};

struct options {
	bool is_here, is_json, has_status;
	const char *conf; /* NULL: look at the host */
	const char *root; /* "": this host */
	/* daemon[@server] [user@]client; NULL: not said. */
	const char *daemon, *server, *user, *client;
};

/* Returns only with a question to answer. The arguments are cut in pieces. */
void options_parse(struct options *, int argc, char **argv);

#endif
