/*
 * The parts of a table, checked; findings go out by tcpd_warn and event_diag.
 */
#ifndef TCPDCHK_CHECK_H
#define TCPDCHK_CHECK_H

#include <stdbool.h>

#include "policy/decide.h"
#include "tool/names.h"

struct seen_name {
	struct seen_name *next;
	char name[];
};

struct check {
	const struct names *names;
	struct seen_name *seen; /* daemons: each one is looked up once */
	int fd; /* where banners go */
	bool tells_implicit, skips_names;
	/* At work: */
	enum table table;
	const char *file;
	unsigned line;
	unsigned depth; /* of lists that name lists */
	unsigned lists; /* looked at for this rule */
};

void check_release(struct check *);

/* Warnings of this thread name that place from now on. */
void check_place(struct check *, const char *file, unsigned line);

/* A whole table. */
void table_check(struct check *, enum table, const char *path);

/* The words of a rule's lists. */
void word_check_daemons(struct check *, const struct list *);
void word_check_clients(struct check *, const struct list *);

/* The words of a file that stands for a host. */
void listfile_check(struct check *, const char *path);
/* One of them. */
void word_check_host(struct check *, const struct test *, bool is_server);

/* The options of a rule, carried out in a dry run. Would they let the client in? */
bool trial_run(struct check *, const struct rule *);

#endif
