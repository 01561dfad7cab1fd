/*
 * The end of this process.
 */
#ifndef SAFE_FINGER_DEADLINE_H
#define SAFE_FINGER_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* End this process so many seconds from now with a line on standard error and status 1, wherever it
 * is then. False: there is no such timer, with errno. */
bool deadline_start(unsigned seconds);

/* What is left of it. Never negative. */
int64_t deadline_left_ms(void);

#endif
