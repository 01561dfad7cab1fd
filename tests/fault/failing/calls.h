/*
 * Calls of the C library: before a job, what stands in front of them has to know their own.
 */
#ifndef FAILING_CALLS_H
#define FAILING_CALLS_H

#include <stdbool.h>
#include <time.h>

void calls_find_real(void);

/* A symbol's address, as dlsym finds it. Ends the process when there is none. */
void calls_find(void *where, const char *name, void *ret_pointer);

/* Two that never fail, for the test itself. */
void calls_now(clockid_t, struct timespec *ret);
bool calls_is_open(int fd);

#endif
