/*
 * NAME     asking - a program that asks for a client's user, and looks at what that does to it
 * PURPOSE  Clocks: what the library asks for the time comes through the functions here, where the time
 *          of day leaps. Timers and signals: those of the program go on beside it.
 * SEE      tests/e2e/0221-ident.py, which builds and starts it
 *
 * usage: asking MODE TIMEOUT, the client's connection being standard input. MODE: plain, timer (of
 *        1 kHz, which interrupts calls), alarm (is pending), blocked (SIGALRM is). The answer is one line.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <tcpd.h>

enum { ALARM_S = 100, LEAP_S = 86400 };

int allow_severity = LOG_INFO, deny_severity = LOG_WARNING;

static unsigned others, monotonic; /* how often each clock was asked for */
static time_t leap_s;
static volatile sig_atomic_t ticks;

static int
real_clock(clockid_t id, struct timespec *ret)
{
	return (int)syscall(SYS_clock_gettime, id, ret);
}

int
clock_gettime(clockid_t id, struct timespec *ret)
{
	int status = real_clock(id, ret);

	if (id == CLOCK_MONOTONIC) {
		monotonic++;
	} else {
		others++;
		leap_s = leap_s > 0 ? -LEAP_S : LEAP_S;
		ret->tv_sec += leap_s;
	}
	return status;
}

int
gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*ret = (struct timeval){.tv_sec = now.tv_sec};
	return 0;
}

time_t
time(time_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret != NULL)
		*ret = now.tv_sec;
	return now.tv_sec;
}

static void
count_tick(int number)
{
	(void)number;
	ticks++;
}

static void
set_up(const char *mode)
{
	struct itimerval kilohertz = {{0, 1000}, {0, 1000}};
	struct sigaction count = {.sa_handler = count_tick}; /* calls are not restarted */
	sigset_t blocked;

	sigaction(SIGALRM, &count, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGALRM);
	if (strcmp(mode, "timer") == 0)
		setitimer(ITIMER_REAL, &kilohertz, NULL);
	if (strcmp(mode, "alarm") == 0)
		alarm(ALARM_S);
	if (strcmp(mode, "blocked") == 0)
		sigprocmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_DFL);
}

static long
since_ms(const struct timespec *start)
{
	struct timespec now;

	real_clock(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

int
main(int argc, char **argv)
{
	struct request_info request;
	struct timespec start;
	const char *user;
	int is_kept;
	long ms;

	if (argc != 3)
		return 2;
	rfc931_timeout = atoi(argv[2]);
	request_init(&request, RQ_DAEMON, "asking", RQ_FILE, 0, 0);
	sock_host(&request);
	set_up(argv[1]);
	others = monotonic = 0;
	real_clock(CLOCK_MONOTONIC, &start);
	access("/asking-begins", F_OK);
	errno = EDOM;
	user = eval_user(&request);
	is_kept = errno == EDOM;
	access("/asking-ended", F_OK);
	ms = since_ms(&start);
	printf("user=%s ms=%ld errno=%d monotonic=%d others=%u ticks=%d alarm=%u\n", user, ms,
	    is_kept, monotonic > 0, others, (int)ticks, alarm(0));
	return 0;
}
