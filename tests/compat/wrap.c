/*
 * NAME     wrap - ask a libwrap.so.0
 * INVARIANTS  Each request starts from the same state: what one rule changed, the next decision of
 *          the original would inherit.
 * SEE      hosts_access(3)
 */
#include "wrap.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "front.h"

enum {
	DEFAULT_ALLOW_SEVERITY = LOG_INFO,
	DEFAULT_DENY_SEVERITY = LOG_WARNING,
	DEFAULT_IDENT_TIMEOUT = 10,
};

/* What the methods below answer; one request at a time. */
static const char *told_name;
static int asked;

static void
find(void *library, const char *name, void *ret_pointer)
{
	void *found = dlsym(library, name);

	if (found == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		exit(2);
	}
	memcpy(ret_pointer, &found, sizeof found);
}

void
wrap_load(struct wrap *wrap, const char *path, int flags)
{
	void *library = dlopen(path, RTLD_NOW | flags);

	if (library == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		exit(2);
	}
	find(library, "request_init", &wrap->request_init);
	find(library, "request_set", &wrap->request_set);
	find(library, "hosts_access", &wrap->hosts_access);
	find(library, "sock_hostaddr", &wrap->sock_hostaddr);
	find(library, "shell_cmd", &wrap->shell_cmd);
	find(library, "hosts_allow_table", &wrap->allow_table);
	find(library, "hosts_deny_table", &wrap->deny_table);
	find(library, "allow_severity", &wrap->allow_severity);
	find(library, "deny_severity", &wrap->deny_severity);
	find(library, "rfc931_timeout", &wrap->ident_timeout);
	find(library, "resident", &wrap->resident);
	find(library, "dry_run", &wrap->dry_run);
	find(library, "hosts_access_verbose", &wrap->verbose);
	find(library, "tcpd_context", &wrap->context);
}

/* ---- methods of a request ---- */

static void
tell_name(struct host_info *host)
{
	asked++;
	snprintf(host->name, sizeof host->name, "%s",
	    host == host->request->client && told_name != NULL ? told_name : "unknown");
}

static void
tell_nothing(struct host_info *host)
{
	snprintf(host->addr, sizeof host->addr, "unknown");
}

/* ---- a request ---- */

/* "FAMILY PORT [ADDRESS]"; ports stand at one place in both families. NULL when it says nothing. */
static struct sockaddr *
read_sockaddr(const char *text, struct sockaddr_storage *storage)
{
	struct sockaddr_in *in = (void *)storage;
	struct sockaddr_in6 *in6 = (void *)storage;
	char *end;
	unsigned long family = strtoul(text, &end, 10), port = strtoul(end, &end, 10);
	const char *address = *end == ' ' ? end + 1 : "";

	if (end == text)
		return NULL;
	in->sin_family = (sa_family_t)family;
	in->sin_port = htons((uint16_t)port);
	if (family == AF_INET)
		inet_pton(AF_INET, address, &in->sin_addr);
	else if (family == AF_INET6)
		inet_pton(AF_INET6, address, &in6->sin6_addr);
	return (void *)storage;
}

static void
set_field(struct wrap *wrap, struct request_info *request, int key, const char *text,
    struct sockaddr_storage *end)
{
	if (key == ABI_FILE)
		wrap->request_set(request, key, (int)strtol(text, NULL, 10), ABI_END);
	else if (key == ABI_CLIENT_SIN || key == ABI_SERVER_SIN)
		wrap->request_set(request, key, read_sockaddr(text, end), ABI_END);
	else
		wrap->request_set(request, key, text, ABI_END);
}

static void
build_request(struct wrap *wrap, struct request_info *request, const struct query *query,
    struct sockaddr_storage ends[2])
{
	wrap->request_init(request, ABI_END);
	for (int key = ABI_FILE; key < WRAP_FIELDS; key++) {
		if (query->fields[key] != NULL)
			set_field(
			    wrap, request, key, query->fields[key], &ends[key == ABI_SERVER_SIN]);
	}
	if (query->told_name != NULL) {
		request->hostname = tell_name;
		request->hostaddr = tell_nothing;
	}
	/* What the kernel would have said. */
	if (request->client->sin != NULL && query->fields[ABI_CLIENT_ADDR] == NULL) {
		request->hostname = tell_name;
		request->hostaddr = wrap->sock_hostaddr;
	}
	/* Without both ends nobody is asked for a user. */
	if (query->told_user != NULL) {
		for (int i = 0; i < 2; i++)
			ends[i].ss_family = ends[i].ss_family != 0 ? ends[i].ss_family : AF_INET;
		request->client->sin = (void *)&ends[0];
		request->server->sin = (void *)&ends[1];
	}
}

static void
reset(struct wrap *wrap, const struct query *query)
{
	told_name = query->told_name;
	asked = 0;
	front_begin(query->told_user);
	*wrap->allow_severity = DEFAULT_ALLOW_SEVERITY;
	*wrap->deny_severity = DEFAULT_DENY_SEVERITY;
	*wrap->ident_timeout = DEFAULT_IDENT_TIMEOUT;
	*wrap->resident = query->resident != NULL ? (int)strtol(query->resident, NULL, 10) : -1;
	*wrap->dry_run = 0;
	wrap->context->file = NULL;
	wrap->context->line = 0;
}

static void
copy(char *to, const char *from, size_t size)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	memset(to + len, 0, size - len);
}

static void
describe(const struct wrap *wrap, const struct request_info *request, struct wrap_state *state)
{
	state->allow_severity = *wrap->allow_severity;
	state->deny_severity = *wrap->deny_severity;
	state->ident_timeout = *wrap->ident_timeout;
	state->resident = *wrap->resident;
	state->dry_run = *wrap->dry_run;
	state->line = wrap->context->line;
	state->asked = asked;
	state->asked_user = front_asked_user;
	copy(state->file, wrap->context->file != NULL ? wrap->context->file : "",
	    sizeof state->file);
	copy(state->name, request->client->name, sizeof state->name);
	copy(state->addr, request->client->addr, sizeof state->addr);
	copy(state->user, request->user, sizeof state->user);
	copy(state->daemon, request->daemon, sizeof state->daemon);
}

bool
wrap_decide(struct wrap *wrap, const struct query *query, char *allow, char *deny,
    struct wrap_state *ret_state)
{
	struct sockaddr_storage ends[2] = {{.ss_family = 0}};
	struct request_info request;
	bool granted;

	*wrap->allow_table = allow;
	*wrap->deny_table = deny;
	reset(wrap, query);
	build_request(wrap, &request, query, ends);
	granted = wrap->hosts_access(&request) != 0;
	describe(wrap, &request, ret_state);
	wrap->context->file = NULL;
	return granted;
}
