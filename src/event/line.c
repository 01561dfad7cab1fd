/*
 * NAME     line - text that stays on one line, and that readers show as it is
 * PURPOSE  Journals hide a whole line, and terminals obey it, for a byte that is no text.
 * LIMITS   EVENT_LINE_MAX
 * SEE      RFC 3629
 */
#include <stdbool.h>
#include <stdint.h>

#include "event/log.h"

enum { BYTES_MAX = 4, ASCII_END = 0x80 };

/* Characters that control a terminal, end a line, or turn the order of others around; and those that
 * are none. */
static bool
is_shown(uint32_t point)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {{0x00, 0x1f}, {0x7f, 0x9f}, {0x200e, 0x200f}, {0x2028, 0x202e},
	    {0x2066, 0x2069}, {0xd800, 0xdfff}, {0x110000, UINT32_MAX}};

	for (unsigned i = 0; i < sizeof hidden / sizeof *hidden; i++) {
		if (point >= hidden[i].first && point <= hidden[i].last)
			return false;
	}
	return true;
}

/* Bytes of the UTF-8 character at text; 0: it is none that is shown. */
static unsigned
character(const unsigned char *text)
{
	static const uint32_t least[BYTES_MAX + 1] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned len = *text < ASCII_END ? 1 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : BYTES_MAX;
	uint32_t point = len == 1 ? *text : *text & (0x7fU >> len);

	if ((*text & 0xc0) == 0x80 || *text >= 0xf8)
		return 0;
	for (unsigned i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80) /* as the NUL at the end */
			return 0;
		point = point << 6 | (text[i] & 0x3f);
	}
	return point >= least[len] && is_shown(point) ? len : 0;
}

static const char *
find_odd(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	unsigned len;

	do {
		while (*at >= ' ' && *at < 0x7f) /* what most lines consist of */
			at++;
		len = *at != '\0' ? character(at) : 0;
		at += len;
	} while (len > 0);
	return (const char *)at;
}

const char *
event_line(const char *text, struct buf *line)
{
	const char *end = find_odd(text);

	if (*end == '\0')
		return text;
	/* Where memory ends, so does the line. */
	while (buf_add(line, text, (size_t)(end - text)) && *end != '\0' &&
	    buf_add_escaped(line, end, 1)) {
		text = end + 1;
		end = find_odd(text);
	}
	return line->bytes;
}
