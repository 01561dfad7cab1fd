/*
 * NAME     load - connect as fast as a service lets us, or as often as asked
 * PURPOSE  A number of clients, each of which connects, may say something and end its half, reads until
 *          the service closes, looks whether it got what it should, and connects anew.
 * LIMITS   CLIENTS_MAX; a queue that is shorter than the clients are many costs them a second.
 * SEE      bench/corner.py
 *
 * usage: load [-c CLIENTS] [-t SECONDS] [-n CONNECTIONS] [-p PER-SECOND] [-a SOURCES] [-s TEXT]
 *             [-r REPLY] PORT <LOG-SOCKET
 * For SECONDS or until there were that many CONNECTIONS, whichever is less; from as many addresses of
 * 127.1.0.0/16, or from 127.0.0.1. Without -r any reply will do, but one there must be; where -r is
 * empty, a reset is as good as an end. Standard input is the socket that syslog(3) writes to: it is
 * read, since a full one would stop the services. What is no socket is left alone.
 * Prints: connections, wall ns in all, lines that came to the log, and ns from connect to end: median,
 * 99th percentile, worst.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	LOG = STDIN_FILENO,
	CLIENTS_MAX = 4096,
	EVENTS_AT_ONCE = 256,
	REPLY_MAX = 64,
	SOURCES_MAX = 65534,
	SOURCES_FIRST = 0x7f010001, /* 127.1.0.1 */
	PATIENCE_MS = 20000, /* of all clients, for any sign of life */
	/* A time is kept in STEPS steps between two powers of two: to less than a hundredth. */
	STEPS_LOG2 = 7,
	STEPS = 1 << STEPS_LOG2,
	POWERS = 64 - STEPS_LOG2,
};

struct client {
	int fd;
	bool has_spoken;
	int64_t begin_ns;
	size_t len;
	char got[REPLY_MAX];
};

/* What to do, and how far that is. */
struct load {
	struct sockaddr_in to;
	long clients, connections, per_second, sources;
	int64_t start_ns, length_ns;
	const char *text, *reply; /* NULL: nothing is said; anything will do */
	int epoll_fd;
	long started, open, lines, worst_ns;
	long times[POWERS * STEPS];
	struct client *idle[CLIENTS_MAX]; /* the first clients - open of them */
	struct client client[CLIENTS_MAX];
};

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void
note_time(struct load *load, int64_t ns)
{
	uint64_t value = (uint64_t)ns | STEPS;
	int power = 63 - __builtin_clzll(value) - STEPS_LOG2;

	load->times[power * STEPS + (int)(value >> power & (STEPS - 1))]++;
	if (ns > load->worst_ns)
		load->worst_ns = ns;
}

/* What that part of all connections did not take longer than. */
static int64_t
percentile(const struct load *load, double part)
{
	long left = (long)(part * (double)load->started);

	for (int i = 0; i < POWERS * STEPS; i++) {
		left -= load->times[i];
		if (left < 0)
			return (int64_t)(STEPS | (i & (STEPS - 1))) << (i >> STEPS_LOG2);
	}
	return load->worst_ns;
}

static void
watch(struct load *load, struct client *client, int how, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = client};

	if (epoll_ctl(load->epoll_fd, how, client->fd, &event) < 0)
		fail("cannot watch a client");
}

/* So many sources in turn; the kernel chooses the port when it knows where to. */
static void
bind_source(const struct load *load, int fd)
{
	static const int on = 1;
	struct sockaddr_in from = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl((in_addr_t)(SOURCES_FIRST + load->started % load->sources))};

	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) < 0 ||
	    bind(fd, (struct sockaddr *)&from, sizeof from) < 0)
		fail("cannot bind");
}

/* False: the connection is not there yet. */
static bool
speak(const struct load *load, struct client *client)
{
	size_t len = strlen(load->text);
	ssize_t sent = send(client->fd, load->text, len, MSG_NOSIGNAL);

	if (sent < 0 && errno == EAGAIN)
		return false;
	client->has_spoken = true;
	/* Whoever refuses may have gone already: what it said, and whether, shows at the end. */
	if (sent >= 0 && shutdown(client->fd, SHUT_WR) < 0 && errno != ENOTCONN)
		fail("cannot end a half");
	return true;
}

static void
begin(struct load *load)
{
	struct client *client = load->idle[load->clients - ++load->open];

	*client = (struct client){.begin_ns = now_ns(), .has_spoken = load->text == NULL};
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (client->fd < 0)
		fail("no socket");
	if (load->sources > 0)
		bind_source(load, client->fd);
	if (connect(client->fd, (struct sockaddr *)&load->to, sizeof load->to) < 0 &&
	    errno != EINPROGRESS)
		fail("cannot connect");
	load->started++;
	if (client->has_spoken || speak(load, client))
		watch(load, client, EPOLL_CTL_ADD, EPOLLIN);
	else
		watch(load, client, EPOLL_CTL_ADD, EPOLLOUT);
}

static void
end(struct load *load, struct client *client)
{
	bool is_right = load->reply == NULL ? client->len > 0
	                                    : client->len == strlen(load->reply) &&
	        memcmp(client->got, load->reply, client->len) == 0;

	if (!is_right) {
		fprintf(stderr, "load: a client got \"%.*s\"\n", (int)client->len, client->got);
		exit(2);
	}
	note_time(load, now_ns() - client->begin_ns);
	close(client->fd);
	load->idle[load->clients - load->open--] = client;
}

static void
hear(struct load *load, struct client *client)
{
	for (;;) {
		ssize_t got = read(client->fd, client->got + client->len, REPLY_MAX - client->len);

		if (got > 0) {
			client->len += (size_t)got;
			continue;
		}
		if (got < 0 && errno == EAGAIN)
			return;
		if (got < 0 && (errno != ECONNRESET || load->reply == NULL || *load->reply != '\0'))
			fail("cannot read");
		end(load, client);
		return;
	}
}

static void
attend(struct load *load, struct client *client)
{
	if (client->has_spoken)
		hear(load, client);
	else if (speak(load, client))
		watch(load, client, EPOLL_CTL_MOD, EPOLLIN);
}

static void
hear_log(struct load *load)
{
	char line[1024];

	while (recv(LOG, line, sizeof line, MSG_DONTWAIT) >= 0)
		load->lines++;
	if (errno != EAGAIN && errno != ENOTSOCK)
		fail("cannot read the log");
}

/* Those that are due. Ns until the next is; -1: none is to come before one has ended. */
static int64_t
begin_due(struct load *load)
{
	while (load->open < load->clients && load->started < load->connections) {
		int64_t now = now_ns() - load->start_ns, due = 0;

		if (load->per_second > 0)
			due = (int64_t)((double)load->started / (double)load->per_second * 1e9);
		if (now >= load->length_ns || due >= load->length_ns)
			return -1;
		if (due > now)
			return due - now;
		begin(load);
	}
	return -1;
}

static void
run(struct load *load)
{
	struct epoll_event events[EVENTS_AT_ONCE], log = {.events = EPOLLIN};
	int64_t left_ns;

	if (epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, LOG, &log) < 0 && errno != EPERM)
		fail("cannot watch the log");
	while ((left_ns = begin_due(load)) >= 0 || load->open > 0) {
		struct timespec wait = {.tv_sec = PATIENCE_MS / 1000};
		int ready;

		if (left_ns >= 0)
			wait = (struct timespec){left_ns / 1000000000, left_ns % 1000000000};
		ready = epoll_pwait2(load->epoll_fd, events, EVENTS_AT_ONCE, &wait, NULL);
		if (ready == 0 && left_ns < 0)
			errno = ETIMEDOUT;
		if (ready < 0 || (ready == 0 && left_ns < 0))
			fail("nothing happens");
		for (int i = 0; i < ready; i++) {
			if (events[i].data.ptr == NULL)
				hear_log(load);
			else
				attend(load, events[i].data.ptr);
		}
	}
	hear_log(load);
}

static bool
read_options(struct load *load, int argc, char **argv)
{
	double seconds = 1e9;

	for (int flag; (flag = getopt(argc, argv, "c:t:n:p:a:s:r:")) != -1;) {
		switch (flag) {
		case 'c':
			load->clients = strtol(optarg, NULL, 10);
			break;
		case 't':
			seconds = strtod(optarg, NULL);
			break;
		case 'n':
			load->connections = strtol(optarg, NULL, 10);
			break;
		case 'p':
			load->per_second = strtol(optarg, NULL, 10);
			break;
		case 'a':
			load->sources = strtol(optarg, NULL, 10);
			break;
		case 's':
			load->text = optarg;
			break;
		case 'r':
			load->reply = optarg;
			break;
		default:
			return false;
		}
	}
	load->length_ns = (int64_t)(seconds * 1e9);
	return optind == argc - 1 && load->clients > 0 && load->clients <= CLIENTS_MAX &&
	    load->sources >= 0 && load->sources <= SOURCES_MAX;
}

int
main(int argc, char **argv)
{
	static struct load load = {.clients = 1, .connections = INT64_MAX};

	if (!read_options(&load, argc, argv)) {
		fprintf(stderr,
		    "usage: load [-c CLIENTS] [-t SECONDS] [-n CONNECTIONS] [-p PER-SECOND] "
		    "[-a SOURCES] [-s TEXT] [-r REPLY] PORT <LOG-SOCKET\n");
		return 2;
	}
	load.to = (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port = htons((in_port_t)strtoul(argv[optind], NULL, 10)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	for (long i = 0; i < load.clients; i++)
		load.idle[i] = &load.client[i];
	load.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	load.start_ns = now_ns();
	run(&load);
	printf("%ld %lld %ld %lld %lld %ld\n", load.started, (long long)(now_ns() - load.start_ns),
	    load.lines, (long long)percentile(&load, 0.5), (long long)percentile(&load, 0.99),
	    load.worst_ns);
	return 0;
}
