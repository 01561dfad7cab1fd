/*
 * NAME     decision - decide, and watch the decision in the middle
 * INVARIANTS  Only that one fails: `before` decisions come before it, `after` behind. Nothing here
 *          allocates while it counts.
 */
#include "decision.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define INET6 1
#include "tcpd.h"

#include "calls.h"
#include "fault.h"
#include "job.h"
#include "log_front.h"

enum {
	DESCRIPTORS = 128,
	ERRNO_MARK = 77, /* which no call sets */
	HANG_SECONDS = 20,
};

/* ---- the log ---- */

void
log_front_take(int priority, const char *format, va_list args)
{
	char line[2048];
	int len = snprintf(line, sizeof line, "%d ", LOG_PRI(priority));

	vsnprintf(line + len, sizeof line - (size_t)len, format, args);
	for (char *s = line; *s != '\0'; s++)
		*s = iscntrl((unsigned char)*s) ? '?' : *s;
	if (fault.armed && fault_result->log_len < sizeof fault_result->log)
		fault_result->log_len += (size_t)snprintf(fault_result->log + fault_result->log_len,
		    sizeof fault_result->log - fault_result->log_len, "%s\x1f", line);
}

/* ---- the library ---- */

static struct {
	struct request_info *(*request_init)(struct request_info *, ...);
	void (*sock_host)(struct request_info *);
	int (*hosts_access)(struct request_info *);
	char *(*eval_client)(struct request_info *);
	char **hosts_allow_table, **hosts_deny_table;
	int *resident;
} wrap;

#define WRAP(name) calls_find(library, #name, &wrap.name)

void
decision_load(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);

	if (library == NULL) {
		fprintf(stderr, "failing: %s\n", dlerror());
		exit(2);
	}
	WRAP(request_init), WRAP(sock_host), WRAP(hosts_access), WRAP(eval_client);
	WRAP(hosts_allow_table), WRAP(hosts_deny_table), WRAP(resident);
}

/* ---- a decision ---- */

static bool
decide(int fd)
{
	struct request_info request;
	bool granted;

	calls_now(CLOCK_REALTIME, &fault.decided);
	wrap.request_init(&request, RQ_DAEMON, job.daemon, RQ_FILE, fd, RQ_CLIENT_ADDR, job.addr,
	    RQ_CLIENT_NAME, job.name, 0);
	if (fd >= 0)
		wrap.sock_host(&request);
	errno = ERRNO_MARK;
	granted = wrap.hosts_access(&request) != 0;
	if (fault.armed) {
		fault.armed = false;
		fault_result->errno_kept = errno == ERRNO_MARK;
		snprintf(fault_result->client, sizeof fault_result->client, "%s",
		    wrap.eval_client(&request));
	}
	return granted;
}

static int
open_descriptors(void)
{
	int open = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		open += calls_is_open(fd);
	return open;
}

static int
make_client(void)
{
	int ends[2];

	if (job_has(job.descriptor))
		return (int)job_number(job.descriptor);
	if (!job_has(job.peer))
		return -1;
	if (socketpair(AF_UNIX, job_has(job.datagram) ? SOCK_DGRAM : SOCK_STREAM, 0, ends) != 0)
		_exit(3);
	return ends[0];
}

/* Take away what the job says. */
static void
impoverish(void)
{
	struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
	uid_t uid = (uid_t)job_number(job.uid);

	if (job_has(job.uid) &&
	    (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 ||
	        setresuid(uid, uid, uid) != 0))
		_exit(3);
	if (job_has(job.starved))
		setrlimit(RLIMIT_NOFILE, &none);
}

/* The decision in the middle, watched. */
static bool
decide_watched(int fd)
{
	struct timespec from, to;
	sigset_t before, after;
	int descriptors = open_descriptors();
	bool granted;

	sigprocmask(SIG_SETMASK, NULL, &before);
	calls_now(CLOCK_PROCESS_CPUTIME_ID, &from);
	fault_result->log_len = 0;
	fault_result->log[0] = '\0';
	fault.seen = 0;
	fault.armed = true;
	granted = decide(fd);
	calls_now(CLOCK_PROCESS_CPUTIME_ID, &to);
	sigprocmask(SIG_SETMASK, NULL, &after);
	fault_result->microseconds =
	    (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000;
	fault_result->mask_kept = memcmp(&before, &after, sizeof before) == 0;
	fault_result->descriptors = open_descriptors() - descriptors;
	fault_result->children = waitpid(-1, NULL, WNOHANG | __WALL) >= 0;
	return granted;
}

/* The same fault in the same decision: what that leaves in memory each time is a leak. */
static void
decide_again(int fd)
{
	for (long i = 0; i < job_number(job.again); i++) {
		long before = fault.live;

		fault.seen = 0;
		fault.armed = true;
		decide(fd);
		fault.armed = false;
		fault_result->grown = fault.live - before;
	}
}

static void
decide_all(void)
{
	long before = job_number(job.before), after = job_number(job.after);
	char allow[sizeof job.allow], deny[sizeof job.deny];
	int fd = make_client();

	memcpy(allow, job.allow, sizeof allow);
	memcpy(deny, job.deny, sizeof deny);
	*wrap.hosts_allow_table = allow;
	*wrap.hosts_deny_table = deny;
	*wrap.resident = job_has(job.resident) ? (int)job_number(job.resident) : -1;
	impoverish();
	fault.counting = true;
	for (long i = 0; i < before + 1 + after && i < FAULT_DECISIONS_MAX; i++) {
		bool granted = i == before ? decide_watched(fd) : decide(fd);

		fault_result->verdicts[i] = granted ? 'G' : 'R';
		if (i == before)
			decide_again(fd);
	}
	fault.counting = false;
}

/* As a program's second thread: it has no storage in the library yet. */
static void *
decide_second(void *arg)
{
	decide_all();
	return arg;
}

void
decision_in_child(void)
{
	struct request_info request;
	pthread_t second;

	alarm(HANG_SECONDS);
	if (!job_has(job.second)) {
		decide_all();
		return;
	}
	wrap.request_init(&request, 0);
	if (pthread_create(&second, NULL, decide_second, NULL) != 0 ||
	    pthread_join(second, NULL) != 0)
		_exit(3);
}
