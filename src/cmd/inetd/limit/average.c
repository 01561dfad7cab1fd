/*
 * NAME     average - the load of the host
 * SEE      sysinfo(2). getloadavg(3) reads a file, and fails where there is no descriptor left.
 */
#include "cmd/inetd/limit/average.h"

#include <limits.h>
#include <sys/sysinfo.h>

unsigned
average_milli(struct average *average, int64_t now_ms)
{
	if (average->read_ms == 0 || now_ms - average->read_ms >= AVERAGE_AGE_MS) {
		average->milli = average->read();
		average->read_ms = now_ms;
	}
	return average->milli;
}

unsigned
average_read(void)
{
	struct sysinfo info;
	uint64_t milli;

	if (sysinfo(&info) != 0)
		return UINT_MAX;
	milli = (uint64_t)info.loads[0] * 1000 >> SI_LOAD_SHIFT;
	return milli < UINT_MAX ? (unsigned)milli : UINT_MAX;
}
