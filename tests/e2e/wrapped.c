/*
 * A server that asks the tables itself about the client that is its standard input, as in.cat, and has one
 * word for those who may. See 0420-audit.py.
 */
#include <stdio.h>
#include <syslog.h>

#include <tcpd.h>

int allow_severity = LOG_INFO, deny_severity = LOG_WARNING;

int
main(void)
{
	struct request_info request;

	request_init(&request, RQ_DAEMON, "in.cat", RQ_FILE, 0, 0);
	fromhost(&request);
	if (!hosts_access(&request))
		refuse(&request);
	return puts("served") < 0;
}
