/*
 * What stands between a socket and everybody.
 */
#ifndef HOST_GUARD_H
#define HOST_GUARD_H

#include "host/host.h"
#include "services/inventory.h"

/* From the least to the most; all from GUARD_LINKED on ask the tables. */
enum guard_kind {
	GUARD_NOTHING,
	GUARD_UNSEEN, /* what would tell cannot be seen */
	GUARD_MAYBE, /* for some clients, or if something is so that cannot be seen */
	GUARD_LINKED, /* the program asks, by libwrap */
	GUARD_HELPER, /* another program does, that it starts */
	GUARD_TCPD, /* a line starts it through tcpd */
	GUARD_STARTER, /* the super-server asks */
};

enum { GUARD_NAMES_MAX = 8 };

struct guard {
	enum guard_kind kind;
	const struct host_process *process; /* that this is about; NULL: nobody is to be seen */
	const struct service *service; /* the line that starts it; NULL: none is known */
	/* What rules have to call it. is_each: all of them are asked about; else it is one of them, and
	 * which cannot be told. */
	const char *names[GUARD_NAMES_MAX];
	unsigned name_count;
	bool is_each;
	const char *library; /* by which it asks, if a process has it or a program names it */
	const char *reason; /* "": there is nothing more to say */
	bool is_shared; /* programs that do not belong together hold it */
};

/* Configurations that were read, each once. */
struct guard_files {
	struct host *host;
	struct guard_file *files;
};

void guard_init(struct guard_files *, struct host *);
void guard_release(struct guard_files *);

/* The guard of a socket: of several programs that hold it, the worst. */
void guard_find(struct guard_files *, const struct host_socket *, struct guard *ret);

/* "linked", for people and scripts. */
const char *guard_word(enum guard_kind);
bool guard_asks(const struct guard *);

#endif
