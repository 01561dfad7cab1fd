/*
 * The pid file: written, locked, removed.
 */
#ifndef INETD_PIDFILE_H
#define INETD_PIDFILE_H

#include <stdbool.h>

/* Write this process's pid and hold a lock on the file for as long as it lives. False: errno says
 * why; EWOULDBLOCK: another inetd holds it. An empty path or "none" is no file, and success. */
bool pidfile_write(const char *path);

/* Remove what pidfile_write made. */
void pidfile_remove(const char *path);

#endif
