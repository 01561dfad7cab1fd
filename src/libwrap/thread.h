/*
 * What a thread needs beside the caller's structs, whose layout is frozen.
 */
#ifndef LIBWRAP_THREAD_H
#define LIBWRAP_THREAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/diag.h"
#include "libwrap/public.h"

/* How the name in a host came about: its text alone cannot tell a state from a name that is spelled
 * like one. */
struct name_note {
	const struct host_info *host; /* NULL: free */
	bool is_name; /* it came from the name service */
};

struct thread {
	struct sockaddr_storage client, server; /* of the last sock_host */
	char client_info[2 * STRING_LENGTH], server_info[2 * STRING_LENGTH];
	char ports[2][8]; /* a client's and a server's are often wanted at a time */
	unsigned next_port;
	struct name_note notes[2];
	unsigned next_note;
	/* Of the decision at work: */
	const struct diag *place; /* file and line that warnings name; NULL: none */
	int64_t names_spent_ms; /* by its lookups of names; not what commands and others take */
	bool is_resident; /* the process goes on to other clients */
	bool lookup_failed; /* the last lookup ran out of something: its answer is none */
};

/* NULL: out of memory. Freed when the thread ends. */
struct thread *thread_state(void);

/* Remember, or forget, where the name of a host comes from. */
void thread_note_name(struct thread *, const struct host_info *, bool is_name);
bool thread_is_name(const struct thread *, const struct host_info *);

#endif
