/*
 * Asking the client's host whose connection it is (RFC 1413).
 */
#ifndef PEER_IDENT_H
#define PEER_IDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
	PEER_USER_MAX = 128, /* as the historic struct has it; a longer name is cut */
	PEER_IDENT_MAX_S = 10, /* whatever a rule asks for: no client holds a service longer */
	/* Of the answer; RFC 1413 allows 1000 characters, the original looks at so many. */
	PEER_REPLY_MAX = 511,
};

enum peer_ident {
	PEER_IDENT_NONE, /* no answer in time, or none that says who */
	PEER_IDENT_USER,
	PEER_IDENT_FAULT, /* memory or descriptors ran out; errno says which */
};

/* Ask the host of client, from the address of server, about the connection between the two.
 * deadline_ms: on CLOCK_MONOTONIC; at most PEER_IDENT_MAX_S from now. Sends and handles no signal.
 * ret_user holds the host's word for it as it came, NUL-terminated, if PEER_IDENT_USER; else it is
 * untouched. */
enum peer_ident peer_ident(const struct sockaddr *client, const struct sockaddr *server,
    int64_t deadline_ms, char ret_user[PEER_USER_MAX]);

/* The user in a reply of len bytes: its first line, which a newline must end unless it fills
 * PEER_REPLY_MAX. "CLIENT-PORT , SERVER-PORT : USERID : SYSTEM : USER", blanks at will, the ports of
 * the query. False: it says something else. */
bool peer_ident_parse(const char *reply, size_t len, unsigned client_port, unsigned server_port,
    char ret_user[PEER_USER_MAX]);

#endif
