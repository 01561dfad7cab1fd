/*
 * NAME     explain - tcpwrap explain
 * PURPOSE  Says what becomes of a client, and why.
 * INVARIANTS  The engine decides; what is told of its way is checked against it, or not told.
 * SEE      tcpwrap-explain(1), explain/story.h, explain/batch.h
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cmd/tcpwrap/command.h"
#include "cmd/tcpwrap/explain/batch.h"
#include "cmd/tcpwrap/explain/story.h"
#include "cmd/tcpwrap/show.h"
#include "tool/end.h"
#include "tool/flags.h"

enum { EXIT_ADMITTED, EXIT_REFUSED, JSON_VERSION = 1, PORT_MAX = 65535 };

struct explain {
	const char *paths[2]; /* by enum table */
	const char *name, *user, *port;
	bool is_all, is_batch, is_json;
	char *daemon, *client; /* client: of --batch, the file */
	struct asked asked; /* what all clients have in common */
	char server_addr[PEER_TEXT_MAX];
};

static const struct flag table[] = {
#define FLAG(letter, name, argument, member, help)                                                 \
	{letter, name, argument, offsetof(struct explain, member), help},
#include "cmd/tcpwrap/explain/explain.def"
#undef FLAG
};

static const struct flags flags = {
    .program = "tcpwrap explain",
    .usage = "[option ...] DAEMON[@SERVER] [USER@]CLIENT\n"
             "       tcpwrap explain --batch [option ...] DAEMON[@SERVER] [FILE]",
    .hints = "tcpwrap explain --help says more\n",
    .about = "Say what becomes of a client, which rule decides, and what was on the way to it. No\n"
             "option of a rule is carried out. CLIENT is an address or a name; FILE (or standard\n"
             "input) has a client a line: [USER@]ADDRESS [DAEMON] [name=NAME] [user=USER] ...\n",
    .statuses =
        "Exit status: 0 admitted; 1 refused, or handed to a command by twist (with several\n"
        "clients: one is); 2 no answer, bad usage.\n",
    .flags = table,
    .count = sizeof table / sizeof *table,
    .usage_status = EXIT_TROUBLE,
};

/* ---- the command line ---- */

static bool
complain(const char *what, const char *subject, const char *why)
{
	fprintf(stderr, "tcpwrap explain: %s '", what);
	for (; *subject != '\0'; subject++)
		fputc(*subject >= ' ' && *subject <= '~' ? *subject : '?', stderr);
	fprintf(stderr, "': %s\n", why);
	return false;
}

/* Cut text behind its first '@'. NULL: there is none. */
static char *
cut(char *text)
{
	char *at = strchr(text, '@');

	if (at == NULL)
		return NULL;
	*at = '\0';
	return at + 1;
}

static bool
is_state(const char *name)
{
	return strcasecmp(name, "unknown") == 0 || strcasecmp(name, "paranoid") == 0;
}

/* All addresses of a name or an address, in the resolver's order. NULL: told. */
static struct addrinfo *
find_host(const char *name)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	int error = getaddrinfo(name, NULL, &hints, &found);

	if (error == 0)
		return found;
	complain("host", name, error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
	return NULL;
}

/* Neither has an address; the name may be given all the same. */
static void
set_state(struct asked_end *end, const char *state)
{
	end->addr = "unknown";
	if (!end->has_name)
		end->name = state;
	end->has_name = true;
}

/* The address, as text in ret. False: its interface's name could not be found out. */
static bool
set_address(struct asked_end *end, const struct sockaddr *address, size_t len, char *ret)
{
	memcpy(&end->socket, address, len);
	end->addr = ret;
	return peer_addr_text(address, ret);
}

/* A server has one address, or clients of several would be told of one. */
static bool
set_server(struct explain *explain, const char *server)
{
	struct asked_end *end = &explain->asked.ends[END_SERVER];
	struct addrinfo *found;
	bool is_set;

	end->addr = "unknown";
	if (server == NULL)
		return true;
	if (is_state(server)) {
		set_state(end, server);
		return true;
	}
	found = find_host(server);
	if (found == NULL)
		return false;
	is_set = found->ai_next == NULL
	    ? set_address(end, found->ai_addr, found->ai_addrlen, explain->server_addr)
	    : complain("server", server, "it has several addresses: name one of them");
	freeaddrinfo(found);
	return is_set;
}

static bool
set_port(struct explain *explain)
{
	unsigned long port;

	explain->asked.port = -1;
	if (explain->port == NULL)
		return true;
	if (!str_number(explain->port, strlen(explain->port), PORT_MAX, &port))
		return complain("port", explain->port, "a number from 0 to 65535");
	explain->asked.port = (int)port;
	return true;
}

/* Of the path of a program, rules have the last part. */
static const char *
daemon_of(const char *text)
{
	const char *slash = strrchr(text, '/');

	return text[0] == '/' && slash[1] != '\0' ? slash + 1 : text;
}

static bool
parse(struct explain *explain, int argc, char **argv)
{
	int at;
	char *server;

	*explain = (struct explain){.paths = {"/etc/hosts.allow", "/etc/hosts.deny"}};
	at = flags_parse(&flags, argc, argv, explain);
	if (argc - at > 2 || argc - at < (explain->is_batch ? 1 : 2))
		flags_usage(&flags, flags.program);
	explain->daemon = argv[at];
	explain->client = argc - at == 2 ? argv[at + 1] : NULL;
	server = cut(explain->daemon);
	explain->asked.daemon = daemon_of(explain->daemon);
	explain->asked.user = explain->user;
	explain->asked.ends[END_CLIENT].has_name =
	    explain->name != NULL && explain->name[0] != '\0';
	explain->asked.ends[END_CLIENT].name = explain->name;
	return set_port(explain) && set_server(explain, server);
}

/* ---- one client ---- */

/* Tell the case of one address of the client. */
static int
answer(const struct explain *explain, const struct story *like, bool is_first)
{
	static struct story story;
	int status;

	story = *like;
	story_begin(&story, explain->paths, explain->is_all);
	status = story.found.verdict == VERDICT_GRANT ? EXIT_ADMITTED : EXIT_REFUSED;
	if (story.end == WALK_DISAGREES || story.trace.failed) {
		fputs(story.trace.failed
		        ? "tcpwrap explain: out of memory\n"
		        : "tcpwrap explain: internal error: the rules that were gone through again "
		          "do not come to the decision; please report this with the tables\n",
		    stderr);
		status = EXIT_TROUBLE;
	}
	if (explain->is_json)
		fputs(is_first ? "\n" : ",\n", stdout);
	else if (!is_first)
		putchar('\n');
	if (explain->is_json)
		story_json(&story);
	else
		story_text(&story);
	story_end(&story);
	return status;
}

static int
answer_all(const struct explain *explain, struct story *like, const char *client)
{
	struct asked_end *end = &like->asked.ends[END_CLIENT];
	struct addrinfo *found;
	int status = EXIT_ADMITTED;
	char text[PEER_TEXT_MAX];

	if (is_state(client)) {
		set_state(end, client);
		return answer(explain, like, true);
	}
	found = find_host(client);
	if (found == NULL)
		return EXIT_TROUBLE;
	for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
		int one = set_address(end, at->ai_addr, at->ai_addrlen, text)
		    ? answer(explain, like, at == found)
		    : EXIT_TROUBLE;

		status = one > status ? one : status;
	}
	freeaddrinfo(found);
	return status;
}

static int
explain_client(struct explain *explain)
{
	static struct story like;
	char *client = cut(explain->client);
	int status;

	like.asked = explain->asked;
	like.asked.looks_up = true;
	if (client != NULL && explain->user == NULL)
		like.asked.user = explain->client;
	if (client == NULL)
		client = explain->client;
	if (explain->is_json)
		printf("{\"version\":%d,\"answers\":[", JSON_VERSION);
	status = answer_all(explain, &like, client);
	if (explain->is_json)
		puts("]}");
	return status;
}

/* ---- many ---- */

static int
explain_batch(const struct explain *explain)
{
	static const int statuses[] = {[BATCH_ADMITTED] = EXIT_ADMITTED,
	    [BATCH_REFUSED] = EXIT_REFUSED,
	    [BATCH_TROUBLE] = EXIT_TROUBLE};
	struct batch batch = {.paths = explain->paths,
	    .like = &explain->asked,
	    .is_json = explain->is_json,
	    .fd = STDIN_FILENO};
	enum batch_end end;

	if (explain->client != NULL && strcmp(explain->client, "-") != 0) {
		batch.fd = open(explain->client, O_RDONLY | O_CLOEXEC);
		if (batch.fd < 0) {
			complain("open", explain->client, strerror(errno));
			return EXIT_TROUBLE;
		}
	}
	end = batch_run(&batch);
	if (batch.fd != STDIN_FILENO)
		close(batch.fd);
	return statuses[end];
}

int
command_explain(int argc, char **argv)
{
	static struct explain explain;
	int status;

	if (!parse(&explain, argc, argv))
		return EXIT_TROUBLE;
	show_absent(flags.program, explain.paths);
	status = explain.is_batch ? explain_batch(&explain) : explain_client(&explain);
	return end_status(flags.program, status, EXIT_TROUBLE);
}
