/*
 * NAME     service - entries to services
 * PURPOSE  Asks the system what the words of inetd.conf mean: where (resolve.c), as whom
 *          (identity.c, both by lookup.c), with what (setup.c), and which of several lines for one
 *          place holds.
 * INVARIANTS  An entry with any fault yields no endpoint at all. Endpoints are sorted and unique.
 * SEE      inetd.conf(5), getservbyname(3)
 */
#include "cmd/inetd/service.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "cmd/inetd/datagrams.h"
#include "cmd/inetd/conf/common.h"
#include "cmd/inetd/internal/internal.h"
#include "cmd/inetd/lookup.h"
#include "cmd/inetd/resolve.h"

/* A word of an entry as a log may show it. */
static const char *
printable(struct conf *conf, const char *word)
{
	char storage[128];
	struct buf buf;
	const char *text;

	buf_init(&buf, storage, sizeof storage, 4 * CONF_ENTRY_MAX);
	buf_add_escaped(&buf, word, strlen(word));
	conf->failed |= buf.failed;
	text = conf_share(conf, buf.bytes);
	buf_release(&buf);
	return text;
}

/* The addresses that the line has: there may be a line for each. */
static void
add_addresses(struct buf *id, const struct conf_entry *entry)
{
	for (size_t i = 0; entry->families != CONF_UNIX && i < entry->addresses.count; i++) {
		if (entry->addresses.count == 1 && strcmp(entry->addresses.items[i].text, "*") == 0)
			break;
		buf_add_str(id, i > 0 ? "," : "");
		buf_add_str(id, entry->addresses.items[i].text);
	}
	buf_add_str(id, id->len > 0 ? ":" : "");
}

static void
add_name(struct buf *name, const struct conf_entry *entry)
{
	const char *protocol = entry->families == CONF_UNIX ? "" : entry->protocol.text;

	buf_add_escaped(name, entry->service.text, strlen(entry->service.text));
	buf_add_str(name, protocol[0] != '\0' ? "/" : "");
	buf_add_escaped(name, protocol, strlen(protocol));
}

/* Its id is the given one; else its name, behind its addresses. */
static void
identify(struct conf *conf, struct service *service)
{
	const struct conf_entry *entry = service->entry;
	char storage[256];
	struct buf buf;
	const char *text;
	size_t from;

	buf_init(&buf, storage, sizeof storage, 8 * CONF_ENTRY_MAX);
	if (entry->id.text == NULL)
		add_addresses(&buf, entry);
	from = buf.len;
	add_name(&buf, entry);
	conf->failed |= buf.failed;
	text = conf_share(conf, buf.bytes);
	if (text != NULL) {
		service->id = entry->id.text != NULL ? entry->id.text : text;
		service->name = text + from;
	}
	buf_release(&buf);
}

/* A text with its end; NULL is another one than "". */
static uint64_t
add_text(uint64_t hash, const char *text)
{
	return text != NULL ? hash_add(hash, text, strlen(text) + 1) : hash_add(hash, "\xff", 1);
}

static uint64_t
add_words(uint64_t hash, const struct conf_words *words)
{
	for (size_t i = 0; i < words->count; i++)
		hash = add_text(hash, words->items[i].text);
	return add_text(hash, NULL);
}

/* Whom it lets in, and what they get. Limits are none of it. */
uint64_t
service_terms(const struct service *service)
{
	const struct conf_entry *entry = service->entry;
	const struct identity *identity = service->identity;
	const struct access_rules *access = service->access;
	const unsigned numbers[] = {entry->kind, entry->socktype, entry->is_wait,
	    access->asks_tables, access->has_only_from, access->has_no_access, identity->uid,
	    identity->gid, entry->is_no_new_privs};
	uint64_t hash = hash_add(HASH_INIT, numbers, sizeof numbers);

	hash = hash_add(hash, identity->groups, identity->count * sizeof(gid_t));
	hash = add_words(add_words(hash, &entry->only_from), &entry->no_access);
	hash = add_text(add_text(add_text(hash, access->name), access->path), entry->chroot.text);
	for (char *const *word = access->argv; word != NULL && *word != NULL; word++)
		hash = add_text(hash, *word);
	return hash;
}

/* What a reading needs while it goes on. */
struct reading {
	struct conf *conf;
	const struct service_rules *rules;
	struct access_settings access;
	struct lookup lookup;
	unsigned count; /* of services */
	struct service *const *first; /* of those that are there already */
};

/* Padding counts as bytes of a common value. */
static void
prepare_server(struct reading *reading, const struct conf_entry *entry, struct service *service)
{
	struct conf *conf = reading->conf;
	const struct identity *identity = service->identity;
	struct setup setup;
	struct access_rules access;

	memset(&setup, 0, sizeof setup);
	setup.server = printable(conf, entry->server.text);
	setup_resolve(conf, entry, reading->rules, &setup);
	rules_prepare(conf, entry, &reading->access, &access);
	resolve_socket_owner(conf, entry, &setup);
	if (entry->kind == CONF_REDIRECT)
		setup.target = resolve_target(conf, service, *reading->first);
	access.reads_all = identity != NULL && (identity->is_own || identity->uid == 0);
	service->setup = common_value(conf, &setup, sizeof setup);
	service->access = common_value(conf, &access, sizeof access);
}

/* NULL: reported, or out of memory. One that is off is looked at as the others are. */
static struct service *
load_entry(struct reading *reading, struct conf_entry *entry)
{
	struct conf *conf = reading->conf;
	struct service *service = conf_alloc(conf, sizeof *service);
	struct conf_note **here = conf->notes_end;
	unsigned errors = conf->errors;
	bool is_good;

	if (service == NULL)
		return NULL;
	service->order = reading->count++;
	service->entry = entry;
	service->at = entry->service;
	service->has_own_id = entry->id.text != NULL;
	identify(conf, service);
	if (entry->kind != CONF_SERVER && entry->socktype == CONF_DGRAM)
		datagrams_complete(entry, reading->rules->rate_per_minute);
	else if (!entry->has_rate)
		entry->rate = (struct conf_rate){reading->rules->rate_per_minute, CONF_MINUTE_MS};
	internal_complete(entry);
	service->identity = lookup_identity(&reading->lookup, conf, entry, reading->rules);
	service->endpoints = resolve_endpoints(conf, &reading->lookup, service);
	prepare_server(reading, entry, service);
	if (entry->is_off)
		service->endpoints = NULL;
	is_good = conf->errors == errors && !conf->failed;
	if (entry->is_off)
		conf_soften(conf, here, errors);
	return is_good ? service : NULL;
}

static int
by_place_and_order(const void *a, const void *b)
{
	const struct endpoint *const *x = a, *const *y = b;
	int order = endpoint_cmp(*x, *y);
	unsigned x_order = (*x)->service->order, y_order = (*y)->service->order;

	return order != 0 ? order : (x_order > y_order) - (x_order < y_order);
}

/* Sort; of equal places the last line holds. */
static void
settle(struct services *services)
{
	struct endpoint **all = services->endpoints;
	size_t kept = 0;

	qsort(all, services->count, sizeof *all, by_place_and_order);
	for (size_t i = 0; i < services->count; i++) {
		const struct conf_entry *entry = all[i]->service->entry;

		if (i + 1 == services->count || endpoint_cmp(all[i], all[i + 1]) != 0)
			all[kept++] = all[i];
		else if (entry != all[i + 1]->service->entry)
			conf_note(&services->conf, CONF_DUPLICATE, &entry->service);
	}
	services->count = kept;
}

/* The endpoints of all services, as one array. */
static bool
gather(struct services *services)
{
	size_t count = 0;

	for (struct service *service = services->first; service != NULL; service = service->next)
		for (struct endpoint *e = service->endpoints; e != NULL; e = e->next)
			count++;
	if (count == 0)
		return true;
	services->endpoints = conf_alloc(&services->conf, count * sizeof(struct endpoint *));
	if (services->endpoints == NULL)
		return false;
	for (struct service *service = services->first; service != NULL; service = service->next)
		for (struct endpoint *e = service->endpoints; e != NULL; e = e->next)
			services->endpoints[services->count++] = e;
	settle(services);
	return true;
}

/* Most services say what others say, too, but for their name and their place. */
static bool
share_entries(struct services *services)
{
	for (struct service *service = services->first; service != NULL; service = service->next) {
		service->entry = common_entry(&services->conf, service->entry);
		if (service->entry == NULL)
			return false;
	}
	conf_forget_entries(&services->conf);
	return true;
}

bool
services_resolve(struct services *services, const struct service_rules *rules)
{
	struct conf *conf = &services->conf;
	struct reading reading = {.conf = conf,
	    .rules = rules,
	    .first = &services->first,
	    .access = {
	        .skips_tables = rules->skips_tables, .skips_shortcut = rules->skips_shortcut}};
	struct service **end = &services->first;

	services->first = NULL;
	services->endpoints = NULL;
	services->count = 0;
	for (struct conf_entry *entry = conf->entries; entry != NULL; entry = entry->next) {
		*end = load_entry(&reading, entry);
		if (*end != NULL)
			end = &(*end)->next;
	}
	lookup_release(&reading.lookup);
	return gather(services) && share_entries(services) && !conf->failed;
}

void
services_release(struct services *services)
{
	conf_release(&services->conf);
	services->first = NULL;
	services->endpoints = NULL;
	services->count = 0;
}
