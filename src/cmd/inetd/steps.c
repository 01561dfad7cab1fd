/*
 * NAME     steps - what a process goes through to become a server
 * PURPOSE  One table, in the one order that is safe, for servers that are started at once and for
 *          processes that judge their client before they serve it.
 * INVARIANTS  Usually this process shares inetd's memory: it allocates nothing, takes no lock and
 *          makes only system calls; what it needs was prepared when the file was read. Calls that
 *          glibc would spread over the parent's threads are made raw. What the kernel can be asked
 *          for is asked for: success that a call reports is not enough, and nothing is executed
 *          unless the answer is exactly what is wanted.
 * SEE      threats I6 and I7, credentials(7), capabilities(7), sd_listen_fds(3)
 */
#include "cmd/inetd/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	LISTENER_FD = 3, /* SD_LISTEN_FDS_START */
	NICE_ZERO = 20, /* getpriority answers 20 - nice */
};

/* The kernel's, on any architecture. */
struct kernel_limit {
	uint64_t soft, hard;
};

/* What is asked back did not come back. Answers begin as what is not wanted: a call that says that
 * it has answered, and has not, is found out. */
static int
fail_check(void)
{
	errno = EPERM;
	return -1;
}

/* ---- group, descriptors ---- */

/* A process group keeps inetd apart from what a server sends to its own. A session as well only where there
 * is a terminal in inetd's: the kernel schedules by sessions, and on a busy host a new one for every
 * server halves how many are started. */
static int
leave_group(struct order *order)
{
	return (order->world->has_terminal ? setsid() : setpgid(0, 0)) < 0 ? -1 : 0;
}

/* Until then this process has inetd's own, and changes nothing about them. A copy is made of those up
 * to the client's only: a thousand listening sockets, copied and closed again, would double what a
 * start costs. Linux < 5.9 copies them all. */
static int
own_descriptors(struct order *order)
{
	if (order->is_judging) /* fork has made a copy */
		return 0;
	if (syscall(SYS_close_range, (unsigned)order->fd + 1, ~0U, CLOSE_RANGE_UNSHARE) == 0)
		return 0;
	return errno == ENOSYS ? (int)syscall(SYS_unshare, CLONE_FILES) : -1;
}

/* Close all from a number on but these; a negative one is none. Without close_range (Linux < 5.9)
 * they go at exec: all are close-on-exec. */
static int
close_but(unsigned from, const int *kept, size_t count)
{
	unsigned next;

	do {
		next = UINT_MAX;
		for (size_t i = 0; i < count; i++)
			if (kept[i] >= 0 && (unsigned)kept[i] >= from && (unsigned)kept[i] < next)
				next = (unsigned)kept[i];
		if (next > from && syscall(SYS_close_range, from, next - (next < UINT_MAX), 0U) < 0)
			return errno == ENOSYS ? 0 : -1;
		from = next + 1;
	} while (next < UINT_MAX);
	return 0;
}

/* /dev/null while there is one: a chroot may have none. Whoever judges may take some time, in which
 * inetd's descriptors are not kept from closing. */
static int
hold_descriptors(struct order *order)
{
	if (order->service->entry->passes_listen_fds) {
		order->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (order->null_fd < 0)
			return -1;
	}
	return order->is_judging
	    ? close_but(STDERR_FILENO + 1,
	          (const int[]){order->fd, order->link_fd, order->log_fd, order->null_fd}, 4)
	    : 0;
}

/* A server that takes its socket as LISTEN_FDS says, logs to standard error, which therefore must
 * not be that socket: nor inetd's own, which may be a terminal. */
static int
pass_listener(struct order *order)
{
	if (order->link_fd == LISTENER_FD) {
		order->link_fd = fcntl(LISTENER_FD, F_DUPFD_CLOEXEC, LISTENER_FD + 1);
		if (order->link_fd < 0)
			return -1;
	}
	for (int to = 0; to <= STDERR_FILENO; to++)
		if (dup2(to == 0 ? order->fd : order->null_fd, to) < 0)
			return -1;
	/* Either of the two may have been 3. */
	return dup2(0, LISTENER_FD) < 0 || dup2(1, 0) < 0 ? -1 : 0;
}

static int
pass_connection(struct order *order)
{
	for (int to = 0; to <= STDERR_FILENO; to++)
		if (dup2(order->fd, to) < 0)
			return -1;
	return 0;
}

static int
pass_socket(struct order *order)
{
	bool is_listener = order->service->entry->passes_listen_fds;

	if ((is_listener ? pass_listener(order) : pass_connection(order)) < 0)
		return -1;
	return close_but(is_listener ? LISTENER_FD + 1 : STDERR_FILENO + 1, &order->link_fd, 1);
}

/* ---- limits, priority, umask ---- */

static int
ask_limit(int resource, struct kernel_limit *ret)
{
	return (int)syscall(SYS_prlimit64, 0, resource, NULL, ret);
}

static int
set_limit(int resource, uint64_t soft, uint64_t hard)
{
	struct kernel_limit want = {soft, hard}, got = {~soft, ~hard};

	if (syscall(SYS_prlimit64, 0, resource, &want, NULL) < 0 || ask_limit(resource, &got) < 0)
		return -1;
	return got.soft == soft && got.hard == hard ? 0 : fail_check();
}

/* Only this takes a right. The lowering comes last: whoever judges needs descriptors and memory
 * that the server may not have. */
static int
raise_limits(struct order *order)
{
	const struct conf_entry *entry = order->service->entry;

	for (size_t i = 0; i < entry->rlimit_count; i++) {
		const struct conf_rlimit *limit = &entry->rlimits[i];
		struct kernel_limit now = {UINT64_MAX, UINT64_MAX};

		if (ask_limit(limit->resource, &now) < 0)
			return -1;
		if (limit->hard > now.hard && set_limit(limit->resource, now.soft, limit->hard) < 0)
			return -1;
	}
	return 0;
}

static int
set_limits(struct order *order)
{
	const struct conf_entry *entry = order->service->entry;
	const struct rlimit *given = &order->world->descriptors;

	if (!order->service->setup->has_descriptor_limit &&
	    set_limit(RLIMIT_NOFILE, given->rlim_cur, given->rlim_max) < 0)
		return -1;
	for (size_t i = 0; i < entry->rlimit_count; i++)
		if (set_limit(entry->rlimits[i].resource, entry->rlimits[i].soft,
		        entry->rlimits[i].hard) < 0)
			return -1;
	return 0;
}

int
steps_priority(void)
{
	return (int)syscall(SYS_getpriority, PRIO_PROCESS, 0);
}

static int
set_priority(struct order *order)
{
	const struct conf_entry *entry = order->service->entry;

	if (!entry->has_nice)
		return 0;
	if (syscall(SYS_setpriority, PRIO_PROCESS, 0, entry->nice) < 0)
		return -1;
	return steps_priority() == NICE_ZERO - entry->nice ? 0 : fail_check();
}

static bool
has_umask(const struct order *order)
{
	return umask(order->service->setup->umask) == order->service->setup->umask;
}

static int
set_umask(struct order *order)
{
	umask(order->service->setup->umask);
	return has_umask(order) ? 0 : fail_check();
}

/* ---- root folder, identity, rights ---- */

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Since the file was read the folder may have become another one. */
static int
change_root(struct order *order)
{
	const char *path = order->service->entry->chroot.text;
	struct stat folder = {0}, root = {0}, here = {0};

	if (path == NULL || order->stays_out)
		return 0;
	if (stat(path, &folder) < 0 || chroot(path) < 0 || chdir("/") < 0 || stat("/", &root) < 0 ||
	    stat(".", &here) < 0)
		return -1;
	return is_same_file(&folder, &root) && is_same_file(&folder, &here) &&
	        setup_is_guarded(&root)
	    ? 0
	    : fail_check();
}

static int
become_user(struct order *order)
{
	const struct identity *identity = order->service->identity;

	if (identity->is_own)
		return 0;
	if (syscall(SYS_setgroups, identity->count, identity->groups) < 0)
		return -1;
	if (syscall(SYS_setresgid, identity->gid, identity->gid, identity->gid) < 0)
		return -1;
	return (int)syscall(SYS_setresuid, identity->uid, identity->uid, identity->uid);
}

static bool
has_identity(const struct order *order)
{
	const struct identity *identity = order->service->identity;
	const struct order_room *room = order->room;
	uid_t uids[3] = {~identity->uid};
	gid_t gids[3] = {~identity->gid};
	long count;

	if (syscall(SYS_getresuid, &uids[0], &uids[1], &uids[2]) < 0 ||
	    syscall(SYS_getresgid, &gids[0], &gids[1], &gids[2]) < 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (uids[i] != identity->uid || gids[i] != identity->gid)
			return false;
	if (identity->is_own)
		return true;
	count = syscall(SYS_getgroups, room->group_count, room->groups);
	return count >= 0 && (size_t)count == identity->count &&
	    memcmp(room->groups, identity->groups, identity->count * sizeof(gid_t)) == 0;
}

static int
verify_user(struct order *order)
{
	return has_identity(order) ? 0 : fail_check();
}

/* A server that is not root's has none, even if inetd was given some to keep or to pass on. */
static int
drop_rights(struct order *order)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
	static const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

	if (order->service->identity->uid == 0)
		return 0;
	if (syscall(SYS_capset, &head, sets) < 0)
		return -1;
	memset(sets, 0xff, sizeof sets);
	if (syscall(SYS_capget, &head, sets) < 0)
		return -1;
	return memcmp(sets, none, sizeof none) == 0 ? 0 : fail_check();
}

static bool
has_no_new_rights(void)
{
	return syscall(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 1;
}

static int
renounce_rights(struct order *order)
{
	if (!order->service->entry->is_no_new_privs)
		return 0;
	if (syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
		return -1;
	return has_no_new_rights() ? 0 : fail_check();
}

/* ---- signals, exec ---- */

/* inetd ignores SIGPIPE only, and blocks what it reads from its signalfd. */
static int
reset_signals(struct order *order)
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
execute(struct order *order)
{
	const struct access_rules *access = order->service->access;

	environment_set_pid(&order->room->environment, (pid_t)syscall(SYS_getpid));
	return execve(access->path, access->argv, order->variables);
}

static const struct {
	enum steps_part part;
	const char *name;
	int (*take)(struct order *);
} steps[] = {
    {STEPS_BEGIN, "leave the group", leave_group},
    {STEPS_BEGIN, "have its own descriptors", own_descriptors},
    {STEPS_BEGIN, "hold the socket", hold_descriptors},
    {STEPS_BECOME, "raise a limit", raise_limits},
    {STEPS_BECOME, "set the priority", set_priority},
    {STEPS_BECOME, "set the umask", set_umask},
    {STEPS_BECOME, "change the root folder", change_root},
    {STEPS_BECOME, "become the user", become_user},
    {STEPS_BECOME, "be sure of the user", verify_user},
    {STEPS_BECOME, "drop capabilities", drop_rights},
    {STEPS_BECOME, "renounce new privileges", renounce_rights},
    {STEPS_BECOME, "reset signals", reset_signals},
    {STEPS_SERVE, "pass the socket", pass_socket},
    {STEPS_SERVE, "set a limit", set_limits},
    {STEPS_SERVE, "execute", execute},
    {STEPS_OTHER, STEPS_JUDGE_APART, NULL},
    {STEPS_OTHER, STEPS_NAME, NULL},
    {STEPS_OTHER, STEPS_KEEP_APART, NULL},
};

enum { STEP_COUNT = sizeof steps / sizeof steps[0] };

bool
steps_fail(struct order *order, enum steps_part part, struct child_failure *ret)
{
	for (size_t i = 0; i < STEP_COUNT; i++) {
		if (steps[i].part != part || steps[i].take(order) == 0)
			continue;
		ret->error = errno;
		ret->step = steps[i].name;
		return true;
	}
	return false;
}

bool
steps_are_kept(const struct order *order, int priority)
{
	const struct conf_entry *entry = order->service->entry;

	return has_identity(order) && has_umask(order) && steps_priority() == priority &&
	    (!entry->is_no_new_privs || has_no_new_rights());
}

unsigned
steps_number(const char *name)
{
	unsigned i = 0;

	while (i < STEP_COUNT && strcmp(steps[i].name, name) != 0)
		i++;
	return i;
}

const char *
steps_name(unsigned number)
{
	return number < STEP_COUNT ? steps[number].name : NULL;
}
