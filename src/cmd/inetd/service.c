/*
 * NAME     service - entries to services
 * PURPOSE  Asks the system what the words of inetd.conf mean: where (resolve.c), as whom
 *          (identity.c), and which of several lines for one place holds.
 * INVARIANTS  An entry with any fault yields no endpoint at all. Endpoints are sorted and unique.
 * SEE      inetd.conf(5), getservbyname(3)
 */
#include "cmd/inetd/service.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/inetd/identity.h"
#include "cmd/inetd/resolve.h"

int
endpoint_cmp(const struct endpoint *a, const struct endpoint *b)
{
	sa_family_t family = a->address.any.sa_family;

	if (family != b->address.any.sa_family)
		return family < b->address.any.sa_family ? -1 : 1;
	if (family != AF_UNIX && a->service->entry->socktype != b->service->entry->socktype)
		return a->service->entry->socktype < b->service->entry->socktype ? -1 : 1;
	return memcmp(&a->address, &b->address, sizeof a->address);
}

bool
endpoint_shares_socket(const struct endpoint *a, const struct endpoint *b)
{
	const struct conf_entry *x = a->service->entry, *y = b->service->entry;

	return a->is_dual == b->is_dual && x->socktype == y->socktype && x->is_wait == y->is_wait;
}

/* Words of an entry as a log may show them, with a slash between the two; the second may be "". */
static const char *
printable(struct conf *conf, const char *first, const char *second)
{
	char storage[128];
	struct buf buf;
	const char *text;

	buf_init(&buf, storage, sizeof storage, 8 * CONF_ENTRY_MAX);
	buf_add_escaped(&buf, first, strlen(first));
	buf_add_str(&buf, second[0] != '\0' ? "/" : "");
	buf_add_escaped(&buf, second, strlen(second));
	conf->failed |= buf.failed;
	text = conf_text(conf, buf.bytes);
	buf_release(&buf);
	return text;
}

/* The given one; else the name, with the addresses that the line has: there may be a line for each. */
static const char *
identify(struct conf *conf, const struct service *service)
{
	const struct conf_entry *entry = service->entry;
	char storage[256];
	struct buf id;
	const char *text;

	if (entry->id.text != NULL)
		return entry->id.text;
	buf_init(&id, storage, sizeof storage, 8 * CONF_ENTRY_MAX);
	for (size_t i = 0; entry->families != CONF_UNIX && i < entry->addresses.count; i++) {
		if (entry->addresses.count == 1 && strcmp(entry->addresses.items[i].text, "*") == 0)
			break;
		buf_add_str(&id, i > 0 ? "," : "");
		buf_add_str(&id, entry->addresses.items[i].text);
	}
	buf_add_str(&id, id.len > 0 ? ":" : "");
	buf_add_str(&id, service->name);
	conf->failed |= id.failed;
	text = conf_text(conf, id.bytes);
	buf_release(&id);
	return text;
}

/* Its endpoints. NULL: reported, or out of memory. */
static struct endpoint *
load_entry(struct conf *conf, const struct conf_entry *entry, const struct service_rules *rules,
    struct service **ret)
{
	struct service *service = conf_alloc(conf, sizeof *service);
	unsigned errors = conf->errors;
	struct endpoint *endpoints;

	if (service == NULL)
		return NULL;
	service->name = printable(
	    conf, entry->service.text, entry->families == CONF_UNIX ? "" : entry->protocol.text);
	service->server = printable(conf, entry->server.text, "");
	service->entry = entry;
	service->id = identify(conf, service);
	service->rate_per_minute =
	    entry->rate.count > 0 ? entry->rate.count : rules->rate_per_minute;
	identity_resolve(conf, entry, rules, &service->identity);
	endpoints = resolve_endpoints(conf, service);
	if (conf->errors != errors || conf->failed)
		return NULL;
	*ret = service;
	return endpoints;
}

static int
by_place_and_line(const void *a, const void *b)
{
	const struct endpoint *const *x = a, *const *y = b;
	int order = endpoint_cmp(*x, *y);
	unsigned x_line = (*x)->service->entry->service.line;
	unsigned y_line = (*y)->service->entry->service.line;

	return order != 0 ? order : (x_line > y_line) - (x_line < y_line);
}

/* Sort; of equal places the last line of the file holds. */
static void
settle(struct services *services)
{
	struct endpoint **all = services->endpoints;
	size_t kept = 0;

	qsort(all, services->count, sizeof *all, by_place_and_line);
	for (size_t i = 0; i < services->count; i++) {
		const struct conf_entry *entry = all[i]->service->entry;

		if (i + 1 == services->count || endpoint_cmp(all[i], all[i + 1]) != 0)
			all[kept++] = all[i];
		else if (entry != all[i + 1]->service->entry)
			conf_note(&services->conf, CONF_DUPLICATE, &entry->service);
	}
	services->count = kept;
}

bool
services_load(
    struct services *services, const char *text, size_t len, const struct service_rules *rules)
{
	struct conf *conf = &services->conf;
	struct endpoint *first = NULL, **end = &first;
	struct service **services_end = &services->first;
	size_t count = 0;

	services->first = NULL;
	services->endpoints = NULL;
	services->count = 0;
	if (!conf_parse(conf, text, len))
		return false;
	for (const struct conf_entry *entry = conf->entries; entry != NULL; entry = entry->next) {
		*end = load_entry(conf, entry, rules, services_end);
		if (*services_end != NULL)
			services_end = &(*services_end)->next;
		for (; *end != NULL; end = &(*end)->next)
			count++;
	}
	if (count == 0)
		return !conf->failed;
	services->endpoints = conf_alloc(conf, count * sizeof(struct endpoint *));
	if (services->endpoints == NULL)
		return false;
	for (struct endpoint *endpoint = first; endpoint != NULL; endpoint = endpoint->next)
		services->endpoints[services->count++] = endpoint;
	settle(services);
	return !conf->failed;
}

void
services_release(struct services *services)
{
	conf_release(&services->conf);
	services->first = NULL;
	services->endpoints = NULL;
	services->count = 0;
}
