/*
 * NAME     signals - a host with timers and children of its own
 */
#include "modes.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"
#include "library.h"

/* An alarm of the host goes on, and comes when it would have come. */
void
signals_alarm(void)
{
	struct library library = library_open();
	int64_t began_us, due_us, moved_us;

	host_set_handler(SIGALRM, host_on_tick);
	began_us = host_now_us();
	due_us = began_us + MODES_ALARM_S * INT64_C(1000000);
	alarm(MODES_ALARM_S);
	library_decide_all(&library);
	moved_us = host_alarm_moved_us(due_us);
	host_say(
	    "busy_ms=%d moved_us=%d ", (int)((host_now_us() - began_us) / 1000), (int)moved_us);
	while (atomic_load(&host_ticks) == 0 && host_now_us() < due_us + 2000000)
		poll(NULL, 0, 100);
	host_say("late_us=%d ticks=%u ", (int)(host_now_us() - due_us), atomic_load(&host_ticks));
}

void
signals_timer(void)
{
	struct library library = library_open();
	struct itimerval timer = {.it_interval = {.tv_usec = 1000}, .it_value = {.tv_usec = 1000}};
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		host_die("socketpair");
	library_task.connection = ends[0];
	library_task.far_end = ends[1];
	host_set_handler(SIGALRM, host_on_tick);
	setitimer(ITIMER_REAL, &timer, NULL);
	library_decide_all(&library);
	host_say("ticks=%u ", atomic_load(&host_ticks));
}

/* How a host of its own children fares afterwards: 1 = as always. */
static unsigned
own_child(bool ignored)
{
	int status = 0;
	pid_t child = fork(), got;

	if (child == 0)
		_exit(7);
	do
		got = waitpid(child, &status, 0);
	while (got < 0 && errno == EINTR);
	if (ignored)
		return got == -1 && errno == ECHILD;
	return got == child && WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

static void
with_sigchld(void (*handler)(int))
{
	struct library library = library_open();
	struct sigaction after;

	host_set_handler(SIGCHLD, handler);
	library_decide_all(&library);
	sigaction(SIGCHLD, NULL, &after);
	host_say("sigchlds=%u same=%d children=%d ", atomic_load(&host_sigchlds),
	    after.sa_handler == handler, host_has_child());
	host_say("own=%u ", own_child(handler == SIG_IGN));
}

void
signals_child_ignored(void)
{
	with_sigchld(SIG_IGN);
}

void
signals_child_handled(void)
{
	with_sigchld(host_on_child);
}

void
signals_child_default(void)
{
	with_sigchld(SIG_DFL);
}
