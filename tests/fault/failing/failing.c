/*
 * NAME     failing - decide while a call of the C library fails
 * PURPOSE  A driver for the fault tests. It loads a libwrap.so.0 and stands in front of the calls
 *          that the library makes: name services and a client's socket give answers of the test's
 *          choice, and the n-th call of one kind fails. Each point is a process of its own.
 *
 *              failing LIBRARY <jobs >answers
 *
 *          A job is lines `KEY VALUE` (job.h) and `go`. With `fail`, n is 1, 2, ... until the
 *          decision ends before its n-th call. For each point a line of words with TABs between
 *          them (run_point), then `end`.
 * SEE      job.h for what can be asked, calls.c and peers.c for the calls, decision.c for the rest
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"
#include "decision.h"
#include "fault.h"
#include "job.h"
#include "peers.h"

enum {
	POINTS_MAX = 2000, /* of one job: the decisions here make some fifty calls */
	PROTOCOL_FD_MIN = 200,
	TWIST_STATUS = 42, /* what a test's twist command ends with */
};

static const char *
how_it_ended(int status)
{
	static char text[32];

	if (WIFSIGNALED(status))
		snprintf(text, sizeof text, "signal %d", WTERMSIG(status));
	else
		snprintf(text, sizeof text, "%s",
		    WEXITSTATUS(status) == 0                  ? "returned"
		        : WEXITSTATUS(status) == TWIST_STATUS ? "twisted"
		                                              : "exited");
	return text;
}

/* One point. False: the call that was to fail was not made so often. */
static bool
run_point(FILE *answers)
{
	struct rusage usage;
	int status;
	pid_t child;

	memset(fault_result, 0, sizeof *fault_result);
	child = fork();
	if (child == 0) {
		decision_in_child();
		_exit(0);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child) {
		perror("failing");
		exit(2);
	}
	fprintf(answers, "%lu\t%d\t%s\t%s\t", fault.nth, fault_result->reached,
	    how_it_ended(status), fault_result->verdicts);
	fprintf(answers, "%d\t%d\t%ld\t%ld\t%d\t%ld\t", fault_result->descriptors,
	    fault_result->children, fault_result->grown, fault_result->microseconds,
	    fault_result->pauses, usage.ru_maxrss);
	fprintf(answers, "%d\t%d\t%s\t%s\t%s\n", fault_result->errno_kept, fault_result->mask_kept,
	    fault_result->made, fault_result->client, fault_result->log);
	return fault_result->reached;
}

static void
run_job(FILE *answers)
{
	fault.error = (int)job_number(job.error);
	fault.nth = 1;
	while (run_point(answers) && fault.nth < POINTS_MAX)
		fault.nth++;
	fputs("end\n", answers);
	fflush(answers);
}

/* ---- the pipe ---- */

/* Descriptors 0 to 2 are what a daemon has there; twist may do with them what it likes. */
static FILE *
hide_pipe(int fd, const char *mode)
{
	return fdopen(fcntl(fd, F_DUPFD_CLOEXEC, PROTOCOL_FD_MIN), mode);
}

int
main(int argc, char **argv)
{
	static char line[8192];
	FILE *jobs, *answers;
	int null;

	if (argc != 2) {
		fprintf(stderr, "usage: failing LIBRARY\n");
		return 2;
	}
	calls_find_real();
	peers_find_real();
	fault_result = mmap(
	    NULL, sizeof *fault_result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	decision_load(argv[1]);
	jobs = hide_pipe(STDIN_FILENO, "r");
	answers = hide_pipe(STDOUT_FILENO, "w");
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fault_result == MAP_FAILED || jobs == NULL || answers == NULL || null < 0 ||
	    dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 || close(null) != 0) {
		perror("failing");
		return 2;
	}
	while (fgets(line, sizeof line, jobs) != NULL) {
		if (strcmp(line, "go\n") == 0) {
			run_job(answers);
			memset(&job, 0, sizeof job);
		} else if (!job_take_line(line)) {
			fprintf(stderr, "failing: what is \"%s\"?\n", line);
			return 2;
		}
	}
	return 0;
}
