/*
 * NAME     decide - ask once, and compare verdict, texts and log lines
 * INVARIANTS  What is expected comes from whoever wrote the queries; nothing here knows a policy.
 */
#include "decide.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INET6
#include <tcpd.h>

#include "log_front.h"
#include "options.h"

enum { TELL_MAX = 10 }; /* of what is wrong; the rest is counted */

atomic_uint decide_wrong;

/* ---- the log ---- */

/* What the library has logged in this thread since it was emptied. */
static _Thread_local struct {
	unsigned lines;
	int named, last; /* line numbers in them: how many, and which */
	bool mixed; /* not all the same */
	char text[1024];
} heard;

__attribute__((format(printf, 1, 0))) static void
hear(const char *format, va_list args)
{
	const char *at;
	int line;

	vsnprintf(heard.text, sizeof heard.text, format, args);
	at = strstr(heard.text, ", line ");
	line = at != NULL ? (int)strtol(at + strlen(", line "), NULL, 10) : 0;
	heard.lines++;
	if (line == 0)
		return;
	heard.mixed = heard.mixed || (heard.named++ > 0 && heard.last != line);
	heard.last = line;
}

static void (*real_vsyslog)(int, const char *, va_list);

void
decide_log_for_real(void)
{
	void *found = dlsym(RTLD_NEXT, "vsyslog");

	if (found == NULL) {
		fprintf(stderr, "threads: %s\n", dlerror());
		exit(2);
	}
	memcpy(&real_vsyslog, &found, sizeof found);
}

void
log_front_take(int priority, const char *format, va_list args)
{
	if (real_vsyslog != NULL)
		real_vsyslog(priority, format, args);
	else
		hear(format, args);
}

/* ---- one decision ---- */

static void
tell(const struct query *query, const char *what, const char *got, const char *want)
{
	if (atomic_fetch_add(&decide_wrong, 1) < TELL_MAX)
		fprintf(stderr, "threads: %s of %s from %s: \"%s\", not \"%s\"\n", what,
		    query->daemon, query->client, got, want != NULL ? want : "");
}

static void
check_log(const struct query *query)
{
	char want[32];
	bool right = true;

	switch (query->log) {
	case LOG_ANY:
		return;
	case LOG_NONE:
		right = heard.lines == 0;
		break;
	case LOG_LINE:
		right = heard.named > 0;
		break;
	case LOG_MAYBE:
		break;
	}
	right = right && !heard.mixed && (heard.named == 0 || heard.last == query->line);
	if (right)
		return;
	snprintf(
	    want, sizeof want, "%s %d", query->log == LOG_NONE ? "nothing" : "line", query->line);
	tell(query, "log", heard.text, want);
}

static void
set_ends(struct request_info *request, struct query *query)
{
	if (query->has_end[0])
		request_set(request, RQ_CLIENT_SIN, &query->ends[0], 0);
	if (query->has_end[1])
		request_set(request, RQ_SERVER_SIN, &query->ends[1], 0);
	if (query->has_end[0] || query->has_end[1])
		sock_methods(request);
}

static void
set_texts(struct request_info *request, const struct query *query)
{
	if (query->user != NULL)
		request_set(request, RQ_USER, query->user, 0);
	if (query->name != NULL)
		request_set(request, RQ_CLIENT_NAME, query->name, 0);
	if (query->addr != NULL)
		request_set(request, RQ_CLIENT_ADDR, query->addr, 0);
	if (query->server_name != NULL)
		request_set(request, RQ_SERVER_NAME, query->server_name, 0);
	if (query->server_addr != NULL)
		request_set(request, RQ_SERVER_ADDR, query->server_addr, 0);
}

/* What the library knows afterwards is about this request, and no other thread's. */
static void
check_texts(struct request_info *request, const struct query *query)
{
	const char *client = eval_client(request), *server = eval_server(request), *port;
	char want[8];

	if (query->client != NULL && strcmp(client, query->client) != 0)
		tell(query, "eval_client", client, query->client);
	if (query->server != NULL && strcmp(server, query->server) != 0)
		tell(query, "eval_server", server, query->server);
	if (!query->has_end[0])
		return;
	snprintf(want, sizeof want, "%u",
	    ntohs(((const struct sockaddr_in *)&query->ends[0])->sin_port));
	port = eval_port(request->client->sin);
	if (strcmp(port, want) != 0)
		tell(query, "eval_port", port, want);
}

static bool
by_texts_alone(const struct query *query)
{
	return query->user != NULL && query->name != NULL && query->addr != NULL &&
	    query->server_name == NULL && query->server_addr == NULL && !query->has_end[1];
}

bool
decide_query(struct query *query, unsigned number)
{
	struct request_info request;
	bool granted;

	memset(&heard, 0, sizeof heard);
	if (number % 2 == 0 && by_texts_alone(query)) {
		granted = hosts_ctl(query->daemon, query->name, query->addr, query->user);
	} else {
		request_init(&request, RQ_DAEMON, query->daemon, 0);
		set_texts(&request, query);
		set_ends(&request, query);
		granted = hosts_access(&request);
		check_texts(&request, query);
	}
	if (granted != query->granted)
		tell(query, "verdict", granted ? "granted" : "refused",
		    query->granted ? "granted" : "refused");
	if (options.check_logs)
		check_log(query);
	return granted;
}
