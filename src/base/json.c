/*
 * NAME     json - values written, never read
 */
#include "base/json.h"

#include <string.h>

/* Of those that cannot stand as they are. */
static bool
add_escaped(struct buf *buf, char c)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char byte = (unsigned char)c;

	if (c == '"' || c == '\\')
		return buf_add_char(buf, '\\') && buf_add_char(buf, c);
	return buf_add_str(buf, "\\u00") && buf_add_char(buf, hex[byte >> 4]) &&
	    buf_add_char(buf, hex[byte & 15]);
}

static size_t
count_plain(const char *text, size_t len)
{
	size_t count = 0;

	while (count < len && text[count] >= 0x20 && text[count] < 0x7f && text[count] != '"' &&
	    text[count] != '\\')
		count++;
	return count;
}

bool
json_add_string(struct buf *buf, const char *text, size_t len)
{
	bool ok = buf_add_char(buf, '"');

	for (size_t i = 0; i < len && ok;) {
		size_t plain = count_plain(text + i, len - i);

		ok = buf_add(buf, text + i, plain);
		i += plain;
		if (ok && i < len)
			ok = add_escaped(buf, text[i++]);
	}
	return ok && buf_add_char(buf, '"');
}

bool
json_add_comma(struct buf *buf)
{
	char last = buf->len > 0 ? buf->bytes[buf->len - 1] : '{';

	return last == '{' || last == '[' || buf_add_char(buf, ',');
}

bool
json_add_name(struct buf *buf, const char *name)
{
	return json_add_comma(buf) && json_add_string(buf, name, strlen(name)) &&
	    buf_add_char(buf, ':');
}

bool
json_add_member(struct buf *buf, const char *name, const char *text)
{
	return json_add_name(buf, name) && json_add_string(buf, text, strlen(text));
}
