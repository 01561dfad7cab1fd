/*
 * NAME     show_lines - entries as inetd.conf
 * INVARIANTS  A line never serves more than its entry: what keeps clients out, or the server's
 *          rights small, and cannot be said in a line makes the line a comment.
 * SEE      inetd(8) --print=inetd, data/attributes.def
 */
#include <string.h>

#include "cmd/inetd/conf/attribute.h"
#include "cmd/inetd/conf/show.h"
#include "cmd/inetd/conf/where.h"

enum { VALUE_MAX = 64 << 20, RATE_TEXT_MAX = 64 };

/* What a line cannot say of an entry, on its way into a comment. */
struct lack {
	const struct conf_entry *entry;
	struct buf *buf;
	bool has_any; /* a comment was begun */
	bool is_guard; /* and the line must be one too */
};

static void
add_lack(struct lack *lack, const char *name, const char *value, enum in_line in_line)
{
	if (!lack->has_any) {
		buf_add_str(lack->buf, "# ");
		buf_add_str(lack->buf, lack->entry->service.text);
		buf_add_str(lack->buf, " has besides:");
	}
	buf_add_str(lack->buf, lack->has_any ? "; " : " ");
	buf_add_str(lack->buf, name);
	if (value != NULL) {
		buf_add_str(lack->buf, value[0] != '\0' ? " = " : " =");
		buf_add_str(lack->buf, value);
	}
	lack->has_any = true;
	lack->is_guard |= in_line == IN_GUARD;
}

/* What an attribute says that a line means anyway. */
static bool
is_meant(const struct conf_entry *entry, const struct attribute *attribute)
{
	enum { MODE_OF_LINES = 0600 };

	switch (attribute - attributes) {
	case A_disable:
	case A_id:
		return true;
	case A_groups:
		return !entry->has_no_groups || entry->kind != CONF_SERVER;
	case A_socket_mode:
		return entry->socket_mode == MODE_OF_LINES;
	case A_per_source:
		return entry->per_source == 0 && entry->kind == CONF_SERVER;
	case A_flags:
		return !entry->is_nodelay && !entry->is_keepalive && !entry->skips_tables;
	default:
		return false;
	}
}

/* To root groups are no rights: he has them. */
static bool
is_root(const struct conf_entry *entry)
{
	const char *user = entry->user.text;

	return user != NULL && (strcmp(user, "root") == 0 || strcmp(user, "0") == 0);
}

/* What keeps nobody out, and no rights from anybody, is no guard. */
static enum in_line
weight_of(const struct conf_entry *entry, const struct attribute *attribute, const char *value)
{
	bool is_free = strcmp(value, "UNLIMITED") == 0 ||
	    (attribute == &attributes[A_groups] && is_root(entry));

	return is_free ? IN_BLOCK : attribute->in_line;
}

static void
find_lacks(struct lack *lack)
{
	const struct conf_entry *entry = lack->entry;
	struct buf value;

	buf_init(&value, NULL, 0, VALUE_MAX);
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		const struct attribute *attribute = &attributes[i];
		const char *text;

		buf_clear(&value);
		if (attribute->in_line != IN_LINE && !is_meant(entry, attribute) &&
		    attribute->write(entry, attribute, &value)) {
			text = value.len > 0 ? value.bytes : "";
			add_lack(lack, attribute->name, text, weight_of(entry, attribute, text));
		}
	}
	lack->buf->failed |= value.failed;
	buf_release(&value);
}

/* A burst of another size is another rate. */
static void
add_rate_lack(struct lack *lack)
{
	char storage[RATE_TEXT_MAX];
	struct buf value;

	buf_init(&value, storage, sizeof storage, sizeof storage - 1);
	attributes[A_rate].write(lack->entry, &attributes[A_rate], &value);
	add_lack(lack, "rate", value.bytes, IN_GUARD);
}

/* What a line could say, but not with these words. */
static void
find_odd_words(struct lack *lack)
{
	const struct conf_entry *entry = lack->entry;
	const char *service = entry->service.text, *user = entry->user.text;
	bool is_path = service[0] == '/';

	if (entry->rate.count > 0 && entry->rate.per_ms != CONF_MINUTE_MS)
		add_rate_lack(lack);
	if (entry->ports.count > 0 && conf_internal_name(entry->kind) != NULL)
		add_lack(lack, "port", NULL, IN_GUARD);
	if ((!is_path && strchr(service, ':') != NULL) || service[0] == '#')
		add_lack(lack, "its name", NULL, IN_GUARD);
	if (user != NULL &&
	    (strchr(user, ':') != NULL || (strchr(user, '.') != NULL && entry->group.text == NULL)))
		add_lack(lack, "user", user, IN_GUARD);
}

static void
add_addresses(struct buf *buf, const struct conf_entry *entry)
{
	const struct conf_words *addresses = &entry->addresses;

	if (entry->families == CONF_UNIX ||
	    (addresses->count == 1 && strcmp(addresses->items[0].text, "*") == 0))
		return;
	for (size_t i = 0; i < addresses->count; i++) {
		bool is_v6 = strchr(addresses->items[i].text, ':') != NULL;

		buf_add_str(buf, i > 0 ? "," : "");
		buf_add_str(buf, is_v6 ? "[" : "");
		buf_add_str(buf, addresses->items[i].text);
		buf_add_str(buf, is_v6 ? "]" : "");
	}
	buf_add_char(buf, ':');
}

static void
add_size(struct buf *buf, const char *name, int bytes)
{
	if (bytes == 0)
		return;
	buf_add_str(buf, name);
	buf_add_number(buf, (unsigned long)bytes);
}

/* No limit, where one is said, is a number that is too large for one: alone the word would have that of
 * the command line. */
static void
add_rate(struct buf *buf, const struct conf_entry *entry)
{
	bool is_unlimited = entry->rate.count == 0;

	if (!entry->has_rate || (!is_unlimited && entry->rate.per_ms != CONF_MINUTE_MS))
		return;
	buf_add_char(buf, '.');
	buf_add_number(buf, is_unlimited ? CONF_RATE_MAX + 1 : entry->rate.count);
}

/* Internal ones need a user for the form only. */
static void
add_user(struct buf *buf, const struct conf_entry *entry)
{
	buf_add_str(buf, entry->user.text != NULL ? entry->user.text : "nobody");
	if (entry->group.text != NULL) {
		buf_add_char(buf, ':');
		buf_add_str(buf, entry->group.text);
	}
}

static void
add_line(struct buf *buf, const struct conf_entry *entry, const char *service)
{
	add_addresses(buf, entry);
	buf_add_str(buf, service);
	buf_add_char(buf, ' ');
	buf_add_str(buf, where_socktype_name(entry->socktype));
	buf_add_char(buf, ' ');
	buf_add_str(buf, where_protocol_name(entry->socktype, entry->families));
	add_size(buf, ",sndbuf=", entry->sndbuf_bytes);
	add_size(buf, ",rcvbuf=", entry->rcvbuf_bytes);
	buf_add_str(buf, entry->is_wait ? " wait" : " nowait");
	add_rate(buf, entry);
	buf_add_char(buf, ' ');
	add_user(buf, entry);
	buf_add_char(buf, ' ');
	buf_add_str(buf, entry->server.text);
	for (char *const *argument = entry->argv; *argument != NULL && entry->kind == CONF_SERVER;
	     argument++) {
		buf_add_char(buf, ' ');
		buf_add_str(buf, *argument);
	}
	buf_add_char(buf, '\n');
}

static void
add_entry(struct buf *buf, const struct conf_entry *entry)
{
	struct lack lack = {.entry = entry, .buf = buf};
	bool is_off;

	find_lacks(&lack);
	find_odd_words(&lack);
	if (lack.has_any)
		buf_add_char(buf, '\n');
	if (entry->kind == CONF_REDIRECT)
		return; /* nothing that a line could say */
	is_off = entry->is_off || lack.is_guard;
	for (size_t i = 0; i < entry->ports.count || i == 0; i++) {
		buf_add_str(buf, is_off ? "#<off># " : "");
		add_line(buf, entry,
		    entry->ports.count > 0 ? entry->ports.items[i].text : entry->service.text);
	}
}

bool
show_lines(const struct conf *conf, struct buf *buf)
{
	for (const struct conf_entry *entry = conf->entries; entry != NULL && !buf->failed;
	     entry = entry->next)
		add_entry(buf, entry);
	return !buf->failed;
}
