/*
 * NAME     beside - replace tables, fork, and have children, while others ask
 * LIMITS   A child that has not decided within CHILD_WAIT_MS hangs.
 */
#include "beside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "decide.h"
#include "options.h"
#include "query.h"
#include "threads.h"

enum {
	CHILD_CALLS = 40,
	CHILD_WAIT_MS = 10000,
	PATH_BYTES = 512,
};

struct beside_counts beside_counts;

static void
pause_us(unsigned us)
{
	struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000L};

	nanosleep(&pause, NULL);
}

/* A new file with the content of another. */
static void
copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	char bytes[4096];
	ssize_t got;

	if (in < 0 || out < 0)
		threads_die(to);
	while ((got = read(in, bytes, sizeof bytes)) > 0) {
		if (write(out, bytes, (size_t)got) != got)
			threads_die(to);
	}
	close(in);
	close(out);
}

void *
beside_replace(void *arg)
{
	char fresh[PATH_BYTES];

	(void)arg;
	pthread_barrier_wait(&threads_start);
	for (unsigned turn = 1; !atomic_load(&threads_finished); turn++) {
		for (unsigned i = 0; i < options.swap_count; i++) {
			snprintf(fresh, sizeof fresh, "%s.new", options.swaps[i].target);
			copy_file(options.swaps[i].versions[turn % 2], fresh);
			if (rename(fresh, options.swaps[i].target) != 0)
				threads_die(options.swaps[i].target);
			atomic_fetch_add(&beside_counts.replaced, 1);
			pause_us(options.pause_us);
		}
	}
	return NULL;
}

/* Status of a child that ends in time, or -1. */
static int
wait_for(pid_t child)
{
	long deadline = threads_now_ms() + CHILD_WAIT_MS;
	int status;

	while (waitpid(child, &status, WNOHANG) == 0) {
		if (threads_now_ms() > deadline) {
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			return -1;
		}
		pause_us(200);
	}
	return status;
}

void *
beside_fork(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&threads_start);
	for (unsigned i = 0; i < options.forks; i++) {
		pid_t child = fork();
		int status;

		if (child < 0)
			threads_die("fork");
		if (child == 0) {
			atomic_store(&decide_wrong, 0);
			for (unsigned j = 0; j < CHILD_CALLS; j++)
				decide_query(query_pick(OPTIONS_THREADS_MAX + i, j), j);
			_exit(atomic_load(&decide_wrong) == 0 ? 0 : 1);
		}
		status = wait_for(child);
		atomic_fetch_add(&beside_counts.forked, 1);
		if (status == -1)
			atomic_fetch_add(&beside_counts.fork_hung, 1);
		else if (status != 0)
			atomic_fetch_add(&beside_counts.fork_wrong, 1);
	}
	return NULL;
}

/* A host without children waits for any child: there never is one. */
void *
beside_watch(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&threads_start);
	while (!atomic_load(&threads_finished)) {
		siginfo_t info;

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD)
			atomic_fetch_add(&beside_counts.seen, 1);
		pause_us(100);
	}
	return NULL;
}

/* A host with children of its own waits for any child: it is always the one that it made. */
void *
beside_make_children(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&threads_start);
	for (unsigned i = 0; i < options.children; i++) {
		int want = (int)(i % 100) + 1, status = 0;
		pid_t child = fork(), got;

		if (child < 0)
			threads_die("fork");
		if (child == 0)
			_exit(want);
		do
			got = waitpid(-1, &status, 0);
		while (got < 0 && errno == EINTR);
		if (got != child || !WIFEXITED(status) || WEXITSTATUS(status) != want)
			atomic_fetch_add(&beside_counts.reaped_wrong, 1);
	}
	return NULL;
}
