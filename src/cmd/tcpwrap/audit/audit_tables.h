/*
 * The tables of an audit: what they name.
 */
#ifndef TCPWRAP_AUDIT_TABLES_H
#define TCPWRAP_AUDIT_TABLES_H

#include "cmd/tcpwrap/audit/audit.h"
#include "policy/decide.h"
#include "reach/reach.h"

/* A daemon that a rule names. */
struct table_name {
	struct table_name *next;
	const char *name, *file;
	unsigned line;
};

/* What becomes of addresses, asked by a name: IPv4, IPv6. */
struct table_answer {
	struct table_answer *next;
	const char *daemon;
	char server[ADDR_TEXT_MAX]; /* "" = any, or it is of no matter */
	unsigned port; /* 0: it is of no matter */
	struct verdict_of verdicts[2][AUDIENCES];
};

struct audit_tables {
	struct audit_tables *next;
	const struct host_root *root;
	const char *paths[2]; /* by enum table */
	struct table_name *names, **names_end;
	/* Rules for a port, or for an address of this host: then each socket is to be asked for itself. */
	bool has_ports, has_servers;
	struct table_answer *answers; /* those that were given */
	struct reach *reach; /* NULL: they cannot be read, or are too large for it */
};

/* The tables that processes of a root read; each pair is read once. NULL: no memory. */
struct audit_tables *audit_tables_of(struct audit *, const struct host_root *);

#endif
