/*
 * NAME     host - what every mode of the guest does
 * INVARIANTS  The library logs through log_front_take, which disturbs errno as a lost connection
 *          to a logger would, and would read the environment through the functions here.
 */
#include "host.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "log_front.h"

#define EXPORTED __attribute__((visibility("default")))

atomic_uint host_ticks, host_sigchlds, host_asked_environment, host_logged;

void
host_say(const char *format, ...)
{
	char text[512];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (len < 0 || write(HOST_RESULT_FD, text, (size_t)len) != len)
		_exit(3);
}

void
host_die(const char *what)
{
	host_say("# %s: %s\n", what, strerror(errno));
	exit(2);
}

int64_t
host_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void
host_on_tick(int number)
{
	(void)number;
	atomic_fetch_add(&host_ticks, 1);
}

void
host_on_child(int number)
{
	(void)number;
	atomic_fetch_add(&host_sigchlds, 1);
}

void
host_set_handler(int number, void (*handler)(int))
{
	struct sigaction action = {
	    .sa_handler = handler}; /* no SA_RESTART: calls are interrupted */

	if (sigaction(number, &action, NULL) != 0)
		host_die("sigaction");
}

int64_t
host_alarm_moved_us(int64_t due_us)
{
	struct itimerval timer;

	getitimer(ITIMER_REAL, &timer);
	return host_now_us() + (int64_t)timer.it_value.tv_sec * 1000000 + timer.it_value.tv_usec -
	    due_us;
}

bool
host_has_child(void)
{
	return waitpid(-1, NULL, WNOHANG | __WALL) != -1 || errno != ECHILD;
}

/* ---- what stands in front of libc ---- */

void
log_front_take(int priority, const char *format, va_list args)
{
	(void)priority;
	(void)format;
	(void)args;
	atomic_fetch_add(&host_logged, 1);
	errno = ENOTCONN;
}

EXPORTED char *front_getenv(const char *) __asm__("getenv");
EXPORTED char *front_secure_getenv(const char *) __asm__("secure_getenv");

char *
front_getenv(const char *name)
{
	(void)name;
	atomic_fetch_add(&host_asked_environment, 1);
	return NULL;
}

char *
front_secure_getenv(const char *name)
{
	return front_getenv(name);
}
