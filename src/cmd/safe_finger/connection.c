/*
 * NAME     connection - find the host, connect, ask
 * INVARIANTS  Each address gets its share of the time that is left: one that swallows packets does not
 *          keep us from the next.
 * LIMITS   ADDRESSES_MAX addresses of a name. Time: deadline.c.
 * SEE      RFC 1288 2.1
 */
#include "cmd/safe_finger/connection.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cmd/safe_finger/deadline.h"

enum {
	ADDRESSES_MAX = 8, /* with a minute for all there are seconds for each */
	PORT_TEXT_MAX = 8,
};

/* How long a call that sends, and one that connects, may take; 0: for ever. */
static bool
limit_ms(int fd, int64_t ms)
{
	struct timeval limit = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};

	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0;
}

/* -1, with errno. */
static int
connect_to(const struct addrinfo *address, int64_t ms)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -1;
	if (limit_ms(fd, ms + 1) && connect(fd, address->ai_addr, address->ai_addrlen) == 0 &&
	    limit_ms(fd, 0))
		return fd;
	error = errno == EINPROGRESS ? ETIMEDOUT : errno;
	close(fd);
	errno = error;
	return -1;
}

static int
connect_to_any(const struct addrinfo *first)
{
	unsigned left = 0;
	int fd = -1;

	for (const struct addrinfo *at = first; at != NULL && left < ADDRESSES_MAX;
	     at = at->ai_next)
		left++;
	for (const struct addrinfo *at = first; left > 0 && fd < 0; at = at->ai_next)
		fd = connect_to(at, deadline_left_ms() / left--);
	return fd;
}

const char *
connection_open(const struct target *target, unsigned port, int *ret_fd)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICSERV | (target->is_address ? AI_NUMERICHOST : 0)};
	struct addrinfo *found;
	char port_text[PORT_TEXT_MAX];
	int why, fd;

	snprintf(port_text, sizeof port_text, "%u", port);
	why = getaddrinfo(target->host, port_text, &hints, &found);
	if (why != 0)
		return why == EAI_SYSTEM ? strerror(errno) : gai_strerror(why);
	fd = connect_to_any(found);
	freeaddrinfo(found);
	if (fd < 0)
		return strerror(errno);
	/* A query fits into any send buffer. */
	if (send(fd, target->query, target->query_len, MSG_NOSIGNAL) !=
	    (ssize_t)target->query_len) {
		why = errno;
		close(fd);
		return strerror(why);
	}
	*ret_fd = fd;
	return NULL;
}
