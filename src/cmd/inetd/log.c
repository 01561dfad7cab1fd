/*
 * NAME     log - inetd's messages
 * PURPOSE  syslog, facility daemon, ident "inetd"; stderr under -d and until inetd detaches.
 * INVARIANTS  A log that cannot be written never fails a connection, nor keeps anybody waiting.
 * LIMITS   EVENT_LINE_MAX: a longer message is cut.
 * SEE      inetd(8)
 */
#include "cmd/inetd/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "event/log.h"
#include "event/sender.h"

static unsigned log_ways = LOG_TO_STDERR;
static bool log_is_verbose;

void
log_open(unsigned ways, bool is_verbose)
{
	log_ways = ways;
	log_is_verbose = is_verbose;
	sender_open("inetd", NULL);
}

/* Who starts a daemon wants to see what is wrong, and nothing when all is well. */
static bool
goes_to_stderr(int priority)
{
	return (log_ways & LOG_TO_STDERR) != 0 && (LOG_PRI(priority) < LOG_INFO || log_is_verbose);
}

void
log_line(int priority, const char *format, ...)
{
	char text[EVENT_LINE_MAX];
	va_list args;

	if (priority == LOG_DEBUG && !log_is_verbose)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	log_text(priority, text);
}

void
log_text(int priority, const char *text)
{
	if ((log_ways & LOG_TO_SYSLOG) != 0)
		sender_line(priority, "inetd", getpid(), text);
	if (goes_to_stderr(priority))
		fprintf(stderr, "inetd: %s\n", text);
}

void
log_as(int priority, const char *tag, pid_t pid, const char *text)
{
	sender_line(priority, tag, pid, text);
	if (goes_to_stderr(priority))
		fprintf(stderr, "%s[%d]: %s\n", tag, (int)pid, text);
}

bool
log_flush(void)
{
	return sender_flush();
}
