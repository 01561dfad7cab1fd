/*
 * NAME     shell - commands under a go-between
 * PURPOSE  The library lives in processes that own their children, their SIGCHLD and their
 *          descriptors. So the shell is the child of a go-between, which is the host's child
 *          without an exit signal: only a wait with __WCLONE can see it.
 * INVARIANTS  The go-between shares the host's memory while the calling thread stands still. It
 *          never execs (that would give it an exit signal), takes no lock, and runs on a stack of
 *          its own. Its descriptors are a copy: while a command runs, none of the host's is held.
 *          No handler of the host can run in it: all signals are blocked, and the shell's
 *          dispositions are reset before its mask is cleared.
 * LIMITS   STACK_BYTES, DESCRIPTORS_MAX below.
 * SEE      clone(2), wait(2) __WCLONE, hosts_options(5) spawn
 */
#include "action/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	/* Frames here are small and nothing recurses; the C library's calls need most of it. */
	STACK_BYTES = 32 << 10,
	/* A page that faults under each stack, as large as any architecture's page. */
	GUARD_BYTES = 64 << 10,
	ONE_STACK = GUARD_BYTES + STACK_BYTES,
	/* The kernel's own structures, on any architecture; of a set the size must be exact. */
	KERNEL_SIGACTION_BYTES = 64,
	KERNEL_SIGSET_BYTES = (NSIG - 1) / 8,
	/* Only where the kernel has no close_range: the default of fs.nr_open. */
	DESCRIPTORS_MAX = 1 << 20,
};

/* code begins as SHELL_FORK: a go-between that is killed must not look like a command that ran. */
struct job {
	const char *command;
	char *const *environment;
	char *shell_stack; /* its top */
	enum diag_code code;
	int error;
	int status;
};

char *const *
shell_environment(void)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	static char *const fixed[] = {path, NULL};

	return getauxval(AT_SECURE) != 0 ? fixed : environ;
}

/* Raw calls below: the C library's would be cancellation points of the host's thread, and the
 * sanitizers put their own in front of them. Nor is this code itself watched by them: it runs on
 * stacks that they do not know, and frames of the shell's are never left when the exec succeeds. */
#define UNWATCHED __attribute__((no_sanitize("address", "undefined", "thread")))

UNWATCHED static void
fail(struct job *job, enum diag_code code)
{
	job->code = code;
	job->error = errno;
}

UNWATCHED static pid_t
wait_for(pid_t child, int *ret_status, unsigned options)
{
	long got;

	do
		got = syscall(SYS_wait4, child, ret_status, options, NULL);
	while (got < 0 && errno == EINTR);
	return (pid_t)got;
}

UNWATCHED static void
close_all(void)
{
	if (syscall(SYS_close_range, 0U, ~0U, 0) == 0)
		return;
	for (unsigned fd = 0; fd < DESCRIPTORS_MAX; fd++)
		syscall(SYS_close, fd);
}

/* Descriptors for the shell; all others, close-on-exec or not, are closed at once. */
UNWATCHED static bool
set_descriptors(struct job *job)
{
	long null;

	close_all();
	do
		null = syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
	while (null < 0 && errno == EINTR);
	if (null == 0 && syscall(SYS_dup, 0) == 1 && syscall(SYS_dup, 0) == 2)
		return true;
	fail(job, DIAG_SHELL_STDIO);
	return false;
}

/* The default. The C library keeps two signals to itself, and leaves them ignored in children that its
 * posix_spawn made; the kernel is asked, and takes zeros for the default on every architecture. KILL
 * and STOP refuse: no matter. */
UNWATCHED static void
reset_disposition(int number)
{
	static const unsigned char zeros[KERNEL_SIGACTION_BYTES];

	syscall(SYS_rt_sigaction, number, zeros, NULL, KERNEL_SIGSET_BYTES);
}

UNWATCHED static int
shell_main(void *arg)
{
	struct job *job = arg;
	const char *const argv[] = {"sh", "-c", job->command, NULL};
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		reset_disposition(number);
	sigaction(SIGHUP, &ignored, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	syscall(SYS_execve, "/bin/sh", argv, job->environment);
	fail(job, DIAG_SHELL_EXEC);
	return 127;
}

UNWATCHED static int
go_between_main(void *arg)
{
	struct job *job = arg;
	pid_t shell;

	reset_disposition(SIGCHLD); /* ignored, it would take the status away */
	if (!set_descriptors(job))
		return 0;
	shell = clone(shell_main, job->shell_stack, CLONE_VM | CLONE_VFORK | SIGCHLD, job);
	if (shell < 0)
		fail(job, DIAG_SHELL_FORK);
	else if (wait_for(shell, &job->status, 0) == shell && job->code == DIAG_SHELL_FORK)
		job->code = DIAG_NONE;
	return 0;
}

/* Two stacks, a guard under each. NULL: errno says why. */
static char *
map_stacks(void)
{
	char *stacks =
	    mmap(NULL, 2 * ONE_STACK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	const int access = PROT_READ | PROT_WRITE;

	if (stacks == MAP_FAILED)
		return NULL;
	if (mprotect(stacks + GUARD_BYTES, STACK_BYTES, access) != 0 ||
	    mprotect(stacks + ONE_STACK + GUARD_BYTES, STACK_BYTES, access) != 0) {
		int error = errno;

		munmap(stacks, 2 * ONE_STACK);
		errno = error;
		return NULL;
	}
	return stacks;
}

enum diag_code
action_shell(const char *command, int *ret_status)
{
	struct job job = {.command = command, .code = DIAG_SHELL_FORK};
	int saved = errno;
	sigset_t all, before;
	char *stacks = map_stacks();
	pid_t go_between;

	if (stacks == NULL)
		return DIAG_SHELL_FORK;
	job.error = ECHILD;
	job.environment = shell_environment();
	job.shell_stack = stacks + ONE_STACK;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	go_between = clone(go_between_main, stacks + 2 * ONE_STACK, CLONE_VM | CLONE_VFORK, &job);
	if (go_between < 0)
		job.error = errno;
	else
		wait_for(go_between, NULL, __WCLONE);
	munmap(stacks, 2 * ONE_STACK);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = job.code == DIAG_NONE ? saved : job.error;
	if (job.code == DIAG_NONE)
		*ret_status = job.status;
	return job.code;
}
