/*
 * NAME     request - who wants to talk to whom
 * INVARIANTS  A field is either as its last setter was told, or counted as wrong.
 * LIMITS   TW_WORD_MAX: a longer text is an error, never cut.
 */
#include "libtcpwrap/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "peer/socket.h"
#include "policy/facts.h"

enum tw_status
tw_request_new(struct tw_request **ret)
{
	int saved_errno = errno;
	struct tw_request *request;

	if (ret == NULL)
		return TW_BAD_ARGUMENT;
	request = calloc(1, sizeof *request);
	errno = saved_errno;
	if (request == NULL)
		return TW_NO_MEMORY;
	request->wrong = FIELD_DAEMON | FIELD_CLIENT;
	*ret = request;
	return TW_OK;
}

void
tw_request_free(struct tw_request *request)
{
	free(request);
}

static enum tw_status
note(struct tw_request *request, unsigned fields, enum tw_status status)
{
	request->wrong &= ~fields;
	if (status != TW_OK)
		request->wrong |= fields;
	return status;
}

static enum tw_status
copy_word(char to[TW_WORD_MAX + 1], const char *from)
{
	size_t len;

	if (from == NULL || *from == '\0')
		return TW_BAD_ARGUMENT;
	len = strnlen(from, TW_WORD_MAX + 1);
	if (len > TW_WORD_MAX)
		return TW_TOO_LONG;
	memmove(to, from, len);
	to[len] = '\0';
	return TW_OK;
}

enum tw_status
tw_request_set_daemon(struct tw_request *request, const char *daemon)
{
	if (request == NULL)
		return TW_BAD_ARGUMENT;
	return note(request, FIELD_DAEMON, copy_word(request->daemon, daemon));
}

enum tw_status
tw_request_set_user(struct tw_request *request, const char *user)
{
	enum tw_status status = TW_OK;

	if (request == NULL)
		return TW_BAD_ARGUMENT;
	request->has_user = true;
	if (user == NULL)
		request->user[0] = '\0';
	else
		status = copy_word(request->user, user);
	return note(request, FIELD_USER, status);
}

/* ---- addresses ---- */

static enum tw_status
copy_address(struct request_end *end, const struct sockaddr *address, socklen_t len)
{
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};

	end->has_address = false;
	if (address == NULL)
		return len == 0 ? TW_OK : TW_BAD_ARGUMENT;
	if (len > sizeof ss)
		return TW_BAD_ADDRESS;
	memcpy(&ss, address, len);
	if (!peer_is_whole(&ss, len) ||
	    (ss.ss_family != AF_INET && ss.ss_family != AF_INET6 && ss.ss_family != AF_UNIX))
		return TW_BAD_ADDRESS;
	end->address = ss;
	end->has_address = true;
	return TW_OK;
}

enum tw_status
tw_request_set_client(struct tw_request *request, const struct sockaddr *address, socklen_t len)
{
	if (request == NULL)
		return TW_BAD_ARGUMENT;
	request->is_datagram = false;
	return note(request, FIELD_CLIENT, copy_address(&request->ends[END_CLIENT], address, len));
}

enum tw_status
tw_request_set_server(struct tw_request *request, const struct sockaddr *address, socklen_t len)
{
	if (request == NULL)
		return TW_BAD_ARGUMENT;
	return note(request, FIELD_SERVER, copy_address(&request->ends[END_SERVER], address, len));
}

enum tw_status
tw_request_set_socket(struct tw_request *request, int fd)
{
	struct request_end *client, *server;
	struct peer_ends ends;
	int saved_errno = errno;
	bool found;

	if (request == NULL)
		return TW_BAD_ARGUMENT;
	peer_socket(fd, &ends);
	errno = saved_errno;
	client = &request->ends[END_CLIENT];
	server = &request->ends[END_SERVER];
	found = ends.has_client && ends.has_server;
	request->is_datagram = ends.datagram;
	client->has_address = server->has_address = found;
	client->address = ends.client;
	server->address = ends.server;
	return note(request, FIELD_CLIENT | FIELD_SERVER, found ? TW_OK : TW_BAD_SOCKET);
}

/* ---- names ---- */

static enum tw_status
set_name(struct request_end *end, enum tw_name state, const char *text)
{
	switch (state) {
	case TW_NAME_KNOWN:
		end->name_state = state;
		return copy_word(end->name, text);
	case TW_NAME_LOOK_UP:
	case TW_NAME_UNKNOWN:
	case TW_NAME_PARANOID:
		end->name_state = state;
		return text == NULL ? TW_OK : TW_BAD_ARGUMENT;
	}
	return TW_BAD_ARGUMENT;
}

enum tw_status
tw_request_set_client_name(struct tw_request *request, enum tw_name state, const char *text)
{
	if (request == NULL)
		return TW_BAD_ARGUMENT;
	return note(request, FIELD_CLIENT_NAME, set_name(&request->ends[END_CLIENT], state, text));
}

enum tw_status
tw_request_set_server_name(struct tw_request *request, enum tw_name state, const char *text)
{
	if (request == NULL)
		return TW_BAD_ARGUMENT;
	return note(request, FIELD_SERVER_NAME, set_name(&request->ends[END_SERVER], state, text));
}
