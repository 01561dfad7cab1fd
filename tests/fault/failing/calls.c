/*
 * NAME     calls - stand in front of what the library calls for files, memory and processes
 * INVARIANTS  A call that does not fail is the C library's own. Nothing here allocates.
 */
#include "calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "fault.h"
#include "job.h"

#define EXPORTED __attribute__((visibility("default")))

/* ---- memory ---- */

EXPORTED extern void *__libc_malloc(size_t);
EXPORTED extern void *__libc_calloc(size_t, size_t);
EXPORTED extern void *__libc_realloc(void *, size_t);
EXPORTED extern void __libc_free(void *);
EXPORTED void *front_malloc(size_t) __asm__("malloc");
EXPORTED void *front_calloc(size_t, size_t) __asm__("calloc");
EXPORTED void *front_realloc(void *, size_t) __asm__("realloc");
EXPORTED void front_free(void *) __asm__("free");

static void *
count(void *block)
{
	fault.live += block != NULL && fault.counting;
	return block;
}

void *
front_malloc(size_t size)
{
	return fault_fails("malloc") ? NULL : count(__libc_malloc(size)); /* strdup's too */
}

void *
front_calloc(size_t n, size_t size)
{
	return fault_fails("calloc") ? NULL : count(__libc_calloc(n, size));
}

void *
front_realloc(void *old, size_t size)
{
	if (fault_fails("realloc"))
		return NULL;
	return old != NULL ? __libc_realloc(old, size) : count(__libc_realloc(old, size));
}

void
front_free(void *block)
{
	fault.live -= block != NULL && fault.counting;
	__libc_free(block);
}

/* ---- calls that either fail or are made ---- */

/* What the library calls NAME comes here. FAILED is what it then returns. */
#define FRONT(type, name, failed, parameters, arguments)                                           \
	EXPORTED type front_##name parameters __asm__(#name);                                      \
	static type(*real_##name) parameters;                                                      \
	type front_##name parameters                                                               \
	{                                                                                          \
		return fault_fails(#name) ? (failed) : real_##name arguments;                      \
	}

/* The same, and what happens inside is not ours: glibc 2.36 aborts, or leaves memory, when some of
 * its own allocations for users and groups fail. */
#define QUIET_FRONT(type, name, failed, parameters, arguments)                                     \
	EXPORTED type front_##name parameters __asm__(#name);                                      \
	static type(*real_##name) parameters;                                                      \
	type front_##name parameters                                                               \
	{                                                                                          \
		bool was_armed = fault.armed, was_counting = fault.counting;                       \
		type got;                                                                          \
                                                                                                   \
		if (fault_fails(#name))                                                            \
			return (failed);                                                           \
		fault.armed = fault.counting = false;                                              \
		got = real_##name arguments;                                                       \
		fault.armed = was_armed;                                                           \
		fault.counting = was_counting;                                                     \
		return got;                                                                        \
	}

FRONT(ssize_t, pread64, -1, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
FRONT(int, socket, -1, (int family, int type, int protocol), (family, type, protocol))
FRONT(int, getgroups, -1, (int size, gid_t *ret), (size, ret))
FRONT(int, clock_gettime, -1, (clockid_t which, struct timespec *ret), (which, ret))
FRONT(void *, mmap64, MAP_FAILED,
    (void *at, size_t size, int access, int flags, int fd, off_t from),
    (at, size, access, flags, fd, from))
FRONT(int, mprotect, -1, (void *at, size_t size, int access), (at, size, access))
FRONT(int, munmap, -1, (void *at, size_t size), (at, size))
FRONT(unsigned, if_nametoindex, 0, (const char *name), (name))
FRONT(char *, if_indextoname, NULL, (unsigned index, char *ret), (index, ret))
FRONT(
    ssize_t, send, -1, (int fd, const void *from, size_t size, int flags), (fd, from, size, flags))
FRONT(int, poll, -1, (struct pollfd * fds, nfds_t n, int wait_ms), (fds, n, wait_ms))
FRONT(int, setsockopt, -1, (int fd, int level, int name, const void *value, socklen_t len),
    (fd, level, name, value, len))
FRONT(int, getsockopt, -1, (int fd, int level, int name, void *value, socklen_t *len),
    (fd, level, name, value, len))
FRONT(
    int, setenv, -1, (const char *name, const char *value, int overwrite), (name, value, overwrite))
FRONT(int, dup2, -1, (int from, int to), (from, to))
FRONT(int, nice, -1, (int by), (by))
FRONT(int, execve, -1, (const char *path, char *const *argv, char *const *envp), (path, argv, envp))
FRONT(int, bind, -1, (int fd, const struct sockaddr *sa, socklen_t len), (fd, sa, len))
FRONT(int, connect, -1, (int fd, const struct sockaddr *sa, socklen_t len), (fd, sa, len))
QUIET_FRONT(int, getpwnam_r, fault.error,
    (const char *name, struct passwd *entry, char *buf, size_t size, struct passwd **ret),
    (name, entry, buf, size, ret))
QUIET_FRONT(int, getgrnam_r, fault.error,
    (const char *name, struct group *entry, char *buf, size_t size, struct group **ret),
    (name, entry, buf, size, ret))
QUIET_FRONT(int, getgrouplist, -1, (const char *user, gid_t group, gid_t *ret, int *count),
    (user, group, ret, count))
FRONT(int, pthread_key_create, fault.error, (unsigned *ret, void (*end)(void *)), (ret, end))
FRONT(int, pthread_setspecific, fault.error, (unsigned key, const void *value), (key, value))

/* ---- calls with arguments of their own number ---- */

EXPORTED int front_open64(const char *, int, ...) __asm__("open64");
EXPORTED int front_openat64(int, const char *, int, ...) __asm__("openat64");
EXPORTED int front_fcntl64(int, int, ...) __asm__("fcntl64");
EXPORTED int front_clone(int (*)(void *), void *, int, void *, ...) __asm__("clone");
EXPORTED long front_syscall(long, ...) __asm__("syscall");
static int (*real_open64)(const char *, int, ...);
static int (*real_openat64)(int, const char *, int, ...);
static int (*real_fcntl64)(int, int, ...);
static int (*real_clone)(int (*)(void *), void *, int, void *, ...);
static long (*real_syscall)(long, ...);

int
front_open64(const char *path, int flags, ...)
{
	return fault_fails("open64") ? -1 : real_open64(path, flags, 0);
}

int
front_openat64(int at, const char *path, int flags, ...)
{
	return fault_fails("openat64") ? -1 : real_openat64(at, path, flags, 0);
}

int
front_fcntl64(int fd, int command, ...)
{
	va_list args;
	long argument;

	va_start(args, command);
	argument = va_arg(args, long);
	va_end(args);
	return fault_fails("fcntl64") ? -1 : real_fcntl64(fd, command, argument);
}

int
front_clone(int (*function)(void *), void *stack, int flags, void *argument, ...)
{
	return fault_fails("clone") ? -1 : real_clone(function, stack, flags, argument);
}

/* The names of raw calls: of the go-between, in the memory that it shares with us. */
static const char *
raw_name(long call)
{
	switch (call) {
	case SYS_wait4:
		return "raw_wait4";
	case SYS_close_range:
		return "raw_close_range";
	case SYS_openat:
		return "raw_openat";
	case SYS_dup:
		return "raw_dup";
	case SYS_execve:
		return "raw_execve";
	default:
		return "raw";
	}
}

long
front_syscall(long call, ...)
{
	long words[6];
	va_list args;

	va_start(args, call);
	for (size_t i = 0; i < 6; i++)
		words[i] = va_arg(args, long);
	va_end(args);
	if (fault_fails(raw_name(call)))
		return -1;
	return real_syscall(call, words[0], words[1], words[2], words[3], words[4], words[5]);
}

/* ---- files ---- */

EXPORTED int front_close(int) __asm__("close");
EXPORTED int front_fstat64(int, struct stat *) __asm__("fstat64");
EXPORTED int front_stat64(const char *, struct stat *) __asm__("stat64");
EXPORTED ssize_t front_read(int, void *, size_t) __asm__("read");
EXPORTED ssize_t front_read_chk(int, void *, size_t, size_t) __asm__("__read_chk");
EXPORTED int front_nanosleep(const struct timespec *, struct timespec *) __asm__("nanosleep");
static int (*real_close)(int);
static int (*real_fstat64)(int, struct stat *);
static int (*real_stat64)(const char *, struct stat *);
static ssize_t (*real_read)(int, void *, size_t);

/* Linux has closed it, whatever close says. */
int
front_close(int fd)
{
	bool failed = fault_fails("close");
	int error = errno, ret = real_close(fd);

	if (!failed)
		return ret;
	errno = error;
	return -1;
}

/* A restless file is another one at each look; an unkept one changed just before the decision. */
static void
change(struct stat *ret)
{
	static long looks;

	if (fault.armed && job_has(job.restless))
		ret->st_mtim.tv_nsec = ++looks;
	if (job_has(job.unkept))
		ret->st_ctim = fault.decided;
}

int
front_fstat64(int fd, struct stat *ret)
{
	if (fault_fails("fstat64") || real_fstat64(fd, ret) != 0)
		return -1;
	change(ret);
	return 0;
}

int
front_stat64(const char *path, struct stat *ret)
{
	if (fault_fails("stat64") || real_stat64(path, ret) != 0)
		return -1;
	change(ret);
	return 0;
}

/* May also give less than was asked for: `result` bytes. */
ssize_t
front_read(int fd, void *to, size_t size)
{
	long most = job_number(job.result);

	if (!fault_fails("read"))
		return real_read(fd, to, size);
	if (!job_has(job.result))
		return -1;
	return real_read(fd, to, (size_t)most < size ? (size_t)most : size);
}

ssize_t
front_read_chk(int fd, void *to, size_t size, size_t room)
{
	(void)room;
	return front_read(fd, to, size);
}

/* Nobody waits for a test. */
int
front_nanosleep(const struct timespec *wait, struct timespec *left)
{
	(void)wait;
	(void)left;
	fault_result->pauses += fault.armed;
	return fault_fails("nanosleep") ? -1 : 0;
}

/* ---- the C library's own ---- */

void
calls_find(void *where, const char *name, void *ret_pointer)
{
	void *found = dlsym(where, name);

	if (found == NULL) {
		fprintf(stderr, "failing: %s\n", dlerror());
		exit(2);
	}
	memcpy(ret_pointer, &found, sizeof found);
}

#define REAL(name) calls_find(RTLD_NEXT, #name, &real_##name)

void
calls_find_real(void)
{
	REAL(pread64);
	REAL(stat64);
	REAL(getgroups);
	REAL(clock_gettime);
	REAL(mmap64);
	REAL(mprotect);
	REAL(munmap);
	REAL(if_nametoindex);
	REAL(if_indextoname);
	REAL(send);
	REAL(poll);
	REAL(setsockopt);
	REAL(getsockopt);
	REAL(setenv);
	REAL(dup2);
	REAL(nice);
	REAL(bind);
	REAL(connect);
	REAL(getpwnam_r);
	REAL(getgrnam_r);
	REAL(getgrouplist);
	REAL(execve);
	REAL(pthread_key_create);
	REAL(pthread_setspecific);
	REAL(open64);
	REAL(openat64);
	REAL(fcntl64);
	REAL(clone);
	REAL(syscall);
	REAL(close);
	REAL(fstat64);
	REAL(read);
	REAL(socket);
}

void
calls_now(clockid_t which, struct timespec *ret)
{
	real_clock_gettime(which, ret);
}

bool
calls_is_open(int fd)
{
	return real_fcntl64(fd, F_GETFD) >= 0;
}
