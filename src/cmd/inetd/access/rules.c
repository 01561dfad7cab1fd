/*
 * NAME     rules - whom a service is for
 * PURPOSE  Each service is judged by hosts.allow and hosts.deny, unless it says otherwise; a line that
 *          starts tcpd is judged in tcpd's place, and what tcpd would start is started at once.
 * INVARIANTS  Nothing is taken for tcpd but a file that is one. A service that cannot be judged here,
 *          since its clients are not known before it runs, is left to tcpd if its line says so.
 *          Another root folder has another tcpd.
 * SEE      tcpd(8), docs/decisions/inetd-access.md
 */
#include "cmd/inetd/access/rules.h"

#include <netdb.h>
#include <string.h>

#include "cmd/inetd/access/tcpd.h"
#include "cmd/inetd/conf/common.h"
#include "event/message.h"

enum {
	/* Of a name in rules: the library cuts a longer one. */
	NAME_BYTES = 128,
	TAG_BYTES = 256, /* as long as a file's name may be */
	OCTET_BITS = 8,
	FIRST_OCTET = 24,
};

#define SERVICE_DIR "/usr/sbin/"

/* /etc/networks leaves zeros at the end out. */
static bool
find_network(const char *name, uint32_t *ret)
{
	const struct netent *network = getnetbyname(name);
	uint32_t net;

	if (network == NULL || network->n_addrtype != AF_INET)
		return false;
	net = network->n_net;
	while (net != 0 && net >> FIRST_OCTET == 0)
		net <<= OCTET_BITS;
	*ret = net;
	return true;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* A connection or a datagram is there before the server is. */
static bool
is_known_before(const struct conf_entry *entry)
{
	return !entry->is_wait || entry->socktype == CONF_DGRAM;
}

/* What tcpd reads in its argv[0]: a path, or a name of a file in SERVICE_DIR. NULL: neither. */
static const char *
service_of_tcpd(struct conf *conf, char *argument)
{
	size_t len = strlen(argument);
	char storage[128];
	struct buf path;
	const char *kept;

	if (*base_name(argument) == '\0')
		return NULL;
	if (*argument == '/')
		return argument;
	if (strchr(argument, '/') != NULL)
		return NULL;
	buf_init(&path, storage, sizeof storage, sizeof SERVICE_DIR + len);
	buf_add_str(&path, SERVICE_DIR);
	buf_add_str(&path, argument);
	conf->failed |= path.failed;
	kept = conf_share(conf, path.bytes);
	buf_release(&path);
	return kept;
}

/* As tcpd would: the service's own name in place of the path. */
static char *const *
arguments_of_tcpd(struct conf *conf, char *const *argv, const char *path)
{
	size_t count = 0;
	char *copy[CONF_WORDS_MAX + 2];

	while (argv[count] != NULL)
		count++;
	memcpy(copy, argv, (count + 1) * sizeof *copy);
	copy[0] = conf_share(conf, base_name(path));
	return common_value(conf, copy, (count + 1) * sizeof *copy);
}

static bool
is_ours(struct access_settings *settings, const char *path)
{
	if (settings->tcpd_path == NULL || strcmp(settings->tcpd_path, path) != 0) {
		settings->tcpd_path = path;
		settings->tcpd_is_ours = tcpd_is_one(path);
	}
	return settings->tcpd_is_ours;
}

/* Do in tcpd's place what the line wants it to. Otherwise it is left to itself, and judges alone. */
static void
take_shortcut(struct conf *conf, const struct conf_entry *entry, struct access_settings *settings,
    struct access_rules *rules)
{
	const char *path;

	bool may_ask = rules->asks_tables, is_jailed = entry->chroot.text != NULL;

	rules->asks_tables = false;
	if (settings->skips_shortcut || !may_ask ||
	    (!is_jailed && !is_ours(settings, entry->server.text)))
		return;
	path = service_of_tcpd(conf, entry->argv[0]);
	if (path == NULL || tcpd_is_one(path))
		return;
	if (is_jailed) { /* that one is another file, with tables of its own: it is asked, too */
		rules->name = base_name(path);
		rules->asks_tables = true;
		return;
	}
	rules->argv = arguments_of_tcpd(conf, entry->argv, path);
	rules->path = path;
	rules->name = base_name(path);
	rules->asks_tables = rules->is_shortcut = true;
}

static const char *
cut(struct conf *conf, const char *name)
{
	const struct conf_word whole = {.text = name};

	return conf_part(conf, &whole, 0, strnlen(name, NAME_BYTES - 1)).text;
}

static const char *
tag_of(struct conf *conf, const char *name)
{
	char tag[TAG_BYTES];

	message_tag(name, tag, sizeof tag);
	return conf_share(conf, tag);
}

/* What the defaults say may stand in another file; what both say, in two: the service's place is told
 * then. */
static void
find_places(const struct conf *conf, const struct conf_entry *entry, struct access_rules *ret)
{
	const struct conf_words *only = &entry->only_from, *no = &entry->no_access;
	const struct conf_word *at = only->count > 0 ? &only->items[0] : &entry->service;

	ret->file = conf_file(conf, at);
	ret->only_from_line = at->line;
	at = no->count > 0 ? &no->items[0] : &entry->service;
	for (size_t i = 1; i < no->count; i++)
		if (no->items[i].file != at->file)
			ret->no_access_line = entry->service.line;
	ret->no_access_file = conf_file(conf, ret->no_access_line > 0 ? &entry->service : at);
}

/* As xinetd calls it: in its notation argv[0] counts, which is the server's name unless NAMEINARGS says another,
 * and the id of what inetd does itself. */
static const char *
name_for_tables(const struct conf_entry *entry)
{
	if (entry->libwrap.text != NULL)
		return entry->libwrap.text;
	if (entry->kind == CONF_SERVER)
		return base_name(entry->is_xinetd ? entry->argv[0] : entry->server.text);
	if (entry->kind != CONF_REDIRECT && entry->id.text != NULL)
		return base_name(entry->id.text);
	return base_name(entry->service.text);
}

void
rules_prepare(struct conf *conf, const struct conf_entry *entry, struct access_settings *settings,
    struct access_rules *ret)
{
	bool is_server = entry->kind == CONF_SERVER;

	memset(ret, 0, sizeof *ret); /* padding too: of a common value it counts */
	ret->has_only_from = entry->has_only_from;
	ret->has_no_access = entry->no_access.count > 0;
	ret->path = entry->server.text;
	ret->argv = entry->argv;
	ret->asks_tables =
	    !entry->skips_tables && !settings->skips_tables && is_known_before(entry);
	ret->name = name_for_tables(entry);
	if (is_server && entry->libwrap.text == NULL &&
	    strcmp(base_name(entry->server.text), "tcpd") == 0)
		take_shortcut(conf, entry, settings, ret);
	ret->tag = tag_of(conf, ret->name);
	ret->name = cut(conf, ret->name);
	if (ret->has_only_from || ret->has_no_access)
		find_places(conf, entry, ret);
	if (!is_known_before(entry) && (ret->has_only_from || ret->has_no_access))
		conf_note(conf, CONF_ORIGIN_WAIT, &entry->service);
	if (ret->has_only_from)
		origin_compile(conf, &entry->only_from, find_network, &ret->only_from);
	if (ret->has_no_access)
		origin_compile(conf, &entry->no_access, find_network, &ret->no_access);
}
