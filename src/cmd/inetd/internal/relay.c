/*
 * NAME     relay - what one stream says, said to another
 * PURPOSE  echo and redirect. The kernel's queue of the sender is the only buffer: bytes are looked at,
 *          sent, and taken out only as far as the receiver took them. So a receiver that does not read
 *          stops its sender, costs no memory here, and the end comes after the last byte.
 * INVARIANTS  Nothing is taken out that was not sent; nothing is kept from call to call.
 * LIMITS   SPACE and PIECES: what one client moves in a turn, at most.
 * SEE      recv(2) MSG_PEEK; tcp(7): MSG_TRUNC takes bytes out without copying them
 */
#include "cmd/inetd/internal/relay.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>

enum {
	SPACE = 65536, /* 16 KiB take half as much processor time again; 256 KiB save nothing */
	PIECES = 4, /* in one turn: others wait for a fifth of a millisecond */
};

/* One thread, and nothing in it outlives a call: not on the stack, whose pages would be touched even
 * for a byte. */
static char space[SPACE];

static enum relay
verdict(ssize_t got)
{
	if (got == 0)
		return RELAY_ENDED;
	return errno == EAGAIN || errno == EINTR ? RELAY_EMPTY : RELAY_FAILED;
}

/* What was sent is still in front of the queue, so this does not wait. */
static bool
take_out(int fd, size_t len)
{
	while (len > 0) {
		ssize_t got = recv(fd, space, len, MSG_DONTWAIT | MSG_TRUNC);

		if (got <= 0)
			return false;
		len -= (size_t)got < len ? (size_t)got : len;
	}
	return true;
}

enum relay
relay_pass(int from, int to, uint64_t *moved)
{
	for (int i = 0; i < PIECES; i++) {
		ssize_t got = recv(from, space, sizeof space, MSG_DONTWAIT | MSG_PEEK), sent;

		if (got <= 0)
			return verdict(got);
		sent = send(to, space, (size_t)got, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN || errno == EINTR ? RELAY_FULL : RELAY_FAILED;
		if (!take_out(from, (size_t)sent))
			return RELAY_FAILED;
		*moved += (uint64_t)sent;
		if (sent < got)
			return RELAY_FULL;
	}
	return RELAY_EMPTY;
}

enum relay
relay_drop(int from, uint64_t *dropped)
{
	for (int i = 0; i < PIECES; i++) {
		ssize_t got = recv(from, space, sizeof space, MSG_DONTWAIT | MSG_TRUNC);

		if (got <= 0)
			return verdict(got);
		*dropped += (uint64_t)got;
	}
	return RELAY_EMPTY;
}
