/*
 * Services: entries of inetd.conf with their names turned into addresses, ports and identities.
 * A value: reading the file again makes a new one, and listener.h compares the two.
 */
#ifndef INETD_SERVICE_H
#define INETD_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cmd/inetd/access/rules.h"
#include "cmd/inetd/conf/conf.h"
#include "cmd/inetd/endpoint.h"
#include "cmd/inetd/setup.h"

/* What a server must run as, and what the kernel must answer before it is started. */
struct identity {
	bool is_own; /* inetd's own: nothing is changed, supplementary groups are not looked at */
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* ascending, each once: as getgroups(2) answers */
	size_t count;
};

struct standing;

struct service {
	struct service *next;
	const char *id; /* tells it apart from the others, in this reading and the next */
	const char *name; /* "ftp/tcp" or a path: for logs, escaped; mostly the end of its id */
	struct standing *standing; /* given by standings_prepare */
	struct conf_word at; /* its name as it was written, and where */
	const struct conf_entry *entry; /* common_entry(): others may have it too */
	unsigned order; /* in the text */
	bool has_own_id; /* that was given: else servers are told its name */
	struct endpoint *endpoints; /* NULL: it is off */
	/* common_value(), as is the entry: others may have them too. */
	const struct access_rules *access;
	const struct identity *identity;
	const struct setup *setup;
};

struct services {
	struct conf conf;
	struct service *first; /* without a fault, in the order of the text */
	struct endpoint **endpoints; /* ascending by endpoint_cmp, no two equal */
	size_t count;
};

/* What a configuration may ask for. */
struct service_rules {
	unsigned rate_per_minute; /* where an entry has none; 0 = no limit */
	bool skips_tables, skips_shortcut; /* --no-access, --no-shortcut */
	bool can_switch; /* to another user */
	bool is_check; /* nobody is served: another process will, perhaps with more rights */
	uid_t uid; /* if not: the only one */
	gid_t gid;
	char **environment; /* what every server may inherit, NULL-terminated; NULL = nothing */
};

/* Make services of the entries of conf, which is there already. Looks up users, groups, services,
 * hosts and interfaces, and may wait for name service if a line names a host. False: out of memory.
 * Release it in any case. Entries with a fault are left out; conf.notes says which. */
bool services_resolve(struct services *, const struct service_rules *);
void services_release(struct services *);

/* For whom, by whom and as whom it is, as a hash: what a client was judged for holds for a service of a
 * later reading if it has the same. */
uint64_t service_terms(const struct service *);

#endif
