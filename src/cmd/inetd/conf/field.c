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

/* "service", "addresses:service" or "/path". */
static void
set_service(struct builder *builder, const struct conf_word *word)
{
	struct conf *conf = builder->conf;
	struct conf_entry *entry = &builder->entry;
	const char *colon = word->text[0] == '/' ? NULL : strrchr(word->text, ':');
	struct conf_word list;
	size_t split;

	if (colon == NULL) {
		entry->service = conf_keep(conf, word);
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

static void
set_socktype(struct builder *builder, const struct conf_word *word)
{
	builder->has_socktype = where_socktype(word->text, &builder->entry.socktype);
	if (!builder->has_socktype)
		conf_note(builder->conf, CONF_UNKNOWN_SOCKTYPE, word);
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

static void
set_wait(struct builder *builder, const struct conf_word *word)
{
	size_t len = strcspn(word->text, ".");

	builder->entry.is_wait = is_word(word->text, len, "wait");
	if (!builder->entry.is_wait && !is_word(word->text, len, "nowait")) {
		conf_note(builder->conf, CONF_BAD_WAIT, word);
	} else if (word->text[len] == '.') {
		set_rate(builder, word, word->text + len + 1);
	}
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
	if (split == 0 || split + 1 == len)
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
		if (entry->kind == CONF_SERVER)
			conf_note(builder->conf, CONF_INTERNAL, word);
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
