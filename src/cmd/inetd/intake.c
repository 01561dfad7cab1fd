/*
 * NAME     intake - the configuration is read beside the loop
 * PURPOSE  Parsing a thousand services takes milliseconds, a name server that is down takes minutes:
 *          nobody who is served by a service that holds is to notice either.
 * INVARIANTS  The reader is a fork that executes nothing, has no socket of ours, and dies with us. No
 *          thread of ours runs when it begins, so it may be made without fork(3)'s care for locks. It
 *          allocates all that stays in the generation, by conf_alloc(): its own heap dies with it. It
 *          logs nothing: findings are part of the generation.
 *          The memory is at one address in both processes, so pointers hold. What is taken is a copy:
 *          processes that judge strangers have the configuration, too, and must not have ours.
 * LIMITS   GENERATION_BYTES of address space, of which what is touched becomes memory. PATIENCE_MS
 *          for name service: then the reading has failed.
 * SEE      decisions/inetd-reload.md
 */
#include "cmd/inetd/intake.h"

#include <errno.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/inetd/child.h"
#include "cmd/inetd/clock.h"
#include "cmd/inetd/conf/load.h"

enum {
	GENERATION_BYTES = 512 << 20, /* as CONF_MEMORY_MAX */
	FIRST_OTHER_FD = 3,
	PATIENCE_MS = 120000,
	READER_NICE = 10, /* those who are served come first */
};

/* The generation itself, at the beginning of its memory. */
enum { HEAD_BYTES = (sizeof(struct generation) + 63) / 64 * 64 };

static struct generation *
generation_new(void)
{
	struct generation *generation = mmap(NULL, GENERATION_BYTES, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (generation == MAP_FAILED)
		return NULL;
	generation->size_bytes = GENERATION_BYTES;
	return generation;
}

void
generation_free(struct generation *generation)
{
	if (generation == NULL)
		return;
	child_await_all(); /* its services may be what they read */
	munmap(generation, generation->size_bytes);
}

/* Whole pages: what is in them stays, at its address, and nobody else's any more. */
static bool
make_own(char *pages, size_t len)
{
	void *copy = mmap(
	    NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (copy == MAP_FAILED)
		return false;
	memcpy(copy, pages, len);
	if (mremap(copy, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, pages) == pages)
		return true;
	munmap(copy, len);
	return false;
}

/* The middle was never touched: it is made anew, and not copied. */
static bool
take_over(struct generation *generation)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), gap_len;
	char *start = (char *)generation, *end = start + generation->size_bytes, *gap, *from, *to;

	arena_gap(&generation->services.conf.arena, &gap, &gap_len);
	if (gap == NULL) /* nothing was read */
		return make_own(start, page);
	from = start + ((size_t)(gap - start) + page - 1) / page * page;
	to = start + (size_t)(gap + gap_len - start) / page * page;
	if (from >= to)
		return make_own(start, generation->size_bytes);
	return mmap(from, (size_t)(to - from), PROT_READ | PROT_WRITE,
	           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == from &&
	    (to == end || make_own(to, (size_t)(end - to))) &&
	    make_own(start, (size_t)(from - start));
}

static void
fill(struct intake *intake, struct generation *next)
{
	const struct conf_memory memory = {
	    (char *)next + HEAD_BYTES, next->size_bytes - HEAD_BYTES};

	next->is_read = load_conf(&next->services.conf, &memory, intake->path) &&
	    services_resolve(&next->services, intake->rules);
}

/* A fork, but for the descriptors, which are common at first: to copy a thousand and close the copies
 * takes as long as to read half of their services. Linux < 5.3 has no such call. */
static pid_t
fork_reader(void)
{
	const struct clone_args how = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
	pid_t pid = (pid_t)syscall(SYS_clone3, &how, sizeof how);

	return pid >= 0 ? pid : fork();
}

/* A listener that closes meanwhile is not to live on in us; before Linux 5.9 it does. */
static bool
leave_descriptors(void)
{
	return syscall(SYS_close_range, (unsigned)FIRST_OTHER_FD, ~0U, CLOSE_RANGE_UNSHARE) == 0 ||
	    (errno == ENOSYS && syscall(SYS_unshare, CLONE_FILES) == 0);
}

static _Noreturn void
read_all(struct intake *intake, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || !leave_descriptors())
		_exit(EXIT_FAILURE);
	setpriority(PRIO_PROCESS, 0, READER_NICE);
	fill(intake, intake->next);
	_exit(EXIT_SUCCESS);
}

static void
lose_patience(struct alarm *alarm, int64_t now_ms)
{
	struct intake *intake = owner_of(alarm, struct intake, patience);

	(void)now_ms;
	kill(intake->pid, SIGKILL);
}

static bool
start(struct intake *intake)
{
	pid_t parent = getpid();

	intake->next = generation_new();
	if (intake->next == NULL)
		return false;
	intake->pid = fork_reader();
	if (intake->pid == 0)
		read_all(intake, parent);
	if (intake->pid > 0) {
		madvise(intake->next, GENERATION_BYTES, MADV_DONTFORK);
		return true;
	}
	intake->pid = 0;
	generation_free(intake->next);
	intake->next = NULL;
	return false;
}

bool
intake_begin(struct intake *intake)
{
	intake->patience.ring = lose_patience;
	if (!start(intake))
		return false;
	reactor_set_alarm(intake->reactor, &intake->patience, clock_now_ms() + PATIENCE_MS);
	return true;
}

struct generation *
intake_take(struct intake *intake, int status)
{
	struct generation *next = intake->next;
	bool is_whole = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;

	reactor_stop_alarm(intake->reactor, &intake->patience);
	intake->pid = 0;
	intake->next = NULL;
	if (is_whole && take_over(next))
		return next;
	generation_free(next);
	return NULL;
}

/* There is no loop yet to hear of it, and signals are blocked. False: errno; it is not waited for any
 * longer. */
static bool
await_reader(pid_t pid, int *ret_status)
{
	const struct timespec patience = {.tv_sec = PATIENCE_MS / 1000};
	sigset_t news;
	int number;

	sigemptyset(&news);
	sigaddset(&news, SIGCHLD);
	sigaddset(&news, SIGTERM);
	sigaddset(&news, SIGINT);
	sigaddset(&news, SIGQUIT);
	while (waitpid(pid, ret_status, WNOHANG) != pid) {
		number = sigtimedwait(&news, NULL, &patience);
		if (number == SIGCHLD || (number < 0 && errno == EINTR))
			continue;
		errno = number < 0 ? ETIMEDOUT : EINTR;
		return false;
	}
	return true;
}

struct generation *
intake_whole(struct intake *intake)
{
	int status = 0, error;

	if (!start(intake))
		return NULL;
	if (await_reader(intake->pid, &status))
		return intake_take(intake, status);
	error = errno;
	intake_stop(intake);
	errno = error;
	return NULL;
}

void
intake_stop(struct intake *intake)
{
	int status = 0;

	if (intake->pid == 0)
		return;
	kill(intake->pid, SIGKILL);
	while (waitpid(intake->pid, &status, 0) < 0 && errno == EINTR)
		;
	generation_free(intake_take(intake, status));
}
