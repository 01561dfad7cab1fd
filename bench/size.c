/*
 * NAME     size - what decisions by a table cost, whatever its size
 * PURPOSE  A large table is read once, and then asked for several clients in several ways: commands come
 *          on the standard input, a line each, and each is answered by a line.
 * SEE      bench/size.py, which starts one for each library and alternates them
 *
 * usage: size ALLOW DENY, and then lines of four words (NAME "-": it is not given)
 *        load N ADDR NAME       N decisions; the cost is that of all of them
 *        resident MS ADDR NAME  decisions for that many milliseconds, one at least
 *        edited N ADDR NAME     before each of N decisions ALLOW.0, ALLOW.1 ... becomes ALLOW
 *        count N ADDR NAME      N decisions between two getppid(2), for strace
 *        oneshot N ADDR NAME    a process (once, beside it) for each decision
 * answers: verdict, decisions, wall ns and CPU ns a decision, peak RSS in KiB
 */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decision.h"

extern char **environ;

enum { COMMAND_MAX = 512, WORD_MAX = 128 };

struct job {
	const char *program; /* this one */
	long amount;
	char *addr, *name;
	/* What it came to. */
	int granted;
	long decisions;
	double wall_ns, cpu_ns; /* of all */
	long rss_kib;
};

static void
take(struct job *job)
{
	job->granted = decide(job->addr, job->name);
	job->decisions++;
}

/* Since exec: what rusage has includes whoever started this. */
static long
own_peak_kib(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[WORD_MAX];
	long kib = 0;

	while (status != NULL && kib == 0 && fgets(line, sizeof line, status) != NULL)
		if (sscanf(line, "VmHWM: %ld", &kib) != 1)
			kib = 0;
	if (status != NULL)
		fclose(status);
	return kib;
}

/* Of the children, or of this one, if it was larger when it started them. */
static long
children_peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return usage.ru_maxrss;
}

static int
run_load(struct job *job)
{
	double start = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);

	for (long i = 0; i < job->amount; i++)
		take(job);
	job->cpu_ns = (now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) * (double)job->amount;
	job->wall_ns = (now_ns(CLOCK_MONOTONIC) - start) * (double)job->amount;
	return 0;
}

static int
run_resident(struct job *job)
{
	double start = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	double end = start + (double)job->amount * second_ns / 1e3;

	do
		take(job);
	while (now_ns(CLOCK_MONOTONIC) < end);
	job->cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	job->wall_ns = now_ns(CLOCK_MONOTONIC) - start;
	return 0;
}

static int
run_edited(struct job *job)
{
	char edited[PATH_MAX];

	for (long i = 0; i < job->amount; i++) {
		double start, cpu;

		snprintf(edited, sizeof edited, "%s.%ld", hosts_allow_table, i);
		if (rename(edited, hosts_allow_table) != 0) {
			perror(edited);
			return -1;
		}
		start = now_ns(CLOCK_MONOTONIC);
		cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
		take(job);
		job->cpu_ns += now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
		job->wall_ns += now_ns(CLOCK_MONOTONIC) - start;
	}
	return 0;
}

static int
run_count(struct job *job)
{
	getppid();
	for (long i = 0; i < job->amount; i++)
		take(job);
	getppid();
	return 0;
}

static int
run_oneshot(struct job *job)
{
	char once[PATH_MAX];
	char *child[] = {once, hosts_allow_table, hosts_deny_table, job->addr, job->name, NULL};
	const char *slash = strrchr(job->program, '/');
	double start = now_ns(CLOCK_MONOTONIC), cpu = children_ns();

	snprintf(once, sizeof once, "%.*sonce", slash != NULL ? (int)(slash - job->program) + 1 : 0,
	    job->program);
	for (; job->decisions < job->amount; job->decisions++) {
		pid_t pid;
		int status;

		errno = posix_spawn(&pid, once, NULL, NULL, child, environ);
		if (errno != 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
			perror(once);
			return -1;
		}
		job->granted = WEXITSTATUS(status) == 0;
	}
	job->cpu_ns = children_ns() - cpu;
	job->wall_ns = now_ns(CLOCK_MONOTONIC) - start;
	job->rss_kib = children_peak_kib();
	return 0;
}

static const struct mode {
	const char *name;
	int (*run)(struct job *);
} modes[] = {
    {"load", run_load},
    {"resident", run_resident},
    {"edited", run_edited},
    {"count", run_count},
    {"oneshot", run_oneshot},
};

/* 0, or -1: there is no such command, or it failed. */
static int
obey(const char *program, const char *command)
{
	char mode[WORD_MAX], addr[WORD_MAX], name[WORD_MAX];
	struct job job = {.program = program, .addr = addr};
	size_t at = 0;

	if (sscanf(command, "%127s %ld %127s %127s", mode, &job.amount, addr, name) != 4)
		return -1;
	job.name = strcmp(name, "-") != 0 ? name : NULL;
	while (at < sizeof modes / sizeof modes[0] && strcmp(mode, modes[at].name) != 0)
		at++;
	if (at == sizeof modes / sizeof modes[0] || modes[at].run(&job) != 0)
		return -1;
	if (job.rss_kib == 0)
		job.rss_kib = own_peak_kib();
	printf("%s %ld %.0f %.0f %ld\n", job.granted ? "granted" : "denied", job.decisions,
	    job.wall_ns / (double)job.decisions, job.cpu_ns / (double)job.decisions, job.rss_kib);
	return fflush(stdout);
}

int
main(int argc, char **argv)
{
	char command[COMMAND_MAX];

	if (argc != 3) {
		fprintf(stderr, "usage: size ALLOW DENY <COMMANDS\n");
		return 2;
	}
	hosts_allow_table = argv[1];
	hosts_deny_table = argv[2];
	while (fgets(command, sizeof command, stdin) != NULL) {
		if (obey(argv[0], command) != 0) {
			fprintf(stderr, "size: cannot do: %s", command);
			return 2;
		}
	}
	return 0;
}
