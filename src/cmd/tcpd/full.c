/*
 * NAME     full - tcpd with all that a decision may need
 * SEE      first.c
 */
#include "cmd/tcpd/stage.h"

void
stage_begin(char *const argv[], struct request_info *request)
{
	(void)argv;
	(void)request;
}
