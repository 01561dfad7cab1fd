/*
 * NAME     decide - what one decision costs
 * PURPOSE  The same loop on whatever libwrap.so.0 the loader finds (LD_LIBRARY_PATH), through the
 *          historic interface only, so that two libraries can be measured in one run.
 * SEE      bench/run, which alternates them; tests/compat/abi.h.
 *
 * usage: decide resident SECONDS ALLOW DENY ADDR   decisions in one process, for that long
 *        decide count N ALLOW DENY ADDR            exactly N, between two getppid(2), for strace
 *        decide oneshot SECONDS ALLOW DENY ADDR    a process (once, beside it) for each decision
 * resident and oneshot print: verdict, decisions, wall ns and CPU ns a decision.
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

enum {
	WARM_UP = 4, /* a library may make up its mind after it has seen a table twice */
	CLOCK_EVERY = 8, /* the clock is not what is measured */
};

/* What a run came to. */
struct cost {
	int granted;
	long decisions;
	double wall_ns, cpu_ns;
};

static int
run_resident(double amount, char **argv, struct cost *ret_cost)
{
	double end, start, cpu;

	for (int i = 0; i < WARM_UP; i++)
		ret_cost->granted = decide(argv[5], NULL);
	start = now_ns(CLOCK_MONOTONIC);
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	end = start + amount * second_ns;
	do {
		for (int i = 0; i < CLOCK_EVERY; i++)
			decide(argv[5], NULL);
		ret_cost->decisions += CLOCK_EVERY;
	} while (now_ns(CLOCK_MONOTONIC) < end);
	ret_cost->cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	ret_cost->wall_ns = now_ns(CLOCK_MONOTONIC) - start;
	return 0;
}

static int
run_count(double amount, char **argv, struct cost *ret_cost)
{
	for (int i = 0; i < WARM_UP; i++)
		ret_cost->granted = decide(argv[5], NULL);
	getppid();
	for (; ret_cost->decisions < (long)amount; ret_cost->decisions++)
		decide(argv[5], NULL);
	getppid();
	return 0;
}

static int
run_oneshot(double amount, char **argv, struct cost *ret_cost)
{
	char once[PATH_MAX];
	char *child[] = {once, argv[3], argv[4], argv[5], NULL};
	double start = now_ns(CLOCK_MONOTONIC), cpu = children_ns();
	double end = start + amount * second_ns;
	size_t folder =
	    strrchr(argv[0], '/') != NULL ? (size_t)(strrchr(argv[0], '/') - argv[0]) + 1 : 0;

	snprintf(once, sizeof once, "%.*sonce", (int)folder, argv[0]);
	do {
		pid_t pid;
		int status;

		errno = posix_spawn(&pid, once, NULL, NULL, child, environ);
		if (errno != 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
			perror(once);
			return 2;
		}
		ret_cost->granted = WEXITSTATUS(status) == 0;
		ret_cost->decisions++;
	} while (now_ns(CLOCK_MONOTONIC) < end);
	ret_cost->cpu_ns = children_ns() - cpu;
	ret_cost->wall_ns = now_ns(CLOCK_MONOTONIC) - start;
	return 0;
}

static const struct mode {
	const char *name;
	int (*run)(double amount, char **argv, struct cost *ret_cost);
} modes[] = {
    {"resident", run_resident},
    {"count", run_count},
    {"oneshot", run_oneshot},
};

int
main(int argc, char **argv)
{
	struct cost cost = {.decisions = 0};
	const struct mode *mode = NULL;
	int status;

	for (size_t i = 0; argc == 6 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			mode = &modes[i];
	if (mode == NULL) {
		fprintf(stderr, "usage: decide resident|count|oneshot AMOUNT ALLOW DENY ADDR\n");
		return 2;
	}
	hosts_allow_table = argv[3];
	hosts_deny_table = argv[4];
	status = mode->run(strtod(argv[2], NULL), argv, &cost);
	if (status != 0)
		return status;
	printf("%s %ld %.0f %.0f\n", cost.granted ? "granted" : "denied", cost.decisions,
	    cost.wall_ns / (double)cost.decisions, cost.cpu_ns / (double)cost.decisions);
	return 0;
}
