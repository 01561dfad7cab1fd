/*
 * NAME     state - what of the host's process may not be another afterwards
 */
#include "modes.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "descriptors.h"
#include "host.h"
#include "library.h"

static void
check_errno(const char *what)
{
	if (errno != HOST_OWN_ERRNO) {
		host_say("# %s: errno became %s\n", what, strerror(errno));
		atomic_fetch_add(&library_wrong, 1);
	}
	errno = HOST_OWN_ERRNO;
}

static void
errno_of_evals(const struct library *library, struct request_info *request)
{
	library->eval_user(request);
	check_errno("eval_user");
	library->eval_client(request);
	check_errno("eval_client");
	library->eval_server(request);
	check_errno("eval_server");
	library->eval_hostname(request->client);
	check_errno("eval_hostname");
	library->eval_port(request->client->sin);
	check_errno("eval_port");
}

void
state_errno(void)
{
	struct library library = library_open();
	struct request_info request;
	struct sockaddr_in sin;

	errno = HOST_OWN_ERRNO;
	for (unsigned q = 0; q < library_task.query_count; q++) {
		library_make_request(&library, &request, &sin, &library_task.queries[q]);
		check_errno("request_init");
		library.hosts_access(&request);
		check_errno(library_task.queries[q].daemon);
		library.hosts_ctl(library_task.queries[q].daemon, "unknown",
		    library_task.queries[q].addr, "unknown");
		check_errno("hosts_ctl");
		errno_of_evals(&library, &request);
	}
	library.request_init(&request, ABI_FILE, -1, 0);
	library.sock_host(&request);
	check_errno("sock_host without a socket");
	errno_of_evals(&library, &request);
	library.request_init(&request, ABI_FILE, HOST_RESULT_FD, 0);
	library.sock_host(&request);
	check_errno("sock_host of a pipe");
	library.hosts_access(&request);
	check_errno("hosts_access of a pipe");
	library_set_address(&library, &request, &sin, "203.0.113.77");
	library.sock_hostname(request.client);
	check_errno("sock_hostname");
	*library.allow = NULL;
	library.hosts_access(&request);
	check_errno("hosts_access without a table");
}

struct disposition {
	void (*handler)(int);
	uint64_t flags, mask;
};

struct state {
	char cwd[PATH_MAX], locale[256];
	mode_t mask;
	char **environ;
	uint64_t environment;
	struct disposition dispositions[NSIG];
	uint64_t blocked;
	struct itimerval timers[3];
	int nice;
	uid_t uids[4];
	char fds[DESCRIPTORS_TEXT];
	long threads;
};

static uint64_t
hash_environment(void)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (char **entry = environ; *entry != NULL; entry++) {
		for (const char *c = *entry; *c != '\0'; c++)
			hash = (hash ^ (unsigned char)*c) * 0x100000001b3;
		hash = (hash ^ (uintptr_t)*entry) * 0x100000001b3;
	}
	return hash;
}

/* Its bytes are not all set by those who fill it. */
static uint64_t
bits_of(const sigset_t *set)
{
	uint64_t bits = 0;

	for (int number = 1; number < NSIG; number++)
		bits |= (uint64_t)(sigismember(set, number) == 1) << (number - 1);
	return bits;
}

static void
look_at_signals(struct state *ret)
{
	sigset_t blocked;

	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;

		if (sigaction(number, NULL, &action) == 0)
			ret->dispositions[number] = (struct disposition){
			    action.sa_handler, (uint64_t)action.sa_flags, bits_of(&action.sa_mask)};
	}
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	ret->blocked = bits_of(&blocked);
}

/* The kernel's own count. */
static long
count_threads(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) == 0 ? (long)st.st_nlink - 2 : -1;
}

static void
look(struct state *ret)
{
	memset(ret, 0, sizeof *ret);
	if (getcwd(ret->cwd, sizeof ret->cwd) == NULL)
		host_die("getcwd");
	snprintf(ret->locale, sizeof ret->locale, "%s", setlocale(LC_ALL, NULL));
	ret->mask = umask(077);
	umask(ret->mask);
	ret->environ = environ;
	ret->environment = hash_environment();
	look_at_signals(ret);
	for (int which = 0; which < 3; which++)
		getitimer((__itimer_which_t)which, &ret->timers[which]);
	ret->nice = getpriority(PRIO_PROCESS, 0);
	ret->uids[0] = getuid();
	ret->uids[1] = geteuid();
	ret->uids[2] = getgid();
	ret->uids[3] = getegid();
	descriptors_list(ret->fds);
	ret->threads = count_threads();
}

static unsigned
differs(const char *what, const void *a, const void *b, size_t size)
{
	if (memcmp(a, b, size) == 0)
		return 0;
	host_say("# changed: %s\n", what);
	return 1;
}

#define DIFFERS(member) differs(#member, &before.member, &after.member, sizeof before.member)

void
state_all(void)
{
	static struct state before, after;
	struct library library = library_open();
	unsigned changed;

	setlocale(LC_ALL, "C.UTF-8");
	umask(0127);
	host_set_handler(SIGPIPE, host_on_tick);
	host_set_handler(SIGCHLD, host_on_child);
	look(&before);
	library_decide_all(&library);
	look(&after);
	changed = DIFFERS(cwd) + DIFFERS(locale) + DIFFERS(mask) + DIFFERS(environ) +
	    DIFFERS(environment) + DIFFERS(dispositions) + DIFFERS(blocked) + DIFFERS(timers) +
	    DIFFERS(nice) + DIFFERS(uids) + DIFFERS(threads) +
	    descriptors_differ(before.fds, after.fds);
	host_say("changed=%u getenv=%u threads=%ld ", changed, atomic_load(&host_asked_environment),
	    after.threads);
}

/* For strace: what happens between these two calls, which fail. */
static void
mark(const char *text)
{
	syscall(SYS_write, -1, text, strlen(text));
}

void
state_trace(void)
{
	struct library library = library_open();

	for (unsigned i = 0; i < library_task.calls; i++) {
		for (unsigned q = 0; q < library_task.query_count; q++) {
			struct request_info request;
			struct sockaddr_in sin;
			bool granted;

			library_make_request(&library, &request, &sin, &library_task.queries[q]);
			mark("guest-begins");
			granted = library.hosts_access(&request) != 0;
			mark("guest-ended");
			atomic_fetch_add(
			    &library_wrong, granted != library_task.queries[q].granted);
		}
	}
}
