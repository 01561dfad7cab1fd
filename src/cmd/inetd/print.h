/*
 * inetd --print.
 */
#ifndef INETD_PRINT_H
#define INETD_PRINT_H

#include "cmd/inetd/options.h"

/* Print a configuration as it would be served, its findings to stderr. The exit status: 0 if it is
 * all there. */
int print(const struct options *);

#endif
