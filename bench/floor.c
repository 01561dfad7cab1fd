/*
 * NAME     floor - the least that a super-server can do
 * PURPOSE  Accept, say the given lines to syslog, start a program with the connection or close it:
 *          without a look at the client, the queue or the end of the program. What a super-server
 *          adds to this is its own.
 * SEE      bench/inetd.py
 *
 * usage: floor PORT PROGRAM|- [LINE...]
 * Until SIGTERM. Each LINE is one datagram to /dev/log for each connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BACKLOG = 128 };

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void
reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* Whoever waits for us learns what our children took only if we have waited for them. */
static void
end(int signal)
{
	(void)signal;
	reap();
	_exit(0);
}

static int
listener(const char *port)
{
	static const int on = 1;
	const struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_port = htons((in_port_t)strtoul(port, NULL, 10)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    bind(fd, (const struct sockaddr *)&at, sizeof at) < 0 || listen(fd, BACKLOG) < 0)
		fail("cannot listen");
	return fd;
}

static int
syslog_socket(void)
{
	const struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof at) < 0)
		fail("no /dev/log");
	return fd;
}

static void
spawn(char *program, int fd)
{
	char *words[] = {program, NULL};

	if (vfork() == 0) {
		for (int to = 0; to <= 2; to++)
			dup2(fd, to);
		execve(program, words, environ);
		_exit(127);
	}
	reap();
}

int
main(int argc, char **argv)
{
	int from, log = -1;

	if (argc < 3) {
		fprintf(stderr, "usage: floor PORT PROGRAM|- [LINE...]\n");
		return 2;
	}
	from = listener(argv[1]);
	if (argc > 3)
		log = syslog_socket();
	signal(SIGTERM, end);
	for (;;) {
		int fd = accept4(from, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			fail("cannot accept");
		for (int i = 3; i < argc; i++)
			send(log, argv[i], strlen(argv[i]), MSG_DONTWAIT);
		if (strcmp(argv[2], "-") != 0)
			spawn(argv[2], fd);
		close(fd);
	}
}
