/*
 * NAME     full - tcpd with all that a decision may need
 * SEE      first.c
 */
#include <syslog.h>

#include "cmd/tcpd/stage.h"

void
stage_begin(char *const argv[], struct request_info *request)
{
	(void)argv;
	(void)request;
}

void
stage_open_log(const char *name)
{
	openlog(name, LOG_PID, LOG_DAEMON);
}
