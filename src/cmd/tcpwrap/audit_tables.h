/*
 * The tables of an audit: what they name.
 */
#ifndef TCPWRAP_AUDIT_TABLES_H
#define TCPWRAP_AUDIT_TABLES_H

#include "cmd/tcpwrap/audit.h"
#include "policy/decide.h"

/* A daemon that a rule names. */
struct table_name {
	struct table_name *next;
	const char *name, *file;
	unsigned line;
};

/* Addresses that a rule names, both ends included. */
struct table_range {
	struct addr from, until;
};

struct audit_tables {
	struct audit_tables *next;
	const struct host_root *root;
	const char *paths[2]; /* by enum table */
	struct table_name *names, **names_end;
	struct table_range *ranges; /* heap */
	size_t count, size;
};

/* The tables that processes of a root read; each pair is read once. NULL: no memory. */
struct audit_tables *audit_tables_of(struct audit *, const struct host_root *);

#endif
