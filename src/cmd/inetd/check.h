/*
 * inetd --check.
 */
#ifndef INETD_CHECK_H
#define INETD_CHECK_H

/* Read a configuration as root's inetd would, print its findings to stdout. The exit status: 0 if
 * every entry would be served. */
int check(const char *conf_path, unsigned rate_per_minute);

#endif
