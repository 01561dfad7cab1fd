/*
 * NAME     line - text that stays on one line
 * LIMITS   EVENT_LINE_MAX
 */
#include <stdbool.h>

#include "event/log.h"

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static const char *
find_control(const char *text)
{
	while (*text != '\0' && !is_control(*text))
		text++;
	return text;
}

const char *
event_line(const char *text, struct buf *line)
{
	const char *end = find_control(text);

	if (*end == '\0')
		return text;
	/* Where memory ends, so does the line. */
	while (buf_add(line, text, (size_t)(end - text)) && *end != '\0' &&
	    buf_add_escaped(line, end, 1)) {
		text = end + 1;
		end = find_control(text);
	}
	return line->bytes;
}
