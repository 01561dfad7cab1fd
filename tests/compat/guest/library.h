/*
 * The library under test, loaded late, and the questions that it is asked.
 */
#ifndef GUEST_LIBRARY_H
#define GUEST_LIBRARY_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "abi.h"

enum { LIBRARY_QUERIES_MAX = 64 };

struct query {
	bool granted;
	char *daemon, *name, *addr;
};

/* As the command line has it. */
struct library_task {
	const char *path, *tables[2];
	unsigned calls, query_count;
	struct query queries[LIBRARY_QUERIES_MAX];
	int connection, far_end; /* of requests, if the mode has any; else -1 */
};

extern struct library_task library_task;
extern atomic_uint library_wrong; /* verdicts, and what else was not as it should be */

/* What the library under test offers. */
struct library {
	void *handle;
	struct request_info *(*request_init)(struct request_info *, ...);
	struct request_info *(*request_set)(struct request_info *, ...);
	int (*hosts_access)(struct request_info *);
	int (*hosts_ctl)(const char *, const char *, const char *, const char *);
	void (*sock_host)(struct request_info *);
	void (*sock_hostname)(struct host_info *);
	void (*sock_hostaddr)(struct host_info *);
	char *(*eval_client)(struct request_info *);
	char *(*eval_server)(struct request_info *);
	char *(*eval_user)(struct request_info *);
	char *(*eval_hostname)(struct host_info *);
	char *(*eval_port)(struct sockaddr *);
	char **allow, **deny;
	int *resident;
};

/* Ends the process when it cannot. */
struct library library_load(void);

/* The same, for the tables of the task. Not in threads: their names are the process's. */
struct library library_open(void);

/* An address that getpeername would have given. */
void library_set_address(
    const struct library *, struct request_info *, struct sockaddr_in *ret, const char *addr);

/* ret_sin has to live as long as the request. */
void library_make_request(const struct library *, struct request_info *ret,
    struct sockaddr_in *ret_sin, const struct query *);

/* Whether it was granted; a verdict that is not the expected one is counted. */
bool library_decide(const struct library *, const struct query *);

/* All queries, as often as the task says. */
void library_decide_all(const struct library *);

#endif
