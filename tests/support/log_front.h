/*
 * Stands in front of the C library's syslog, under all the names that compilers call it by: what a
 * library logs comes to the program that tests it, and nothing reaches the host's log.
 */
#ifndef TESTS_LOG_FRONT_H
#define TESTS_LOG_FRONT_H

#include <stdarg.h>

/* A message, in the thread that logs it. Defined by each program that has this module. */
void log_front_take(int priority, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
