/*
 * NAME     log - lines to syslog
 * INVARIANTS  The format is constant; one call is one line.
 * LIMITS   EVENT_LINE_MAX
 */
#include "event/log.h"

#include <errno.h>
#include <stdbool.h>
#include <syslog.h>

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

void
event_syslog(int priority, const char *text)
{
	const char *end = find_control(text);
	int saved = errno;
	char storage[512];
	struct buf line;

	if (*end == '\0') {
		syslog(priority, "%s", text);
		errno = saved;
		return;
	}
	/* Where memory ends, so does the line. */
	buf_init(&line, storage, sizeof storage, EVENT_LINE_MAX);
	while (buf_add(&line, text, (size_t)(end - text)) && *end != '\0' &&
	       buf_add_escaped(&line, end, 1)) {
		text = end + 1;
		end = find_control(text);
	}
	syslog(priority, "%s", line.bytes);
	buf_release(&line);
	errno = saved;
}
