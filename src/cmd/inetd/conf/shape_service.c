/*
 * NAME     shape_service - what a service is, and where it listens
 * INVARIANTS  What is written is what xinetd would understand, as far as it can: IPv4 and IPv6 are
 *          flags there.
 * SEE      data/attributes.def, xinetd.conf(5)
 */
#include <string.h>

#include "base/str.h"
#include "cmd/inetd/conf/shape.h"
#include "cmd/inetd/conf/where.h"

/* A word that is known and not honoured, or one that is not known. */
static bool
refuse(const struct value *value, const struct conf_word *word)
{
	const struct refusal *refusal = attribute_refusal(value->attribute->name, word->text);

	if (refusal == NULL)
		return attribute_bad(value, CONF_BAD_VALUE, word);
	conf_note_how(value->builder->conf,
	    refusal->severity == CONF_ERROR ? CONF_REFUSED : CONF_IGNORED, word, refusal->why);
	return refusal->severity != CONF_ERROR;
}

static bool
has_some(const struct value *value)
{
	return value->count > 0 || attribute_bad(value, CONF_NO_VALUE, value->name);
}

bool
read_type(const struct value *value)
{
	bool ok = has_some(value);

	for (size_t i = 0; i < value->count; i++) {
		const struct conf_word *word = &value->items[i];

		if (shape_is(word, "INTERNAL"))
			value->builder->type_internal = conf_keep(value->builder->conf, word);
		else if (!shape_is(word, "UNLISTED"))
			ok &= refuse(value, word);
	}
	return ok;
}

bool
write_type(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	bool is_internal = conf_internal_name(entry->kind) != NULL;
	bool is_unlisted = entry->ports.count > 0 || entry->port > 0;

	(void)attribute;
	buf_add_str(buf, is_internal ? "INTERNAL" : "");
	buf_add_str(buf, is_internal && is_unlisted ? " " : "");
	buf_add_str(buf, is_unlisted ? "UNLISTED" : "");
	return is_internal || is_unlisted;
}

bool
read_flags(const struct value *value)
{
	bool ok = true;
	unsigned bit = 0;

	for (size_t i = 0; i < value->count; i++) {
		if (attribute_flag(value->items[i].text, &bit))
			value->builder->flags |= bit;
		else
			ok &= refuse(value, &value->items[i]);
	}
	return ok;
}

static unsigned
flags_of(const struct conf_entry *entry)
{
	const char *slash = strrchr(entry->server.text, '/');
	bool has_name =
	    entry->kind == CONF_SERVER && slash != NULL && strcmp(entry->argv[0], slash + 1) != 0;

	return (has_name ? FLAG_NAMEINARGS : 0U) | (entry->is_nodelay ? FLAG_NODELAY : 0U) |
	    (entry->is_keepalive ? FLAG_KEEPALIVE : 0U) |
	    (entry->skips_tables ? FLAG_NOLIBWRAP : 0U) |
	    (entry->families == CONF_V4 ? FLAG_IPV4 : 0U) |
	    (entry->families == CONF_V6 || entry->families == CONF_MAPPED ? FLAG_IPV6 : 0U);
}

bool
write_flags(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	unsigned flags = flags_of(entry), bit = 0;
	bool is_first = true;
	const char *name;

	(void)attribute;
	for (size_t i = 0; (name = attribute_flag_name(i, &bit)) != NULL; i++) {
		if ((flags & bit) == 0)
			continue;
		buf_add_str(buf, is_first ? "" : " ");
		buf_add_str(buf, name);
		is_first = false;
	}
	return flags != 0;
}

bool
read_socktype(const struct value *value)
{
	if (!shape_has(value, 1))
		return false;
	if (!where_socktype(value->items[0].text, &value->builder->entry.socktype))
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	value->builder->has_socktype = true;
	return true;
}

bool
write_socktype(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)attribute;
	buf_add_str(buf, where_socktype_name(entry->socktype));
	return true;
}

bool
read_protocol(const struct value *value)
{
	struct conf_entry *entry = &value->builder->entry;
	enum conf_socktype socktype;

	if (!shape_has(value, 1))
		return false;
	entry->families =
	    where_protocol(value->items[0].text, strlen(value->items[0].text), &socktype);
	if (entry->families == 0)
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	entry->protocol = conf_keep(value->builder->conf, value->items);
	return true;
}

bool
write_protocol(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	bool is_unix = entry->families == CONF_UNIX;

	(void)attribute;
	buf_add_str(
	    buf, where_protocol_name(entry->socktype, is_unix ? CONF_UNIX : CONF_V4 | CONF_V6));
	return true;
}

bool
read_ports(const struct value *value)
{
	struct conf *conf = value->builder->conf;
	struct conf_words *ports = &value->builder->entry.ports;
	unsigned number;
	bool ok = has_some(value);

	ports->items = conf_alloc(conf, (value->count + 1) * sizeof *ports->items);
	if (ports->items == NULL)
		return false;
	for (size_t i = 0; i < value->count; i++) {
		if (strchr(value->items[i].text, '/') != NULL)
			return attribute_bad(value, CONF_BAD_VALUE, &value->items[i]);
		ok &= where_port(conf, &value->items[i], &number);
		ports->items[ports->count++] = conf_keep(conf, &value->items[i]);
	}
	return ok;
}

bool
write_ports(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)attribute;
	shape_add_words(buf, &entry->ports);
	if (entry->ports.count == 0)
		buf_add_number(buf, entry->port);
	return entry->ports.count > 0 || entry->port > 0;
}

bool
read_bind(const struct value *value)
{
	struct conf *conf = value->builder->conf;
	struct conf_words all = {0}, some = {0};
	bool ok = has_some(value);
	size_t room = value->count;

	for (size_t i = 0; i < value->count; i++)
		for (const char *c = value->items[i].text; *c != '\0'; c++)
			room += *c == ',';
	all.items = conf_alloc(conf, (room + 1) * sizeof *all.items);
	for (size_t i = 0; i < value->count && all.items != NULL; i++) {
		some.count = 0;
		ok &= where_addresses(conf, &value->items[i], &some);
		for (size_t k = 0; k < some.count; k++)
			all.items[all.count++] = some.items[k];
	}
	value->builder->entry.addresses = all;
	return ok;
}

/* All addresses need no word. */
bool
write_bind(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	const struct conf_words *addresses = &entry->addresses;

	(void)attribute;
	shape_add_words(buf, addresses);
	return entry->families != CONF_UNIX && addresses->count > 0 &&
	    (addresses->count > 1 || strcmp(addresses->items[0].text, "*") != 0);
}

/* An address is as with "bind", which is all that xinetd knows; a name is a device here. */
bool
read_interface(const struct value *value)
{
	struct builder *builder = value->builder;
	const char *text;

	if (!shape_has(value, 1))
		return false;
	text = value->items[0].text;
	if (where_is_address(text) || strpbrk(text, "*[") != NULL) {
		if (builder->is_seen[A_bind]) {
			conf_note(builder->conf, CONF_TWICE, value->name);
			return false;
		}
		return read_bind(value);
	}
	if (strlen(text) > CONF_DEVICE_MAX || strpbrk(text, "/:,") != NULL)
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	return read_word(value);
}

bool
write_interface(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	return write_word(entry, attribute, buf);
}

bool
read_server(const struct value *value)
{
	return read_path(value);
}

bool
write_server(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	return entry->kind == CONF_SERVER && write_word(entry, attribute, buf);
}

bool
read_arguments(const struct value *value)
{
	struct conf *conf = value->builder->conf;
	struct conf_words *args = &value->builder->args;
	bool is_quoted = false;

	args->items = conf_alloc(conf, (value->count + 1) * sizeof *args->items);
	for (size_t i = 0; i < value->count && args->items != NULL; i++) {
		const struct conf_word *word = &value->items[i];

		if ((word->text[0] == '"' || word->text[0] == '\'') && !is_quoted)
			conf_note(conf, CONF_QUOTE, word);
		is_quoted |= word->text[0] == '"' || word->text[0] == '\'';
		args->items[args->count++] = conf_keep(conf, word);
	}
	return args->items != NULL;
}

bool
write_arguments(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	char *const *argument = entry->argv;

	(void)attribute;
	if (entry->kind != CONF_SERVER)
		return false;
	argument += (flags_of(entry) & FLAG_NAMEINARGS) == 0;
	if (*argument == NULL)
		return false;
	buf_add_str(buf, *argument);
	while (*++argument != NULL) {
		buf_add_char(buf, ' ');
		buf_add_str(buf, *argument);
	}
	return true;
}

bool
read_redirect(const struct value *value)
{
	struct builder *builder = value->builder;
	struct conf_words host = {0};
	unsigned number;

	if (!shape_has(value, 2) || !where_addresses(builder->conf, &value->items[0], &host) ||
	    !where_port(builder->conf, &value->items[1], &number))
		return false;
	if (host.count != 1 || strcmp(host.items[0].text, "*") == 0)
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	builder->entry.redirect_host = host.items[0];
	builder->entry.redirect_port = conf_keep(builder->conf, &value->items[1]);
	return true;
}

bool
write_redirect(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)attribute;
	if (entry->kind != CONF_REDIRECT)
		return false;
	buf_add_str(buf, entry->redirect_host.text);
	buf_add_char(buf, ' ');
	buf_add_str(buf, entry->redirect_port.text);
	return true;
}
