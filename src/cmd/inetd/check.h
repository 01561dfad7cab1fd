/*
 * inetd --check.
 */
#ifndef INETD_CHECK_H
#define INETD_CHECK_H

#include "cmd/inetd/options.h"

/* Read a configuration as root's inetd would, print its findings to stdout. The exit status: 0 if
 * every entry would be served. */
int check(const struct options *);

#endif
