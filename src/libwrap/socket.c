/*
 * NAME     socket - requests that come from sockets
 * INVARIANTS  If it cannot be found out who is there because something ran out, the request carries
 *          socket_fault as its method, and hosts_access refuses it.
 */
#include "libwrap/socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "libwrap/leave.h"
#include "libwrap/thread.h"
#include "libwrap/warn.h"
#include "peer/name.h"
#include "peer/socket.h"

static void
socket_fault(struct host_info *host)
{
	(void)host;
}

bool
socket_failed(const struct request_info *request)
{
	return request->hostaddr == socket_fault;
}

/* Not so: there is nobody to be found, at a listening socket, at none. All else is trouble, and the
 * client may be anybody, or come in a moment: a datagram. */
static bool
is_fault(int error)
{
	return error != 0 && error != ENOTCONN && error != ENOTSOCK && error != EBADF;
}

void
sock_host(struct request_info *request)
{
	struct thread *thread = thread_state();
	struct peer_ends ends;
	int saved_errno = errno;

	sock_methods(request);
	peer_socket(request->fd, &ends);
	errno = saved_errno;
	if (ends.datagram)
		request->sink = peer_drop_datagram;
	if (thread == NULL || is_fault(ends.client_error) || is_fault(ends.server_error))
		request->hostaddr = socket_fault;
	if (ends.client_error != 0)
		tcpd_warn("can't get client address: %s", strerror(ends.client_error));
	if (thread == NULL || !ends.has_client)
		return;
	thread->client = ends.client;
	request->client->sin = (struct sockaddr *)&thread->client;
	if (ends.server_error != 0)
		tcpd_warn("getsockname: %s", strerror(ends.server_error));
	if (ends.has_server) {
		thread->server = ends.server;
		request->server->sin = (struct sockaddr *)&thread->server;
	}
}

void
sock_hostaddr(struct host_info *host)
{
	_Static_assert(sizeof host->addr >= PEER_TEXT_MAX, "an address fits");

	struct thread *thread = thread_state();
	bool found = host->sin == NULL || peer_addr_text(host->sin, host->addr);

	if (thread != NULL)
		thread->lookup_failed = !found;
}

/* Why a name is not believed, in the words that log readers know. */
static void
tell_doubt(const struct peer_name *name)
{
	switch (name->doubt) {
	case PEER_DOUBT_NONE:
		break;
	case PEER_DOUBT_NUMERIC:
		tcpd_warn(
		    "host name/name mismatch: reverse lookup results in non-FQDN %s", name->first);
		break;
	case PEER_DOUBT_FORWARD:
		tcpd_warn(
		    "can't verify hostname: getaddrinfo(%s, %s) failed", name->first, name->second);
		break;
	case PEER_DOUBT_ALIAS:
		tcpd_warn("host name/name mismatch: %s != %.*s", name->first, STRING_LENGTH,
		    name->second);
		break;
	case PEER_DOUBT_ADDRESS:
		tcpd_warn("host name/address mismatch: %s != %.*s", name->first, STRING_LENGTH,
		    name->second);
		break;
	}
}

/* Within what is left of the decision's time for names, or, outside of one, within all of it. False: as
 * peer_name. */
static bool
find_name(struct thread *thread, const struct sockaddr *sa, struct peer_name *ret)
{
	int64_t began = peer_now_ms(), spent;
	int64_t left = PEER_NAME_BUDGET_MS - (thread->place != NULL ? thread->names_spent_ms : 0);
	bool found = peer_name(sa, began + left, ret) == 0;

	spent = peer_now_ms() - began;
	if (thread->place != NULL && spent > 0)
		thread->names_spent_ms += spent;
	return found;
}

void
sock_hostname(struct host_info *host)
{
	struct thread *thread = thread_state();
	struct peer_name name;
	int saved_errno = errno;

	if (host->sin == NULL)
		return;
	if (thread == NULL)
		return; /* eval_hostname takes that for a failure */
	thread->lookup_failed = !find_name(thread, host->sin, &name);
	errno = saved_errno;
	if (thread->lookup_failed)
		return;
	tell_doubt(&name);
	thread_note_name(thread, host, name.state == PEER_NAME_KNOWN);
	STRN_CPY(host->name,
	    name.state == PEER_NAME_KNOWN          ? name.text
	        : name.state == PEER_NAME_PARANOID ? paranoid
	                                           : unknown,
	    sizeof host->name);
}

static void
tell_options(struct request_info *request, const unsigned char *bytes, size_t len)
{
	char text[3 * PEER_OPTIONS_MAX + 1] = "";

	for (size_t i = 0; i < len; i++)
		snprintf(text + 3 * i, sizeof text - 3 * i, " %2.2x", bytes[i]);
	warn_log(
	    LOG_NOTICE, "connect from %s with IP options (ignored):%s", eval_client(request), text);
}

/* A client that chose its own route may have chosen its address too: it goes no further. */
void
fix_options(struct request_info *request)
{
	unsigned char bytes[PEER_OPTIONS_MAX];
	size_t len;

	switch (peer_ip_options(request->fd, bytes, &len)) {
	case PEER_OPTIONS_NONE:
		break;
	case PEER_OPTIONS_CLEARED:
		tell_options(request, bytes, len);
		break;
	case PEER_OPTIONS_ROUTED:
		leave_refused(request, LOG_WARNING,
		    "refused connect from %s with IP source routing options", eval_client(request));
		break;
	case PEER_OPTIONS_FAILED:
		warn_log(LOG_ERR, "cannot look at IP options: %s", strerror(errno));
		clean_exit(request);
		break;
	}
}
