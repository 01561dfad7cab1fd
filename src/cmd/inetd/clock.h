/*
 * Time for pauses and limits: jumps of the wall clock must not freeze or free a service.
 */
#ifndef INETD_CLOCK_H
#define INETD_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since boot, sleep included. Never 0. */
static inline int64_t
clock_now_ms(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

#endif
