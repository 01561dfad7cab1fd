/*
 * NAME     naming - a program that decides more than once, and shows its resolver
 * PURPOSE  What decisions do to the settings of the thread's resolver, and to one another.
 * SEE      tests/e2e/0224-names-twice.py, which builds and starts it
 *
 * usage: naming DESCRIPTOR...   connections, of which the first is judged. Letters on standard input say
 *        what is done; the answer to each ends with a line of one dot:
 *        d, t: a decision, in this thread or a new one   n: a name, outside of any
 *        0-9: that connection from now on                T: all of them at a time
 *        c: hosts_ctl of a client without a name         m: decisions, and the bytes in use
 *        f: a fresh resolver's settings                  s: settings of the program's own
 *        l: no descriptor but for a table                o: the next free descriptor
 */
#include <errno.h>
#include <pthread.h>
#include <arpa/inet.h>
#include <malloc.h>
#include <resolv.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>

#include <tcpd.h>

enum { CONNECTIONS_MAX = 8, ROUNDS = 10 };

int allow_severity = LOG_INFO, deny_severity = LOG_WARNING;

static int connection, connections[CONNECTIONS_MAX], count;
static char answers[CONNECTIONS_MAX][ROUNDS][300];

static void
show(const char *when, const struct __res_state *s)
{
	printf("%s %d %d %lx %d %d", when, s->retrans, s->retry, (unsigned long)s->options,
	    s->nscount, s->ndots);
	for (int i = 0; i < s->nscount; i++)
		printf(
		    " %d/%s", s->nsaddr_list[i].sin_family, inet_ntoa(s->nsaddr_list[i].sin_addr));
	for (int i = 0; s->dnsrch[i] != NULL; i++)
		printf(" %s", s->dnsrch[i]);
	putchar('\n');
}

static void *
decide(void *unused)
{
	struct request_info request;
	struct __res_state before;
	int verdict;

	request_init(&request, RQ_DAEMON, "names", RQ_FILE, connection, 0);
	sock_host(&request);
	show("before", &_res);
	before = _res;
	errno = EDOM;
	verdict = hosts_access(&request);
	printf("%s %s%s\n", verdict ? "granted" : "refused", request.client->name,
	    errno == EDOM ? "" : " errno!");
	show("after", &_res);
	/* All settings; behind them is what the resolver knows of its sockets and its last query. */
	before.id = _res.id;
	if (before.retrans != 0 &&
	    memcmp(&before, &_res, offsetof(struct __res_state, res_h_errno)) != 0)
		puts("and other settings");
	return unused;
}

/* Of one client, again and again, beside the threads of others. */
static void *
decide_often(void *at)
{
	int *fd = at;

	for (int i = 0; i < ROUNDS; i++) {
		struct request_info request;

		request_init(&request, RQ_DAEMON, "names", RQ_FILE, *fd, 0);
		sock_host(&request);
		snprintf(answers[fd - connections][i], sizeof answers[0][0], "%s %s",
		    hosts_access(&request) ? "granted" : "refused", request.client->name);
	}
	return NULL;
}

/* All clients at a time; what each was told, and whatever else it was told. */
static void
decide_all(void)
{
	pthread_t threads[CONNECTIONS_MAX];

	for (int i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, decide_often, &connections[i]);
	for (int i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		for (int k = 1; k < ROUNDS; k++)
			if (strcmp(answers[i][0], answers[i][k]) != 0)
				printf("and %s\n", answers[i][k]);
		puts(answers[i][0]);
	}
}

static void
name(void)
{
	struct request_info request;
	const char *text;

	request_init(&request, RQ_DAEMON, "names", RQ_FILE, connection, 0);
	sock_host(&request);
	errno = EDOM;
	text = eval_hostname(request.client);
	printf("%s%s\n", text, errno == EDOM ? "" : " errno!");
}

static void
show_fresh(void)
{
	struct __res_state fresh;

	memset(&fresh, 0, sizeof fresh);
	res_ninit(&fresh);
	show("fresh", &fresh);
	res_nclose(&fresh);
}

static void
set_own(void)
{
	res_init();
	_res.retrans = 7;
	_res.retry = 4;
	_res.options |= RES_ROTATE | RES_IGNTC;
	show("own", &_res);
}

static void
decide_in_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, decide, NULL) == 0)
		pthread_join(thread, NULL);
}

static void
count_bytes(void)
{
	for (int i = 0; i < ROUNDS; i++)
		decide_often(&connections[i % count]);
	printf("%zu bytes\n", mallinfo2().uordblks);
}

/* Room for a table, and for nothing else. */
static void
limit_descriptors(void)
{
	int fd = dup(0);

	setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)fd + 1, (rlim_t)fd + 1});
	close(fd);
}

static void
show_descriptor(void)
{
	int fd = dup(0);

	printf("next descriptor %d\n", fd);
	close(fd);
}

static void
decide_here(void)
{
	decide(NULL);
}

static void
decide_without_name(void)
{
	puts(hosts_ctl("names", "unknown", "", "") ? "granted" : "refused");
}

static void (*const commands[])(void) = {
    ['d'] = decide_here,
    ['t'] = decide_in_thread,
    ['n'] = name,
    ['T'] = decide_all,
    ['c'] = decide_without_name,
    ['m'] = count_bytes,
    ['f'] = show_fresh,
    ['s'] = set_own,
    ['l'] = limit_descriptors,
    ['o'] = show_descriptor,
};

int
main(int argc, char **argv)
{
	int c;

	for (count = 0; count + 1 < argc && count < CONNECTIONS_MAX; count++)
		connections[count] = atoi(argv[count + 1]);
	connection = connections[0];
	openlog("names", LOG_PID, LOG_DAEMON);
	while ((c = getchar()) != EOF) {
		if (c >= '0' && c < '0' + count)
			connection = connections[c - '0'];
		else if ((size_t)c < sizeof commands / sizeof *commands && commands[c] != NULL)
			commands[c]();
		puts(".");
		fflush(stdout);
	}
	return 0;
}
