/*
 * NAME     threads - many threads ask the library at once
 * PURPOSE  Each thread asks for verdicts that are known beforehand, about requests of its own, and
 *          compares verdict, texts and log lines. Beside them, if told so, tables are replaced,
 *          the process forks, and the host has children of its own.
 * INVARIANTS  What is expected comes from whoever wrote the queries; nothing here knows a policy.
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
#include "threads.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>

#define INET6
#include <tcpd.h>

#include "beside.h"
#include "decide.h"
#include "options.h"
#include "query.h"

pthread_barrier_t threads_start;
atomic_bool threads_finished;

static pthread_barrier_t end;
static atomic_uint granted_count, sigchld;
static unsigned raced; /* not atomic: see -x */

void
threads_die(const char *what)
{
	fprintf(stderr, "threads: %s: %s\n", what, strerror(errno));
	exit(2);
}

long
threads_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *
ask(void *arg)
{
	unsigned thread = (unsigned)(uintptr_t)arg, granted = 0;

	pthread_barrier_wait(&threads_start);
	for (unsigned i = 0; i < options.calls; i++)
		granted += decide_query(query_pick(thread, i), i);
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
		pthread_barrier_wait(&threads_start);
		line_up(round);
		decide_query(query_pick(thread, round), round);
		pthread_barrier_wait(&end);
	}
	return NULL;
}

/* ---- the run ---- */

static void
count_sigchld(int number)
{
	(void)number;
	atomic_fetch_add_explicit(&sigchld, 1, memory_order_relaxed);
}

static pthread_t
begin(void *(*function)(void *), unsigned number)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, function, (void *)(uintptr_t)number);

	if (error != 0) {
		errno = error;
		threads_die("pthread_create");
	}
	return thread;
}

static void
run(void)
{
	void *(*const beside[])(void *) = {options.forks > 0 ? beside_fork : NULL,
	    options.swap_count > 0 ? beside_replace : NULL, options.watch ? beside_watch : NULL,
	    options.children > 0 ? beside_make_children : NULL};
	enum { BESIDE = sizeof beside / sizeof *beside };
	pthread_t threads[OPTIONS_THREADS_MAX], others[BESIDE];
	unsigned count = options.threads;

	for (unsigned i = 0; i < BESIDE; i++)
		count += beside[i] != NULL;
	pthread_barrier_init(&threads_start, NULL, count);
	for (unsigned i = 0; i < options.threads; i++)
		threads[i] = begin(ask, i);
	for (unsigned i = 0; i < BESIDE; i++) {
		if (beside[i] != NULL)
			others[i] = begin(beside[i], 0);
	}
	for (unsigned i = 0; i < options.threads; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&threads_finished, true);
	for (unsigned i = 0; i < BESIDE; i++) {
		if (beside[i] != NULL)
			pthread_join(others[i], NULL);
	}
	pthread_barrier_destroy(&threads_start);
}

/* Returns how often the library has lost count of the decisions that it uses to tell a process that
 * goes on from one that serves a single client. */
static unsigned
run_rounds(void)
{
	pthread_t threads[OPTIONS_THREADS_MAX];
	unsigned lost = 0;

	pthread_barrier_init(&threads_start, NULL, options.threads + 1);
	pthread_barrier_init(&end, NULL, options.threads + 1);
	for (unsigned i = 0; i < options.threads; i++)
		threads[i] = begin(ask_first, i);
	for (unsigned round = 0; round < options.rounds; round++) {
		resident = -1;
		pthread_barrier_wait(&threads_start);
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
		putchar(decide_query(&query_list[i], (unsigned)i) ? '1' : '0');
	putchar('\n');
}

int
main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = count_sigchld, .sa_flags = SA_RESTART};
	unsigned lost = 0, left;
	long began;

	options_read(argc, argv);
	hosts_allow_table = options.allow;
	hosts_deny_table = options.deny;
	query_read_all(options.queries);
	if (options.real_syslog)
		decide_log_for_real();
	resident = 1;
	sigaction(SIGCHLD, &action, NULL);
	began = threads_now_ms();
	if (options.print)
		run_alone();
	else if (options.rounds > 0)
		lost = run_rounds();
	else
		run();
	began = threads_now_ms() - began;
	/* A rule's severity lasts until the next decision: this one, which no rule is about. */
	hosts_ctl("nobody", STRING_UNKNOWN, "203.0.113.1", STRING_UNKNOWN);
	left = waitpid(-1, NULL, WNOHANG | __WALL) != -1 || errno != ECHILD;
	printf("wrong=%u granted=%u ms=%ld replaced=%u forked=%u fork_wrong=%u fork_hung=%u seen=%u"
	       " reaped_wrong=%u sigchld=%u left=%u lost=%u severity=%d\n",
	    atomic_load(&decide_wrong), atomic_load(&granted_count), began,
	    atomic_load(&beside_counts.replaced), atomic_load(&beside_counts.forked),
	    atomic_load(&beside_counts.fork_wrong), atomic_load(&beside_counts.fork_hung),
	    atomic_load(&beside_counts.seen), atomic_load(&beside_counts.reaped_wrong),
	    atomic_load(&sigchld), left, lost,
	    allow_severity == LOG_INFO && deny_severity == LOG_WARNING ? 0 : 1);
	return atomic_load(&decide_wrong) == 0 ? 0 : 1;
}
