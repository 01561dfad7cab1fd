/*
 * What chargen, daytime and time say.
 */
#ifndef INETD_ANSWER_H
#define INETD_ANSWER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "cmd/inetd/conf/conf.h"

enum { ANSWER_CLOCK_MAX = 32 };

/* The time as CONF_DAYTIME (RFC 867; in the local zone, as peers write it) or CONF_TIME (RFC 868; modulo
 * 2^32, as its 32 bits go on after 2036). Returns its length. */
size_t answer_clock(enum conf_kind, time_t now, char ret[ANSWER_CLOCK_MAX]);

/* The endless text of RFC 864 from its byte number on. */
void answer_pattern(uint64_t from, char *ret, size_t len);
/* Send as much of it as the stream takes now, within bounds. -1: errno. */
ssize_t answer_pattern_send(int fd, uint64_t from);

#endif
