/*
 * A libwrap.so.0 that was loaded by its path, and the requests that it is asked.
 */
#ifndef COMPAT_WRAP_H
#define COMPAT_WRAP_H

#include <stdbool.h>
#include <sys/socket.h>

#include "abi.h"

enum { WRAP_FIELDS = ABI_SERVER_SIN + 1 };

/* A request. A NULL was not given. */
struct query {
	/* By enum abi_key: FILE is the number of a descriptor, a SIN is "FAMILY PORT [ADDRESS]". */
	const char *fields[WRAP_FIELDS];
	/* Told only to who asks for them. */
	const char *told_name, *told_user;
	const char *resident; /* the variable's value before */
};

/* What a decision left behind, but for what it told. */
struct wrap_state {
	int allow_severity, deny_severity, ident_timeout, resident, dry_run;
	int asked, asked_user; /* lookups of a name, of a user */
	char name[ABI_TEXT], user[ABI_TEXT], daemon[ABI_TEXT];
	/* Not compared: what a program may still ask for, and what the original forgets to take back.
	 * */
	char addr[ABI_TEXT];
	int line;
	char file[128]; /* "" = none */
};

struct wrap {
	struct request_info *(*request_init)(struct request_info *, ...);
	struct request_info *(*request_set)(struct request_info *, ...);
	int (*hosts_access)(struct request_info *);
	void (*sock_hostaddr)(struct host_info *);
	void (*shell_cmd)(char *);
	char **allow_table, **deny_table;
	int *allow_severity, *deny_severity, *ident_timeout, *resident, *dry_run, *verbose;
	struct abi_context *context;
};

/* Ends the program when it cannot. flags: RTLD_GLOBAL, or RTLD_LOCAL where two are loaded. */
void wrap_load(struct wrap *, const char *path, int flags);

/* Decide, from the state of a fresh process. The tables' paths must stay until then. */
bool wrap_decide(
    struct wrap *, const struct query *, char *allow, char *deny, struct wrap_state *ret_state);

#endif
