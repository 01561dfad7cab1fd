/*
 * NAME     connection - from inetctl to inetd
 * INVARIANTS  What a stranger's process says is not listened to, but by root.
 * LIMITS   ANSWER_S between two pieces of an answer; CONTROL_ANSWER_MAX by the buffer.
 * SEE      tool/control.h, unix(7)
 */
#include "cmd/inetctl/connection.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tool/control.h"

enum {
	/* A reload may look up host names that nobody answers for; anything else takes no time. */
	ANSWER_S = 120,
	PIECE_BYTES = 64 << 10,
};

static bool
send_all(int fd, const struct buf *request)
{
	size_t sent = 0;

	while (sent < request->len) {
		ssize_t now = send(fd, request->bytes + sent, request->len - sent, MSG_NOSIGNAL);

		if (now < 0 && errno != EINTR)
			return false;
		if (now > 0)
			sent += (size_t)now;
	}
	return true;
}

static bool
receive_all(int fd, struct buf *answer)
{
	for (;;) {
		ssize_t got;

		if (!buf_reserve(answer, PIECE_BYTES)) {
			errno = EMSGSIZE;
			return false;
		}
		got = recv(fd, answer->bytes + answer->len, PIECE_BYTES, 0);
		if (got == 0)
			return true;
		if (got > 0)
			answer->len += (size_t)got;
		else if (errno != EINTR)
			return false;
	}
}

static enum connection_status
ask(int fd, const char *path, const struct buf *request, struct buf *answer)
{
	const struct timeval patience = {.tv_sec = ANSWER_S};
	struct sockaddr_un address;

	if (!control_address(path, &address))
		return CONNECTION_FAILED;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return errno == ENOENT || errno == ECONNREFUSED ? CONNECTION_NO_INETD
		                                                : CONNECTION_FAILED;
	if (geteuid() != 0 && !control_is_trusted(fd))
		return CONNECTION_STRANGER;
	return send_all(fd, request) && receive_all(fd, answer) ? CONNECTION_ANSWERED
	                                                        : CONNECTION_FAILED;
}

enum connection_status
connection_ask(const char *path, const struct buf *request, struct buf *answer)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), error;
	enum connection_status status;

	if (fd < 0)
		return CONNECTION_FAILED;
	status = ask(fd, path, request, answer);
	error = errno;
	close(fd);
	errno = error;
	return status;
}
