/*
 * NAME     eval - what is known about a request
 * PURPOSE  Each fact is looked up when first asked for, and then kept in the caller's struct.
 * INVARIANTS  A lookup that ran out of something leaves nothing there: the next one tries again.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "libwrap/public.h"
#include "libwrap/thread.h"
#include "peer/socket.h"

char *
eval_user(struct request_info *request)
{
	struct thread *thread;

	if (request->user[0] != '\0')
		return request->user;
	STRN_CPY(request->user, unknown, sizeof request->user);
	/* Who sent a datagram cannot be asked. */
	if (request->sink != NULL || request->client->sin == NULL || request->server->sin == NULL)
		return request->user;
	thread = thread_state();
	if (thread != NULL)
		thread->lookup_failed = false;
	rfc931(request->client->sin, request->server->sin, request->user);
	if (thread != NULL && !thread->lookup_failed)
		return request->user;
	request->user[0] = '\0';
	return unknown;
}

char *
eval_hostaddr(struct host_info *host)
{
	struct thread *thread;

	if (host->addr[0] != '\0')
		return host->addr;
	STRN_CPY(host->addr, unknown, sizeof host->addr);
	if (host->request->hostaddr == NULL)
		return host->addr;
	thread = thread_state();
	if (thread != NULL)
		thread->lookup_failed = false;
	host->request->hostaddr(host);
	if (thread == NULL || !thread->lookup_failed)
		return host->addr;
	host->addr[0] = '\0';
	return unknown;
}

char *
eval_hostname(struct host_info *host)
{
	struct thread *thread;

	if (host->name[0] != '\0')
		return host->name;
	STRN_CPY(host->name, unknown, sizeof host->name);
	if (host->request->hostname == NULL)
		return host->name;
	thread = thread_state();
	if (thread != NULL)
		thread->lookup_failed = false;
	host->request->hostname(host);
	if (thread != NULL && !thread->lookup_failed)
		return host->name;
	host->name[0] = '\0';
	return unknown;
}

char *
eval_hostinfo(struct host_info *host)
{
	if (host->name[0] != '\0' && HOSTNAME_KNOWN(host->name))
		return host->name;
	return eval_hostaddr(host);
}

/* "WHO@HOST" in storage of this thread. Without memory for that, HOST. */
static char *
at_host(const char *who, char *host, size_t offset)
{
	struct thread *thread = thread_state();
	char *info;

	if (thread == NULL)
		return host;
	info = (char *)thread + offset;
	snprintf(info, sizeof thread->client_info, "%s@%s", who, host);
	return info;
}

char *
eval_client(struct request_info *request)
{
	char *host = eval_hostinfo(request->client);

	if (request->user[0] == '\0' || STR_EQ(request->user, unknown))
		return host;
	return at_host(request->user, host, offsetof(struct thread, client_info));
}

char *
eval_server(struct request_info *request)
{
	char *host = eval_hostinfo(request->server);

	if (STR_EQ(host, unknown))
		return request->daemon;
	return at_host(request->daemon, host, offsetof(struct thread, server_info));
}

char *
eval_port(struct sockaddr *sa)
{
	static char none[] = "0";
	struct thread *thread = sa != NULL ? thread_state() : NULL;
	char *port;

	if (thread == NULL)
		return none;
	port = thread->ports[thread->next_port++ % 2];
	snprintf(port, sizeof thread->ports[0], "%u", peer_port(sa));
	return port;
}
