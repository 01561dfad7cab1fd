/*
 * NAME     threads - many threads ask the library at once
 * PURPOSE  Each thread asks for verdicts that are known beforehand, about requests of its own, and
 *          compares verdict, texts and log lines. Beside them, if told so, tables are replaced,
 *          the process forks, and the host has children of its own.
 * INVARIANTS  What is expected comes from whoever wrote the queries; nothing here knows a policy.
 *          The library logs through the functions here: they stand in front of libc's.
 * LIMITS   A child that has not decided within CHILD_WAIT_MS hangs.
 * SEE      tests/compat/0120-threads.py
 *
 * usage: threads [-t THREADS] [-n CALLS] [-l] [-s] [-v] [-x] [-f FORKS] [-c] [-k CHILDREN]
 *                [-r ROUNDS] [-p MICROSECONDS] [-w TARGET=ONE,TWO]... ALLOW DENY QUERIES
 *        -l  log lines are known, too      -s  log by the real syslog
 *        -v  print each verdict            -f  fork so often meanwhile; the children decide
 *        -c  watch for children that the host never made
 *        -x  the threads race with each other, on purpose, for a sanitizer to see
 *        -k  make and reap so many children of the host meanwhile
 *        -r  instead of CALLS: so often, all threads decide once, as the first ones of a process
 *        -w  replace TARGET by copies of ONE and TWO in turn, with a pause of -p between
 *
 * A query is a line of twelve fields that end in tabs or the newline, "-" for none: verdict, line
 * that logs name ("0" no log, "N" line N, "?N" line N or no log, "-" any), what eval_client and
 * eval_server are to say afterwards, daemon, user, client name and address, the client's socket
 * (ADDRESS,PORT), server name and address, the server's socket. The answer is one line of
 * NAME=NUMBER; status 0 if nothing was wrong.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define INET6
#include <tcpd.h>

#define EXPORTED __attribute__((visibility("default")))

enum {
	THREADS_MAX = 64,
	SWAPS_MAX = 4,
	FIELDS = 12,
	LINE_BYTES = 2048,
	TELL_MAX = 10, /* of what is wrong; the rest is counted */
	CHILD_CALLS = 40,
	CHILD_WAIT_MS = 10000,
	PATH_BYTES = 512,
};

enum log_rule { LOG_ANY, LOG_NONE, LOG_LINE, LOG_MAYBE };

struct query {
	char *client, *server, *daemon, *user, *name, *addr, *server_name, *server_addr;
	struct sockaddr_storage ends[2];
	bool has_end[2];
	bool granted;
	enum log_rule log;
	int line;
};

/* A file that is replaced over and over. */
struct swap {
	const char *target, *versions[2];
};

static struct query *queries;
static size_t query_count;
static struct swap swaps[SWAPS_MAX];
static unsigned swap_count;

static struct {
	unsigned threads, calls, forks, children, rounds, pause_us;
	bool check_logs, real_syslog, print, watch, race;
} options = {.threads = 8, .calls = 1000, .pause_us = 1000};

static atomic_uint wrong, granted_count, replaced, forked, fork_wrong, fork_hung, seen,
    reaped_wrong;
static atomic_uint sigchld;
static atomic_bool finished;
static unsigned raced; /* not atomic: see -x */
static pthread_barrier_t start, end;

static void
die(const char *what)
{
	fprintf(stderr, "threads: %s: %s\n", what, strerror(errno));
	exit(2);
}

static long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
pause_us(unsigned us)
{
	struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000L};

	nanosleep(&pause, NULL);
}

/* ---- what stands in front of libc ---- */

/* What the library has logged in this thread since it was emptied. */
static _Thread_local struct {
	unsigned lines;
	int named, last; /* line numbers in them: how many, and which */
	bool mixed;      /* not all the same */
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

/* Named apart in C, because a fortified <syslog.h> makes inline functions of the names. */
EXPORTED void front_syslog(int, const char *, ...) __asm__("syslog");
EXPORTED void front_syslog_chk(int, int, const char *, ...) __asm__("__syslog_chk");
EXPORTED void front_vsyslog_chk(int, int, const char *, va_list) __asm__("__vsyslog_chk");
void real_vsyslog(int, const char *, va_list) __asm__("vsyslog");

__attribute__((format(printf, 2, 0))) static void
front(int priority, const char *format, va_list args)
{
	if (options.real_syslog)
		real_vsyslog(priority, format, args);
	else
		hear(format, args);
}

__attribute__((format(printf, 2, 3))) void
front_syslog(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	front(priority, format, args);
	va_end(args);
}

__attribute__((format(printf, 3, 4))) void
front_syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	front(priority, format, args);
	va_end(args);
}

__attribute__((format(printf, 3, 0))) void
front_vsyslog_chk(int priority, int flag, const char *format, va_list args)
{
	(void)flag;
	front(priority, format, args);
}

/* ---- queries ---- */

static char *
keep(const char *text)
{
	char *copy = strcmp(text, "-") == 0 ? NULL : strdup(text);

	if (copy == NULL && strcmp(text, "-") != 0)
		die("strdup");
	return copy;
}

static bool
read_end(const char *text, struct sockaddr_storage *ret)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ret;
	char addr[INET6_ADDRSTRLEN];
	const char *comma = strchr(text, ',');
	in_port_t port;

	if (comma == NULL)
		return false;
	snprintf(addr, sizeof addr, "%.*s", (int)(comma - text), text);
	port = htons((in_port_t)strtoul(comma + 1, NULL, 10));
	if (inet_pton(AF_INET, addr, &sin->sin_addr) == 1) {
		sin->sin_family = AF_INET;
		sin->sin_port = port;
		return true;
	}
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = port;
	return inet_pton(AF_INET6, addr, &sin6->sin6_addr) == 1;
}

static enum log_rule
read_log_rule(const char *text, int *ret_line)
{
	bool maybe = *text == '?';

	if (*text == '-')
		return LOG_ANY;
	*ret_line = (int)strtol(text + maybe, NULL, 10);
	return maybe ? LOG_MAYBE : *ret_line == 0 ? LOG_NONE : LOG_LINE;
}

static void
read_query(char *line, struct query *ret)
{
	char *fields[FIELDS], *rest = line;

	for (unsigned i = 0; i < FIELDS; i++) {
		fields[i] = strsep(&rest, "\t\n");
		if (fields[i] == NULL || *fields[i] == '\0') {
			fprintf(stderr, "threads: a query has too few fields\n");
			exit(2);
		}
	}
	ret->granted = *fields[0] == '1';
	ret->log = read_log_rule(fields[1], &ret->line);
	ret->client = keep(fields[2]);
	ret->server = keep(fields[3]);
	ret->daemon = keep(fields[4]);
	ret->user = keep(fields[5]);
	ret->name = keep(fields[6]);
	ret->addr = keep(fields[7]);
	ret->has_end[0] = read_end(fields[8], &ret->ends[0]);
	ret->server_name = keep(fields[9]);
	ret->server_addr = keep(fields[10]);
	ret->has_end[1] = read_end(fields[11], &ret->ends[1]);
}

static void
read_queries(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[LINE_BYTES];
	size_t size = 0;

	if (file == NULL)
		die(path);
	while (fgets(line, sizeof line, file) != NULL) {
		if (query_count == size) {
			size = size == 0 ? 1024 : size * 2;
			queries = realloc(queries, size * sizeof *queries);
			if (queries == NULL)
				die("realloc");
		}
		memset(&queries[query_count], 0, sizeof *queries);
		read_query(line, &queries[query_count++]);
	}
	fclose(file);
	if (query_count == 0) {
		fprintf(stderr, "threads: no queries\n");
		exit(2);
	}
}

/* ---- one decision ---- */

static void
tell(const struct query *query, const char *what, const char *got, const char *want)
{
	if (atomic_fetch_add(&wrong, 1) < TELL_MAX)
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

/* Each second one that can be is asked by hosts_ctl. Returns the verdict. */
static bool
decide(struct query *query, unsigned number)
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

/* ---- threads that ask ---- */

/* Each goes its own way through the queries. */
static struct query *
pick(unsigned thread, unsigned number)
{
	uint64_t x = (uint64_t)thread << 32 | number;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9; /* the mixer of splitmix64 */
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return &queries[(x ^ x >> 31) % query_count];
}

static void *
ask(void *arg)
{
	unsigned thread = (unsigned)(uintptr_t)arg, granted = 0;

	pthread_barrier_wait(&start);
	for (unsigned i = 0; i < options.calls; i++)
		granted += decide(pick(thread, i), i);
	if (options.race)
		raced++;
	atomic_fetch_add(&granted_count, granted);
	return NULL;
}

/* Leave at the same instant, as far as there are processors: a barrier wakes one by one. */
static void
line_up(unsigned round)
{
	static atomic_uint ready;

	atomic_fetch_add(&ready, 1);
	while (atomic_load(&ready) < options.threads * (round + 1))
		sched_yield();
}

/* All at once, and each once, as if the process had not decided before. */
static void *
ask_first(void *arg)
{
	unsigned thread = (unsigned)(uintptr_t)arg;

	for (unsigned round = 0; round < options.rounds; round++) {
		pthread_barrier_wait(&start);
		line_up(round);
		decide(pick(thread, round), round);
		pthread_barrier_wait(&end);
	}
	return NULL;
}

/* ---- what goes on beside them ---- */

/* A new file with the content of another. */
static void
copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	char bytes[4096];
	ssize_t got;

	if (in < 0 || out < 0)
		die(to);
	while ((got = read(in, bytes, sizeof bytes)) > 0) {
		if (write(out, bytes, (size_t)got) != got)
			die(to);
	}
	close(in);
	close(out);
}

static void *
replace(void *arg)
{
	char fresh[PATH_BYTES];

	(void)arg;
	pthread_barrier_wait(&start);
	for (unsigned turn = 1; !atomic_load(&finished); turn++) {
		for (unsigned i = 0; i < swap_count; i++) {
			snprintf(fresh, sizeof fresh, "%s.new", swaps[i].target);
			copy_file(swaps[i].versions[turn % 2], fresh);
			if (rename(fresh, swaps[i].target) != 0)
				die(swaps[i].target);
			atomic_fetch_add(&replaced, 1);
			pause_us(options.pause_us);
		}
	}
	return NULL;
}

/* Status of a child that ends in time, or -1. */
static int
wait_for(pid_t child)
{
	long deadline = now_ms() + CHILD_WAIT_MS;
	int status;

	while (waitpid(child, &status, WNOHANG) == 0) {
		if (now_ms() > deadline) {
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			return -1;
		}
		pause_us(200);
	}
	return status;
}

static void *
fork_often(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&start);
	for (unsigned i = 0; i < options.forks; i++) {
		pid_t child = fork();
		int status;

		if (child < 0)
			die("fork");
		if (child == 0) {
			atomic_store(&wrong, 0);
			for (unsigned j = 0; j < CHILD_CALLS; j++)
				decide(pick(THREADS_MAX + i, j), j);
			_exit(atomic_load(&wrong) == 0 ? 0 : 1);
		}
		status = wait_for(child);
		atomic_fetch_add(&forked, 1);
		if (status == -1)
			atomic_fetch_add(&fork_hung, 1);
		else if (status != 0)
			atomic_fetch_add(&fork_wrong, 1);
	}
	return NULL;
}

/* A host without children waits for any child: there never is one. */
static void *
watch(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&start);
	while (!atomic_load(&finished)) {
		siginfo_t info;

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD)
			atomic_fetch_add(&seen, 1);
		pause_us(100);
	}
	return NULL;
}

/* A host with children of its own waits for any child: it is always the one that it made. */
static void *
make_children(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&start);
	for (unsigned i = 0; i < options.children; i++) {
		int want = (int)(i % 100) + 1, status = 0;
		pid_t child = fork(), got;

		if (child < 0)
			die("fork");
		if (child == 0)
			_exit(want);
		do
			got = waitpid(-1, &status, 0);
		while (got < 0 && errno == EINTR);
		if (got != child || !WIFEXITED(status) || WEXITSTATUS(status) != want)
			atomic_fetch_add(&reaped_wrong, 1);
	}
	return NULL;
}

static void
count_sigchld(int number)
{
	(void)number;
	atomic_fetch_add_explicit(&sigchld, 1, memory_order_relaxed);
}

/* ---- the run ---- */

static pthread_t
begin(void *(*function)(void *), unsigned number)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, function, (void *)(uintptr_t)number);

	if (error != 0) {
		errno = error;
		die("pthread_create");
	}
	return thread;
}

static void
run(void)
{
	void *(*const beside[])(void *) = {options.forks > 0 ? fork_often : NULL,
	    swap_count > 0 ? replace : NULL, options.watch ? watch : NULL,
	    options.children > 0 ? make_children : NULL};
	enum { BESIDE = sizeof beside / sizeof *beside };
	pthread_t threads[THREADS_MAX], others[BESIDE];
	unsigned count = options.threads;

	for (unsigned i = 0; i < BESIDE; i++)
		count += beside[i] != NULL;
	pthread_barrier_init(&start, NULL, count);
	for (unsigned i = 0; i < options.threads; i++)
		threads[i] = begin(ask, i);
	for (unsigned i = 0; i < BESIDE; i++) {
		if (beside[i] != NULL)
			others[i] = begin(beside[i], 0);
	}
	for (unsigned i = 0; i < options.threads; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&finished, true);
	for (unsigned i = 0; i < BESIDE; i++) {
		if (beside[i] != NULL)
			pthread_join(others[i], NULL);
	}
	pthread_barrier_destroy(&start);
}

/* Returns how often the library has lost count of the decisions that it uses to tell a process that
 * goes on from one that serves a single client. */
static unsigned
run_rounds(void)
{
	pthread_t threads[THREADS_MAX];
	unsigned lost = 0;

	pthread_barrier_init(&start, NULL, options.threads + 1);
	pthread_barrier_init(&end, NULL, options.threads + 1);
	for (unsigned i = 0; i < options.threads; i++)
		threads[i] = begin(ask_first, i);
	for (unsigned round = 0; round < options.rounds; round++) {
		resident = -1;
		pthread_barrier_wait(&start);
		pthread_barrier_wait(&end);
		lost += resident <= 0;
	}
	for (unsigned i = 0; i < options.threads; i++)
		pthread_join(threads[i], NULL);
	return lost;
}

/* Once around, in order. */
static void
run_alone(void)
{
	for (size_t i = 0; i < query_count; i++)
		putchar(decide(&queries[i], (unsigned)i) ? '1' : '0');
	putchar('\n');
}

static void
add_swap(char *text)
{
	struct swap *swap = &swaps[swap_count];
	char *equals = strchr(text, '='), *comma = strchr(text, ',');

	if (swap_count == SWAPS_MAX || equals == NULL || comma == NULL || comma < equals) {
		fprintf(stderr, "threads: -w TARGET=ONE,TWO\n");
		exit(2);
	}
	*equals = *comma = '\0';
	*swap = (struct swap){text, {equals + 1, comma + 1}};
	swap_count++;
}

static void
read_options(int argc, char **argv)
{
	int letter;

	while ((letter = getopt(argc, argv, "t:n:lsvxf:ck:r:p:w:")) != -1) {
		unsigned value = optarg != NULL ? (unsigned)strtoul(optarg, NULL, 10) : 1;

		switch (letter) {
		case 't':
			options.threads = value;
			break;
		case 'n':
			options.calls = value;
			break;
		case 'l':
			options.check_logs = true;
			break;
		case 's':
			options.real_syslog = true;
			break;
		case 'v':
			options.print = true;
			break;
		case 'x':
			options.race = true;
			break;
		case 'f':
			options.forks = value;
			break;
		case 'c':
			options.watch = true;
			break;
		case 'k':
			options.children = value;
			break;
		case 'r':
			options.rounds = value;
			break;
		case 'p':
			options.pause_us = value;
			break;
		case 'w':
			add_swap(optarg);
			break;
		default:
			exit(2);
		}
	}
	if (argc - optind != 3 || options.threads < 1 || options.threads > THREADS_MAX) {
		fprintf(stderr, "usage: threads [option...] ALLOW DENY QUERIES\n");
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = count_sigchld, .sa_flags = SA_RESTART};
	unsigned lost = 0, left;
	long began;

	read_options(argc, argv);
	hosts_allow_table = argv[optind];
	hosts_deny_table = argv[optind + 1];
	read_queries(argv[optind + 2]);
	resident = 1;
	sigaction(SIGCHLD, &action, NULL);
	began = now_ms();
	if (options.print)
		run_alone();
	else if (options.rounds > 0)
		lost = run_rounds();
	else
		run();
	began = now_ms() - began;
	/* A rule's severity lasts until the next decision: this one, which no rule is about. */
	hosts_ctl("nobody", STRING_UNKNOWN, "203.0.113.1", STRING_UNKNOWN);
	left = waitpid(-1, NULL, WNOHANG | __WALL) != -1 || errno != ECHILD;
	printf("wrong=%u granted=%u ms=%ld replaced=%u forked=%u fork_wrong=%u fork_hung=%u seen=%u"
	       " reaped_wrong=%u sigchld=%u left=%u lost=%u severity=%d\n",
	    atomic_load(&wrong), atomic_load(&granted_count), began, atomic_load(&replaced),
	    atomic_load(&forked), atomic_load(&fork_wrong), atomic_load(&fork_hung),
	    atomic_load(&seen), atomic_load(&reaped_wrong), atomic_load(&sigchld), left, lost,
	    allow_severity == LOG_INFO && deny_severity == LOG_WARNING ? 0 : 1);
	return atomic_load(&wrong) == 0 ? 0 : 1;
}
