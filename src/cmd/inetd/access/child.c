/*
 * NAME     child - tcpd's work, in inetd's child
 * PURPOSE  Names, users, commands, options and findings: all that may wait or do something, with the
 *          library's own code and as the service's user.
 * INVARIANTS  Every way out but the one return turns the client away. A slot is taken only by a client
 *          that is admitted.
 * SEE      src/cmd/tcpd/main.c, docs/decisions/inetd-access.md
 */
#define INET6

#include "cmd/inetd/access/child.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <tcpd.h>

#include "event/log.h"

/* Exported of old, though in no header: hosts_access(3). */
void fix_options(struct request_info *);

static const struct access_question *at_hand;

_Noreturn static void
turn_away(struct request_info *request)
{
	if (request->sink == NULL)
		greeting_send(request->fd, at_hand->greeting);
	refuse(request);
	abort(); /* it does not come back */
}

/* The client's name, if it is one; NULL: there is none. */
static const char *
name_of(struct request_info *request)
{
	const char *name = eval_hostname(request->client);

	if (request->client->name[0] == '\0') /* the lookup ran out of something */
		turn_away(request);
	return HOSTNAME_KNOWN(name) ? name : NULL;
}

static bool
is_on(struct request_info *request, const struct origins *origins)
{
	struct addr address;
	unsigned line;
	const char *name;

	if (!origin_address(request->client->sin, &address))
		return false;
	switch (origin_find(origins, &address, &line)) {
	case ORIGIN_YES:
		return true;
	case ORIGIN_NO:
		return false;
	case ORIGIN_MAYBE:
		break;
	}
	name = name_of(request);
	return name != NULL && origin_find_name(origins, name, &line);
}

static bool
is_for(struct request_info *request, const struct access_rules *rules)
{
	if (!rules->has_only_from && !rules->has_no_access)
		return true;
	if (request->client->sin == NULL) /* it could not be found out */
		return false;
	return (!rules->has_only_from || is_on(request, &rules->only_from)) &&
	    (!rules->has_no_access || !is_on(request, &rules->no_access));
}

static bool
has_slot(int loop_fd)
{
	char byte = ACCESS_ASKS;
	ssize_t got;

	if (loop_fd < 0)
		return true;
	if (send(loop_fd, &byte, 1, MSG_NOSIGNAL) != 1)
		return false;
	do
		got = recv(loop_fd, &byte, 1, 0);
	while (got < 0 && errno == EINTR);
	return got == 1 && byte == ACCESS_GOES;
}

static void
tell(struct request_info *request)
{
	char line[EVENT_DIAG_MAX];

	snprintf(line, sizeof line, "connect from %s (%s)", eval_client(request),
	    eval_hostaddr(request->client));
	event_syslog(allow_severity, line);
}

/* What has been found out already; nothing is asked for here. */
static const char *
known_name(struct request_info *request)
{
	char *name = request->client->name;

	return name[0] != '\0' && HOSTNAME_KNOWN(name) ? name : NULL;
}

const char *
access_judge_here(const struct access_question *question)
{
	static struct request_info request;
	const struct access_rules *rules = question->rules;

	at_hand = question;
	openlog(rules->tag, LOG_PID, LOG_DAEMON);
	/* As a daemon that goes on: a command in the server's place would run outside of its cage. */
	resident = question->is_confined ? 1 : -1;
	request_init(&request, RQ_DAEMON, rules->name, RQ_FILE, question->fd, 0);
	sock_host(&request);
	fix_options(&request);
	if (!is_for(&request, rules))
		turn_away(&request);
	if (rules->asks_tables && !hosts_access(&request))
		turn_away(&request);
	if (!has_slot(question->loop_fd)) {
		clean_exit(&request);
		abort();
	}
	if (rules->asks_tables)
		tell(&request);
	return known_name(&request);
}
