/*
 * One client of a socket, judged.
 */
#ifndef TCPWRAP_AUDIT_ASK_H
#define TCPWRAP_AUDIT_ASK_H

#include "cmd/tcpwrap/audit/audit_tables.h"

struct asking {
	const struct audited *audited;
	struct audit_tables *tables;
	const char *daemon;
	bool is_local;
	char server[ADDR_TEXT_MAX]; /* "unknown" */
};

/* A client by an address: with a name that no rule has, without one, and, if that would get him in, with one
 * that does not lead back. What becomes of him joins what is there. */
void audit_ask(const struct asking *, const struct addr *client, struct verdict_of *);

/* Others have the same fate, or it is some's only. */
void audit_join(struct verdict_of *, enum outcome, bool is_more);

#endif
