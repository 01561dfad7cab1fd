/*
 * A line of /proc/net/tcp, tcp6, udp or udp6: pure.
 */
#ifndef HOST_NET_TEXT_H
#define HOST_NET_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum net_kind { NET_TCP, NET_TCP6, NET_UDP, NET_UDP6, NET_KINDS };

struct net_line {
	struct addr addr; /* that it is bound to */
	unsigned port;
	unsigned long uid, inode;
};

enum net_answer {
	NET_WAITS, /* a socket that anybody may talk to: it listens, or is bound and not connected */
	NET_OTHER, /* of no interest: another state, the heading */
	NET_ODD, /* makes no sense */
};

/* Read a line, without its newline. *ret is set with NET_WAITS only. */
enum net_answer net_text_line(enum net_kind, const char *text, size_t len, struct net_line *ret);

#endif
