/*
 * NAME     net_text - sockets as the kernel lists them
 * INVARIANTS  Total, and linear in the line.
 * SEE      proc(5), /proc/net/tcp
 */
#include "host/net_text.h"

#include <string.h>

#include "base/str.h"

/* The fields that are looked at, and how many there are up to the last of them. */
enum { FIELD_LOCAL = 1, FIELD_STATE = 3, FIELD_UID = 7, FIELD_INODE = 9, FIELDS };

enum { STATE_CLOSED = 7, STATE_LISTENS = 10, WORD_DIGITS = 8, PORT_DIGITS = 4 };

struct field {
	const char *text;
	size_t len;
};

static bool
divide(const char *text, size_t len, struct field ret[FIELDS])
{
	size_t at = 0;

	for (unsigned i = 0; i < FIELDS; i++) {
		while (at < len && str_is_space(text[at]))
			at++;
		ret[i].text = text + at;
		while (at < len && !str_is_space(text[at]))
			at++;
		ret[i].len = (size_t)(text + at - ret[i].text);
	}
	return ret[FIELDS - 1].len > 0;
}

static bool
hex(const char *text, size_t len, uint32_t *ret)
{
	uint32_t value = 0;

	for (size_t i = 0; i < len; i++) {
		char c = str_lower(text[i]);
		bool is_letter = c >= 'a' && c <= 'f';

		if (!str_is_digit(c) && !is_letter)
			return false;
		value = value << 4 | (uint32_t)(is_letter ? c - 'a' + 10 : c - '0');
	}
	*ret = value;
	return true;
}

/* Words in the host's order of bytes, as they are in memory; a colon, and the port. */
static bool
read_place(const struct field *field, unsigned words, struct net_line *ret)
{
	uint32_t address[4], port;

	if (field->len != words * WORD_DIGITS + 1 + PORT_DIGITS ||
	    field->text[words * WORD_DIGITS] != ':' ||
	    !hex(field->text + words * WORD_DIGITS + 1, PORT_DIGITS, &port))
		return false;
	for (unsigned i = 0; i < words; i++) {
		if (!hex(field->text + i * WORD_DIGITS, WORD_DIGITS, &address[i]))
			return false;
	}
	ret->addr = words == 1 ? addr_from_v4(address) : addr_from_v6(address, 0);
	ret->port = port;
	return true;
}

enum net_answer
net_text_line(enum net_kind kind, const char *text, size_t len, struct net_line *ret)
{
	bool is_tcp = kind == NET_TCP || kind == NET_TCP6;
	unsigned words = kind == NET_TCP || kind == NET_UDP ? 1 : 4;
	struct field fields[FIELDS];
	struct net_line line;
	uint32_t state;

	if (!divide(text, len, fields))
		return NET_ODD;
	if (str_is(fields[0].text, fields[0].len, "sl"))
		return NET_OTHER;
	if (fields[FIELD_STATE].len != 2 || !hex(fields[FIELD_STATE].text, 2, &state) ||
	    !read_place(&fields[FIELD_LOCAL], words, &line) ||
	    !str_number(fields[FIELD_UID].text, fields[FIELD_UID].len, UINT32_MAX, &line.uid) ||
	    !str_number(fields[FIELD_INODE].text, fields[FIELD_INODE].len, INT64_MAX, &line.inode))
		return NET_ODD;
	if (state != (is_tcp ? STATE_LISTENS : STATE_CLOSED) || line.port == 0)
		return NET_OTHER;
	*ret = line;
	return NET_WAITS;
}
