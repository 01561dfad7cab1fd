/*
 * NAME     once - a process that decides once
 * PURPOSE  What decide starts for each decision of its one-shot mode: as little of a program as there
 *          can be around the library, so that what is measured is the library.
 *
 * usage: once ALLOW DENY ADDR; exit status 0 granted, 1 refused
 */
#include <unistd.h>

#include "abi.h"

extern struct request_info *request_init(struct request_info *, ...);
extern int hosts_access(struct request_info *);
extern char *hosts_allow_table, *hosts_deny_table;

int
main(int argc, char **argv)
{
	struct request_info request;

	if (argc != 4)
		_exit(2);
	hosts_allow_table = argv[1];
	hosts_deny_table = argv[2];
	request_init(&request, ABI_DAEMON, "bench", ABI_CLIENT_ADDR, argv[3], ABI_END);
	_exit(hosts_access(&request) ? 0 : 1);
}
