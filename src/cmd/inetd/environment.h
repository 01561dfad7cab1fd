/*
 * The environment that servers get: what they inherit, what their line adds, and what inetd tells
 * them about their client (environment.def).
 */
#ifndef INETD_ENVIRONMENT_H
#define INETD_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

enum {
	/* Inherited and added together; nobody has so many, and the array is kept for good. */
	ENVIRONMENT_MAX = 1024,
	ENVIRONMENT_OWN_MAX = 15, /* lines of environment.def */
	/* Of a service: the longest path is 107, the longest name of a host 255. */
	ENVIRONMENT_NAME_MAX = 255,
	/* The text of all own ones: 15 names of at most 16 bytes, two names, four addresses of at
	 * most 45, six numbers. */
	ENVIRONMENT_TEXT_MAX = 1536,
};

/* Of one server. Made without the heap; it points into itself, and to the variables that it was
 * made with. */
struct environment {
	char text[ENVIRONMENT_TEXT_MAX];
	char *pid; /* the digits of LISTEN_PID, still to be set; NULL = none */
	/* NULL-terminated; last, as nearly all of it is never touched. */
	char *variables[ENVIRONMENT_OWN_MAX + ENVIRONMENT_MAX + 1];
};

/* What there is to tell; NULL = not known. */
struct environment_facts {
	const char *service; /* at most ENVIRONMENT_NAME_MAX */
	const char *protocol; /* "TCP", "UDP" or "UNIX" */
	const struct sockaddr *remote, *local;
	const char *name; /* of the client's host, which leads back to its address */
	bool has_listener; /* descriptor 3 is the service's socket: LISTEN_FDS */
};

/* Pointers to those variables of a NULL-terminated environment that a server may see: none of
 * inetd's own; and unless keeps_all is set nothing that whoever started inetd has set for his
 * shell, his terminal or his supervisor. NULL: out of memory, or more than ENVIRONMENT_MAX (E2BIG).
 * The caller frees the array, not the strings. */
char **environment_wash(char **environment, bool keeps_all);

/* Is this "NAME=VALUE", or NAME, one of environment.def? */
bool environment_is_own(const char *variable);

/* The index of the variable of that name (its first name_len bytes) among so many; count: none. */
size_t environment_find(char *const *variables, size_t count, const char *name, size_t name_len);

/* Make an environment of facts and of count <= ENVIRONMENT_MAX other variables. False: too long. */
bool environment_build(
    struct environment *, const struct environment_facts *, char *const *variables, size_t count);

/* Add the name of a client's host, to environ of this process and by its heap. False: out of memory.
 * One that is no name of a host is left out. */
bool environment_add_name(const struct environment_facts *);

/* Complete LISTEN_PID, if it is there. No system call, no heap. */
void environment_set_pid(struct environment *, pid_t);

#endif
