/*
 * NAME     hours - when a service serves
 * INVARIANTS  A time that is not known is outside of all hours.
 */
#include "cmd/inetd/limit/hours.h"

#include <time.h>

/* Minutes from a to b, forwards. */
static unsigned
distance(unsigned a, unsigned b)
{
	return (b + HOURS_DAY - a) % HOURS_DAY;
}

unsigned
hours_until_open(const struct conf_hours *hours, size_t count, unsigned minute)
{
	unsigned least = count > 0 ? HOURS_NEVER : 0;

	if (minute >= HOURS_DAY)
		return least;
	for (size_t i = 0; i < count; i++) {
		unsigned from = hours[i].from_minute % HOURS_DAY;
		unsigned until = hours[i].until_minute % HOURS_DAY;

		if (distance(from, minute) <= distance(from, until))
			return 0;
		if (distance(minute, from) < least)
			least = distance(minute, from);
	}
	return least;
}

bool
hours_is_open(const struct conf_hours *hours, size_t count, unsigned minute)
{
	return hours_until_open(hours, count, minute) == 0;
}

unsigned
hours_local_minute(void)
{
	time_t now = time(NULL);
	struct tm local;

	if (now == (time_t)-1 || localtime_r(&now, &local) == NULL)
		return HOURS_UNKNOWN;
	return (unsigned)(local.tm_hour * 60 + local.tm_min);
}
