/*
 * What compile and verify have in common: the tables they are about, and how they tell what is wrong.
 */
#ifndef TCPWRAP_IMAGES_H
#define TCPWRAP_IMAGES_H

#include <stdio.h>

#include "table/compile.h"
#include "tool/flags.h"

struct images {
	const char *folder;
	bool is_json, is_quiet, is_forced, has_stats;
	bool are_lists; /* not tables: what the command line names */
	struct images_file {
		char *path; /* absolute */
		bool is_list;
		bool is_named; /* by a table or list, not by the command line */
	} * files;
	size_t count, size;
	const char *command; /* "tcpwrap compile" */
};

/* Read the command line. Ends the program if it is used wrong, or --help is all. False: told. */
bool images_parse(struct images *, const struct flags *, int argc, char **argv);
void images_release(struct images *);
/* The lists that are named become files behind the others; each once. */
struct named images_named(struct images *);

/* On one line, whatever is in it. */
void images_print_path(FILE *, const char *path);

/* FILE:LINE: error: MESSAGE, and how to mend it, on standard error. */
void images_complain(const char *command, const char *file, const struct table_fault *);
/* The same as a member of a JSON object; null: there is none. */
void images_print_fault(const struct table_fault *);

/* Shown on standard error while something takes long, if that is a terminal. */
struct bar {
	const char *table;
	bool is_on, is_shown;
	double since, last; /* seconds */
};
void bar_begin(struct bar *, bool is_quiet, const char *table);
void bar_step(void *bar, const char *what, size_t done, size_t all);
void bar_end(struct bar *);

double images_now(void); /* seconds; only differences mean something */

#endif
