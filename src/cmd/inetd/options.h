/*
 * The command line.
 */
#ifndef INETD_OPTIONS_H
#define INETD_OPTIONS_H

#include <stdbool.h>

#include "cmd/inetd/record.h"

enum { EXIT_USAGE = 2 };

struct options {
	bool is_debug;
	bool is_foreground;
	bool keeps_environment;
	bool is_check;
	bool skips_tables, skips_shortcut; /* --no-access, --no-shortcut */
	bool is_json;
	bool is_print, is_print_lines;
	const char *pid_file; /* "" or "none" = no file */
	const char *control_path; /* "" or "none" = no socket */
	bool is_control_asked; /* else it is the usual one, if that can be had */
	enum record_mode records;
	const char *conf_path; /* as given */
	int backlog;
	unsigned rate_per_minute; /* 0 = no limit */
};

/* Returns only with options to run with: --help, --version and usage errors end the program. */
void options_parse(struct options *, int argc, char **argv);

#endif
