/*
 * NAME     log - lines to syslog
 * INVARIANTS  The format is constant; one call is one line.
 */
#include "event/log.h"

#include <errno.h>
#include <syslog.h>

enum { STORAGE_BYTES = 512 };

void
event_syslog(int priority, const char *text)
{
	int saved = errno;
	char storage[STORAGE_BYTES];
	struct buf line;

	buf_init(&line, storage, sizeof storage, EVENT_LINE_MAX);
	syslog(priority, "%s", event_line(text, &line));
	buf_release(&line);
	errno = saved;
}
