/*
 * What the linter finds in tables, told behind what the old checker found.
 */
#ifndef TCPDCHK_LINTS_H
#define TCPDCHK_LINTS_H

#include <stdbool.h>

/* Both tables. False: out of memory, and not everything is told. */
bool lints_check(const char *allow, const char *deny);

#endif
