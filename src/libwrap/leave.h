/*
 * How a client is turned away.
 */
#ifndef LIBWRAP_LEAVE_H
#define LIBWRAP_LEAVE_H

#include "libwrap/public.h"

/* Tell of a refusal, by this line, or by a number if there are many at a time; then clean_exit. */
void leave_refused(struct request_info *, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
