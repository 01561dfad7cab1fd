/*
 * "[facility.]level" of the severity option.
 */
#ifndef POLICY_SEVERITY_H
#define POLICY_SEVERITY_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/way.h"

/* The value as syslog(3) takes it: facility bits (0 if none is given: the program's own) and level.
 * False: a name that is not known this way; *ret is untouched. Names: data/severities.def. */
bool severity_parse(const char *text, size_t len, enum way, int *ret);

/* Which part of a value that severity_parse does not take is the unknown name. */
const char *severity_unknown(const char *text, size_t *len, enum way);

#endif
