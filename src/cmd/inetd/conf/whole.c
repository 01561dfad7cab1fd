/*
 * NAME     whole - what must hold between the parts of an entry
 * PURPOSE  Completes what a block leaves unsaid, and checks entries of both notations.
 * INVARIANTS  Nothing is guessed: what is not said has one meaning, and what contradicts itself
 *          loses the entry.
 * SEE      inetd.conf(5)
 */
#include "cmd/inetd/conf/whole.h"

#include <string.h>

#include "cmd/inetd/conf/common.h"
#include "cmd/inetd/conf/field.h"
#include "cmd/inetd/conf/where.h"

static struct conf_word
word_at(const struct conf_word *place, const char *text)
{
	struct conf_word word = *place;

	word.text = text;
	return word;
}

static void
require(struct builder *builder, enum attribute_id id)
{
	struct conf_word at = word_at(&builder->entry.service, attributes[id].name);
	struct value value = {.builder = builder, .attribute = &attributes[id]};

	if (!builder->is_seen[id] && !builder->is_given[id])
		attribute_bad(&value, CONF_MISSING, &at);
}

/* ---- a block ---- */

/* Of socket type and protocol the one follows from the other, as far as it can. */
static void
complete_protocol(struct builder *builder)
{
	struct conf_entry *entry = &builder->entry;
	bool is_path = entry->service.text[0] == '/';
	enum conf_socktype implied;
	const char *name = "unix";

	if (!builder->is_seen[A_protocol]) {
		if (!is_path)
			name = entry->socktype == CONF_DGRAM ? "udp" : "tcp";
		entry->protocol = word_at(&entry->service, name);
		entry->families = where_protocol(name, strlen(name), &implied);
	} else if (!builder->is_seen[A_socket_type] && entry->families != 0 &&
	    entry->families != CONF_UNIX) {
		where_protocol(entry->protocol.text, strlen(entry->protocol.text), &implied);
		entry->socktype = implied;
		builder->has_socktype = true;
		return;
	}
	require(builder, A_socket_type);
}

/* The flags IPv4 and IPv6 and v6only choose among the families; a protocol that names its own is
 * not contradicted. */
static void
choose_families(struct builder *builder)
{
	struct conf_entry *entry = &builder->entry;
	unsigned flags = builder->flags & (FLAG_IPV4 | FLAG_IPV6), families = entry->families;

	if (flags == FLAG_IPV4)
		families = CONF_V4;
	else if (builder->is_v6only && flags != (FLAG_IPV4 | FLAG_IPV6))
		families = CONF_V6;
	else if (flags == FLAG_IPV6)
		families = CONF_MAPPED;
	if (families == entry->families || entry->families == 0 || entry->families == CONF_UNIX)
		return;
	if (entry->families == (CONF_V4 | CONF_V6)) {
		entry->families = families;
		entry->protocol.text = where_protocol_name(entry->socktype, families);
	} else if (flags != 0 && (families == CONF_V4 || entry->families == CONF_V4)) {
		conf_note(builder->conf, CONF_FAMILIES, &entry->protocol);
	}
}

static void
choose_kind(struct builder *builder)
{
	struct conf_entry *entry = &builder->entry;

	if (builder->type_internal.text != NULL) {
		entry->kind = field_internal(entry->service.text);
		if (entry->kind == CONF_SERVER) {
			struct conf_word at = word_at(&builder->type_internal, entry->service.text);

			conf_note(builder->conf, CONF_INTERNAL, &at);
		}
		if (entry->redirect_host.text != NULL)
			conf_note(builder->conf, CONF_TWO_KINDS, &entry->redirect_host);
		entry->server = word_at(&entry->service, "internal");
	} else if (builder->is_seen[A_redirect]) {
		entry->kind = CONF_REDIRECT;
		entry->server = word_at(&entry->service, "redirect");
	} else {
		require(builder, A_wait);
		require(builder, A_user);
		require(builder, A_server);
	}
}

void
whole_complete(struct builder *builder)
{
	struct conf_entry *entry = &builder->entry;

	complete_protocol(builder);
	choose_families(builder);
	choose_kind(builder);
	entry->is_nodelay = (builder->flags & FLAG_NODELAY) != 0;
	entry->is_keepalive = (builder->flags & FLAG_KEEPALIVE) != 0;
	entry->skips_tables = (builder->flags & FLAG_NOLIBWRAP) != 0;
	if (!builder->is_given[A_groups])
		entry->has_no_groups = true; /* xinetd.conf(5) */
}

/* ---- both ---- */

_Static_assert((int)CONF_SET_MAX <= (int)CONF_WORDS_MAX, "arguments may be a set");

/* argv[0] is the server's last part, or with NAMEINARGS the first argument. */
static void
set_arguments(struct builder *builder)
{
	struct conf_entry *entry = &builder->entry;
	const char *server = entry->server.text != NULL ? entry->server.text : "";
	const char *slash = strrchr(server, '/');
	size_t count = 0;
	char *argv[CONF_WORDS_MAX + 2]; /* an argv[0], all that there may be, NULL */

	if ((builder->flags & FLAG_NAMEINARGS) == 0 || builder->args.count == 0)
		argv[count++] = conf_share(builder->conf, slash != NULL ? slash + 1 : server);
	for (size_t i = 0; i < builder->args.count; i++)
		argv[count++] = conf_share(builder->conf, builder->args.items[i].text);
	argv[count++] = NULL;
	entry->argv = common_value(builder->conf, argv, count * sizeof *argv);
}

/* A unix socket is a path, and only a unix socket is. */
static void
check_path(struct builder *builder)
{
	static const enum attribute_id of_unix[] = {A_socket_user, A_socket_group, A_socket_mode};
	const struct conf_entry *entry = &builder->entry;
	const struct conf_word *service = &entry->service;
	bool is_path = service->text[0] == '/', is_unix = entry->families == CONF_UNIX;

	if (entry->families == 0)
		return;
	if (is_path != is_unix)
		conf_note(builder->conf, is_path ? CONF_UNKNOWN_SERVICE : CONF_BAD_PATH, service);
	else if (is_path && strlen(service->text) > CONF_PATH_MAX)
		conf_note(builder->conf, CONF_PATH_LONG, service);
	if (is_unix && entry->ports.count > 0)
		conf_note(builder->conf, CONF_UNIX_PORT, &entry->ports.items[0]);
	for (size_t i = 0; i < sizeof of_unix / sizeof of_unix[0] && !is_unix; i++) {
		struct conf_word at = word_at(service, attributes[of_unix[i]].name);

		if (builder->is_seen[of_unix[i]])
			conf_note(builder->conf, CONF_NOT_UNIX, &at);
	}
}

static void
check_type(struct builder *builder, const struct conf_word *at)
{
	const struct conf_entry *entry = &builder->entry;
	const char *name = entry->protocol.text;
	enum conf_socktype socktype;

	if (builder->has_socktype && entry->families != 0 && entry->families != CONF_UNIX &&
	    where_protocol(name, strlen(name), &socktype) != 0 && socktype != entry->socktype)
		conf_note(builder->conf, CONF_MIXED, at);
}

/* What inetd does itself it does for many at a time, and some of it for streams only. */
static void
check_kind(struct builder *builder)
{
	const struct conf_entry *entry = &builder->entry;
	bool is_stream = entry->socktype != CONF_DGRAM;
	/* On a unix socket nothing tells a client from another service that would answer the answer. */
	bool wants_stream = entry->kind == CONF_REDIRECT || entry->kind == CONF_DECOY ||
	    entry->kind == CONF_TARPIT ||
	    (entry->kind != CONF_SERVER && entry->families == CONF_UNIX);

	if (entry->kind != CONF_SERVER && is_stream && entry->is_wait)
		conf_note(builder->conf, CONF_INTERNAL_WAIT, &entry->server);
	if (wants_stream && !is_stream)
		conf_note(builder->conf, CONF_STREAM_ONLY, &entry->server);
	if (entry->passes_listen_fds && (entry->kind != CONF_SERVER || !entry->is_wait))
		conf_note(builder->conf, CONF_LISTEN_FDS, &entry->service);
}

/* Flags of which nothing comes but with TCP. */
static void
check_tcp_flags(struct builder *builder)
{
	unsigned bit = 0;
	const char *name;

	for (size_t i = 0; (name = attribute_flag_name(i, &bit)) != NULL; i++) {
		struct conf_word at = word_at(&builder->entry.service, name);

		if ((bit & builder->flags & (FLAG_NODELAY | FLAG_KEEPALIVE)) != 0)
			conf_note(builder->conf, CONF_IGNORED, &at);
	}
}

/* A service's own attributes that its kind has no use for. Those of the defaults are for others, too;
 * what only a server is given, the child that judges a client of inetd's own services has as well. */
static void
check_effects(struct builder *builder)
{
	enum { NO_SERVER = 1, NO_TCP = 2, NO_STREAM = 4, NO_CLIENT = 8, NO_INTERNET = 16 };
	static const struct {
		enum attribute_id id;
		unsigned lost;
	} uses[] = {
	    {A_server, NO_SERVER},
	    {A_server_args, NO_SERVER},
	    {A_defer_accept, NO_TCP},
	    {A_backlog, NO_STREAM},
	    {A_banner, NO_CLIENT},
	    {A_banner_success, NO_CLIENT},
	    {A_banner_fail, NO_CLIENT},
	    {A_bind, NO_INTERNET},
	    {A_interface, NO_INTERNET},
	    {A_free_bind, NO_INTERNET},
	};
	const struct conf_entry *entry = &builder->entry;
	bool is_unix = entry->families == CONF_UNIX, is_dgram = entry->socktype == CONF_DGRAM;
	unsigned facts = (entry->kind != CONF_SERVER ? NO_SERVER : 0) |
	    (is_unix || is_dgram ? NO_TCP : 0) | (is_dgram ? NO_STREAM : 0) |
	    (is_dgram || entry->is_wait ? NO_CLIENT : 0) | (is_unix ? NO_INTERNET : 0);

	for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
		struct conf_word at = word_at(&entry->service, attributes[uses[i].id].name);

		if (builder->is_seen[uses[i].id] && (facts & uses[i].lost) != 0)
			conf_note(builder->conf, CONF_IGNORED, &at);
	}
	if ((facts & NO_TCP) != 0)
		check_tcp_flags(builder);
}

void
whole_check(struct builder *builder, const struct conf_word *at)
{
	struct conf_entry *entry = &builder->entry;

	if (where_port(builder->conf, &entry->service, &entry->port) && entry->ports.count > 0)
		entry->port = 0;
	check_type(builder, at);
	check_path(builder);
	check_kind(builder);
	check_effects(builder);
	set_arguments(builder);
}
