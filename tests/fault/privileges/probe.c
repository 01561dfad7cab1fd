/*
 * NAME     probe - a server that tells its client what it was given
 * PURPOSE  One line for each thing that the kernel can be asked for; the caller compares all of them.
 *          Linked statically, so that it runs in an empty folder as in any other. Where there is a
 *          choice the call is one that notify_lab.py does not watch.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DESCRIPTORS = 64, GROUPS = 64, LIFE_SECONDS = 5 };

static char text[32768];
static size_t len;

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
tell(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	len += (size_t)vsnprintf(text + len, sizeof text - len, format, list);
	va_end(list);
	if (len >= sizeof text)
		abort();
}

static void
tell_identity(void)
{
	uid_t uid[3];
	gid_t gid[3], groups[GROUPS];
	int count = getgroups(GROUPS, groups);

	getresuid(&uid[0], &uid[1], &uid[2]);
	getresgid(&gid[0], &gid[1], &gid[2]);
	tell("uid %u %u %u\ngid %u %u %u\ngroups", uid[0], uid[1], uid[2], gid[0], gid[1], gid[2]);
	for (int i = 0; i < count; i++)
		tell(" %u", groups[i]);
	tell("\n");
}

static void
tell_rights(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {{0}};

	/* None is ambient that is not inheritable. */
	syscall(SYS_capget, &head, sets);
	tell("permitted %d\neffective %d\ninheritable %d\n",
	    (sets[0].permitted | sets[1].permitted) != 0,
	    (sets[0].effective | sets[1].effective) != 0,
	    (sets[0].inheritable | sets[1].inheritable) != 0);
	tell("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static void
tell_limits(void)
{
	for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
		unsigned long limit[2] = {0};

		syscall(SYS_getrlimit, resource, limit);
		tell("limit %d %ld %ld\n", resource, (long)limit[0], (long)limit[1]);
	}
}

static void
tell_files(int sock)
{
	struct stat st, socket_st;
	char path[256];
	mode_t mask = umask(0);

	fstat(sock, &socket_st);
	tell("umask %04o\nfolder %s\n", mask, getcwd(path, sizeof path) != NULL ? path : "?");
	stat("/", &st);
	tell("root %lu\ndescriptors", (unsigned long)st.st_ino);
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		if (fcntl(fd, F_GETFD) < 0 || fstat(fd, &st) < 0)
			continue;
		tell(" %d%s", fd,
		    S_ISSOCK(st.st_mode) && st.st_ino == socket_st.st_ino ? "socket"
		        : S_ISCHR(st.st_mode) && st.st_rdev == 0x103      ? "null"
		                                                          : "other");
	}
	tell("\nblocking %d\n", (fcntl(sock, F_GETFL) & O_NONBLOCK) == 0);
}

static void
tell_process(void)
{
	sigset_t blocked;
	struct sigaction action;
	int bad = 0;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int number = 1; number < NSIG; number++)
		bad += sigismember(&blocked, number) == 1 ||
		    (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL);
	errno = 0;
	tell("nice %d\ngroup %d\nsignals %d\n", getpriority(PRIO_PROCESS, 0), getpgrp() == getpid(),
	    bad);
}

static void
tell_environment(void)
{
	const char *pid = getenv("LISTEN_PID");

	for (char **variable = environ; *variable != NULL; variable++)
		if (strncmp(*variable, "LISTEN_PID=", 11) != 0)
			tell("env %s\n", *variable);
	if (pid != NULL)
		tell("pid %d\n", (int)strtol(pid, NULL, 10) == getpid());
}

static void
send_all(int fd, const struct sockaddr *to, socklen_t to_len)
{
	if (sendto(fd, text, len, MSG_NOSIGNAL, to, to_len) != (ssize_t)len)
		abort();
}

int
main(int argc, char **argv)
{
	int sock = getenv("LISTEN_FDS") != NULL ? 3 : 0, listens = 0, type = 0;
	socklen_t size = sizeof listens;
	struct sockaddr_storage peer;
	socklen_t peer_len = sizeof peer;
	char request[64];

	alarm(LIFE_SECONDS); /* whoever does not come any more is not waited for */
	getsockopt(sock, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
	getsockopt(sock, SOL_SOCKET, SO_TYPE, &type, &size);
	tell_identity();
	tell_rights();
	tell_limits();
	tell_files(sock);
	tell_process();
	tell_environment();
	for (int i = 0; i < argc; i++)
		tell("argument %s\n", argv[i]);
	if (listens)
		send_all(accept(sock, NULL, NULL), NULL, 0);
	else if (type == SOCK_DGRAM &&
	    recvfrom(sock, request, sizeof request, 0, (struct sockaddr *)&peer, &peer_len) >= 0)
		send_all(sock, (struct sockaddr *)&peer, peer_len);
	else
		send_all(sock, NULL, 0);
	return 0;
}
