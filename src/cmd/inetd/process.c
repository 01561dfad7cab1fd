/*
 * NAME     process - start-up hygiene
 * INVARIANTS  After process_prepare descriptors 0 to 2 are open and no other is but those that were
 *          given, so that a socket is never one of the three; every signal is at its default but SIGPIPE,
 *          which is ignored: a reader of our stderr that goes away must not end every service.
 * SEE      daemon(7), threats I7
 */
#include "cmd/inetd/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "cmd/inetd/environment.h"

enum {
	PATH_BYTES = 4096,
	FIRST_FREE_FD = 3,
	/* The kernel's own structures, on any architecture; of a set the size must be exact. */
	KERNEL_SIGACTION_BYTES = 64,
	KERNEL_SIGSET_BYTES = (NSIG - 1) / 8,
};

static int ready_fd = -1;

/* For kernels before 5.9; the table is listed, not swept: its size may be a billion. */
static bool
close_listed(unsigned from)
{
	DIR *list = opendir("/proc/self/fd");
	const struct dirent *entry;
	unsigned long fd;

	if (list == NULL)
		return false;
	while ((entry = readdir(list)) != NULL)
		if (str_number(entry->d_name, strlen(entry->d_name), INT32_MAX, &fd) &&
		    fd >= from && (int)fd != dirfd(list))
			fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	closedir(list);
	return true;
}

static bool
clean_descriptors(size_t given)
{
	unsigned from = FIRST_FREE_FD + (unsigned)given;
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return false;
		if (fd < FIRST_FREE_FD)
			fcntl(fd, F_SETFD, 0);
	} while (fd < FIRST_FREE_FD);
	close(fd); /* it may be one of those that were said to be given, and are not */
	return syscall(SYS_close_range, from, ~0U, 0U) == 0 ||
	    (errno == ENOSYS && close_listed(from));
}

/* By the kernel, which takes zeros for the default: the C library keeps two signals to itself, and leaves
 * them ignored in children that its posix_spawn made. KILL and STOP say no, and are right already. */
static void
clean_signals(void)
{
	static const unsigned char zeros[KERNEL_SIGACTION_BYTES];

	for (int number = 1; number < NSIG; number++)
		syscall(SYS_rt_sigaction, number, zeros, NULL, KERNEL_SIGSET_BYTES);
	signal(SIGPIPE, SIG_IGN);
}

bool
process_prepare(struct child_world *world, bool keeps_environment, size_t given)
{
	struct rlimit raised;

	if (!clean_descriptors(given) || getrlimit(RLIMIT_NOFILE, &world->descriptors) < 0)
		return false;
	raised = world->descriptors;
	raised.rlim_cur = raised.rlim_max;
	setrlimit(RLIMIT_NOFILE, &raised); /* as many listeners as possible */
	clean_signals();
	umask(022);
	world->environment = environment_wash(environ, keeps_environment);
	return world->environment != NULL;
}

char *
process_absolute(const char *path)
{
	char here[PATH_BYTES];
	char *whole;
	size_t here_len, len = strlen(path);

	if (path[0] == '/')
		return strdup(path);
	if (getcwd(here, sizeof here) == NULL)
		return NULL;
	here_len = strlen(here);
	whole = malloc(here_len + 1 + len + 1);
	if (whole == NULL)
		return NULL;
	memcpy(whole, here, here_len);
	whole[here_len] = '/';
	memcpy(whole + here_len + 1, path, len + 1);
	return whole;
}

int
process_signal_fd(void)
{
	/* Whatever somebody may send on purpose: none of these ends inetd and leaves its files behind. */
	static const int numbers[] = {
	    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD, SIGALRM, SIGUSR1, SIGUSR2, SIGIO};
	sigset_t ours;

	sigemptyset(&ours);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaddset(&ours, numbers[i]);
	if (sigprocmask(SIG_SETMASK, &ours, NULL) < 0)
		return -1;
	return signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
}

bool
process_detach(void)
{
	int ends[2];
	char byte;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (pid < 0)
		return false;
	if (pid > 0) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	close(ends[0]);
	ready_fd = ends[1];
	return setsid() >= 0;
}

bool
process_has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != ENXIO;
}

void
process_ready(void)
{
	int null;

	if (ready_fd < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < FIRST_FREE_FD && null >= 0; fd++)
		dup2(null, fd);
	if (null >= 0)
		close(null);
	(void)!write(ready_fd, "", 1);
	close(ready_fd);
	ready_fd = -1;
}

/* Root may, but not in a user namespace that forbids setgroups(2): whoever made it keeps its
 * groups there. */
bool
process_can_switch(void)
{
	char answer[8] = "";
	int fd;

	if (geteuid() != 0)
		return false;
	fd = open("/proc/self/setgroups", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	if (read(fd, answer, sizeof answer - 1) < 0)
		answer[0] = '\0';
	close(fd);
	return strncmp(answer, "deny", 4) != 0;
}
