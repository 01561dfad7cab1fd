/*
 * NAME     warn - log lines of this library
 * LIMITS   TEXT_MAX: what a line may be before it is escaped; a longer one is cut.
 */
#include "libwrap/warn.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "event/log.h"
#include "libwrap/public.h"
#include "libwrap/thread.h"

enum { TEXT_MAX = 9 << 10 };

void
warn_log_args(int priority, const char *format, va_list args)
{
	char text[TEXT_MAX];
	int saved_errno = errno;

	vsnprintf(text, sizeof text, format, args);
	event_syslog(priority, text);
	errno = saved_errno;
}

void
warn_log(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	warn_log_args(priority, format, args);
	va_end(args);
}

/* What the decision at work is about, or, outside of one, what the program says. */
static struct diag
place_now(void)
{
	int saved_errno = errno;
	struct thread *thread = thread_state();
	struct diag place = {.file = tcpd_context.file, .line = (unsigned)tcpd_context.line};

	if (thread != NULL && thread->place != NULL && thread->place->file != NULL)
		place = (struct diag){.file = thread->place->file, .line = thread->place->line};
	errno = saved_errno;
	return place;
}

void
warn_diag(enum diag_code code, const char *subject)
{
	struct diag diag = place_now();

	diag.error = errno;
	diag_set(&diag, code, subject, strlen(subject));
	event_diag(&diag);
}

void
warn_text(const char *tag, const char *format, va_list args)
{
	char text[EVENT_DIAG_MAX], line[TEXT_MAX];
	int saved_errno = errno;
	struct diag place = place_now();

	vsnprintf(text, sizeof text, format, args);
	if (place.file != NULL)
		snprintf(
		    line, sizeof line, "%s: %s, line %u: %s", tag, place.file, place.line, text);
	else
		snprintf(line, sizeof line, "%s: %s", tag, text);
	event_finding(line);
	errno = saved_errno;
}

void
tcpd_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	warn_text("warning", format, args);
	va_end(args);
}

void
tcpd_jump(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	warn_text("error", format, args);
	va_end(args);
	longjmp(tcpd_buf, AC_ERROR);
}
