/*
 * Hosts as an administrator names them: looked up, and told what is odd about them.
 */
#ifndef TOOL_HOST_H
#define TOOL_HOST_H

#include <netdb.h>
#include <stdbool.h>

#include <tcpd.h>

/* All addresses of a name or an address, in the resolver's order, to be freed with freeaddrinfo. NULL:
 * there are none, which is told; as is that the name is an alias. */
struct addrinfo *host_find(const char *name);

/* Is it an address as the old tools take one, so that nothing is to be looked up? */
bool host_is_address(const char *text);

/* Make a request's client or server the host at that address, and look its name up: what is wrong with
 * it is told. The address is borrowed. */
void host_set(struct host_info *, const struct addrinfo *);

/* The same, for an address whose interface would have to be known: only its text. */
bool host_is_link_local(const struct addrinfo *);

/* Has a netgroup any members? */
bool host_group_is_known(const char *group);

#endif
