/*
 * NAME     bad_input - a program that hands hostile text to the library
 * PURPOSE  Whatever bytes a test has for a daemon, a client or a table's path reach the public
 *          functions as they are, and what came of them goes back as it is.
 * SEE      tests/e2e/0223-bad-input.py, which builds and starts it
 *
 * usage: bad_input record FILE WORD...   write the words to the file, a NUL behind each
 *        bad_input                       answer questions, a line each:
 *
 *        WAY TABLE DAEMON NAME ADDRESS USER, all but the first in hexadecimal, a dot in front. WAY:
 *        request, ctl (of hosts_ctl), refuse, twist (these two in a child), lookup (of the name of
 *        ADDRESS), ident (of the user of a connection), percent (has percent_x expand TABLE), warn
 *        (has tcpd_warn tell NAME while TABLE is read). The answer: VERDICT PID, and the request's
 *        DAEMON NAME ADDRESS USER, the variable V, and what the client received, spelled likewise.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <tcpd.h>

enum { TABLE, DAEMON, NAME, ADDRESS, USER, FIELDS, FIELD_MAX = 4096, LINE_MAX_BYTES = 64 << 10 };

int allow_severity = LOG_INFO, deny_severity = LOG_WARNING;

static char fields[FIELDS][FIELD_MAX], line[LINE_MAX_BYTES];
static char nowhere[] = "/dev/null";

static int
record(int count, char **words)
{
	FILE *file = fopen(words[0], "we");

	if (file == NULL)
		return 1;
	for (int i = 1; i < count; i++)
		fwrite(words[i], 1, strlen(words[i]) + 1, file);
	return fclose(file) == 0 ? 0 : 1;
}

static bool
read_field(const char *word, char *ret)
{
	size_t len = 0;
	unsigned byte;

	if (word == NULL || *word != '.')
		return false;
	for (word++; len + 1 < FIELD_MAX && sscanf(word, "%2x", &byte) == 1; word += 2)
		ret[len++] = (char)byte;
	ret[len] = '\0';
	return *word == '\0';
}

static void
put(const char *bytes, size_t len)
{
	printf(" .");
	for (size_t i = 0; i < len; i++)
		printf("%02x", (unsigned char)bytes[i]);
}

static void
put_text(const char *text)
{
	put(text != NULL ? text : "", text != NULL ? strlen(text) : 0);
}

/* A connection over loopback, to a host that answers at the port of ident. */
static bool
connect_ends(int ret[2])
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ret[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&at, len) != 0 || listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&at, &len) != 0 ||
	    connect(ret[1], (struct sockaddr *)&at, len) != 0)
		return false;
	ret[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	return ret[0] >= 0;
}

static void
fill(struct request_info *request, const char *way, struct sockaddr_in *client, int fd)
{
	if (strcmp(way, "ident") == 0) {
		request_init(request, RQ_DAEMON, fields[DAEMON], RQ_FILE, fd, 0);
		sock_host(request);
	} else if (strcmp(way, "lookup") == 0) {
		client->sin_family = AF_INET;
		inet_pton(AF_INET, fields[ADDRESS], &client->sin_addr);
		request_init(request, RQ_DAEMON, fields[DAEMON], RQ_CLIENT_SIN, client, RQ_USER,
		    fields[USER], 0);
		sock_methods(request);
	} else {
		request_init(request, RQ_FILE, fd, RQ_DAEMON, fields[DAEMON], RQ_CLIENT_NAME,
		    fields[NAME], RQ_CLIENT_ADDR, fields[ADDRESS], RQ_SERVER_NAME, fields[NAME],
		    RQ_SERVER_ADDR, fields[ADDRESS], RQ_USER, fields[USER], 0);
	}
}

/* What ends the process. */
static pid_t
in_child(const char *way, struct request_info *request)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		resident = -1;
		if (strcmp(way, "twist") == 0)
			hosts_access(request);
		refuse(request);
	}
	waitpid(child, NULL, 0);
	return child;
}

/* Functions that programs may call with texts of their own. */
static bool
is_function(const char *way, struct request_info *request)
{
	if (strcmp(way, "percent") == 0) {
		setenv("V", percent_x(line, sizeof line, fields[TABLE], request), 1);
	} else if (strcmp(way, "warn") == 0) {
		tcpd_context.file = fields[TABLE];
		tcpd_context.line = 7;
		tcpd_warn("<%s>", fields[NAME]);
		tcpd_context.file = NULL;
	} else {
		return false;
	}
	return true;
}

static void
answer(const char *way)
{
	bool ends_process = strcmp(way, "twist") == 0 || strcmp(way, "refuse") == 0;
	struct request_info request;
	struct sockaddr_in client = {.sin_family = AF_UNSPEC};
	pid_t pid = getpid();
	int granted = 0, ends[2];
	ssize_t got;

	if (strcmp(way, "ident") == 0
	        ? !connect_ends(ends)
	        : socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		exit(2);
	unsetenv("V");
	hosts_allow_table = fields[TABLE];
	hosts_deny_table = nowhere;
	fill(&request, way, &client, ends[0]);
	if (ends_process)
		pid = in_child(way, &request);
	else if (is_function(way, &request))
		granted = 0;
	else if (strcmp(way, "ctl") == 0)
		granted = hosts_ctl(fields[DAEMON], fields[NAME], fields[ADDRESS], fields[USER]);
	else
		granted = hosts_access(&request);
	printf("%d %ld", granted, (long)pid);
	put_text(request.daemon);
	put_text(request.client->name);
	put_text(request.client->addr);
	put_text(request.user);
	put_text(getenv("V"));
	got = recv(ends[1], line, sizeof line, MSG_DONTWAIT);
	put(line, got > 0 ? (size_t)got : 0);
	putchar('\n');
	fflush(stdout);
	close(ends[0]);
	close(ends[1]);
}

int
main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "record") == 0)
		return record(argc - 2, argv + 2);
	openlog("bad", LOG_PID, LOG_DAEMON);
	hosts_access_verbose = 2;
	while (fgets(line, sizeof line, stdin) != NULL) {
		char *rest = line, *way = strsep(&rest, " \n");
		int count = 0;

		while (count < FIELDS && read_field(strsep(&rest, " \n"), fields[count]))
			count++;
		if (count != FIELDS)
			return 2;
		way = strdup(way); /* the line is written to */
		answer(way);
		free(way);
	}
	return 0;
}
