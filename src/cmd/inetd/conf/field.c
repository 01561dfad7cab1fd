/*
 * NAME     field - the fields of an entry of inetd.conf
 * PURPOSE  One handler for each of the six fields. What must hold between them is whole.c's.
 * INVARIANTS  Every fault of an entry is reported, not only its first. Nothing is guessed: a word
 *          that is not understood loses the entry.
 * SEE      inetd.conf(5), conf.h for the limits
 */
#include "cmd/inetd/conf/field.h"

#include <string.h>

#include "base/str.h"
#include "cmd/inetd/conf/where.h"

static bool
is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(text, word, len) == 0;
}

/* An octal number of three digits at most, from 1; 0: something else. */
static int
parse_mode(const char *text, size_t len)
{
	int mode = 0;

	if (len == 0 || len > 4 || strspn(text, "01234567") < len || (len == 4 && text[0] != '0'))
		return 0;
	for (size_t i = 0; i < len; i++)
		mode = mode * 8 + (text[i] - '0');
	return mode;
}

/* ":user:group:mode:/path" is FreeBSD's. Where does the path begin? 0: it is something else. */
static size_t
set_owner(struct builder *builder, const struct conf_word *word)
{
	struct conf_entry *entry = &builder->entry;
	const char *text = word->text;
	size_t user = strcspn(text + 1, ":"), group = 0, mode = 0, path;

	if (text[0] == ':' && text[1 + user] == ':')
		group = strcspn(text + 2 + user, ":");
	if (user == 0 || group == 0 || text[2 + user + group] != ':')
		return 0;
	mode = strcspn(text + 3 + user + group, ":");
	path = 4 + user + group + mode;
	if (text[path - 1] != ':' || text[path] != '/')
		return 0;
	entry->socket_mode = parse_mode(text + 3 + user + group, mode);
	if (entry->socket_mode == 0)
		return 0;
	entry->socket_user = conf_part(builder->conf, word, 1, user);
	entry->socket_group = conf_part(builder->conf, word, 2 + user, group);
	return path;
}

/* "service", "addresses:service", "/path" or its owner in front of it. */
static void
set_service(struct builder *builder, const struct conf_word *word)
{
	struct conf *conf = builder->conf;
	struct conf_entry *entry = &builder->entry;
	const char *colon = word->text[0] == '/' ? NULL : strrchr(word->text, ':');
	size_t split, path = colon != NULL ? set_owner(builder, word) : 0;
	struct conf_word list;

	if (colon == NULL || path > 0) {
		entry->service = conf_part(conf, word, path, strlen(word->text + path));
	} else {
		split = (size_t)(colon - word->text);
		list = conf_part(conf, word, 0, split);
		entry->service = conf_part(conf, word, split + 1, strlen(colon + 1));
		where_addresses(conf, &list, &entry->addresses);
	}
	if (entry->service.text[0] == '\0')
		conf_note(conf, CONF_NO_SERVICE, word);
}

/* Where none are written those of the address line hold, or of the defaults. */
static void
set_addresses(struct builder *builder, const struct conf_draft *draft)
{
	const struct conf_word *word = &draft->words.items[0];

	if (draft->addresses == NULL || word->text[0] == '/')
		return;
	builder->entry.addresses = *draft->addresses;
	if (draft->addresses->count == 0 && strchr(word->text, ':') == NULL)
		conf_note(builder->conf, CONF_LOST_ADDRESS, word);
}

/* "stream,N" is NetBSD's: so many servers at a time. */
static void
set_socktype(struct builder *builder, const struct conf_word *word)
{
	size_t len = strcspn(word->text, ",");
	struct conf_word name = conf_part(builder->conf, word, 0, len);
	unsigned long most;

	builder->has_socktype = where_socktype(name.text, &builder->entry.socktype);
	if (!builder->has_socktype) {
		conf_note(builder->conf, CONF_UNKNOWN_SOCKTYPE, word);
	} else if (word->text[len] == ',') {
		const char *number = word->text + len + 1;

		if (str_number(number, strlen(number), CONF_RATE_MAX, &most) && most > 0)
			builder->entry.instances = (unsigned)most;
		else
			conf_note(builder->conf, CONF_UNKNOWN_SOCKTYPE, word);
		conf_note_how(builder->conf, CONF_DIALECT, word,
		    "as in NetBSD: servers at a time; in xinetd's notation instances");
	}
}

/* "sndbuf=N" or "rcvbuf=N", each once. */
static bool
set_buffer(int sizes[2], const char *text, size_t len)
{
	static const char names[][8] = {"sndbuf=", "rcvbuf="};
	size_t name_len = sizeof names[0] - 1;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (len > name_len && memcmp(text, names[i], name_len) == 0 && sizes[i] == 0)
			return where_size(text + name_len, len - name_len, &sizes[i]);
	return false;
}

/* ",option" up to the end. */
static void
set_buffers(struct builder *builder, const struct conf_word *word, size_t at)
{
	struct conf_entry *entry = &builder->entry;
	int sizes[2] = {0};
	size_t len;

	for (; word->text[at] != '\0'; at += len) {
		at++;
		len = strcspn(word->text + at, ",");
		if (!set_buffer(sizes, word->text + at, len)) {
			struct conf_word option = conf_part(builder->conf, word, at, len);

			conf_note(builder->conf, CONF_BAD_BUFFER, &option);
		}
	}
	entry->sndbuf_bytes = sizes[0] > 0 ? sizes[0] : entry->sndbuf_bytes;
	entry->rcvbuf_bytes = sizes[1] > 0 ? sizes[1] : entry->rcvbuf_bytes;
}

static void
set_protocol(struct builder *builder, const struct conf_word *word)
{
	struct conf_entry *entry = &builder->entry;
	size_t len = strcspn(word->text, ",");
	enum conf_socktype socktype;

	entry->protocol = conf_part(builder->conf, word, 0, len);
	entry->families = where_protocol(word->text, len, &socktype);
	if (entry->families == 0)
		conf_note(builder->conf,
		    strncmp(word->text, "rpc/", 4) == 0 ? CONF_RPC : CONF_UNKNOWN_PROTOCOL,
		    &entry->protocol);
	else if (word->text[len] != '\0')
		set_buffers(builder, word, len);
}

/* "wait.N": a huge N is no limit. */
static void
set_rate(struct builder *builder, const struct conf_word *word, const char *number)
{
	size_t len = strlen(number), zeros = strspn(number, "0");
	bool is_number = len > 0 && strspn(number, "0123456789") == len;
	unsigned long rate = 0;

	if (!is_number || zeros == len) {
		conf_note(builder->conf, CONF_BAD_RATE, word);
		return;
	}
	if (!str_number(number, len, CONF_RATE_MAX, &rate))
		conf_note(builder->conf, CONF_HUGE_RATE, word);
	builder->entry.has_rate = true;
	builder->entry.rate = (struct conf_rate){(unsigned)rate, rate > 0 ? CONF_MINUTE_MS : 0};
}

/* "/MAX/RATE/MAX" is FreeBSD's: servers at a time, starts a minute for one source, servers at a time
 * for one source; 0 is no limit. */
static void
set_children(struct builder *builder, const struct conf_word *word, const char *numbers)
{
	struct conf_entry *entry = &builder->entry;
	unsigned *const members[] = {
	    &entry->instances, &entry->source_rate.count, &entry->per_source};
	unsigned long number;

	for (size_t i = 0; i < sizeof members / sizeof members[0] && *numbers == '/'; i++) {
		size_t len = strcspn(++numbers, "/");

		if (!str_number(numbers, len, CONF_RATE_MAX, &number)) {
			conf_note(builder->conf, CONF_BAD_WAIT, word);
			return;
		}
		*members[i] = (unsigned)number;
		entry->has_per_source = members[i] == &entry->per_source;
		numbers += len;
	}
	entry->source_rate.per_ms = entry->source_rate.count > 0 ? CONF_MINUTE_MS : 0;
	if (*numbers != '\0')
		conf_note(builder->conf, CONF_BAD_WAIT, word);
	conf_note_how(builder->conf, CONF_DIALECT, word,
	    "as in FreeBSD; in xinetd's notation instances, source_rate and per_source");
}

static void
set_wait(struct builder *builder, const struct conf_word *word)
{
	size_t len = strcspn(word->text, ".:/");
	char sign = word->text[len];

	builder->entry.is_wait = is_word(word->text, len, "wait");
	if (!builder->entry.is_wait && !is_word(word->text, len, "nowait")) {
		conf_note(builder->conf, CONF_BAD_WAIT, word);
		return;
	}
	if (sign == '/')
		set_children(builder, word, word->text + len);
	else if (sign != '\0')
		set_rate(builder, word, word->text + len + 1);
	if (sign == ':')
		conf_note_how(builder->conf, CONF_DIALECT, word,
		    "as in NetBSD: starts a minute; write a dot");
}

/* "user", "user:group" or "user.group"; the colon is looked for first, so that a name may hold a
 * dot. */
static void
set_user(struct builder *builder, const struct conf_word *word)
{
	struct conf_entry *entry = &builder->entry;
	size_t len = strlen(word->text), split = strcspn(word->text, ":");

	if (split == len)
		split = strcspn(word->text, ".");
	entry->user = conf_part(builder->conf, word, 0, split);
	if (split < len)
		entry->group = conf_part(builder->conf, word, split + 1, len - split - 1);
	if (split == 0 || split + 1 == len || strchr(word->text, '/') != NULL)
		conf_note(builder->conf, CONF_BAD_USER, word);
}

enum conf_kind
field_internal(const char *service)
{
	const char *slash = strrchr(service, '/');
	const char *name = slash != NULL ? slash + 1 : service;

	for (enum conf_kind kind = CONF_ECHO; kind <= CONF_TARPIT; kind++)
		if (strcmp(name, conf_internal_name(kind)) == 0)
			return kind;
	return CONF_SERVER;
}

static void
set_server(struct builder *builder, const struct conf_word *word)
{
	struct conf_entry *entry = &builder->entry;

	entry->server = conf_keep(builder->conf, word);
	if (strcmp(word->text, "internal") == 0) {
		entry->kind = field_internal(entry->service.text);
		if (entry->kind == CONF_SERVER) {
			struct conf_word at = *word;

			at.text = entry->service.text;
			conf_note(builder->conf, CONF_INTERNAL, &at);
		}
	} else if (word->text[0] != '/') {
		conf_note(builder->conf, CONF_RELATIVE, word);
	}
}

void
field_fill(struct builder *builder, const struct conf_draft *draft)
{
	static void (*const handlers[])(struct builder *, const struct conf_word *) = {
	    set_service, set_socktype, set_protocol, set_wait, set_user, set_server};
	enum { FIELDS = sizeof handlers / sizeof handlers[0] };
	const struct conf_word *words = draft->words.items;
	size_t count = draft->words.count;
	bool is_comment = words[0].text[0] == '#';

	if (is_comment || count < FIELDS) {
		conf_note(builder->conf, is_comment ? CONF_INDENTED_COMMENT : CONF_FEW_FIELDS,
		    &words[is_comment ? 0 : count - 1]);
		return;
	}
	set_addresses(builder, draft);
	for (size_t i = 0; i < FIELDS; i++)
		handlers[i](builder, &words[i]);
	builder->flags |= count > FIELDS ? FLAG_NAMEINARGS : 0U;
	builder->args = draft_words(builder->conf, words + FIELDS, count - FIELDS);
}
