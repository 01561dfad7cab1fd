/*
 * NAME     decider - ask the same two questions as long as somebody writes
 * PURPOSE  A client that is refused by every version of a table, and one that no version refuses. With
 *          "fresh", each answer comes from a child that has never decided before.
 *
 * usage: decider resident|fresh ALLOW DENY REFUSED FREE
 * Ends with its standard input. Prints "wrong BEGIN END" (seconds of CLOCK_MONOTONIC) for each time that
 * the first client was admitted, then "asked N shut N": decisions, and refusals of the second.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern int hosts_ctl(const char *, const char *, const char *, const char *);
extern char *hosts_allow_table, *hosts_deny_table;

static bool
decide(const char *addr)
{
	return hosts_ctl("d", "unknown", addr, "unknown") != 0;
}

static bool
decide_in_child(const char *addr)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(decide(addr));
	return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) != 0;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool
has_ended(void)
{
	struct pollfd input = {.fd = 0, .events = POLLIN};

	return poll(&input, 1, 0) != 0;
}

int
main(int argc, char **argv)
{
	unsigned long asked = 0, shut = 0;
	bool (*ask)(const char *);

	if (argc != 6)
		return 2;
	ask = strcmp(argv[1], "fresh") == 0 ? decide_in_child : decide;
	hosts_allow_table = argv[2];
	hosts_deny_table = argv[3];
	while (!has_ended()) {
		double begin = now();

		if (ask(argv[4]))
			printf("wrong %.6f %.6f\n", begin, now());
		shut += !ask(argv[5]);
		asked += 2;
	}
	printf("asked %lu shut %lu\n", asked, shut);
	return 0;
}
