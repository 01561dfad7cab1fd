/*
 * NAME     ident - the client's user, as its host says
 * PURPOSE  One query, one line, one deadline.
 * INVARIANTS  No signal is used and nothing blocks but poll. Who asks learns "none" from whatever a
 *          hostile server does: the deadline is for all of it, and the bytes are counted.
 * LIMITS   PEER_REPLY_MAX bytes are looked at; PEER_IDENT_MAX_S.
 * SEE      RFC 1413
 */
#include "peer/ident.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "peer/socket.h"

enum { IDENT_PORT = 113, QUERY_MAX = 16 };

/* ---- the reply ---- */

struct reader {
	const char *at, *end;
};

static void
skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end && str_is_space(*reader->at))
		reader->at++;
}

static bool
take_char(struct reader *reader, char c)
{
	skip_blanks(reader);
	if (reader->at == reader->end || *reader->at != c)
		return false;
	reader->at++;
	return true;
}

/* A number as scanf's %u reads it, with a sign, and cut to 32 bits: a host that writes its ports in such
 * a way has named its user to the original, and must not be a host that names nobody. */
static bool
take_port(struct reader *reader, unsigned port)
{
	bool is_over = false, is_negative = take_char(reader, '-');
	const char *start;
	uint64_t number = 0;

	if (!is_negative)
		(void)take_char(reader, '+');
	for (start = reader->at; reader->at < reader->end && str_is_digit(*reader->at);
	     reader->at++) {
		unsigned digit = (unsigned)(*reader->at - '0');

		is_over = is_over || number > (UINT64_MAX - digit) / 10;
		number = is_over ? UINT64_MAX : number * 10 + digit;
	}
	if (is_negative && !is_over)
		number = -number;
	return reader->at > start && (uint32_t)number == port;
}

static bool
take_word(struct reader *reader, const char *word)
{
	size_t len = strlen(word);

	skip_blanks(reader);
	if ((size_t)(reader->end - reader->at) < len || memcmp(reader->at, word, len) != 0)
		return false;
	reader->at += len;
	return true;
}

/* The operating system: at least one byte, no colon. */
static bool
skip_system(struct reader *reader)
{
	const char *start = reader->at;

	while (reader->at < reader->end && *reader->at != ':')
		reader->at++;
	return reader->at > start;
}

bool
peer_ident_parse(const char *reply, size_t len, unsigned client_port, unsigned server_port,
    char ret_user[PEER_USER_MAX])
{
	size_t line_len = len < PEER_REPLY_MAX ? len : PEER_REPLY_MAX, user_len = 0;
	const char *newline = memchr(reply, '\n', line_len);
	struct reader reader = {.at = reply};

	if (newline == NULL && len < PEER_REPLY_MAX)
		return false;
	if (newline != NULL)
		line_len = (size_t)(newline - reply);
	/* A NUL ends the text, and what it says in front of that counts. */
	reader.end = reply + strnlen(reply, line_len);
	if (!take_port(&reader, client_port) || !take_char(&reader, ',') ||
	    !take_port(&reader, server_port) || !take_char(&reader, ':') ||
	    !take_word(&reader, "USERID") || !take_char(&reader, ':') || !skip_system(&reader) ||
	    !take_char(&reader, ':'))
		return false;
	skip_blanks(&reader);
	while (reader.at + user_len < reader.end && !str_is_space(reader.at[user_len]))
		user_len++;
	if (user_len == 0)
		return false;
	if (user_len >= PEER_USER_MAX)
		user_len = PEER_USER_MAX - 1;
	memcpy(ret_user, reader.at, user_len);
	ret_user[user_len] = '\0';
	return true;
}

/* ---- the query ---- */

struct query {
	int fd;
	int64_t deadline_ms;
};

/* False: time is up, or the socket is broken. */
static bool
wait_for(const struct query *query, short events)
{
	struct pollfd one = {.fd = query->fd, .events = events};
	int64_t left_ms;
	int ready;

	do {
		left_ms = query->deadline_ms - peer_now_ms();
		ready = left_ms <= 0 ? 0 : poll(&one, 1, (int)left_ms);
	} while (ready < 0 && errno == EINTR);
	return ready > 0;
}

static void
set_port(struct sockaddr_storage *ss, unsigned port)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;

	if (ss->ss_family == AF_INET)
		sin->sin_port = htons((uint16_t)port);
	else
		sin6->sin6_port = htons((uint16_t)port);
}

static bool
connect_to(const struct query *query, const struct sockaddr *client, const struct sockaddr *server,
    socklen_t len)
{
	struct sockaddr_storage here, there;
	int error = 0;
	socklen_t error_len = sizeof error;

	memcpy(&here, server, len);
	memcpy(&there, client, len);
	set_port(&here, 0);
	set_port(&there, IDENT_PORT);
	if (bind(query->fd, (struct sockaddr *)&here, len) < 0)
		return false;
	if (connect(query->fd, (struct sockaddr *)&there, len) == 0)
		return true;
	return errno == EINPROGRESS && wait_for(query, POLLOUT) &&
	    getsockopt(query->fd, SOL_SOCKET, SO_ERROR, &error, &error_len) == 0 && error == 0;
}

/* A query fits into any send buffer. */
static bool
send_query(const struct query *query, unsigned client_port, unsigned server_port)
{
	char text[QUERY_MAX];
	int len = snprintf(text, sizeof text, "%u,%u\r\n", client_port, server_port);

	return send(query->fd, text, (size_t)len, MSG_NOSIGNAL) == len;
}

/* Up to the newline, the end, or PEER_REPLY_MAX. */
static size_t
read_reply(const struct query *query, char reply[PEER_REPLY_MAX])
{
	size_t len = 0;

	while (len < PEER_REPLY_MAX && memchr(reply, '\n', len) == NULL) {
		ssize_t got = recv(query->fd, reply + len, PEER_REPLY_MAX - len, 0);

		if (got > 0)
			len += (size_t)got;
		else if (got == 0 || (errno != EAGAIN && errno != EINTR) ||
		    !wait_for(query, POLLIN))
			break;
	}
	return len;
}

enum peer_ident
peer_ident(const struct sockaddr *client, const struct sockaddr *server, int64_t deadline_ms,
    char ret_user[PEER_USER_MAX])
{
	int64_t latest_ms = peer_now_ms() + PEER_IDENT_MAX_S * 1000;
	struct query query = {.deadline_ms = deadline_ms < latest_ms ? deadline_ms : latest_ms};
	socklen_t len =
	    client->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	unsigned client_port = peer_port(client), server_port = peer_port(server);
	enum peer_ident result = PEER_IDENT_NONE;
	char reply[PEER_REPLY_MAX];

	if (client->sa_family != server->sa_family ||
	    (client->sa_family != AF_INET && client->sa_family != AF_INET6))
		return PEER_IDENT_NONE;
	query.fd = socket(client->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (query.fd < 0)
		return peer_is_shortage(errno) ? PEER_IDENT_FAULT : PEER_IDENT_NONE;
	if (connect_to(&query, client, server, len) &&
	    send_query(&query, client_port, server_port) &&
	    peer_ident_parse(reply, read_reply(&query, reply), client_port, server_port, ret_user))
		result = PEER_IDENT_USER;
	close(query.fd);
	return result;
}
