/*
 * NAME     launch - children between clone and exec
 * PURPOSE  exec takes most of what a start costs, and another processor can do it: so inetd does not
 *          wait for it. It waits only before it sleeps, for a moment: a client's socket is the
 *          child's alone when inetd has closed its own, and it can be closed only when the child has
 *          made a copy.
 * INVARIANTS  What a child reads is not changed before it has let go: neither its launch nor the
 *          configuration (child_await_all). A number of a descriptor that it has not copied yet is
 *          not given to anybody else.
 *          errno is a thread's. The child has that of a thread that sleeps for good, or else inetd
 *          waits until exec.
 * LIMITS   LAUNCHES_MAX at a time; LAUNCH_MS for each, since whoever owns the server's file can keep
 *          it from being opened.
 * SEE      threats I6 and I7, clone(2) CLONE_CHILD_CLEARTID, futex(2)
 */
#include "cmd/inetd/launch.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __x86_64__
#include <asm/prctl.h>
#endif

#include "cmd/inetd/clock.h"

enum launch_hold {
	LAUNCH_FREE = 0, /* the kernel says so at exec and exit */
	LAUNCH_HOLDS_MEMORY,
	LAUNCH_HOLDS_DESCRIPTORS, /* and memory */
};

enum {
	/* Then see whether the child was stopped, or has ended, and go on waiting. */
	PATIENCE_NS = 10000000,
	LAUNCH_MS = 2000, /* a disk may have to turn first */
	THREAD_STACK_BYTES = 64 * 1024, /* it only sleeps */
};

static struct launch launches[LAUNCHES_MAX];

/* ---- threads that lend their errno ---- */

struct loan {
	sem_t is_made;
	void *thread;
};

/* Of the calling thread, as clone(2) wants it. NULL: not known how on this architecture. */
static void *
thread_pointer(void)
{
#if defined(__x86_64__) && defined(__LP64__)
	void *pointer = NULL;

	return syscall(SYS_arch_prctl, ARCH_GET_FS, &pointer) == 0 ? pointer : NULL;
#elif defined(__aarch64__) || defined(__riscv)
	return __builtin_thread_pointer();
#else
	return NULL;
#endif
}

static void *
sleep_for_good(void *argument)
{
	struct loan *loan = argument;

	loan->thread = thread_pointer();
	sem_post(&loan->is_made);
	for (;;)
		pause();
	return NULL;
}

/* NULL: there is none. */
static void *
make_thread(void)
{
	struct loan loan = {0};
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;
	bool is_made;

	if (thread_pointer() == NULL || pthread_attr_init(&attributes) != 0)
		return NULL;
	sem_init(&loan.is_made, 0, 0);
	pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	is_made = pthread_create(&thread, &attributes, sleep_for_good, &loan) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	while (is_made && sem_wait(&loan.is_made) < 0)
		;
	sem_destroy(&loan.is_made);
	return loan.thread;
}

/* ---- waiting ---- */

static int
hold_of(const struct launch *launch)
{
	return __atomic_load_n(&launch->held, __ATOMIC_ACQUIRE);
}

static void
close_fd(struct launch *launch)
{
	if (launch->fd > STDERR_FILENO)
		close(launch->fd);
	launch->fd = 0;
}

/* The child has ended, and may not have let go: one that dumps core does not, in some kernels. */
static void
forget(struct launch *launch)
{
	__atomic_store_n(&launch->held, LAUNCH_FREE, __ATOMIC_RELEASE);
	close_fd(launch);
}

static void
end(struct launch *launch, const char *step, int error)
{
	launch_fail(launch, &(struct child_failure){step, error});
	kill(launch->pid, SIGKILL);
}

/* Is something wrong with it? */
static void
look_at(struct launch *launch)
{
	siginfo_t found = {0};

	if (waitid(P_PID, (id_t)launch->pid, &found, WSTOPPED | WEXITED | WNOHANG | WNOWAIT) < 0)
		return;
	if (found.si_pid == launch->pid && found.si_code != CLD_STOPPED)
		forget(launch);
	else if (found.si_pid == launch->pid)
		end(launch, "be started, since its user stopped it", EINTR);
	else if (clock_now_ms() - launch->begun_ms >= LAUNCH_MS)
		end(launch, "be started, since its file cannot be had", ETIMEDOUT);
}

/* Not by CLONE_VFORK: from the moment the child has its user's identity that user may stop it, and all
 * of inetd would stand still with it. */
static void
wait_a_moment(struct launch *launch)
{
	const struct timespec patience = {.tv_nsec = PATIENCE_NS};
	int held = hold_of(launch);

	if (held != LAUNCH_FREE &&
	    syscall(SYS_futex, &launch->held, FUTEX_WAIT, held, &patience, NULL, 0) < 0 &&
	    errno == ETIMEDOUT)
		look_at(launch);
}

static void
await(struct launch *launch)
{
	while (hold_of(launch) != LAUNCH_FREE)
		wait_a_moment(launch);
	close_fd(launch);
}

void
launch_await_copy(struct launch *launch)
{
	while (hold_of(launch) == LAUNCH_HOLDS_DESCRIPTORS)
		wait_a_moment(launch);
}

bool
child_settle(void)
{
	bool is_settled = true;

	for (size_t i = 0; i < LAUNCHES_MAX; i++) {
		if (hold_of(&launches[i]) < LAUNCH_HOLDS_DESCRIPTORS)
			close_fd(&launches[i]);
		is_settled &= launches[i].fd == 0;
	}
	return is_settled;
}

void
child_rest(void)
{
	size_t i = 0;

	while (i < LAUNCHES_MAX && launches[i].fd == 0)
		i++;
	if (i < LAUNCHES_MAX)
		wait_a_moment(&launches[i]);
}

void
child_await_all(void)
{
	for (size_t i = 0; i < LAUNCHES_MAX; i++)
		await(&launches[i]);
}

bool
child_look_after(void)
{
	bool is_any = false;

	for (size_t i = 0; i < LAUNCHES_MAX; i++) {
		if (hold_of(&launches[i]) != LAUNCH_FREE)
			look_at(&launches[i]);
		is_any |= hold_of(&launches[i]) != LAUNCH_FREE;
	}
	return is_any;
}

void
child_ended(pid_t pid)
{
	for (size_t i = 0; i < LAUNCHES_MAX; i++)
		if (launches[i].pid == pid)
			forget(&launches[i]);
}

/* ---- beginning ---- */

/* The one that was begun first, if none is free. */
struct launch *
launch_take(void)
{
	struct launch *launch = &launches[0];

	for (size_t i = 0; i < LAUNCHES_MAX && hold_of(launch) != LAUNCH_FREE; i++)
		if (hold_of(&launches[i]) == LAUNCH_FREE || launches[i].begun_ms < launch->begun_ms)
			launch = &launches[i];
	await(launch);
	return launch;
}

pid_t
launch_begin(struct launch *launch, int fd, int (*run)(void *))
{
	int flags = CLONE_VM | CLONE_FILES | CLONE_CHILD_CLEARTID | SIGCHLD;

	if (launch->thread == NULL)
		launch->thread = make_thread();
	if (launch->thread != NULL)
		flags |= CLONE_SETTLS;
	launch->held = LAUNCH_HOLDS_DESCRIPTORS;
	launch->begun_ms = clock_now_ms();
	launch->fd = fd;
	launch->pid = clone(run, launch->stack + sizeof launch->stack, flags, launch, NULL,
	    launch->thread, &launch->held);
	if (launch->pid < 0) {
		launch->held = LAUNCH_FREE;
		launch->fd = 0; /* it is the caller's */
		return -1;
	}
	if (launch->thread == NULL)
		await(launch);
	return launch->pid;
}

void
launch_owns_descriptors(struct launch *launch)
{
	__atomic_store_n(&launch->held, LAUNCH_HOLDS_MEMORY, __ATOMIC_RELEASE);
	if (launch->fd == 0) /* else nobody waits for that alone */
		syscall(SYS_futex, &launch->held, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Who reads the step finds the error beside it. */
void
launch_fail(struct launch *launch, const struct child_failure *failure)
{
	launch->failure->error = failure->error;
	__atomic_store_n(&launch->failure->step, failure->step, __ATOMIC_RELEASE);
}
