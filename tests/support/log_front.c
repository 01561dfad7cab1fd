/*
 * NAME     log_front - a stand-in for syslog
 * PURPOSE  One place for the four names, so that no test program forgets one.
 * INVARIANTS  Exported, so that a library that is loaded later finds these first. That takes
 *          export_dynamic, or a library that the program is linked to.
 */
#include "log_front.h"

#define EXPORTED __attribute__((visibility("default")))

/* Named apart in C, because a fortified <syslog.h> makes macros and inline functions of the names;
 * the __ ones are what a fortified library calls. */
EXPORTED void front_syslog(int, const char *, ...) __asm__("syslog");
EXPORTED void front_vsyslog(int, const char *, va_list) __asm__("vsyslog");
EXPORTED void front_syslog_chk(int, int, const char *, ...) __asm__("__syslog_chk");
EXPORTED void front_vsyslog_chk(int, int, const char *, va_list) __asm__("__vsyslog_chk");

__attribute__((format(printf, 2, 0))) void
front_vsyslog(int priority, const char *format, va_list args)
{
	log_front_take(priority, format, args);
}

__attribute__((format(printf, 2, 3))) void
front_syslog(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_front_take(priority, format, args);
	va_end(args);
}

__attribute__((format(printf, 3, 0))) void
front_vsyslog_chk(int priority, int flag, const char *format, va_list args)
{
	(void)flag;
	log_front_take(priority, format, args);
}

__attribute__((format(printf, 3, 4))) void
front_syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	log_front_take(priority, format, args);
	va_end(args);
}
