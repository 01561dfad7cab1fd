/*
 * NAME     layout - sizes, offsets and values that old programs have compiled in
 * PURPOSE  Prints one "NAME VALUE" a line from include/tcpd.h; 0102-abi.py knows what they must be.
 *          Compiled as an application would: without INET6.
 */
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include <syslog.h>

#include <tcpd.h>

#define FACT(name, value) printf("%s %ld\n", name, (long)(value))
#define FIELD(type, member)                                                                        \
	printf("%s.%s %zu %zu\n", #type, #member, offsetof(struct type, member),                   \
	    sizeof(((struct type *)0)->member))

int
main(void)
{
	FACT("host_info", sizeof(struct host_info));
	FIELD(host_info, name);
	FIELD(host_info, addr);
	FIELD(host_info, sin);
	FIELD(host_info, unit);
	FIELD(host_info, request);
	FACT("request_info", sizeof(struct request_info));
	FIELD(request_info, fd);
	FIELD(request_info, user);
	FIELD(request_info, daemon);
	FIELD(request_info, pid);
	FIELD(request_info, client);
	FIELD(request_info, server);
	FIELD(request_info, sink);
	FIELD(request_info, hostname);
	FIELD(request_info, hostaddr);
	FIELD(request_info, cleanup);
	FIELD(request_info, config);
	FACT("RQ_FILE", RQ_FILE);
	FACT("RQ_DAEMON", RQ_DAEMON);
	FACT("RQ_USER", RQ_USER);
	FACT("RQ_CLIENT_NAME", RQ_CLIENT_NAME);
	FACT("RQ_CLIENT_ADDR", RQ_CLIENT_ADDR);
	FACT("RQ_CLIENT_SIN", RQ_CLIENT_SIN);
	FACT("RQ_SERVER_NAME", RQ_SERVER_NAME);
	FACT("RQ_SERVER_ADDR", RQ_SERVER_ADDR);
	FACT("RQ_SERVER_SIN", RQ_SERVER_SIN);
	FACT("AC_PERMIT", AC_PERMIT);
	FACT("AC_DENY", AC_DENY);
	FACT("AC_ERROR", AC_ERROR);
	FACT("STRING_LENGTH", STRING_LENGTH);
	printf("STRING_UNKNOWN %s\nSTRING_PARANOID %s\n", STRING_UNKNOWN, STRING_PARANOID);
	FACT("HOSTNAME_KNOWN(unknown)", HOSTNAME_KNOWN("unknown"));
	FACT("HOSTNAME_KNOWN(Paranoid)", HOSTNAME_KNOWN("Paranoid"));
	FACT("HOSTNAME_KNOWN(host)", HOSTNAME_KNOWN("host"));
	FACT("NOT_INADDR(1.2.3/4)", NOT_INADDR("1.2.3/4"));
	FACT("NOT_INADDR(host)", NOT_INADDR("host"));
	FACT("STR_EQ(a,A)", STR_EQ("a", "A"));
	FACT("STR_NE(a,b)", STR_NE("a", "b"));
	FACT("STRN_EQ(ab,AC,1)", STRN_EQ("ab", "AC", 1));
	FACT("STRN_NE(ab,ac,2)", STRN_NE("ab", "ac", 2));
	return 0;
}
