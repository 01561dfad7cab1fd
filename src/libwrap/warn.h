/*
 * Log lines of this library.
 */
#ifndef LIBWRAP_WARN_H
#define LIBWRAP_WARN_H

#include <stdarg.h>

#include "base/diag.h"

/* "TAG: FILE, line N: TEXT" at LOG_ERR, with the place of the decision at work. %m works. */
void warn_text(const char *tag, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* A finding, in the same place. %m is the text of errno. */
void warn_diag(enum diag_code, const char *subject);

/* A line with no tag and no place. */
void warn_log(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
void warn_log_args(int priority, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
