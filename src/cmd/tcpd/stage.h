/*
 * The two programs that tcpd is.
 */
#ifndef TCPD_STAGE_H
#define TCPD_STAGE_H

#include <tcpd.h>

/* Remember what the other stage is to be started with, if this is the one that may have to. Both are
 * borrowed. */
void stage_begin(char *const argv[], struct request_info *);

/* As strerror(3) of glibc says it: log readers know these texts. */
const char *stage_error_text(int error);

/* Lines of the log are a service's, in facility daemon. name is borrowed. */
void stage_open_log(const char *name);

#endif
