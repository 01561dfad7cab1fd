/*
 * Programs that have the library, and ask only if their configuration says so.
 */
#ifndef HOST_SETTING_H
#define HOST_SETTING_H

#include "host/guard.h"

/* The guard of a program that has libwrap: as its configuration has it, if it is one of those. */
void setting_apply(struct host *, const struct host_process *, struct guard *);

/* Is a program of that name one of those? */
bool setting_is_asked(const char *name);

#endif
