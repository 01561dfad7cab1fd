/*
 * A decision by whatever libwrap.so.0 the loader finds (LD_LIBRARY_PATH), through the historic interface
 * only, and what it costs: for the benches.
 */
#ifndef BENCH_DECISION_H
#define BENCH_DECISION_H

#include <sys/resource.h>
#include <time.h>

#include "abi.h"

extern struct request_info *request_init(struct request_info *, ...);
extern int hosts_access(struct request_info *);
extern char *hosts_allow_table, *hosts_deny_table;

static const double second_ns = 1e9;

/* name NULL: it is not given. */
static inline int
decide(char *addr, char *name)
{
	struct request_info request;

	request_init(&request, ABI_DAEMON, "bench", ABI_CLIENT_ADDR, addr,
	    name != NULL ? ABI_CLIENT_NAME : ABI_END, name, ABI_END);
	return hosts_access(&request);
}

static inline double
now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * second_ns + (double)t.tv_nsec;
}

/* User and system time of the children waited for. */
static inline double
children_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * second_ns +
	    (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

#endif
