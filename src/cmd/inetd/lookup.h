/*
 * Names that a configuration has in common, looked up once a reading: ports and identities. A
 * thousand lines of one user would read /etc/passwd and /etc/group a thousand times.
 */
#ifndef INETD_LOOKUP_H
#define INETD_LOOKUP_H

#include <netinet/in.h>
#include <stddef.h>

#include "cmd/inetd/service.h"

struct lookup_port;
struct lookup_identity;

/* All zero: nothing is known yet. */
struct lookup {
	struct arena arena;
	struct lookup_port **ports; /* buckets, by name; NULL: the table is not open */
	bool has_all; /* the table was read to its end */
	struct lookup_identity *identities;
};

void lookup_release(struct lookup *);

/* The port of a service's name or alias, in network order; 0: unknown. */
in_port_t lookup_port(struct lookup *, const char *name, bool is_udp);

/* As identity_resolve, which is asked once for all entries that say the same. It is the conf's. */
const struct identity *lookup_identity(
    struct lookup *, struct conf *, const struct conf_entry *, const struct service_rules *);

#endif
