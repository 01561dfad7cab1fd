/*
 * NAME     full - tcpd with all that a decision may need
 * SEE      first.c
 */
#include <string.h>
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

const char *
stage_error_text(int error)
{
	return strerror(error);
}
