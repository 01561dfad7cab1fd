/*
 * NAME     together - a host of many threads: all difficulties at a time, loading and unloading
 */
#include "modes.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "descriptors.h"
#include "host.h"
#include "library.h"

enum {
	THREADS = 8,
	MANY_THREADS = 16,
	RELOADS = 100,
};

static void *
decide_with_errno(void *arg)
{
	const struct library *library = arg;
	static atomic_uint lost;

	for (unsigned q = 0; q < library_task.query_count * library_task.calls; q++) {
		errno = HOST_OWN_ERRNO;
		library_decide(library, &library_task.queries[q % library_task.query_count]);
		if (errno != HOST_OWN_ERRNO && atomic_fetch_add(&lost, 1) == 0)
			host_say("errno_lost=1 ");
	}
	return NULL;
}

/* Signals come to any thread, a thousand times a second. */
static void
start_ticking(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec each = {
	    .it_interval = {.tv_nsec = 1000000}, .it_value = {.tv_nsec = 1000000}};
	timer_t timer;

	host_set_handler(SIGUSR1, host_on_tick);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
	    timer_settime(timer, 0, &each, NULL) != 0)
		host_die("timer_create");
}

static void
run_threads(struct library *library)
{
	pthread_t threads[MANY_THREADS];

	for (unsigned i = 0; i < MANY_THREADS; i++) {
		if (pthread_create(&threads[i], NULL, decide_with_errno, library) != 0)
			host_die("pthread_create");
	}
	for (unsigned i = 0; i < MANY_THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* What is decided once before is kept: threads together have fewer descriptors than they are. */
void
together_everything(void)
{
	struct library library = library_open();
	int64_t due_us;

	for (unsigned i = 0; i < 3; i++)
		decide_with_errno(&library);
	host_set_handler(SIGCHLD, SIG_IGN);
	for (int fd = 0; fd <= 2; fd++)
		close(fd);
	descriptors_limit(8);
	due_us = host_now_us() + MODES_ALARM_S * INT64_C(1000000);
	alarm(MODES_ALARM_S);
	start_ticking();
	run_threads(&library);
	host_say("moved_us=%d ", (int)host_alarm_moved_us(due_us));
	alarm(0);
	for (int fd = 0; fd < 8; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			host_say("open_fd=%d ", fd);
	}
	host_say("ticks=%u children=%d ", atomic_load(&host_ticks), host_has_child());
}

static void *
reload(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < RELOADS; i++) {
		struct library library = library_load();

		library_decide(&library, &library_task.queries[i % library_task.query_count]);
		if (dlclose(library.handle) != 0)
			atomic_fetch_add(&library_wrong, 1);
	}
	return NULL; /* and what the library has kept for the thread goes */
}

/* The library comes into a process that has threads already, and seems to go while they live. */
void
together_reload(void)
{
	pthread_t threads[THREADS];
	struct library library = library_open();

	dlclose(library.handle);
	for (unsigned i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, reload, NULL) != 0)
			host_die("pthread_create");
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}
