/*
 * NAME     lookup - names that are looked up once a reading
 * INVARIANTS  What was found is what the C library would have answered to each question alone: the
 *          first of equal names in the table holds, and a name that is not in the table is asked
 *          for by itself, since not every source can be listed. A failure is not remembered: each
 *          line that it hits reports it.
 * SEE      getservent(3), identity.h
 */
#include "cmd/inetd/lookup.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/inetd/conf/common.h"
#include "cmd/inetd/identity.h"

struct lookup_port {
	struct lookup_port *next; /* while the table is read */
	const char *name;
	size_t place; /* in the table */
	in_port_t port; /* network order */
	bool is_udp;
};

struct lookup_identity {
	struct lookup_identity *next;
	const struct conf_entry *entry;
	const struct identity *identity;
};

void
lookup_release(struct lookup *lookup)
{
	arena_release(&lookup->arena);
	*lookup = (struct lookup){0};
}

static int
name_cmp(const struct lookup_port *a, const struct lookup_port *b)
{
	int order = strcmp(a->name, b->name);

	return order != 0 ? order : a->is_udp - b->is_udp;
}

static int
by_name(const void *a, const void *b)
{
	const struct lookup_port *x = a, *y = b;
	int order = name_cmp(x, y);

	return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

static void
add_name(struct lookup *lookup, struct lookup_port **list, const char *name,
    const struct servent *service)
{
	struct lookup_port *port = arena_alloc(&lookup->arena, sizeof *port);
	const char *copy = arena_copy(&lookup->arena, name, strlen(name));

	if (port == NULL || copy == NULL)
		return; /* is asked for by itself then */
	*port = (struct lookup_port){.next = *list,
	    .name = copy,
	    .place = lookup->port_count++,
	    .port = (in_port_t)service->s_port,
	    .is_udp = strcmp(service->s_proto, "udp") == 0};
	*list = port;
}

static struct lookup_port *
read_names(struct lookup *lookup)
{
	struct lookup_port *list = NULL;
	const struct servent *service;

	setservent(1);
	while ((service = getservent()) != NULL) {
		if (strcmp(service->s_proto, "tcp") != 0 && strcmp(service->s_proto, "udp") != 0)
			continue;
		add_name(lookup, &list, service->s_name, service);
		for (char **alias = service->s_aliases; *alias != NULL; alias++)
			add_name(lookup, &list, *alias, service);
	}
	endservent();
	return list;
}

static void
read_ports(struct lookup *lookup)
{
	struct lookup_port *list = read_names(lookup);
	size_t at = 0;

	lookup->has_ports = true;
	lookup->ports = arena_alloc(&lookup->arena, (lookup->port_count + 1) * sizeof *list);
	if (lookup->ports == NULL) {
		lookup->port_count = 0;
		return;
	}
	for (; list != NULL; list = list->next)
		lookup->ports[at++] = *list;
	qsort(lookup->ports, lookup->port_count, sizeof *lookup->ports, by_name);
}

in_port_t
lookup_port(struct lookup *lookup, const char *name, bool is_udp)
{
	const struct lookup_port wanted = {.name = name, .is_udp = is_udp};
	size_t from = 0, to;
	const struct servent *found;

	if (!lookup->has_ports)
		read_ports(lookup);
	to = lookup->port_count;
	while (from < to) { /* to the first that is not before it */
		size_t middle = from + (to - from) / 2;

		if (name_cmp(&lookup->ports[middle], &wanted) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	if (from < lookup->port_count && name_cmp(&lookup->ports[from], &wanted) == 0)
		return lookup->ports[from].port;
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
