/*
 * Where inetd's own messages go.
 */
#ifndef INETD_LOG_H
#define INETD_LOG_H

#include <stdbool.h>
#include <syslog.h>

/* Ways to report; both while starting, so that whoever started inetd sees what is wrong. */
enum { LOG_TO_SYSLOG = 1, LOG_TO_STDERR = 2 };

/* is_verbose: LOG_DEBUG messages too. May be called again. */
void log_open(unsigned ways, bool is_verbose);

/* One line. Words of the configuration are escaped by the caller, if they are not yet. */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
