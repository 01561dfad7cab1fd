/*
 * NAME     tcpdmatch - what would become of a client?
 * PURPOSE  Asks the library itself, in a dry run, and shows what it says on the way.
 * INVARIANTS  Nothing is run and nobody's identity changes. What a rule sets for one address is taken
 *          back before the next.
 * SEE      tcpdmatch(8)
 */
#define INET6

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <tcpd.h>
#include <unistd.h>

#include "cmd/tcpdmatch/options.h"
#include "cmd/tcpdmatch/report.h"
#include "tool/end.h"
#include "tool/host.h"
#include "tool/names.h"
#include "tool/tell.h"

#define SERVICE_FOLDER "/usr/sbin"

/* Not the library's own: what a rule changes is put back. */
int allow_severity = LOG_INFO;
int deny_severity = LOG_WARNING;

struct match {
	struct options options;
	struct names names;
	const char *daemon; /* without its folder */
	struct addrinfo *server; /* NULL: named by a state, or not at all */
	int fd; /* where banners go */
	unsigned denied, delegated;
};

/* ---- preparing ---- */

static void
check_service_folder(void)
{
	struct stat st;

	if (stat(SERVICE_FOLDER, &st) != 0)
		tcpd_warn("REAL_DAEMON_DIR %s: %s", SERVICE_FOLDER, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		tcpd_warn("REAL_DAEMON_DIR %s is not a directory", SERVICE_FOLDER);
}

static char *
table_below(const char *root, const char *path)
{
	size_t size = strlen(root) + strlen(path) + 1;
	char *full = malloc(size);

	if (full == NULL) {
		perror("tcpdmatch");
		exit(EXIT_FAILURE);
	}
	snprintf(full, size, "%s%s", root, path);
	return full;
}

static void
set_tables(const struct match *match)
{
	static char here_allow[] = "hosts.allow", here_deny[] = "hosts.deny";

	if (match->options.is_here) {
		hosts_allow_table = here_allow;
		hosts_deny_table = here_deny;
	} else if (match->options.root[0] != '\0') {
		hosts_allow_table = table_below(match->options.root, hosts_allow_table);
		hosts_deny_table = table_below(match->options.root, hosts_deny_table);
	}
}

static void
set_daemon(struct match *match)
{
	const char *slash = strrchr(match->options.daemon, '/');

	match->daemon = match->options.daemon;
	if (match->options.daemon[0] == '/') {
		match->daemon = slash + 1;
		tcpd_warn(
		    "%s: daemon name normalized to: %s", match->options.daemon, match->daemon);
	}
}

static void
check_daemon(struct match *match)
{
	char storage[1024];
	struct buf text;

	buf_init(&text, storage, sizeof storage, sizeof storage - 1);
	if (names_doubt(&match->names, match->daemon, &text))
		tell_finding(false, NULL, 0, text.bytes);
}

static bool
is_state(const char *name)
{
	return STR_EQ(name, unknown) || STR_EQ(name, paranoid);
}

/* A server has one address, or clients of several would be told of one. */
static bool
find_server(struct match *match)
{
	const char *server = match->options.server;

	if (server == NULL || is_state(server))
		return true;
	match->server = host_find(server);
	if (match->server == NULL)
		return false;
	if (match->server->ai_next == NULL)
		return true;
	fprintf(stderr, "Error: %s has more than one address\nPlease specify an address instead\n",
	    server);
	return false;
}

/* ---- answering ---- */

static void
set_server(struct match *match, struct request_info *request)
{
	if (match->server != NULL)
		host_set(request->server, match->server);
	else
		request_set(request, RQ_SERVER_NAME,
		    match->options.server != NULL ? match->options.server : unknown, RQ_SERVER_ADDR,
		    unknown, 0);
}

static void
begin(struct match *match, struct request_info *request)
{
	request_init(request, RQ_FILE, match->fd, RQ_DAEMON, match->daemon, RQ_USER,
	    match->options.user != NULL ? match->options.user : unknown, 0);
	set_server(match, request);
}

/* Ask, as if the process were new. */
static void
answer(struct match *match, struct request_info *request)
{
	mode_t mask = umask(022);
	bool granted;

	report_begin(request);
	dry_run = 1;
	resident = -1;
	granted = hosts_access(request);
	umask(mask);
	match->delegated += dry_run == 0;
	match->denied += dry_run != 0 && !granted;
	report_access(dry_run == 0 ? "delegated" : granted ? "granted" : "denied");
}

/* Every address of a name, with the name that it leads back to. */
static bool
answer_name(struct match *match)
{
	struct addrinfo *found = host_find(match->options.client);
	struct request_info request;

	if (found == NULL)
		return false;
	for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
		begin(match, &request);
		if (host_is_link_local(at)) {
			/* Whose name could be asked for on its own link only. */
			request.client->sin = at->ai_addr;
			sock_hostaddr(request.client);
			request.client->sin = NULL;
			request_set(&request, RQ_CLIENT_NAME, unknown, 0);
		} else {
			host_set(request.client, at);
		}
		answer(match, &request);
		if (at->ai_next != NULL && !match->options.is_json)
			puts("");
	}
	freeaddrinfo(found);
	return true;
}

static bool
answer_client(struct match *match)
{
	const char *client = match->options.client;
	struct request_info request;

	if (!is_state(client) && !host_is_address(client))
		return answer_name(match);
	begin(match, &request);
	request_set(&request, RQ_CLIENT_NAME, is_state(client) ? client : unknown, RQ_CLIENT_ADDR,
	    is_state(client) ? unknown : client, 0);
	answer(match, &request);
	return true;
}

static int
status(const struct match *match)
{
	if (!match->options.has_status)
		return EXIT_SUCCESS;
	return match->denied > 0   ? EXIT_DENIED
	    : match->delegated > 0 ? EXIT_DELEGATED
	                           : EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	static struct match match;
	bool ok;

	options_parse(&match.options, argc, argv);
	match.fd = match.options.is_json ? open("/dev/null", O_WRONLY | O_CLOEXEC) : STDOUT_FILENO;
	if (match.options.is_json)
		report_json();
	hosts_access_verbose = 2;
	check_service_folder();
	set_daemon(&match);
	set_tables(&match);
	if (!names_read(&match.names, match.options.conf, match.options.root))
		return EXIT_FAILURE;
	check_daemon(&match);
	names_check_table(hosts_allow_table);
	names_check_table(hosts_deny_table);
	ok = find_server(&match) && answer_client(&match);
	ok = report_end(match.daemon,
	         inventory_word(inventory_find(&match.names.inventory, match.daemon, NULL))) &&
	    ok;
	if (match.server != NULL)
		freeaddrinfo(match.server);
	names_release(&match.names);
	return end_status("tcpdmatch", ok ? status(&match) : EXIT_FAILURE, EXIT_FAILURE);
}
