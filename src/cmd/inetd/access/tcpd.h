/*
 * Which files are tcpd.
 */
#ifndef INETD_ACCESS_TCPD_H
#define INETD_ACCESS_TCPD_H

#include <stdbool.h>

/* Does this path lead to the tcpd that was installed with this inetd, or to the system's? */
bool tcpd_is_one(const char *path);

#endif
