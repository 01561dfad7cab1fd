/*
 * NAME     once - a process that decides once
 * PURPOSE  What decide starts for each decision of its one-shot mode: as little of a program as there
 *          can be around the library, so that what is measured is the library.
 *
 * usage: once ALLOW DENY ADDR [NAME]; exit status 0 granted, 1 refused
 */
#include <unistd.h>

#include "decision.h"

int
main(int argc, char **argv)
{
	if (argc != 4 && argc != 5)
		_exit(2);
	hosts_allow_table = argv[1];
	hosts_deny_table = argv[2];
	_exit(decide(argv[3], argv[4]) ? 0 : 1);
}
