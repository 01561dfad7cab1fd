/*
 * NAME     lookup - names that are looked up once a reading
 * PURPOSE  The table of ports is read as far as the names that are asked for.
 * INVARIANTS  What was found is what the C library would have answered to each question alone: the
 *          first of equal names in the table holds, and a name that is not in the table is asked
 *          for by itself, since not every source can be listed. A failure is not remembered: each
 *          line that it hits reports it.
 * SEE      getservent(3), identity.h
 */
#include "cmd/inetd/lookup.h"

#include <netdb.h>
#include <string.h>

#include "base/hash.h"
#include "cmd/inetd/conf/common.h"
#include "cmd/inetd/identity.h"

enum {
	PORT_BUCKETS = 1024, /* Debian's /etc/services has 500 names; more make it slower */
	PORTS_AT_ONCE = 64, /* before it is looked at what was found */
};

struct lookup_port {
	struct lookup_port *next; /* of its bucket */
	in_port_t port; /* network order */
	bool is_udp;
	char name[];
};

struct lookup_identity {
	struct lookup_identity *next;
	const struct conf_entry *entry;
	const struct identity *identity;
};

void
lookup_release(struct lookup *lookup)
{
	if (lookup->ports != NULL)
		endservent();
	arena_release(&lookup->arena);
	*lookup = (struct lookup){0};
}

/* The port of that name, or where it would be. */
static struct lookup_port **
find_name(struct lookup *lookup, const char *name, bool is_udp)
{
	uint64_t hash = hash_quick(name, strlen(name));
	struct lookup_port **at = &lookup->ports[hash % PORT_BUCKETS];

	while (*at != NULL && ((*at)->is_udp != is_udp || strcmp((*at)->name, name) != 0))
		at = &(*at)->next;
	return at;
}

static void
add_name(struct lookup *lookup, const char *name, const struct servent *service)
{
	bool is_udp = strcmp(service->s_proto, "udp") == 0;
	struct lookup_port **at = find_name(lookup, name, is_udp), *port;
	size_t size_bytes = strlen(name) + 1;

	if (*at != NULL)
		return;
	port = arena_alloc(&lookup->arena, sizeof *port + size_bytes);
	if (port == NULL)
		return; /* is asked for by itself then */
	port->port = (in_port_t)service->s_port;
	port->is_udp = is_udp;
	memcpy(port->name, name, size_bytes);
	*at = port;
}

static void
add_names(struct lookup *lookup, const struct servent *service)
{
	if (strcmp(service->s_proto, "tcp") != 0 && strcmp(service->s_proto, "udp") != 0)
		return;
	add_name(lookup, service->s_name, service);
	for (char **alias = service->s_aliases; *alias != NULL; alias++)
		add_name(lookup, *alias, service);
}

/* False: all have been read. */
static bool
read_on(struct lookup *lookup)
{
	bool had_all = lookup->has_all;

	for (unsigned i = 0; i < PORTS_AT_ONCE && !lookup->has_all; i++) {
		const struct servent *service = getservent();

		if (service != NULL)
			add_names(lookup, service);
		lookup->has_all = service == NULL;
	}
	return !had_all;
}

static void
open_ports(struct lookup *lookup)
{
	lookup->ports = arena_alloc(&lookup->arena, PORT_BUCKETS * sizeof(struct lookup_port *));
	if (lookup->ports != NULL)
		setservent(1);
}

/* As far as the name, and a little further. */
static const struct lookup_port *
find_port(struct lookup *lookup, const char *name, bool is_udp)
{
	const struct lookup_port *port;

	if (lookup->ports == NULL)
		open_ports(lookup);
	if (lookup->ports == NULL)
		return NULL;
	do
		port = *find_name(lookup, name, is_udp);
	while (port == NULL && read_on(lookup));
	return port;
}

in_port_t
lookup_port(struct lookup *lookup, const char *name, bool is_udp)
{
	const struct lookup_port *port = find_port(lookup, name, is_udp);
	const struct servent *found;

	if (port != NULL)
		return port->port;
	found = getservbyname(name, is_udp ? "udp" : "tcp");
	return found != NULL ? (in_port_t)found->s_port : 0;
}

static bool
is_same(const struct conf_word *a, const struct conf_word *b)
{
	return a->text == NULL || b->text == NULL ? a->text == b->text
	                                          : strcmp(a->text, b->text) == 0;
}

static const struct identity *
resolve(struct conf *conf, const struct conf_entry *entry, const struct service_rules *rules)
{
	struct identity identity;

	memset(&identity, 0, sizeof identity);
	identity_resolve(conf, entry, rules, &identity);
	return common_value(conf, &identity, sizeof identity);
}

const struct identity *
lookup_identity(struct lookup *lookup, struct conf *conf, const struct conf_entry *entry,
    const struct service_rules *rules)
{
	struct lookup_identity *known = lookup->identities;
	unsigned errors = conf->errors;
	const struct identity *identity;

	if (entry->user.text == NULL) /* means different things to servers and others */
		return resolve(conf, entry, rules);
	while (known != NULL &&
	    (!is_same(&known->entry->user, &entry->user) ||
	        !is_same(&known->entry->group, &entry->group) ||
	        known->entry->has_no_groups != entry->has_no_groups))
		known = known->next;
	if (known != NULL)
		return known->identity;
	identity = resolve(conf, entry, rules);
	if (conf->errors != errors || conf->failed)
		return identity;
	known = arena_alloc(&lookup->arena, sizeof *known);
	if (known == NULL)
		return identity;
	*known = (struct lookup_identity){lookup->identities, entry, identity};
	lookup->identities = known;
	return identity;
}
