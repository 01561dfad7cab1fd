/*
 * NAME     effects - stand-ins for what options do to a process
 * PURPOSE  Millions of decisions are taken in one process, of which none may change it: masks, nice
 *          values, variables, identities, descriptors, programs, its end. The call and its
 *          arguments are what is compared; what comes of them is the C library's business.
 * INVARIANTS  Outside of a decision each call is the C library's own. Arguments are looked at as
 *             the C
 *          library would: a variable without a name, a descriptor that is none are errors here too.
 *          setjmp: the original leaves the process out of the middle of a decision, and a process
 *          for each of a hundred million decisions is not to be had. Its tables are closed by then.
 *          Time that a library measures goes on by over a minute from decision to decision: what is
 *          told once a minute is told each time.
 */
#include "effects.h"

#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "front.h"

#define EXPORTED __attribute__((visibility("default")))

enum {
	STEP_S = 61,
	/* The original opens lists that name themselves until there are no more. */
	DESCRIPTORS = EFFECTS_FD + 56,
};

jmp_buf effects_left;

static bool is_deciding;
static pid_t deciding_pid, shown_pid;
static time_t ahead_s;
static bool is_closed[3]; /* what a library believes of descriptors 0 to 2 */
static char written[4096]; /* to the connection: it may come in pieces */
static size_t written_len;

static int (*real_clock)(clockid_t, struct timespec *);
static long (*real_syscall)(long, ...);

static void
find_real(const char *name, void *ret_pointer)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(ret_pointer, &found, sizeof found);
}

bool
effects_open(void)
{
	int ends[2];

	const struct rlimit limit = {DESCRIPTORS, DESCRIPTORS};

	find_real("clock_gettime", &real_clock);
	find_real("syscall", &real_syscall);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 ||
	    dup2(ends[0], EFFECTS_FD) < 0 || setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return false;
	close(ends[0]);
	effects_adopt();
	shown_pid = deciding_pid;
	return true;
}

void
effects_adopt(void)
{
	deciding_pid = (pid_t)syscall(SYS_getpid);
}

void
effects_begin(void)
{
	memset(is_closed, 0, sizeof is_closed);
	written_len = 0;
	ahead_s += STEP_S;
	is_deciding = true;
}

/* Bytes written are one line, ahead of whatever comes next. */
static void
tell_written(void)
{
	if (written_len > 0)
		front_note("WRITE %.*s", (int)written_len, written);
	written_len = 0;
}

void
effects_end(void)
{
	tell_written();
	is_deciding = false;
}

static void say_status(const char *command) __attribute__((noreturn));

#define TELL(...) (tell_written(), front_note(__VA_ARGS__))

/* ---- masks, priorities, variables, identities ---- */

EXPORTED mode_t
umask(mode_t mask)
{
	if (!is_deciding)
		return (mode_t)syscall(SYS_umask, mask);
	TELL("UMASK %o", (unsigned)mask);
	return 022;
}

EXPORTED int
nice(int by)
{
	TELL("NICE %d", by);
	return by;
}

EXPORTED int
setenv(const char *name, const char *value, int overwrite)
{
	(void)overwrite;
	if (name[0] == '\0' || strchr(name, '=') != NULL) {
		errno = EINVAL;
		return -1;
	}
	TELL("SETENV %s=%s", name, value);
	return 0;
}

EXPORTED int
setuid(uid_t uid)
{
	TELL("SETUID %u", (unsigned)uid);
	return 0;
}

EXPORTED int
setgid(gid_t gid)
{
	TELL("SETGID %u", (unsigned)gid);
	return 0;
}

EXPORTED int
setgroups(size_t count, const gid_t *groups)
{
	(void)groups;
	TELL("SETGROUPS %zu", count);
	return 0;
}

EXPORTED int
initgroups(const char *user, gid_t gid)
{
	TELL("INITGROUPS %s %u", user, (unsigned)gid);
	return 0;
}

/* One group with one member, as far as the libraries can tell. */
EXPORTED int
innetgr(const char *group, const char *host, const char *user, const char *domain)
{
	(void)user;
	(void)domain;
	return strcmp(group, "group") == 0 && host != NULL && strcasecmp(host, "host.ex.org") == 0;
}

/* Asked for each request; %p is the same in children. */
EXPORTED pid_t
getpid(void)
{
	return is_deciding ? shown_pid : (pid_t)syscall(SYS_getpid);
}

/* ---- descriptors ---- */

EXPORTED int
setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	int words[2] = {0, 0};

	if (!is_deciding)
		return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
	if (fd != EFFECTS_FD) {
		errno = EBADF;
		return -1;
	}
	memcpy(words, value, len < sizeof words ? len : sizeof words);
	TELL("SETSOCKOPT %d %d %d %d", level, name, words[0], words[1]);
	return 0;
}

EXPORTED int
close(int fd)
{
	if (!is_deciding || (fd > 2 && fd != EFFECTS_FD))
		return (int)syscall(SYS_close, fd);
	if (fd < 0) {
		errno = EBADF;
		return -1;
	}
	if (fd <= 2)
		is_closed[fd] = true;
	return 0;
}

static int
duplicate(int fd, int to)
{
	if (fd < 0) {
		errno = EBADF;
		return -1;
	}
	is_closed[to] = false;
	TELL("DUP %d %d", fd, to);
	return to;
}

EXPORTED int
dup(int fd)
{
	if (!is_deciding)
		return (int)syscall(SYS_dup, fd);
	for (int to = 0; to <= 2; to++)
		if (is_closed[to])
			return duplicate(fd, to);
	errno = EMFILE;
	return -1;
}

EXPORTED int
dup2(int fd, int to)
{
	if (!is_deciding)
		return (int)syscall(SYS_dup3, fd, to, 0);
	return duplicate(fd, to);
}

static ssize_t
keep_written(const void *bytes, size_t len)
{
	size_t room = sizeof written - written_len, kept = len < room ? len : room;

	memcpy(written + written_len, bytes, kept);
	written_len += kept;
	return (ssize_t)len;
}

EXPORTED ssize_t
write(int fd, const void *bytes, size_t len)
{
	if (is_deciding && fd == EFFECTS_FD)
		return keep_written(bytes, len);
	return syscall(SYS_write, fd, bytes, len);
}

EXPORTED ssize_t
send(int fd, const void *bytes, size_t len, int flags)
{
	if (is_deciding && fd == EFFECTS_FD)
		return keep_written(bytes, len);
	return syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0);
}

/* The calls that a go-between makes without the C library; of them only the program matters. */
EXPORTED long
syscall(long number, ...)
{
	long words[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		words[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_execve && is_deciding)
		say_status(((const char *const *)words[1])[2]);
	if (real_syscall == NULL)
		find_real("syscall", &real_syscall);
	return real_syscall(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

/* ---- programs, and the end ---- */

/* The status that a command says it will have: its last word, if it is a number. */
static int
status_of(const char *command)
{
	const char *last = strrchr(command, ' ');

	return last != NULL ? (int)(strtol(last + 1, NULL, 10) & 0xff) : 0;
}

/* A command that somebody waits for, in a child. Its line lies in memory that is shared. */
static void
say_status(const char *command)
{
	front_note("COMMAND %s", command);
	_exit(status_of(command));
}

/* A child is there for its status; the process itself is told that it cannot. */
static int
execute(const char *command)
{
	if (syscall(SYS_getpid) != deciding_pid)
		say_status(command);
	TELL("EXEC %s", command);
	errno = ENOENT;
	return -1;
}

EXPORTED int
execl(const char *path, const char *arg, ...)
{
	const char *words[4] = {arg};
	va_list args;

	(void)path;
	va_start(args, arg);
	for (int i = 1; i < 4 && words[i - 1] != NULL; i++)
		words[i] = va_arg(args, const char *);
	va_end(args);
	return execute(words[1] != NULL && words[2] != NULL ? words[2] : "");
}

EXPORTED int
execve(const char *path, char *const words[], char *const environment[])
{
	if (!is_deciding)
		return (int)syscall(SYS_execve, path, words, environment);
	return execute(words[0] != NULL && words[1] != NULL && words[2] != NULL ? words[2] : "");
}

/* Exported under its name, but with another in C: it may not return, and this one does not. */
EXPORTED void effects_exit(int) __asm__("exit") __attribute__((noreturn));

void
effects_exit(int status)
{
	if (is_deciding && syscall(SYS_getpid) == deciding_pid) {
		TELL("EXIT %d", status);
		effects_end();
		longjmp(effects_left, 1);
	}
	fflush(NULL);
	_exit(status);
}

EXPORTED int
clock_gettime(clockid_t clock, struct timespec *ret)
{
	int failed = real_clock != NULL ? real_clock(clock, ret)
	                                : (int)syscall(SYS_clock_gettime, clock, ret);

	if (failed == 0 && is_deciding && clock == CLOCK_MONOTONIC)
		ret->tv_sec += ahead_s;
	return failed;
}
