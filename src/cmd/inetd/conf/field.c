/*
 * NAME     field - the fields of an entry of inetd.conf
 * PURPOSE  One handler for each of the six fields, then what must hold between them.
 * INVARIANTS  Every fault of an entry is reported, not only its first. Nothing is guessed: a word
 *          that is not understood loses the entry.
 * SEE      inetd.conf(5), conf.h for the limits
 */
#include "cmd/inetd/conf/field.h"

#include <limits.h>
#include <string.h>

#include "base/addr.h"
#include "base/str.h"

/* An entry on its way. */
struct draft {
	struct conf *conf;
	struct conf_entry *entry;
	const struct conf_words *fallback;
	bool has_socktype, has_protocol;
};

static const struct protocol {
	const char *name;
	enum conf_socktype socktype; /* of no meaning for unix */
	unsigned families;
} protocols[] = {
    {"tcp", CONF_STREAM, CONF_V4 | CONF_V6},
    {"tcp4", CONF_STREAM, CONF_V4},
    {"tcp6", CONF_STREAM, CONF_V6},
    {"tcp46", CONF_STREAM, CONF_MAPPED},
    {"udp", CONF_DGRAM, CONF_V4 | CONF_V6},
    {"udp4", CONF_DGRAM, CONF_V4},
    {"udp6", CONF_DGRAM, CONF_V6},
    {"udp46", CONF_DGRAM, CONF_MAPPED},
    {"unix", CONF_STREAM, CONF_UNIX},
};

static bool
is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(text, word, len) == 0;
}

/* One address of a list; brackets go. */
static bool
parse_address(struct conf *conf, struct conf_word at, struct conf_word *ret)
{
	size_t len = strlen(at.text), scope_len;
	const char *scope;
	struct addr addr;

	if (len >= 2 && at.text[0] == '[' && at.text[len - 1] == ']') {
		at = conf_part(conf, &at, 1, len - 2);
		if (!addr_parse_v6(at.text, strlen(at.text), &addr, &scope, &scope_len)) {
			conf_note(conf, CONF_BAD_ADDRESS, &at);
			return false;
		}
	} else if (len == 0 || len > CONF_HOST_MAX || strpbrk(at.text, "[]/") != NULL ||
	    (memchr(at.text, ':', len) != NULL &&
	        !addr_parse_v6(at.text, len, &addr, &scope, &scope_len))) {
		conf_note(conf, CONF_BAD_ADDRESS, &at);
		return false;
	}
	*ret = at;
	return true;
}

bool
field_addresses(struct conf *conf, const struct conf_word *list, struct conf_words *ret)
{
	struct conf_words addresses = {0};
	size_t room = 1;

	for (const char *c = list->text; *c != '\0'; c++)
		room += *c == ',';
	addresses.items = conf_alloc(conf, room * sizeof *addresses.items);
	if (addresses.items == NULL)
		return false;
	for (size_t from = 0, len; addresses.count < room; from += len + 1) {
		len = strcspn(list->text + from, ",");
		if (!parse_address(conf, conf_part(conf, list, from, len),
		        &addresses.items[addresses.count++]))
			return false;
	}
	*ret = addresses;
	return true;
}

/* "service", "addresses:service" or "/path"; ports are checked here, names when resolved. */
static void
set_service(struct draft *draft, const struct conf_word *word)
{
	struct conf_entry *entry = draft->entry;
	const char *colon = word->text[0] == '/' ? NULL : strrchr(word->text, ':');
	struct conf_word list;
	size_t split, digits;
	unsigned long port;

	entry->addresses = *draft->fallback;
	entry->service = *word;
	if (colon != NULL) {
		split = (size_t)(colon - word->text);
		list = conf_part(draft->conf, word, 0, split);
		entry->service = conf_part(draft->conf, word, split + 1, strlen(colon + 1));
		field_addresses(draft->conf, &list, &entry->addresses);
	} else if (word->text[0] != '/' && draft->fallback->count == 0) {
		conf_note(draft->conf, CONF_LOST_ADDRESS, word);
	}
	if (entry->service.text[0] == '\0')
		conf_note(draft->conf, CONF_NO_SERVICE, word);
	digits = strspn(entry->service.text, "0123456789+-");
	if (digits == 0 || entry->service.text[digits] != '\0')
		return;
	if (str_number(entry->service.text, digits, USHRT_MAX, &port) && port > 0)
		entry->port = (unsigned)port;
	else
		conf_note(draft->conf, CONF_BAD_PORT, &entry->service);
}

static void
set_socktype(struct draft *draft, const struct conf_word *word)
{
	static const char *const names[] = {
	    [CONF_STREAM] = "stream", [CONF_DGRAM] = "dgram", [CONF_SEQPACKET] = "seqpacket"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(word->text, names[i]) == 0) {
			draft->entry->socktype = (enum conf_socktype)i;
			draft->has_socktype = true;
		}
	}
	if (!draft->has_socktype)
		conf_note(draft->conf, CONF_UNKNOWN_SOCKTYPE, word);
}

/* "N", "Nk" or "Nm" into bytes. */
static bool
parse_size(const char *text, size_t len, int *ret)
{
	unsigned long unit = 1, number;

	if (len > 0 && (text[len - 1] == 'k' || text[len - 1] == 'm')) {
		unit = text[len - 1] == 'k' ? 1024 : 1024 * 1024;
		len--;
	}
	if (!str_number(text, len, CONF_BUFFER_MAX / unit, &number) || number == 0)
		return false;
	*ret = (int)(number * unit);
	return true;
}

/* "sndbuf=N" or "rcvbuf=N". */
static bool
set_buffer(struct conf_entry *entry, const char *text, size_t len)
{
	static const char names[][8] = {"sndbuf=", "rcvbuf="};
	int *const sizes[] = {&entry->sndbuf_bytes, &entry->rcvbuf_bytes};
	size_t name_len = sizeof names[0] - 1;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (len > name_len && memcmp(text, names[i], name_len) == 0 && *sizes[i] == 0)
			return parse_size(text + name_len, len - name_len, sizes[i]);
	return false;
}

/* The protocol's name, then ",option" up to the end. */
static void
set_protocol(struct draft *draft, const struct conf_word *word)
{
	struct conf_entry *entry = draft->entry;
	size_t len = strcspn(word->text, ",");
	const struct protocol *protocol = protocols;
	const struct protocol *end = protocols + sizeof protocols / sizeof protocols[0];

	entry->protocol = conf_part(draft->conf, word, 0, len);
	while (protocol < end && !is_word(word->text, len, protocol->name))
		protocol++;
	if (protocol == end) {
		conf_note(draft->conf,
		    strncmp(word->text, "rpc/", 4) == 0 ? CONF_RPC : CONF_UNKNOWN_PROTOCOL,
		    &entry->protocol);
		return;
	}
	draft->has_protocol = true;
	entry->families = protocol->families;
	if (draft->has_socktype && entry->families != CONF_UNIX &&
	    entry->socktype != protocol->socktype)
		conf_note(draft->conf, CONF_MIXED, word);
	for (size_t at = len; word->text[at] != '\0'; at += len) {
		at++;
		len = strcspn(word->text + at, ",");
		if (!set_buffer(entry, word->text + at, len)) {
			struct conf_word option = conf_part(draft->conf, word, at, len);

			conf_note(draft->conf, CONF_BAD_BUFFER, &option);
		}
	}
}

/* "wait.N": a huge N is no limit. */
static void
set_rate(struct draft *draft, const struct conf_word *word, const char *number)
{
	size_t len = strlen(number), zeros = strspn(number, "0");
	bool is_number = len > 0 && strspn(number, "0123456789") == len;
	unsigned long rate = 0;

	if (!is_number || zeros == len) {
		conf_note(draft->conf, CONF_BAD_RATE, word);
		return;
	}
	if (!str_number(number, len, CONF_RATE_MAX, &rate))
		conf_note(draft->conf, CONF_HUGE_RATE, word);
	draft->entry->has_rate = true;
	draft->entry->rate = (struct conf_rate){(unsigned)rate, rate > 0 ? CONF_MINUTE_MS : 0};
}

static void
set_wait(struct draft *draft, const struct conf_word *word)
{
	size_t len = strcspn(word->text, ".");

	draft->entry->is_wait = is_word(word->text, len, "wait");
	if (!draft->entry->is_wait && !is_word(word->text, len, "nowait")) {
		conf_note(draft->conf, CONF_BAD_WAIT, word);
	} else if (word->text[len] == '.') {
		set_rate(draft, word, word->text + len + 1);
	}
}

/* "user", "user:group" or "user.group"; the colon is looked for first, so that a name may hold a
 * dot. */
static void
set_user(struct draft *draft, const struct conf_word *word)
{
	struct conf_entry *entry = draft->entry;
	size_t len = strlen(word->text), split = strcspn(word->text, ":");

	if (split == len)
		split = strcspn(word->text, ".");
	entry->user = conf_part(draft->conf, word, 0, split);
	if (split < len)
		entry->group = conf_part(draft->conf, word, split + 1, len - split - 1);
	if (split == 0 || split + 1 == len)
		conf_note(draft->conf, CONF_BAD_USER, word);
}

/* The name of the service picks it, of a unix socket the last part of its path. */
static void
set_internal(struct draft *draft, const struct conf_word *word)
{
	static const char *const names[] = {[CONF_ECHO] = "echo",
	    [CONF_DISCARD] = "discard",
	    [CONF_CHARGEN] = "chargen",
	    [CONF_DAYTIME] = "daytime",
	    [CONF_TIME] = "time",
	    [CONF_DECOY] = "decoy",
	    [CONF_TARPIT] = "tarpit"};
	const char *slash = strrchr(draft->entry->service.text, '/');
	const char *name = slash != NULL ? slash + 1 : draft->entry->service.text;

	for (size_t i = CONF_ECHO; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			draft->entry->kind = (enum conf_kind)i;
	if (draft->entry->kind == CONF_SERVER)
		conf_note(draft->conf, CONF_INTERNAL, word);
	else if (draft->entry->socktype != CONF_DGRAM && draft->entry->is_wait)
		conf_note(draft->conf, CONF_INTERNAL_WAIT, word);
}

static void
set_server(struct draft *draft, const struct conf_word *word)
{
	draft->entry->server = *word;
	if (strcmp(word->text, "internal") == 0)
		set_internal(draft, word);
	else if (word->text[0] != '/')
		conf_note(draft->conf, CONF_RELATIVE, word);
}

/* argv[0] is the first word behind the server: "/usr/sbin/tcpd  /usr/sbin/in.ftpd -l". */
static void
set_arguments(struct draft *draft, const struct conf_word *words, size_t count)
{
	const char *slash = strrchr(draft->entry->server.text, '/');
	char **argv = conf_alloc(draft->conf, (count + 2) * sizeof *argv);

	draft->entry->argv = argv;
	if (argv == NULL)
		return;
	argv[0] = conf_text(draft->conf, slash != NULL ? slash + 1 : draft->entry->server.text);
	for (size_t i = 0; i < count; i++)
		argv[i] = conf_text(draft->conf, words[i].text);
}

/* A unix socket is a path, and only a unix socket is. */
static void
check_path(struct draft *draft)
{
	const struct conf_word *service = &draft->entry->service;
	bool is_path = service->text[0] == '/';

	if (!draft->has_protocol)
		return;
	if (is_path != (draft->entry->families == CONF_UNIX))
		conf_note(draft->conf, is_path ? CONF_UNKNOWN_SERVICE : CONF_BAD_PATH, service);
	else if (is_path && strlen(service->text) > CONF_PATH_MAX)
		conf_note(draft->conf, CONF_PATH_LONG, service);
}

struct conf_entry *
field_entry(struct conf *conf, const struct conf_word *words, size_t count,
    const struct conf_words *fallback)
{
	static void (*const handlers[])(struct draft *, const struct conf_word *) = {
	    set_service, set_socktype, set_protocol, set_wait, set_user, set_server};
	enum { FIELDS = sizeof handlers / sizeof handlers[0] };
	struct draft draft = {.conf = conf, .fallback = fallback};
	unsigned errors = conf->errors;

	if (words[0].text[0] == '#' || count < FIELDS) {
		conf_note(conf, words[0].text[0] == '#' ? CONF_INDENTED_COMMENT : CONF_FEW_FIELDS,
		    &words[words[0].text[0] == '#' ? 0 : count - 1]);
		return NULL;
	}
	draft.entry = conf_alloc(conf, sizeof *draft.entry);
	if (draft.entry == NULL)
		return NULL;
	draft.entry->umask = -1;
	for (size_t i = 0; i < FIELDS; i++)
		handlers[i](&draft, &words[i]);
	check_path(&draft);
	set_arguments(&draft, words + FIELDS, count - FIELDS);
	return conf->errors == errors && !conf->failed ? draft.entry : NULL;
}
