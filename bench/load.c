/*
 * NAME     load - connect as fast as a service lets us
 * PURPOSE  A number of clients, each of which connects, reads until the service closes, looks whether
 *          it got what it should, and connects anew.
 * LIMITS   CLIENTS_MAX, below the listen queue of an inetd: a full queue costs a second.
 * SEE      bench/tcpd.py
 *
 * usage: load PORT CLIENTS SECONDS CONNECTIONS REPLY <LOG-SOCKET
 * For SECONDS or until there were that many CONNECTIONS, whichever is less. Standard input is the
 * socket that syslog(3) writes to: it is read, since a full one would stop the services.
 * Prints: connections, wall ns in all, lines that came to the log.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	LOG = STDIN_FILENO,
	CLIENTS_MAX = 128,
	REPLY_MAX = 64,
	PATIENCE_MS = 20000, /* of all clients, for any sign of life */
};

struct client {
	char got[REPLY_MAX];
	size_t len;
};

/* What to do, and how far that is. The first of polled[] is the log. */
struct load {
	struct sockaddr_in to;
	nfds_t clients, open;
	double until_ns;
	long connections, started, lines;
	const char *reply;
	struct client client[CLIENTS_MAX];
	struct pollfd polled[CLIENTS_MAX + 1];
};

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* A new connection in this client's place; none, when it is time to end. */
static void
begin(struct load *load, nfds_t i)
{
	int fd = -1;

	if (load->started < load->connections && now_ns() < load->until_ns) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0 || connect(fd, (struct sockaddr *)&load->to, sizeof load->to) < 0)
			fail("cannot connect");
		load->started++;
		load->open++;
	}
	load->client[i].len = 0;
	load->polled[i + 1] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void
end(struct load *load, nfds_t i)
{
	const struct client *client = &load->client[i];

	if (client->len != strlen(load->reply) ||
	    memcmp(client->got, load->reply, client->len) != 0) {
		fprintf(stderr, "load: a client got \"%.*s\"\n", (int)client->len, client->got);
		exit(2);
	}
	close(load->polled[i + 1].fd);
	load->open--;
	begin(load, i);
}

static void
hear(struct load *load, nfds_t i)
{
	struct client *client = &load->client[i];
	ssize_t got = read(
	    load->polled[i + 1].fd, client->got + client->len, sizeof client->got - client->len);

	if (got < 0)
		fail("cannot read");
	if (got == 0)
		end(load, i);
	else
		client->len += (size_t)got;
}

static void
hear_log(struct load *load)
{
	char line[1024];

	while (recv(LOG, line, sizeof line, MSG_DONTWAIT) >= 0)
		load->lines++;
	if (errno != EAGAIN)
		fail("cannot read the log");
}

static void
run(struct load *load)
{
	load->polled[0] = (struct pollfd){.fd = LOG, .events = POLLIN};
	for (nfds_t i = 0; i < load->clients; i++)
		begin(load, i);
	while (load->open > 0) {
		int ready = poll(load->polled, load->clients + 1, PATIENCE_MS);

		if (ready == 0)
			errno = ETIMEDOUT;
		if (ready <= 0)
			fail("nothing happens");
		if (load->polled[0].revents != 0)
			hear_log(load);
		for (nfds_t i = 0; i < load->clients; i++) {
			if (load->polled[i + 1].revents != 0)
				hear(load, i);
		}
	}
	hear_log(load);
}

int
main(int argc, char **argv)
{
	static struct load load;
	double start = now_ns();

	if (argc != 6 || strtoul(argv[2], NULL, 10) > CLIENTS_MAX) {
		fprintf(stderr, "usage: load PORT CLIENTS SECONDS CONNECTIONS REPLY <LOG-SOCKET\n");
		return 2;
	}
	load.to = (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port = htons((in_port_t)strtoul(argv[1], NULL, 10)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	load.clients = strtoul(argv[2], NULL, 10);
	load.until_ns = start + strtod(argv[3], NULL) * 1e9;
	load.connections = strtol(argv[4], NULL, 10);
	load.reply = argv[5];
	run(&load);
	printf("%ld %.0f %ld\n", load.started, now_ns() - start, load.lines);
	return 0;
}
