/*
 * What the command line says. threads.c has the list.
 */
#ifndef THREADS_OPTIONS_H
#define THREADS_OPTIONS_H

#include <stdbool.h>

enum {
	OPTIONS_THREADS_MAX = 64,
	OPTIONS_SWAPS_MAX = 4,
};

/* A file that is replaced over and over. */
struct swap {
	const char *target, *versions[2];
};

struct options {
	unsigned threads, calls, forks, children, rounds, pause_us;
	bool check_logs, real_syslog, print, watch, race;
	struct swap swaps[OPTIONS_SWAPS_MAX];
	unsigned swap_count;
	char *allow, *deny, *queries; /* paths */
};

extern struct options options;

/* Ends the process when they make no sense. */
void options_read(int argc, char **argv);

#endif
