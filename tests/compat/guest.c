/*
 * NAME     guest - a host that looks whether the library is a good guest
 * PURPOSE  A process in some difficult state loads the library late, asks, and compares itself with
 *          what it was before.
 * INVARIANTS  The library logs through the functions here, and would read the environment through
 *          them. Descriptors of the host: RESULT_FD for results, and what a mode says.
 * SEE      tests/compat/0121-guest.py, which builds and starts it
 *
 * usage: guest MODE LIBRARY ALLOW DENY CALLS QUERY...
 *        A query is VERDICT,DAEMON,NAME,ADDRESS; a name "?" is looked up. CALLS is how often all
 *        are asked. The answer is one line of NAME=NUMBER; what differs stands on lines with a "#".
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "abi.h"

#define EXPORTED __attribute__((visibility("default")))

enum {
	RESULT_FD = 100,
	QUERIES_MAX = 64,
	FDS_MAX = 256,
	STACK_BYTES = 128 << 10,
	PAINT = 0xa5,
	THREADS = 8,
	MANY_THREADS = 16,
	RELOADS = 100,
	SHORT_THREADS = 20000,
	REWRITES = 30,
	REWRITE_MS = 70, /* longer than a table is too young to be kept */
	ALARM_S = 3,
	OWN_ERRNO = 12345,
};

struct query {
	bool granted;
	char *daemon, *name, *addr;
};

static struct query queries[QUERIES_MAX];
static unsigned query_count, calls;
static const char *library_path, *tables[2];
static int connection = -1, far_end = -1; /* of requests, if the mode has any */

static atomic_uint wrong, told, ticks, sigchlds, asked_environment, logged;

/* What the library under test offers. */
struct library {
	void *handle;
	struct request_info *(*request_init)(struct request_info *, ...);
	struct request_info *(*request_set)(struct request_info *, ...);
	int (*hosts_access)(struct request_info *);
	int (*hosts_ctl)(const char *, const char *, const char *, const char *);
	void (*sock_host)(struct request_info *);
	void (*sock_hostname)(struct host_info *);
	void (*sock_hostaddr)(struct host_info *);
	char *(*eval_client)(struct request_info *);
	char *(*eval_server)(struct request_info *);
	char *(*eval_user)(struct request_info *);
	char *(*eval_hostname)(struct host_info *);
	char *(*eval_port)(struct sockaddr *);
	char **allow, **deny;
	int *resident;
};

/* ---- results ---- */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
say(const char *format, ...)
{
	char text[512];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (len < 0 || write(RESULT_FD, text, (size_t)len) != len)
		_exit(3);
}

static void
die(const char *what)
{
	say("# %s: %s\n", what, strerror(errno));
	exit(2);
}

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- what stands in front of libc ---- */

EXPORTED void front_syslog(int, const char *, ...) __asm__("syslog");
EXPORTED void front_syslog_chk(int, int, const char *, ...) __asm__("__syslog_chk");
EXPORTED char *front_getenv(const char *) __asm__("getenv");
EXPORTED char *front_secure_getenv(const char *) __asm__("secure_getenv");

void
front_syslog(int priority, const char *format, ...)
{
	(void)priority;
	(void)format;
	atomic_fetch_add(&logged, 1);
	errno = ENOTCONN;
}

void
front_syslog_chk(int priority, int flag, const char *format, ...)
{
	(void)priority;
	(void)flag;
	(void)format;
	atomic_fetch_add(&logged, 1);
	errno = ENOTCONN;
}

char *
front_getenv(const char *name)
{
	(void)name;
	atomic_fetch_add(&asked_environment, 1);
	return NULL;
}

char *
front_secure_getenv(const char *name)
{
	return front_getenv(name);
}

/* ---- the library ---- */

static void
find(const struct library *library, const char *name, void *ret_pointer)
{
	void *found = dlsym(library->handle, name);

	if (found == NULL) {
		say("# %s\n", dlerror());
		exit(2);
	}
	memcpy(ret_pointer, &found, sizeof found);
}

static struct library
load(void)
{
	struct library ret = {.handle = dlopen(library_path, RTLD_NOW | RTLD_LOCAL)};

	if (ret.handle == NULL) {
		say("# %s\n", dlerror());
		exit(2);
	}
	find(&ret, "request_init", &ret.request_init);
	find(&ret, "request_set", &ret.request_set);
	find(&ret, "hosts_access", &ret.hosts_access);
	find(&ret, "hosts_ctl", &ret.hosts_ctl);
	find(&ret, "sock_host", &ret.sock_host);
	find(&ret, "sock_hostname", &ret.sock_hostname);
	find(&ret, "sock_hostaddr", &ret.sock_hostaddr);
	find(&ret, "eval_client", &ret.eval_client);
	find(&ret, "eval_server", &ret.eval_server);
	find(&ret, "eval_user", &ret.eval_user);
	find(&ret, "eval_hostname", &ret.eval_hostname);
	find(&ret, "eval_port", &ret.eval_port);
	find(&ret, "hosts_allow_table", &ret.allow);
	find(&ret, "hosts_deny_table", &ret.deny);
	find(&ret, "resident", &ret.resident);
	return ret;
}

/* Not in threads: the names of the tables are the process's. */
static struct library
load_for_tables(void)
{
	struct library ret = load();

	memcpy(ret.allow, &tables[0], sizeof tables[0]);
	memcpy(ret.deny, &tables[1], sizeof tables[1]);
	*ret.resident = 1;
	return ret;
}

/* An address that getpeername would have given. */
static void
set_socket_address(const struct library *library, struct request_info *request,
    struct sockaddr_in *ret, const char *addr)
{
	*ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(4711)};
	inet_pton(AF_INET, addr, &ret->sin_addr);
	library->request_set(request, ABI_CLIENT_SIN, ret, 0);
	request->hostname = library->sock_hostname;
	request->hostaddr = library->sock_hostaddr;
}

static void
make_request(const struct library *library, struct request_info *request,
    struct sockaddr_in *ret_sin, const struct query *query)
{
	library->request_init(request, ABI_DAEMON, query->daemon, ABI_FILE, connection, 0);
	if (*query->name == '?')
		set_socket_address(library, request, ret_sin, query->addr);
	else
		library->request_set(request, ABI_CLIENT_NAME, query->name, ABI_CLIENT_ADDR,
		    query->addr, ABI_USER, "unknown", 0);
}

static bool
decide(const struct library *library, const struct query *query)
{
	struct request_info request;
	struct sockaddr_in sin;
	bool granted;

	make_request(library, &request, &sin, query);
	granted = library->hosts_access(&request) != 0;
	if (granted == query->granted)
		return granted;
	atomic_fetch_add(&wrong, 1);
	if (atomic_fetch_add(&told, 1) < 10)
		say("# %s from %s: %s\n", query->daemon, query->addr,
		    granted ? "granted" : "refused");
	return granted;
}

static unsigned
decide_all(const struct library *library)
{
	unsigned granted = 0;
	char bytes[4096];

	for (unsigned i = 0; i < calls; i++) {
		for (unsigned q = 0; q < query_count; q++)
			granted += decide(library, &queries[q]);
		while (far_end >= 0 && recv(far_end, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
			;
	}
	return granted;
}

/* ---- timers and signals ---- */

static void
on_tick(int number)
{
	(void)number;
	atomic_fetch_add(&ticks, 1);
}

static void
on_child(int number)
{
	(void)number;
	atomic_fetch_add(&sigchlds, 1);
}

static void
set_handler(int number, void (*handler)(int))
{
	struct sigaction action = {
	    .sa_handler = handler}; /* no SA_RESTART: calls are interrupted */

	if (sigaction(number, &action, NULL) != 0)
		die("sigaction");
}

/* An alarm of the host goes on, and comes when it would have come. */
static void
mode_alarm(void)
{
	struct library library = load_for_tables();
	int64_t began_us, due_us, ended_us, left_us;
	struct itimerval timer;

	set_handler(SIGALRM, on_tick);
	began_us = now_us();
	due_us = began_us + ALARM_S * INT64_C(1000000);
	alarm(ALARM_S);
	decide_all(&library);
	getitimer(ITIMER_REAL, &timer);
	ended_us = now_us();
	left_us = (int64_t)timer.it_value.tv_sec * 1000000 + timer.it_value.tv_usec;
	say("busy_ms=%d moved_us=%d ", (int)((ended_us - began_us) / 1000),
	    (int)(ended_us + left_us - due_us));
	while (atomic_load(&ticks) == 0 && now_us() < due_us + 2000000)
		poll(NULL, 0, 100);
	say("late_us=%d ticks=%u ", (int)(now_us() - due_us), atomic_load(&ticks));
}

static void
mode_timer(void)
{
	struct library library = load_for_tables();
	struct itimerval timer = {.it_interval = {.tv_usec = 1000}, .it_value = {.tv_usec = 1000}};
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		die("socketpair");
	connection = ends[0];
	far_end = ends[1];
	set_handler(SIGALRM, on_tick);
	setitimer(ITIMER_REAL, &timer, NULL);
	decide_all(&library);
	say("ticks=%u ", atomic_load(&ticks));
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
	struct library library = load_for_tables();
	struct sigaction after;

	set_handler(SIGCHLD, handler);
	decide_all(&library);
	sigaction(SIGCHLD, NULL, &after);
	say("sigchlds=%u same=%d children=%d ", atomic_load(&sigchlds), after.sa_handler == handler,
	    !(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD));
	say("own=%u ", own_child(handler == SIG_IGN));
}

static void
mode_sigchld_ignored(void)
{
	with_sigchld(SIG_IGN);
}

static void
mode_sigchld_handled(void)
{
	with_sigchld(on_child);
}

static void
mode_sigchld_default(void)
{
	with_sigchld(SIG_DFL);
}

/* ---- descriptors ---- */

/* Numbers and targets of all descriptors, as one text. */
static void
list_fds(char ret[FDS_MAX * 64])
{
	ret[0] = '\0';
	for (int fd = 0; fd < FDS_MAX; fd++) {
		char path[32], target[48] = "";
		size_t len = strlen(ret);

		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		if (readlink(path, target, sizeof target - 1) >= 0)
			snprintf(ret + len, FDS_MAX * 64 - len, "%d=%s(%d) ", fd, target,
			    fcntl(fd, F_GETFD));
	}
}

static bool
fds_differ(const char *before, const char *after)
{
	if (strcmp(before, after) == 0)
		return false;
	say("# descriptors before: %.200s\n# and after: %.200s\n", before, after);
	return true;
}

static void
decide_and_compare_fds(const struct library *library)
{
	static char before[FDS_MAX * 64], after[FDS_MAX * 64];

	list_fds(before);
	decide_all(library);
	list_fds(after);
	say("fds_differ=%d ", fds_differ(before, after));
}

static void
mode_closed(void)
{
	struct library library = load_for_tables();

	for (int fd = 0; fd <= 2; fd++)
		close(fd);
	decide_and_compare_fds(&library);
}

static void
limit_fds(rlim_t most)
{
	struct rlimit limit = {most, most};

	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		die("setrlimit");
}

/* 0 to 2 are there, and five more can be had. */
static void
mode_few_fds(void)
{
	struct library library = load_for_tables();

	limit_fds(8);
	decide_and_compare_fds(&library);
}

/* None can be had: nobody gets in. Then there are some again. */
static void
mode_no_fds(void)
{
	struct library library = load_for_tables();
	int opened[8], count = 0, granted = 0;
	unsigned before;

	limit_fds(8);
	while (count < 8 && (opened[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		count++;
	for (unsigned q = 0; q < query_count; q++)
		granted += decide(&library, &queries[q]);
	before = atomic_exchange(&wrong, 0);
	while (count > 0)
		close(opened[--count]);
	decide_and_compare_fds(&library);
	say("granted_without=%d refused_without=%u ", granted, before);
}

/* ---- all at a time ---- */

static void *
decide_with_errno(void *arg)
{
	const struct library *library = arg;
	static atomic_uint lost;

	for (unsigned q = 0; q < query_count * calls; q++) {
		errno = OWN_ERRNO;
		decide(library, &queries[q % query_count]);
		if (errno != OWN_ERRNO && atomic_fetch_add(&lost, 1) == 0)
			say("errno_lost=1 ");
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

	set_handler(SIGUSR1, on_tick);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
	    timer_settime(timer, 0, &each, NULL) != 0)
		die("timer_create");
}

static void
run_threads(struct library *library)
{
	pthread_t threads[MANY_THREADS];

	for (unsigned i = 0; i < MANY_THREADS; i++) {
		if (pthread_create(&threads[i], NULL, decide_with_errno, library) != 0)
			die("pthread_create");
	}
	for (unsigned i = 0; i < MANY_THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* What is decided once before is kept: threads together have fewer descriptors than they are. */
static void
mode_everything(void)
{
	struct library library = load_for_tables();
	int64_t due_us;
	struct itimerval timer;

	for (unsigned i = 0; i < 3; i++)
		decide_with_errno(&library);
	set_handler(SIGCHLD, SIG_IGN);
	for (int fd = 0; fd <= 2; fd++)
		close(fd);
	limit_fds(8);
	due_us = now_us() + ALARM_S * INT64_C(1000000);
	alarm(ALARM_S);
	start_ticking();
	run_threads(&library);
	getitimer(ITIMER_REAL, &timer);
	say("moved_us=%d ",
	    (int)(now_us() + (int64_t)timer.it_value.tv_sec * 1000000 + timer.it_value.tv_usec -
	        due_us));
	alarm(0);
	for (int fd = 0; fd < 8; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			say("open_fd=%d ", fd);
	}
	say("ticks=%u children=%d ", atomic_load(&ticks),
	    !(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD));
}

/* ---- errno ---- */

static void
check_errno(const char *what)
{
	if (errno != OWN_ERRNO) {
		say("# %s: errno became %s\n", what, strerror(errno));
		atomic_fetch_add(&wrong, 1);
	}
	errno = OWN_ERRNO;
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

static void
mode_errno(void)
{
	struct library library = load_for_tables();
	struct request_info request;
	struct sockaddr_in sin;

	errno = OWN_ERRNO;
	for (unsigned q = 0; q < query_count; q++) {
		make_request(&library, &request, &sin, &queries[q]);
		check_errno("request_init");
		library.hosts_access(&request);
		check_errno(queries[q].daemon);
		library.hosts_ctl(queries[q].daemon, "unknown", queries[q].addr, "unknown");
		check_errno("hosts_ctl");
		errno_of_evals(&library, &request);
	}
	library.request_init(&request, ABI_FILE, -1, 0);
	library.sock_host(&request);
	check_errno("sock_host without a socket");
	errno_of_evals(&library, &request);
	library.request_init(&request, ABI_FILE, RESULT_FD, 0);
	library.sock_host(&request);
	check_errno("sock_host of a pipe");
	library.hosts_access(&request);
	check_errno("hosts_access of a pipe");
	set_socket_address(&library, &request, &sin, "203.0.113.77");
	library.sock_hostname(request.client);
	check_errno("sock_hostname");
	*library.allow = NULL;
	library.hosts_access(&request);
	check_errno("hosts_access without a table");
	atomic_store(&told, 0);
}

/* ---- state of the process ---- */

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
	char fds[FDS_MAX * 64];
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
		die("getcwd");
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
	list_fds(ret->fds);
	ret->threads = count_threads();
}

static unsigned
differs(const char *what, const void *a, const void *b, size_t size)
{
	if (memcmp(a, b, size) == 0)
		return 0;
	say("# changed: %s\n", what);
	return 1;
}

#define DIFFERS(member) differs(#member, &before.member, &after.member, sizeof before.member)

static void
mode_state(void)
{
	static struct state before, after;
	struct library library = load_for_tables();
	unsigned changed;

	setlocale(LC_ALL, "C.UTF-8");
	umask(0127);
	set_handler(SIGPIPE, on_tick);
	set_handler(SIGCHLD, on_child);
	look(&before);
	decide_all(&library);
	look(&after);
	changed = DIFFERS(cwd) + DIFFERS(locale) + DIFFERS(mask) + DIFFERS(environ) +
	    DIFFERS(environment) + DIFFERS(dispositions) + DIFFERS(blocked) + DIFFERS(timers) +
	    DIFFERS(nice) + DIFFERS(uids) + DIFFERS(threads) + fds_differ(before.fds, after.fds);
	say("changed=%u getenv=%u threads=%ld ", changed, atomic_load(&asked_environment),
	    after.threads);
}

/* For strace: what happens between these two calls, which fail. */
static void
mark(const char *text)
{
	syscall(SYS_write, -1, text, strlen(text));
}

static void
mode_trace(void)
{
	struct library library = load_for_tables();

	for (unsigned i = 0; i < calls; i++) {
		for (unsigned q = 0; q < query_count; q++) {
			struct request_info request;
			struct sockaddr_in sin;
			bool granted;

			make_request(&library, &request, &sin, &queries[q]);
			mark("guest-begins");
			granted = library.hosts_access(&request) != 0;
			mark("guest-ended");
			atomic_fetch_add(&wrong, granted != queries[q].granted);
		}
	}
}

/* ---- loading and unloading ---- */

static void *
reload(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < RELOADS; i++) {
		struct library library = load();

		decide(&library, &queries[i % query_count]);
		if (dlclose(library.handle) != 0)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL; /* and what the library has kept for the thread goes */
}

/* The library comes into a process that has threads already, and seems to go while they live. */
static void
mode_reload(void)
{
	pthread_t threads[THREADS];
	struct library library = load_for_tables();

	dlclose(library.handle);
	for (unsigned i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, reload, NULL) != 0)
			die("pthread_create");
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* ---- memory ---- */

struct on_stack {
	const struct library *library;
	const struct query *query;
	const char *top;
};

/* Three times: a table is read, read and kept, and found kept. */
static void *
decide_on_stack(void *arg)
{
	struct on_stack *on_stack = arg;

	on_stack->top = __builtin_frame_address(0);
	for (unsigned i = 0; i < 3; i++)
		decide(on_stack->library, on_stack->query);
	return NULL;
}

static long
stack_of(struct on_stack *on_stack)
{
	pthread_attr_t attributes;
	pthread_t thread;
	unsigned char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	              *lowest = stack;

	if (stack == MAP_FAILED)
		die("mmap");
	memset(stack, PAINT, STACK_BYTES);
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stack, STACK_BYTES);
	if (pthread_create(&thread, &attributes, decide_on_stack, on_stack) != 0)
		die("pthread_create");
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
	while (*lowest == PAINT)
		lowest++;
	munmap(stack, STACK_BYTES);
	return (long)((uintptr_t)on_stack->top - (uintptr_t)lowest);
}

static void
mode_stack(void)
{
	struct library library = load_for_tables();
	long most = 0;

	for (unsigned q = 0; q < query_count; q++) {
		struct on_stack on_stack = {&library, &queries[q], NULL};
		long used = stack_of(&on_stack);

		say("# %s: %ld bytes of stack\n", queries[q].daemon, used);
		most = used > most ? used : most;
	}
	say("stack=%ld ", most);
}

static long
resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long size, pages = -1;

	if (file == NULL || fscanf(file, "%ld %ld", &size, &pages) != 2)
		die("/proc/self/statm");
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
compare_memory(const struct library *library, void (*work)(const struct library *))
{
	long resident, heap;

	work(library);
	resident = resident_kib();
	heap = (long)mallinfo2().uordblks;
	work(library);
	say("heap_grown=%ld grown_kib=%ld ", (long)mallinfo2().uordblks - heap,
	    resident_kib() - resident);
}

static void
many_decisions(const struct library *library)
{
	decide_all(library);
}

static void
mode_memory(void)
{
	struct library library = load_for_tables();

	compare_memory(&library, many_decisions);
}

static void *
decide_once(void *arg)
{
	const struct library *library = arg;

	decide(library, &queries[0]);
	return NULL;
}

static void
many_threads(const struct library *library)
{
	for (unsigned i = 0; i < SHORT_THREADS; i++) {
		struct library copy = *library;
		pthread_t thread;

		if (pthread_create(&thread, NULL, decide_once, &copy) != 0)
			die("pthread_create");
		pthread_join(thread, NULL);
	}
}

static void
mode_memory_threads(void)
{
	struct library library = load_for_tables();

	compare_memory(&library, many_threads);
}

/* The same text in a new file. */
static void
rewrite(const char *path)
{
	static char bytes[1 << 20];
	char fresh[PATH_MAX];
	int in = open(path, O_RDONLY | O_CLOEXEC), out;
	ssize_t len = read(in, bytes, sizeof bytes);

	snprintf(fresh, sizeof fresh, "%s.new", path);
	out = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (len < 0 || out < 0 || write(out, bytes, (size_t)len) != len || rename(fresh, path) != 0)
		die(path);
	close(in);
	close(out);
}

static void
many_rewrites(const struct library *library)
{
	for (unsigned i = 0; i < REWRITES; i++) {
		int64_t until_us = now_us() + REWRITE_MS * 1000;

		rewrite(tables[i % 2]);
		while (now_us() < until_us)
			decide_all(library);
	}
}

static void
mode_memory_rewrites(void)
{
	struct library library = load_for_tables();

	compare_memory(&library, many_rewrites);
}

/* ---- main ---- */

static const struct {
	const char *name;
	void (*run)(void);
} modes[] = {
    {"alarm", mode_alarm},
    {"timer", mode_timer},
    {"sigchld-ignored", mode_sigchld_ignored},
    {"sigchld-handled", mode_sigchld_handled},
    {"sigchld-default", mode_sigchld_default},
    {"closed", mode_closed},
    {"few-fds", mode_few_fds},
    {"no-fds", mode_no_fds},
    {"everything", mode_everything},
    {"errno", mode_errno},
    {"state", mode_state},
    {"trace", mode_trace},
    {"reload", mode_reload},
    {"stack", mode_stack},
    {"memory", mode_memory},
    {"memory-threads", mode_memory_threads},
    {"memory-rewrites", mode_memory_rewrites},
};

static void
read_query(char *text, struct query *ret)
{
	ret->granted = *strsep(&text, ",") == '1';
	ret->daemon = strsep(&text, ",");
	ret->name = strsep(&text, ",");
	ret->addr = text;
	if (ret->addr == NULL) {
		fprintf(stderr, "guest: a query is VERDICT,DAEMON,NAME,ADDRESS\n");
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	if (argc < 7 || argc - 6 > QUERIES_MAX) {
		fprintf(stderr, "usage: guest MODE LIBRARY ALLOW DENY CALLS QUERY...\n");
		return 2;
	}
	library_path = argv[2];
	tables[0] = argv[3];
	tables[1] = argv[4];
	calls = (unsigned)strtoul(argv[5], NULL, 10);
	for (int i = 6; i < argc; i++)
		read_query(argv[i], &queries[query_count++]);
	if (dup3(STDOUT_FILENO, RESULT_FD, O_CLOEXEC) < 0)
		return 2;
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		if (strcmp(modes[i].name, argv[1]) == 0) {
			modes[i].run();
			say("wrong=%u logged=%u\n", atomic_load(&wrong), atomic_load(&logged));
			return atomic_load(&wrong) == 0 ? 0 : 1;
		}
	}
	fprintf(stderr, "guest: no such mode: %s\n", argv[1]);
	return 2;
}
