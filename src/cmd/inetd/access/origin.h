/*
 * Where clients may come from, or may not: the items of only_from and no_access, compiled.
 */
#ifndef INETD_ACCESS_ORIGIN_H
#define INETD_ACCESS_ORIGIN_H

#include <sys/socket.h>

#include "base/addr.h"
#include "cmd/inetd/conf/conf.h"

struct origin_range {
	uint8_t first[16], last[16]; /* both included; of an IPv4 address, its mapped one */
	unsigned line;
};

/* Ascending, and none that overlap. */
struct origin_ranges {
	struct origin_range *items;
	size_t count;
};

/* All zero: nobody. */
struct origins {
	struct origin_ranges v4, v6; /* v6 holds no IPv4 client, whatever its bits */
	struct conf_word *names; /* "host.example.org", or ".example.org": all under it */
	size_t name_count;
};

/* A name of /etc/networks; *ret in host order. The caller's, since that is a file. */
typedef bool origin_network(const char *name, uint32_t *ret);

/* Compile items as xinetd.conf(5) has them, one a word: 192.0.2.1, 192.0.2.0 (zeros at the end stand for
 * anything), 192.0.2.{1,2,7}, 192.0.2.0/24, 2001:db8::1, 2001:db8::/32, a network's name, a host's name,
 * .domain. What is none of these is noted at its place. Total and pure, but for network (NULL: there are
 * no such names). Memory is conf's. */
void origin_compile(
    struct conf *, const struct conf_words *items, origin_network *network, struct origins *ret);

/* False: it is no address that could be on a list. */
bool origin_address(const struct sockaddr *, struct addr *ret);

enum origin_found {
	ORIGIN_NO,
	ORIGIN_YES,
	ORIGIN_MAYBE, /* not by address; there are names */
};

/* *ret_line: of the item, if it is YES. */
enum origin_found origin_find(
    const struct origins *, const struct addr *client, unsigned *ret_line);

/* By a name that leads back to the client. */
bool origin_find_name(const struct origins *, const char *name, unsigned *ret_line);

#endif
