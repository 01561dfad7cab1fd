/*
 * NAME     deadline - one time limit for everything
 * PURPOSE  Modules of the name service wait as long as they like, and so may whoever reads our output.
 *          The process is ours alone, so it is ended, by its own timer, in the middle of anything.
 * INVARIANTS  The handler does not return, and does not wait either: a line for which there is no room is
 *          lost.
 * SEE      safe_finger(8), docs/decisions/names-and-time.md
 */
#include "cmd/safe_finger/deadline.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "peer/socket.h"

static int64_t deadline_ms;

static void
give_up(int number)
{
	static const char line[] = "safe_finger: out of time (--timeout)\n";
	struct pollfd error_output = {.fd = STDERR_FILENO, .events = POLLOUT};

	(void)number;
	if (poll(&error_output, 1, 0) > 0)
		(void)!write(STDERR_FILENO, line, sizeof line - 1);
	_exit(EXIT_FAILURE);
}

bool
deadline_start(unsigned seconds)
{
	struct sigaction action = {.sa_handler = give_up};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	struct itimerspec once = {.it_value.tv_sec = (time_t)seconds};
	sigset_t alarms;
	timer_t timer;

	deadline_ms = peer_now_ms() + (int64_t)seconds * 1000;
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	return sigaction(SIGALRM, &action, NULL) == 0 &&
	    timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 &&
	    timer_settime(timer, 0, &once, NULL) == 0 &&
	    sigprocmask(SIG_UNBLOCK, &alarms, NULL) == 0;
}

int64_t
deadline_left_ms(void)
{
	int64_t left_ms = deadline_ms - peer_now_ms();

	return left_ms > 0 ? left_ms : 0;
}
