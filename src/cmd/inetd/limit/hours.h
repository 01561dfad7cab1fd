/*
 * Access hours, in minutes of the day of local time.
 */
#ifndef INETD_HOURS_H
#define INETD_HOURS_H

#include <stdbool.h>
#include <stddef.h>

#include "cmd/inetd/conf/conf.h"

enum {
	HOURS_DAY = 24 * 60,
	HOURS_NEVER = HOURS_DAY,
	HOURS_UNKNOWN = HOURS_DAY, /* no minute of the day: all hours are closed */
};

/* Without any hours it is always open. */
bool hours_is_open(const struct conf_hours *, size_t count, unsigned minute);

/* Minutes from then until it is open: 0 = it is. HOURS_NEVER: the minute is not known. A change of
 * the clock in between is not foreseen. */
unsigned hours_until_open(const struct conf_hours *, size_t count, unsigned minute);

/* Now; HOURS_UNKNOWN if the system cannot tell. Asks the clock and the time zone. */
unsigned hours_local_minute(void);

#endif
