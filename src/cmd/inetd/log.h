/*
 * Where inetd's own messages go.
 */
#ifndef INETD_LOG_H
#define INETD_LOG_H

#include <stdbool.h>
#include <sys/types.h>
#include <syslog.h>

/* Ways to report; both while starting, so that whoever started inetd sees what is wrong. */
enum { LOG_TO_SYSLOG = 1, LOG_TO_STDERR = 2 };

/* is_verbose: LOG_DEBUG messages too. May be called again. */
void log_open(unsigned ways, bool is_verbose);

/* One line. Words of the configuration are escaped by the caller, if they are not yet. */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, of a line that is composed already; not for LOG_DEBUG. */
void log_text(int priority, const char *text);

/* One line about a service's client, as the service itself would say it: to the log, whatever the ways. */
void log_as(int priority, const char *tag, pid_t pid, const char *text);

/* Lines that the log did not take at once are tried again. False: some still wait; try again soon. */
bool log_flush(void);

#endif
