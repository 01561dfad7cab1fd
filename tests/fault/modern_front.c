/*
 * NAME     modern_front - the modern interface behind the old one's names
 * PURPOSE  failing knows how to call hosts_access while calls of the C library fail. Here that is
 *          tw_decide: so the library under test is libtcpwrap, in the same scenarios.
 * INVARIANTS  Nothing is mended here: errno is as the library left it, and what it refuses is refused.
 *          What it tells is logged, for whoever looks whether it told anything.
 */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define INET6 1
#pragma GCC visibility push(default)
#include <tcpd.h>
#pragma GCC visibility pop
#include <tcpwrap.h>

char *hosts_allow_table, *hosts_deny_table;
int resident;

struct request_info *
request_init(struct request_info *request, ...)
{
	va_list args;
	int key;

	memset(request, 0, sizeof *request);
	request->fd = -1;
	va_start(args, request);
	while ((key = va_arg(args, int)) > 0) {
		if (key == RQ_FILE)
			request->fd = va_arg(args, int);
		else if (key == RQ_DAEMON)
			strncpy(request->daemon, va_arg(args, char *), sizeof request->daemon - 1);
		else if (key == RQ_CLIENT_ADDR)
			strncpy(request->client->addr, va_arg(args, char *),
			    sizeof request->client->addr - 1);
		else if (key == RQ_CLIENT_NAME)
			strncpy(request->client->name, va_arg(args, char *),
			    sizeof request->client->name - 1);
		else
			break;
	}
	va_end(args);
	return request;
}

/* The socket is looked at when the request is filled. */
void
sock_host(struct request_info *request)
{
	(void)request;
}

char *
eval_client(struct request_info *request)
{
	return request->client->addr;
}

/* A request of texts. */
static void
fill_from_texts(struct tw_request *to, const struct request_info *from)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	const char *name = from->client->name;

	if (inet_pton(AF_INET, from->client->addr, &sin.sin_addr) == 1)
		tw_request_set_client(to, (struct sockaddr *)&sin, sizeof sin);
	if (strcmp(name, "unknown") == 0)
		tw_request_set_client_name(to, TW_NAME_UNKNOWN, NULL);
	else
		tw_request_set_client_name(to, TW_NAME_KNOWN, name);
}

static void
tell_status(enum tw_status status)
{
	if (status != TW_OK)
		syslog(LOG_ERR, "%s", tw_status_text(status));
}

static void
tell(const struct tw_decision *decision)
{
	const struct tw_outcome *outcome = tw_decision_outcome(decision);
	const struct tw_outcome *other = tw_decision_other(decision);
	const struct tw_finding *finding;

	for (size_t i = 0; (finding = tw_decision_finding(decision, i)) != NULL; i++)
		syslog(LOG_ERR, "%s: %s", finding->id, finding->message);
	if (outcome->reason == TW_BY_FAULT)
		syslog(LOG_ERR, "%s", tw_fault_text(outcome->fault));
	if (other != NULL)
		syslog(LOG_ERR, "refused by the %s reading", tw_reading_text(outcome->reading));
}

int
hosts_access(struct request_info *request)
{
	struct tw_policy *policy = NULL;
	struct tw_request *asked = NULL;
	struct tw_decision *decision;
	bool granted;

	tell_status(tw_policy_open_files(hosts_allow_table, hosts_deny_table, &policy));
	tell_status(tw_request_new(&asked));
	tw_request_set_daemon(asked, request->daemon);
	if (request->fd >= 0)
		tw_request_set_socket(asked, request->fd);
	else
		fill_from_texts(asked, request);
	decision = tw_decide(policy, asked, TW_TIMEOUT_DEFAULT);
	granted = tw_decision_is_granted(decision);
	tell(decision);
	tw_decision_free(decision);
	tw_request_free(asked);
	tw_policy_close(policy);
	return granted;
}
