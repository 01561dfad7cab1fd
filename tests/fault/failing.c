/*
 * NAME     failing - decide while a call of the C library fails
 * PURPOSE  A driver for the fault tests. It loads a libwrap.so.0 and stands in front of the calls
 *          that the library makes: name services and a client's socket give answers of the test's
 *          choice, and the n-th call of one kind fails. Each point is a process of its own.
 *
 *              failing LIBRARY <jobs >answers
 *
 *          A job is lines `KEY VALUE` (struct job) and `go`. With `fail`, n is 1, 2, ... until the
 *          decision ends before its n-th call. For each point a line of words with TABs between
 *          them (run_point), then `end`.
 * INVARIANTS  Only the decision in the middle fails: `before` decisions come before it, `after`
 *          behind. The driver allocates nothing while it counts.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define INET6 1
#include "tcpd.h"

#define EXPORTED __attribute__((visibility("default")))

enum {
	POINTS_MAX = 2000, /* of one job: the decisions here make some fifty calls */
	DECISIONS_MAX = 16,
	DESCRIPTORS = 128,
	PROTOCOL_FD_MIN = 200,
	ADDRESSES_MAX = 1100,
	LOG_BYTES = 16 << 10,
	ERRNO_MARK = 77, /* which no call sets */
	HANG_SECONDS = 20,
	TWIST_STATUS = 42, /* what a test's twist command ends with */
};

/* ---- what is asked ---- */

struct job {
	char allow[4096], deny[4096], daemon[128];
	/* A request of texts, ... */
	char addr[128], name[128];
	/* ... or of a socket: both ends, or a descriptor that is there already. */
	char peer[128], server[128], descriptor[16], datagram[2];
	/* What name services say. forward: addresses; group: its name, its only host, their domain. */
	char reverse[1100], forward[256], official[256], group[256], domain[128], copies[8];
	char resident[8], uid[16], starved[2]; /* starved: no descriptors */
	char restless[2], unkept[2]; /* see change() */
	char before[4], after[4], again[4], second[2]; /* see decide_all() */
	char fail[64], error[16], result[16]; /* a call; its errno; what it returns */
};

static struct job job;

/* ---- what comes out ---- */

/* Shared with the process that decides. */
static struct {
	char verdicts[DECISIONS_MAX + 1]; /* G or R, in order */
	char client[256];
	bool reached, errno_kept, mask_kept;
	int descriptors, children; /* left over */
	long grown; /* blocks of memory that the last of several such decisions has left */
	long microseconds; /* of the processor's time */
	int pauses;
	char made[1024]; /* which calls were made: names, with blanks */
	size_t log_len;
	char log[LOG_BYTES]; /* of the decision in the middle; lines end in 0x1f */
} * out;

/* ---- the call that fails ---- */

static bool armed; /* the decision in the middle is at work */
static bool counting; /* any decision is */
static struct timespec decided; /* when the decision at work began */
static unsigned long nth, seen;
static long live;
static int fail_error;

static void
note_made(const char *call)
{
	size_t len = strlen(call), at = strlen(out->made);

	for (const char *s = out->made; (s = strstr(s, call)) != NULL; s += len)
		if (s[len] == ' ' && (s == out->made || s[-1] == ' '))
			return;
	if (at + len + 2 <= sizeof out->made)
		snprintf(out->made + at, sizeof out->made - at, "%s ", call);
}

/* Is this the call that fails? */
static bool
fails(const char *call)
{
	if (!armed)
		return false;
	note_made(call);
	if (strcmp(job.fail, call) != 0 || ++seen != nth)
		return false;
	out->reached = true;
	errno = fail_error;
	return true;
}

static bool
has(const char *value)
{
	return *value != '\0';
}

static long
number(const char *value)
{
	return strtol(value, NULL, 10);
}

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
	live += block != NULL && counting;
	return block;
}

void *
front_malloc(size_t size)
{
	return fails("malloc") ? NULL : count(__libc_malloc(size)); /* strdup's too */
}

void *
front_calloc(size_t n, size_t size)
{
	return fails("calloc") ? NULL : count(__libc_calloc(n, size));
}

void *
front_realloc(void *old, size_t size)
{
	if (fails("realloc"))
		return NULL;
	return old != NULL ? __libc_realloc(old, size) : count(__libc_realloc(old, size));
}

void
front_free(void *block)
{
	live -= block != NULL && counting;
	__libc_free(block);
}

/* ---- calls that either fail or are made ---- */

/* What the library calls NAME comes here. FAILED is what it then returns. */
#define FRONT(type, name, failed, parameters, arguments)                                           \
	EXPORTED type front_##name parameters __asm__(#name);                                      \
	static type(*real_##name) parameters;                                                      \
	type front_##name parameters                                                               \
	{                                                                                          \
		return fails(#name) ? (failed) : real_##name arguments;                            \
	}

/* The same, and what happens inside is not ours: glibc 2.36 aborts, or leaves memory, when some of its
 * own allocations for users and groups fail. */
#define QUIET_FRONT(type, name, failed, parameters, arguments)                                     \
	EXPORTED type front_##name parameters __asm__(#name);                                      \
	static type(*real_##name) parameters;                                                      \
	type front_##name parameters                                                               \
	{                                                                                          \
		bool was_armed = armed, was_counting = counting;                                   \
		type got;                                                                          \
                                                                                                   \
		if (fails(#name))                                                                  \
			return (failed);                                                           \
		armed = counting = false;                                                          \
		got = real_##name arguments;                                                       \
		armed = was_armed;                                                                 \
		counting = was_counting;                                                           \
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
QUIET_FRONT(int, getpwnam_r, fail_error,
    (const char *name, struct passwd *entry, char *buf, size_t size, struct passwd **ret),
    (name, entry, buf, size, ret))
QUIET_FRONT(int, getgrnam_r, fail_error,
    (const char *name, struct group *entry, char *buf, size_t size, struct group **ret),
    (name, entry, buf, size, ret))
QUIET_FRONT(int, getgrouplist, -1, (const char *user, gid_t group, gid_t *ret, int *count),
    (user, group, ret, count))
FRONT(int, pthread_key_create, fail_error, (unsigned *ret, void (*end)(void *)), (ret, end))
FRONT(int, pthread_setspecific, fail_error, (unsigned key, const void *value), (key, value))

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
	return fails("open64") ? -1 : real_open64(path, flags, 0);
}

int
front_openat64(int at, const char *path, int flags, ...)
{
	return fails("openat64") ? -1 : real_openat64(at, path, flags, 0);
}

int
front_fcntl64(int fd, int command, ...)
{
	va_list args;
	long argument;

	va_start(args, command);
	argument = va_arg(args, long);
	va_end(args);
	return fails("fcntl64") ? -1 : real_fcntl64(fd, command, argument);
}

int
front_clone(int (*function)(void *), void *stack, int flags, void *argument, ...)
{
	return fails("clone") ? -1 : real_clone(function, stack, flags, argument);
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
	if (fails(raw_name(call)))
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
	bool failed = fails("close");
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

	if (armed && has(job.restless))
		ret->st_mtim.tv_nsec = ++looks;
	if (has(job.unkept))
		ret->st_ctim = decided;
}

int
front_fstat64(int fd, struct stat *ret)
{
	if (fails("fstat64") || real_fstat64(fd, ret) != 0)
		return -1;
	change(ret);
	return 0;
}

int
front_stat64(const char *path, struct stat *ret)
{
	if (fails("stat64") || real_stat64(path, ret) != 0)
		return -1;
	change(ret);
	return 0;
}

/* May also give less than was asked for: `result` bytes. */
ssize_t
front_read(int fd, void *to, size_t size)
{
	long most = number(job.result);

	if (!fails("read"))
		return real_read(fd, to, size);
	if (!has(job.result))
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
	out->pauses += armed;
	return fails("nanosleep") ? -1 : 0;
}

/* ---- a client's socket ---- */

EXPORTED int front_getpeername(int, struct sockaddr *, socklen_t *) __asm__("getpeername");
EXPORTED int front_getsockname(int, struct sockaddr *, socklen_t *) __asm__("getsockname");
EXPORTED ssize_t front_recvfrom(int, void *, size_t, int, struct sockaddr *, socklen_t *) __asm__(
    "recvfrom");
static int (*real_getpeername)(int, struct sockaddr *, socklen_t *);
static int (*real_getsockname)(int, struct sockaddr *, socklen_t *);
static ssize_t (*real_recvfrom)(int, void *, size_t, int, struct sockaddr *, socklen_t *);

/* ADDRESS or ADDRESS%INTERFACE-NUMBER, from port 1024. */
static socklen_t
make_address(const char *spelled, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (void *)ret;
	struct sockaddr_in6 *v6 = (void *)ret;
	char text[128];
	char *scope;

	memset(ret, 0, sizeof *ret);
	snprintf(text, sizeof text, "%s", spelled);
	scope = strchr(text, '%');
	if (scope != NULL)
		*scope++ = '\0';
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(1024);
		return sizeof *v4;
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
		return 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(1024);
	v6->sin6_scope_id = scope != NULL ? (uint32_t)number(scope) : 0;
	return sizeof *v6;
}

static void
give_address(const char *text, struct sockaddr *ret, socklen_t *ret_len)
{
	struct sockaddr_storage made;
	socklen_t len = make_address(text, &made);

	memcpy(ret, &made, len < *ret_len ? len : *ret_len);
	*ret_len = len;
}

int
front_getpeername(int fd, struct sockaddr *ret, socklen_t *ret_len)
{
	if (fails("getpeername"))
		return -1;
	if (!has(job.peer))
		return real_getpeername(fd, ret, ret_len);
	if (has(job.datagram)) {
		errno = ENOTCONN;
		return -1;
	}
	give_address(job.peer, ret, ret_len);
	return 0;
}

int
front_getsockname(int fd, struct sockaddr *ret, socklen_t *ret_len)
{
	if (fails("getsockname"))
		return -1;
	if (!has(job.peer))
		return real_getsockname(fd, ret, ret_len);
	give_address(job.server, ret, ret_len);
	return 0;
}

ssize_t
front_recvfrom(int fd, void *to, size_t size, int flags, struct sockaddr *ret, socklen_t *ret_len)
{
	if (fails("recvfrom"))
		return -1;
	if (!has(job.peer) || !has(job.datagram))
		return real_recvfrom(fd, to, size, flags, ret, ret_len);
	give_address(job.peer, ret, ret_len);
	return 1;
}

/* ---- name services ---- */

EXPORTED int front_gethostbyaddr_r(const void *, socklen_t, int, struct hostent *, char *, size_t,
    struct hostent **, int *) __asm__("gethostbyaddr_r");
EXPORTED int front_gethostbyname2_r(const char *, int, struct hostent *, char *, size_t,
    struct hostent **, int *) __asm__("gethostbyname2_r");
EXPORTED int front_getaddrinfo(
    const char *, const char *, const struct addrinfo *, struct addrinfo **) __asm__("getaddrinfo");
EXPORTED void front_freeaddrinfo(struct addrinfo *) __asm__("freeaddrinfo");
EXPORTED int front_innetgr(const char *, const char *, const char *, const char *) __asm__(
    "innetgr");
EXPORTED int front_getdomainname(char *, size_t) __asm__("getdomainname");
EXPORTED int front_res_mkquery(int, const char *, int, int, const unsigned char *, int,
    const unsigned char *, unsigned char *, int) __asm__("res_mkquery");

/* Addresses of answers, as struct hostent has them. */
static struct {
	struct in6_addr bytes[ADDRESSES_MAX];
	char *list[ADDRESSES_MAX + 1];
	char official[sizeof job.reverse];
} answer;

/* As the C library answers: 0 or an errno, and why. */
static int
no_host(struct hostent **ret_found, int *ret_why)
{
	*ret_found = NULL;
	*ret_why = (int)number(job.result);
	return fail_error;
}

static int
give_host(const char *official, int family, unsigned addresses, struct hostent *ret,
    struct hostent **ret_found, int *ret_why)
{
	answer.list[addresses] = NULL;
	*ret = (struct hostent){.h_name = answer.official,
	    .h_addrtype = family,
	    .h_length = family == AF_INET ? 4 : 16,
	    .h_addr_list = answer.list};
	snprintf(answer.official, sizeof answer.official, "%s", official);
	*ret_found = has(official) && addresses > 0 ? ret : NULL;
	*ret_why = *ret_found != NULL ? NETDB_SUCCESS : HOST_NOT_FOUND;
	return 0;
}

int
front_gethostbyaddr_r(const void *address, socklen_t len, int family, struct hostent *ret,
    char *buf, size_t size, struct hostent **ret_found, int *ret_why)
{
	(void)buf, (void)size;
	if (fails("gethostbyaddr_r"))
		return no_host(ret_found, ret_why);
	memcpy(&answer.bytes[0], address, len);
	answer.list[0] = (char *)&answer.bytes[0];
	return give_host(job.reverse, family, 1, ret, ret_found, ret_why);
}

/* Each of the addresses `copies` times; those of another family are left out. */
int
front_gethostbyname2_r(const char *name, int family, struct hostent *ret, char *buf, size_t size,
    struct hostent **ret_found, int *ret_why)
{
	unsigned copies = has(job.copies) ? (unsigned)number(job.copies) : 1, given = 0;
	char text[sizeof job.forward], *rest;

	(void)buf, (void)size;
	if (fails("gethostbyname2_r"))
		return no_host(ret_found, ret_why);
	snprintf(text, sizeof text, "%s", job.forward);
	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		for (unsigned i = 0; i < copies && given < ADDRESSES_MAX; i++) {
			if (inet_pton(family, word, &answer.bytes[given]) != 1)
				continue;
			answer.list[given] = (char *)&answer.bytes[given];
			given++;
		}
	}
	return give_host(
	    has(job.official) ? job.official : name, family, given, ret, ret_found, ret_why);
}

/* Only asked whether a name is a number. */
int
front_getaddrinfo(
    const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	static struct addrinfo found;
	struct sockaddr_storage own;

	(void)service;
	if (fails("getaddrinfo"))
		return (int)number(job.result);
	if (make_address(name, &own) == 0 ||
	    (hints->ai_family != AF_UNSPEC && hints->ai_family != own.ss_family))
		return EAI_NONAME;
	live += counting;
	*ret = &found;
	return 0;
}

void
front_freeaddrinfo(struct addrinfo *list)
{
	live -= list != NULL && counting;
}

/* Without a domain any domain will do, as innetgr(3) has it. */
int
front_innetgr(const char *group, const char *host, const char *user, const char *domain)
{
	char name[256] = "", member[256] = "", where[256] = "";

	(void)user;
	if (fails("innetgr"))
		return 0;
	sscanf(job.group, "%255s %255s %255s", name, member, where);
	return strcmp(group, name) == 0 && strcmp(host, member) == 0 &&
	    (domain == NULL || !has(where) || strcmp(domain, where) == 0);
}

int
front_getdomainname(char *ret, size_t size)
{
	if (fails("getdomainname"))
		return -1;
	snprintf(ret, size, "%s", has(job.domain) ? job.domain : "(none)");
	return 0;
}

/* Not the C library's: where memory ends in its first call, that waits for itself in the second. */
int
front_res_mkquery(int op, const char *name, int class, int type, const unsigned char *data, int len,
    const unsigned char *none, unsigned char *ret, int size)
{
	(void)op, (void)name, (void)class, (void)type, (void)data, (void)len, (void)none, (void)ret,
	    (void)size;
	return fails("res_mkquery") ? -1 : 0;
}

/* ---- the log ---- */

EXPORTED void front_syslog(int, const char *, ...) __asm__("syslog");
EXPORTED void front_syslog_chk(int, int, const char *, ...) __asm__("__syslog_chk");

__attribute__((format(printf, 2, 0))) static void
note_log(int priority, const char *format, va_list args)
{
	char line[2048];
	int len = snprintf(line, sizeof line, "%d ", LOG_PRI(priority));

	vsnprintf(line + len, sizeof line - (size_t)len, format, args);
	for (char *s = line; *s != '\0'; s++)
		*s = iscntrl((unsigned char)*s) ? '?' : *s;
	if (armed && out->log_len < sizeof out->log)
		out->log_len += (size_t)snprintf(
		    out->log + out->log_len, sizeof out->log - out->log_len, "%s\x1f", line);
}

__attribute__((format(printf, 2, 3))) void
front_syslog(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note_log(priority, format, args);
	va_end(args);
}

__attribute__((format(printf, 3, 4))) void
front_syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	note_log(priority, format, args);
	va_end(args);
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

static void
find(void *where, const char *name, void *ret_pointer)
{
	void *found = dlsym(where, name);

	if (found == NULL) {
		fprintf(stderr, "failing: %s\n", dlerror());
		exit(2);
	}
	memcpy(ret_pointer, &found, sizeof found);
}

#define REAL(name) find(RTLD_NEXT, #name, &real_##name)
#define WRAP(name) find(library, #name, &wrap.name)

static void
find_real(void)
{
	REAL(pread64), REAL(stat64), REAL(getgroups), REAL(clock_gettime), REAL(mmap64),
	    REAL(mprotect);
	REAL(munmap), REAL(if_nametoindex), REAL(if_indextoname), REAL(send), REAL(poll),
	    REAL(setsockopt);
	REAL(getsockopt), REAL(setenv), REAL(dup2), REAL(nice), REAL(bind), REAL(connect);
	REAL(getpwnam_r), REAL(getgrnam_r), REAL(getgrouplist);
	REAL(execve), REAL(pthread_key_create), REAL(pthread_setspecific), REAL(open64),
	    REAL(openat64);
	REAL(fcntl64), REAL(clone), REAL(syscall), REAL(close), REAL(fstat64), REAL(read);
	REAL(getpeername), REAL(getsockname), REAL(recvfrom), REAL(socket);
}

static void
load(const char *path)
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

	real_clock_gettime(CLOCK_REALTIME, &decided);
	wrap.request_init(&request, RQ_DAEMON, job.daemon, RQ_FILE, fd, RQ_CLIENT_ADDR, job.addr,
	    RQ_CLIENT_NAME, job.name, 0);
	if (fd >= 0)
		wrap.sock_host(&request);
	errno = ERRNO_MARK;
	granted = wrap.hosts_access(&request) != 0;
	if (armed) {
		armed = false;
		out->errno_kept = errno == ERRNO_MARK;
		snprintf(out->client, sizeof out->client, "%s", wrap.eval_client(&request));
	}
	return granted;
}

static int
open_descriptors(void)
{
	int open = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		open += real_fcntl64(fd, F_GETFD) >= 0;
	return open;
}

static int
make_client(void)
{
	int ends[2];

	if (has(job.descriptor))
		return (int)number(job.descriptor);
	if (!has(job.peer))
		return -1;
	if (socketpair(AF_UNIX, has(job.datagram) ? SOCK_DGRAM : SOCK_STREAM, 0, ends) != 0)
		_exit(3);
	return ends[0];
}

/* Take away what the job says. */
static void
impoverish(void)
{
	struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
	uid_t uid = (uid_t)number(job.uid);

	if (has(job.uid) &&
	    (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 ||
	        setresuid(uid, uid, uid) != 0))
		_exit(3);
	if (has(job.starved))
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
	real_clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	out->log_len = 0;
	out->log[0] = '\0';
	seen = 0;
	armed = true;
	granted = decide(fd);
	real_clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	sigprocmask(SIG_SETMASK, NULL, &after);
	out->microseconds =
	    (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000;
	out->mask_kept = memcmp(&before, &after, sizeof before) == 0;
	out->descriptors = open_descriptors() - descriptors;
	out->children = waitpid(-1, NULL, WNOHANG | __WALL) >= 0;
	return granted;
}

/* The same fault in the same decision: what that leaves in memory each time is a leak. */
static void
decide_again(int fd)
{
	for (long i = 0; i < number(job.again); i++) {
		long before = live;

		seen = 0;
		armed = true;
		decide(fd);
		armed = false;
		out->grown = live - before;
	}
}

static void
decide_all(void)
{
	long before = number(job.before), after = number(job.after);
	char allow[sizeof job.allow], deny[sizeof job.deny];
	int fd = make_client();

	memcpy(allow, job.allow, sizeof allow);
	memcpy(deny, job.deny, sizeof deny);
	*wrap.hosts_allow_table = allow;
	*wrap.hosts_deny_table = deny;
	*wrap.resident = has(job.resident) ? (int)number(job.resident) : -1;
	impoverish();
	counting = true;
	for (long i = 0; i < before + 1 + after && i < DECISIONS_MAX; i++) {
		bool granted = i == before ? decide_watched(fd) : decide(fd);

		out->verdicts[i] = granted ? 'G' : 'R';
		if (i == before)
			decide_again(fd);
	}
	counting = false;
}

/* As a program's second thread: it has no storage in the library yet. */
static void *
decide_second(void *arg)
{
	decide_all();
	return arg;
}

static void
decide_in_child(void)
{
	struct request_info request;
	pthread_t second;

	alarm(HANG_SECONDS);
	if (!has(job.second)) {
		decide_all();
		return;
	}
	wrap.request_init(&request, 0);
	if (pthread_create(&second, NULL, decide_second, NULL) != 0 ||
	    pthread_join(second, NULL) != 0)
		_exit(3);
}

static const char *
how_it_ended(int status)
{
	static char text[32];

	if (WIFSIGNALED(status))
		snprintf(text, sizeof text, "signal %d", WTERMSIG(status));
	else
		snprintf(text, sizeof text, "%s",
		    WEXITSTATUS(status) == 0                  ? "returned"
		        : WEXITSTATUS(status) == TWIST_STATUS ? "twisted"
		                                              : "exited");
	return text;
}

/* One point. False: the call that was to fail was not made so often. */
static bool
run_point(FILE *answers)
{
	struct rusage usage;
	int status;
	pid_t child;

	memset(out, 0, sizeof *out);
	child = fork();
	if (child == 0) {
		decide_in_child();
		_exit(0);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child) {
		perror("failing");
		exit(2);
	}
	fprintf(
	    answers, "%lu\t%d\t%s\t%s\t", nth, out->reached, how_it_ended(status), out->verdicts);
	fprintf(answers, "%d\t%d\t%ld\t%ld\t%d\t%ld\t", out->descriptors, out->children, out->grown,
	    out->microseconds, out->pauses, usage.ru_maxrss);
	fprintf(answers, "%d\t%d\t%s\t%s\t%s\n", out->errno_kept, out->mask_kept, out->made,
	    out->client, out->log);
	return out->reached;
}

static void
run_job(FILE *answers)
{
	fail_error = (int)number(job.error);
	nth = 1;
	while (run_point(answers) && nth < POINTS_MAX)
		nth++;
	fputs("end\n", answers);
	fflush(answers);
}

/* ---- the pipe ---- */

static const struct {
	const char *key;
	size_t at, size;
} fields[] = {
#define KEY(name)                                                                                  \
	{                                                                                          \
#name, offsetof(struct job, name), sizeof job.name                                 \
	}
    KEY(allow), KEY(deny), KEY(daemon), KEY(addr), KEY(name), KEY(peer), KEY(server),
    KEY(descriptor), KEY(datagram), KEY(reverse), KEY(forward), KEY(official), KEY(group),
    KEY(domain), KEY(copies), KEY(resident), KEY(uid), KEY(starved), KEY(restless), KEY(unkept),
    KEY(again), KEY(second), KEY(before), KEY(after), KEY(fail), KEY(error), KEY(result)};

static bool
take_line(char *line)
{
	char *value = strchr(line, ' ');

	line[strcspn(line, "\n")] = '\0';
	if (value == NULL)
		return false;
	*value++ = '\0';
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (strcmp(fields[i].key, line) == 0 && strlen(value) < fields[i].size) {
			memcpy((char *)&job + fields[i].at, value, strlen(value) + 1);
			return true;
		}
	}
	return false;
}

/* Descriptors 0 to 2 are what a daemon has there; twist may do with them what it likes. */
static FILE *
hide_pipe(int fd, const char *mode)
{
	return fdopen(fcntl(fd, F_DUPFD_CLOEXEC, PROTOCOL_FD_MIN), mode);
}

int
main(int argc, char **argv)
{
	static char line[8192];
	FILE *jobs, *answers;
	int null;

	if (argc != 2) {
		fprintf(stderr, "usage: failing LIBRARY\n");
		return 2;
	}
	find_real();
	out = mmap(NULL, sizeof *out, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	load(argv[1]);
	jobs = hide_pipe(STDIN_FILENO, "r");
	answers = hide_pipe(STDOUT_FILENO, "w");
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (out == MAP_FAILED || jobs == NULL || answers == NULL || null < 0 ||
	    dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 || close(null) != 0) {
		perror("failing");
		return 2;
	}
	while (fgets(line, sizeof line, jobs) != NULL) {
		if (strcmp(line, "go\n") == 0) {
			run_job(answers);
			memset(&job, 0, sizeof job);
		} else if (!take_line(line)) {
			fprintf(stderr, "failing: what is \"%s\"?\n", line);
			return 2;
		}
	}
	return 0;
}
