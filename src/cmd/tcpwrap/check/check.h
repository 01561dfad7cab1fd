/*
 * Between the parts of tcpwrap check.
 */
#ifndef TCPWRAP_CHECK_H
#define TCPWRAP_CHECK_H

#include "cmd/tcpwrap/show.h"

struct check_input {
	const char *path;
	bool is_deny; /* as a hosts.deny */
	bool may_be_absent;
	bool is_absent;
};

struct check_options {
	struct check_input *inputs; /* to be freed */
	size_t count;
	bool is_usual; /* the tables of this host: no file was named */
	bool explains, lists, fixes, is_dry, asks_host;
	bool is_differences, shows_notes, shows_all, is_json, is_quiet;
	const char **ids; /* to be explained, to be freed; none: all */
	size_t id_count;
};

/* False: out of memory, and it is told; bad usage ends the program. */
bool check_parse(struct check_options *, int argc, char **argv);
void check_options_release(struct check_options *);

static inline enum table
check_table(const struct check_input *input)
{
	return input->is_deny ? TABLE_DENY : TABLE_ALLOW;
}

/* Write to standard error. Returns false. */
bool check_complain(const char *path, const char *what);

/* The exit status. */
int check_explain(const struct check_options *);

/* ---- what only this host knows ---- */

struct check_host;
/* Its services and addresses, told to lint; NULL: out of memory. */
struct check_host *check_host_begin(struct lint *);
void check_host_release(struct check_host *);
/* Has it a current image, if it ought to have one? */
bool check_host_lacks_image(const char *path);

#endif
