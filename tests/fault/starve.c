/*
 * NAME     starve - a program whose system calls fail when we say so, for as long as we say
 * PURPOSE  Lacks that nobody can have at will: no descriptor in the whole system, no memory, no process
 *          for root. The calls really fail, in the kernel, whoever makes them and by whatever wrapper.
 * INVARIANTS  The program has the pid that this one had. What it starts is not starved.
 * SEE      seccomp_unotify(2), tests/fault/0511-inetd-faults.py
 *
 * usage: starve CONTROL PROGRAM [ARGUMENT...]
 * CONTROL is a file of struct lack, one for each enum lacking, which may be written to at any time.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined __x86_64__
static const uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined __aarch64__
static const uint32_t architecture = AUDIT_ARCH_AARCH64;
#else
static const uint32_t architecture = 0; /* none has it: nothing fails */
#endif

enum lacking { LACK_ACCEPT, LACK_PROCESS, LACK_MEMORY, LACKS };

struct lack {
	int32_t error; /* 0 = the call goes its way */
	int32_t left; /* calls that fail; < 0: all */
	int32_t failed; /* so far */
};

static const struct {
	int call;
	enum lacking lacking;
} calls[] = {
    {SYS_accept4, LACK_ACCEPT},
    {SYS_clone, LACK_PROCESS},
    {SYS_clone3, LACK_PROCESS},
#ifdef SYS_fork
    {SYS_fork, LACK_PROCESS},
    {SYS_vfork, LACK_PROCESS},
#endif
    {SYS_mmap, LACK_MEMORY},
    {SYS_brk, LACK_MEMORY},
};

enum { CALLS = sizeof calls / sizeof calls[0], HEAD = 4, TAIL = 2 };

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "starve: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Those calls are asked about from now on. The descriptor to answer them by. */
static int
install(void)
{
	struct sock_filter filter[HEAD + CALLS + TAIL] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = {HEAD + CALLS + TAIL, filter};

	for (unsigned i = 0; i < CALLS; i++)
		filter[HEAD + i] = (struct sock_filter)BPF_JUMP(
		    BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i].call, (uint8_t)(CALLS - i), 0);
	filter[HEAD + CALLS] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	filter[HEAD + CALLS + 1] =
	    (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(
	    SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* The call's error, or 0. */
static int
judge(struct lack *lacks, int call)
{
	for (unsigned i = 0; i < CALLS; i++) {
		struct lack *lack = &lacks[calls[i].lacking];

		if (calls[i].call != call || lack->error == 0 || lack->left == 0)
			continue;
		lack->left -= lack->left > 0;
		lack->failed++;
		return lack->error;
	}
	return 0;
}

/* Until nobody is left who could make such a call. */
static void
supervise(int listener, pid_t starved, struct lack *lacks)
{
	struct pollfd polled = {.fd = listener, .events = POLLIN};

	while (poll(&polled, 1, -1) > 0 && (polled.revents & POLLHUP) == 0) {
		struct seccomp_notif request = {0};
		struct seccomp_notif_resp response = {0};

		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
			continue; /* whoever asked is gone */
		response.id = request.id;
		if ((pid_t)request.pid == starved)
			response.error = -judge(lacks, request.data.nr);
		if (response.error == 0)
			response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response); /* it may be gone */
	}
}

/* Over a socket: a descriptor, which the other end has a copy of. */
static void
send_fd(int to, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof fd)];
	} control = {0};
	char byte = 0;
	struct iovec io = {&byte, 1};
	struct msghdr message = {.msg_iov = &io,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof control};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(head), &fd, sizeof fd);
	if (sendmsg(to, &message, 0) < 0)
		fail("cannot pass the listener on");
}

static int
receive_fd(int from)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec io = {&byte, 1};
	struct msghdr message = {.msg_iov = &io,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof control};
	int fd;

	if (recvmsg(from, &message, 0) <= 0 || CMSG_FIRSTHDR(&message) == NULL)
		exit(2); /* the other end has said why */
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	return fd;
}

/* Not a child of the program, which would wonder: its grandparent's. */
static void
fork_supervisor(int pair[2], struct lack *lacks)
{
	pid_t starved = getpid(), child = fork();

	if (child < 0)
		fail("no process");
	if (child > 0) {
		waitpid(child, NULL, 0);
		return;
	}
	close(pair[1]);
	if (fork() == 0)
		supervise(receive_fd(pair[0]), starved, lacks);
	_exit(0);
}

int
main(int argc, char **argv)
{
	int pair[2], control, listener;
	struct lack *lacks;

	if (argc < 3) {
		fprintf(stderr, "usage: starve CONTROL PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	control = open(argv[1], O_RDWR | O_CLOEXEC);
	lacks = mmap(NULL, LACKS * sizeof *lacks, PROT_READ | PROT_WRITE, MAP_SHARED, control, 0);
	if (control < 0 || lacks == MAP_FAILED)
		fail(argv[1]);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		fail("no sockets");
	fork_supervisor(pair, lacks);
	listener = install();
	if (listener < 0)
		fail("no such filter here");
	send_fd(pair[1], listener);
	close(listener);
	execv(argv[2], &argv[2]);
	fail(argv[2]);
}
