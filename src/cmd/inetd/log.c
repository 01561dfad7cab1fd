/*
 * NAME     log - inetd's messages
 * PURPOSE  syslog, facility daemon, ident "inetd"; stderr under -d and until inetd detaches.
 * INVARIANTS  A log that cannot be written never fails a connection.
 * SEE      inetd(8)
 */
#include "cmd/inetd/log.h"

#include <stdarg.h>
#include <stdio.h>

static unsigned log_ways = LOG_TO_STDERR;
static bool log_is_verbose;

void
log_open(unsigned ways, bool is_verbose)
{
	log_ways = ways;
	log_is_verbose = is_verbose;
	if ((ways & LOG_TO_SYSLOG) != 0)
		openlog("inetd", LOG_PID, LOG_DAEMON);
}

void
log_line(int priority, const char *format, ...)
{
	va_list args;

	if (priority == LOG_DEBUG && !log_is_verbose)
		return;
	if ((log_ways & LOG_TO_SYSLOG) != 0) {
		va_start(args, format);
		vsyslog(priority, format, args);
		va_end(args);
	}
	/* Who starts a daemon wants to see what is wrong, and nothing when all is well. */
	if ((log_ways & LOG_TO_STDERR) != 0 && (priority < LOG_INFO || log_is_verbose)) {
		flockfile(stderr);
		fputs("inetd: ", stderr);
		va_start(args, format);
		vfprintf(stderr, format, args);
		va_end(args);
		fputc('\n', stderr);
		funlockfile(stderr);
	}
}
