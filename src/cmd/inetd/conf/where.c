/*
 * NAME     where - words for addresses, ports, protocols and sizes
 * INVARIANTS  Nothing is guessed: no word is taken for "all addresses" but "*".
 * SEE      inetd.conf(5)
 */
#include "cmd/inetd/conf/where.h"

#include <limits.h>
#include <string.h>

#include "base/addr.h"
#include "base/str.h"

static struct conf_word everywhere = {.text = "*"};
const struct conf_words where_everywhere = {&everywhere, 1};

static const char *const socktypes[] = {
    [CONF_STREAM] = "stream", [CONF_DGRAM] = "dgram", [CONF_SEQPACKET] = "seqpacket"};

static const struct protocol {
	const char *name;
	enum conf_socktype socktype;
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

enum { PROTOCOLS = sizeof protocols / sizeof protocols[0] };

bool
where_is_address(const char *text)
{
	const char *scope;
	size_t scope_len;
	struct addr addr;

	return addr_parse(text, strlen(text), &addr, &scope, &scope_len);
}

/* A host's name, or "*". */
static bool
is_name(const char *text, size_t len)
{
	return strcmp(text, "*") == 0 ||
	    (len > 0 && len <= CONF_HOST_MAX &&
	        str_consists_of(text, len,
	            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"));
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
	} else if (!is_name(at.text, len) &&
	    !addr_parse_v6(at.text, len, &addr, &scope, &scope_len)) {
		conf_note(conf, CONF_BAD_ADDRESS, &at);
		return false;
	}
	*ret = at;
	return true;
}

bool
where_addresses(struct conf *conf, const struct conf_word *list, struct conf_words *ret)
{
	struct conf_words addresses = {0};
	size_t room = 1;

	for (const char *c = list->text; *c != '\0'; c++)
		room += *c == ',';
	addresses.items = arena_alloc(&conf->entry_arena, room * sizeof *addresses.items);
	conf->failed |= addresses.items == NULL;
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

/* What begins like a number must be one; names are looked up when resolved. */
bool
where_port(struct conf *conf, const struct conf_word *word, unsigned *ret)
{
	size_t digits = strspn(word->text, "0123456789+-");
	unsigned long port = 0;

	if (digits > 0 && word->text[digits] == '\0' &&
	    (!str_number(word->text, digits, USHRT_MAX, &port) || port == 0)) {
		conf_note(conf, CONF_BAD_PORT, word);
		return false;
	}
	*ret = (unsigned)port;
	return true;
}

bool
where_socktype(const char *text, enum conf_socktype *ret)
{
	for (size_t i = 0; i < sizeof socktypes / sizeof socktypes[0]; i++) {
		if (strcmp(text, socktypes[i]) == 0) {
			*ret = (enum conf_socktype)i;
			return true;
		}
	}
	return false;
}

const char *
where_socktype_name(enum conf_socktype socktype)
{
	return socktypes[socktype];
}

unsigned
where_protocol(const char *text, size_t len, enum conf_socktype *ret_socktype)
{
	for (size_t i = 0; i < PROTOCOLS; i++) {
		if (len == strlen(protocols[i].name) && memcmp(text, protocols[i].name, len) == 0) {
			*ret_socktype = protocols[i].socktype;
			return protocols[i].families;
		}
	}
	return 0;
}

const char *
where_protocol_name(enum conf_socktype socktype, unsigned families)
{
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (protocols[i].families == families &&
		    (protocols[i].socktype == socktype || families == CONF_UNIX))
			return protocols[i].name;
	return NULL;
}

bool
where_size(const char *text, size_t len, int *ret)
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
