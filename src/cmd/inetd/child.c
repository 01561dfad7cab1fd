/*
 * NAME     child - from a socket to a running server
 * PURPOSE  The one path on which inetd executes anything: clean descriptors, the identity of the
 *          service's line, default signals, then exec.
 * INVARIANTS  The child shares inetd's memory until exec: it allocates nothing, takes no lock and
 *          makes only system calls; what it needs was prepared when the file was read. Ids are set
 *          by raw system calls, because glibc's would try to reach the parent's threads. Nothing is
 *          executed unless the kernel, asked again, answers with exactly the wanted identity.
 *          errno is shared too: inetd only waits meanwhile, and its own calls cannot set ENOSYS.
 * LIMITS   inetd waits while exec reads the server's file, so a server belongs on a local disk.
 * SEE      threats I6 and I7, clone(2) CLONE_CHILD_CLEARTID, posix_spawn(3)
 */
#include "cmd/inetd/child.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	CHILD_STACK_BYTES = 64 * 1024,
	CHILD_HOLDS = 1, /* any value but 0 */
	/* Then see whether the child was stopped, and go on waiting. */
	CHILD_PATIENCE_NS = 10000000,
	EXEC_FAILED_STATUS = 127,
};

struct order {
	const struct service *service;
	int fd;
	const struct child_world *world;
	struct child_failure *failure;
};

static int
set_descriptors(const struct order *order)
{
	for (int to = 0; to <= 2; to++)
		if (dup2(order->fd, to) < 0)
			return -1;
	/* Without close_range (Linux < 5.9) the rest goes at exec: all of it is close-on-exec. */
	if (syscall(SYS_close_range, 3U, ~0U, 0U) < 0 && errno != ENOSYS)
		return -1;
	return setrlimit(RLIMIT_NOFILE, &order->world->descriptors);
}

static int
drop(const struct order *order)
{
	const struct identity *identity = &order->service->identity;

	if (identity->is_own)
		return 0;
	if (syscall(SYS_setgroups, identity->count, identity->groups) < 0)
		return -1;
	if (syscall(SYS_setresgid, identity->gid, identity->gid, identity->gid) < 0)
		return -1;
	return (int)syscall(SYS_setresuid, identity->uid, identity->uid, identity->uid);
}

/* Success that a call reports is not enough. */
static int
verify(const struct order *order)
{
	const struct identity *identity = &order->service->identity;
	uid_t uid, gid, uids[2], gids[2];
	long count;

	errno = EPERM;
	if (syscall(SYS_getresuid, &uid, &uids[0], &uids[1]) < 0 ||
	    syscall(SYS_getresgid, &gid, &gids[0], &gids[1]) < 0)
		return -1;
	if (uid != identity->uid || uids[0] != uid || uids[1] != uid)
		return -1;
	if (gid != identity->gid || gids[0] != gid || gids[1] != gid)
		return -1;
	if (identity->is_own)
		return 0;
	count = syscall(SYS_getgroups, identity->count + 1, identity->answer);
	if (count < 0 || (size_t)count != identity->count)
		return -1;
	return memcmp(identity->answer, identity->groups, identity->count * sizeof(gid_t)) == 0
	    ? 0
	    : -1;
}

/* inetd ignores SIGPIPE only, and blocks what it reads from its signalfd. */
static int
set_signals(const struct order *order)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	(void)order;
	sigemptyset(&none);
	if (sigaction(SIGPIPE, &action, NULL) < 0)
		return -1;
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

static int
leave_session(const struct order *order)
{
	(void)order;
	return setsid() < 0 ? -1 : 0;
}

static int
execute(const struct order *order)
{
	const struct conf_entry *entry = order->service->entry;

	return execve(entry->server.text, entry->argv, order->world->environment);
}

static int
run(void *argument)
{
	static const struct {
		const char *name;
		int (*take)(const struct order *);
	} steps[] = {
	    {"leave the session", leave_session},
	    {"pass the socket", set_descriptors},
	    {"become the user", drop},
	    {"be sure of the user", verify},
	    {"reset signals", set_signals},
	    {"execute", execute},
	};
	const struct order *order = argument;

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		if (steps[i].take(order) == 0)
			continue;
		order->failure->error = errno;
		order->failure->step = steps[i].name;
		break;
	}
	_exit(EXEC_FAILED_STATUS);
}

/* Wait until the child has let go of our memory, by exec or exit. Not by CLONE_VFORK: from the moment
 * the child has its user's identity that user may stop it, and all of inetd would stand still with it. */
static void
await(pid_t pid, const pid_t *held, struct child_failure *failure)
{
	const struct timespec patience = {.tv_nsec = CHILD_PATIENCE_NS};

	while (__atomic_load_n(held, __ATOMIC_ACQUIRE) != 0) {
		siginfo_t found = {0};

		syscall(SYS_futex, held, FUTEX_WAIT, CHILD_HOLDS, &patience, NULL, 0);
		if (waitid(P_PID, (id_t)pid, &found, WSTOPPED | WNOHANG) < 0 || found.si_pid != pid)
			continue;
		*failure = (struct child_failure){"be started, since its user stopped it", EINTR};
		kill(pid, SIGKILL);
	}
}

pid_t
child_start(const struct service *service, int fd, const struct child_world *world,
    struct child_failure *failure)
{
	/* Not on inetd's own stack, whose frames the child would overwrite. One child at a time. */
	static _Alignas(16) char stack[CHILD_STACK_BYTES];
	static pid_t held; /* the kernel clears it, and wakes us */
	struct order order = {service, fd, world, failure};
	pid_t pid;

	*failure = (struct child_failure){0};
	held = CHILD_HOLDS;
	pid = clone(run, stack + sizeof stack, CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD, &order,
	    NULL, NULL, &held);
	if (pid > 0)
		await(pid, &held, failure);
	return pid;
}
