/*
 * NAME     test_action_shell - commands beside a host that must not notice
 * PURPOSE  The host ignores SIGCHLD, reaps everything, runs threads, has no descriptors left or no
 *          processes: the status is right, and nothing of the host's is touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "action/shell.h"
#include "in_child.h"

enum { THREADS = 8, RUNS = 200, UNTOUCHED = 0x5a5a };

static int
run(const char *command)
{
	int status = UNTOUCHED;

	assert_int_equal(action_shell(command, &status), DIAG_NONE);
	return status;
}

/* ---- status ---- */

static void
statuses_are_those_of_the_command(void **state)
{
	static const struct {
		const char *command;
		int code, number; /* of exit or of the signal */
	} cases[] = {
	    {"exit 0", 0, 0},
	    {"true", 0, 0},
	    {"", 0, 0},
	    {"exit 1", 1, 0},
	    {"exit 255", 255, 0},
	    {"/nonexistent/command 2>/dev/null", 127, 0},
	    {"kill -TERM $$", 0, SIGTERM},
	    {"kill -KILL $$", 0, SIGKILL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int status = run(cases[i].command);

		if (cases[i].number != 0)
			assert_true(WIFSIGNALED(status) && WTERMSIG(status) == cases[i].number);
		else
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) == cases[i].code);
	}
}

static void
errno_is_kept_when_the_command_ran(void **state)
{
	(void)state;
	errno = EDOM;
	run("exit 3");
	assert_int_equal(errno, EDOM);
}

/* The command's parent is the go-between. */
static void
a_killed_go_between_is_no_success(void **state)
{
	int status = UNTOUCHED;

	(void)state;
	assert_int_equal(action_shell("kill -KILL $PPID", &status), DIAG_SHELL_FORK);
	assert_int_equal(status, UNTOUCHED);
	assert_int_equal(errno, ECHILD);
}

static int
without_processes(void)
{
	struct rlimit none = {0, 0};
	int status = UNTOUCHED;

	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		return 1;
	if (setrlimit(RLIMIT_NPROC, &none) != 0)
		return 2;
	if (action_shell("exit 0", &status) != DIAG_SHELL_FORK || errno != EAGAIN)
		return 3;
	return status == UNTOUCHED ? 0 : 4;
}

static void
no_process_left_is_an_error(void **state)
{
	(void)state;
	assert_child_ok(without_processes);
}

static char empty_root[] = "/tmp/test-shell-XXXXXX";

static int
in_an_empty_root(void)
{
	int status = UNTOUCHED;

	if (chroot(empty_root) != 0)
		return 1;
	if (action_shell("exit 0", &status) != DIAG_SHELL_STDIO || errno != ENOENT)
		return 2;
	if (mkdir("/dev", 0755) != 0 || mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)) != 0)
		return 3;
	if (action_shell("exit 0", &status) != DIAG_SHELL_EXEC || errno != ENOENT)
		return 4;
	if (unlink("/dev/null") != 0 || rmdir("/dev") != 0)
		return 5;
	return status == UNTOUCHED ? 0 : 6;
}

static void
no_shell_is_an_error(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("chroot needs root\n");
		skip();
	}
	assert_non_null(mkdtemp(empty_root));
	assert_child_ok(in_an_empty_root);
	rmdir(empty_root);
}

/* ---- the host's children and signals ---- */

static volatile sig_atomic_t sigchld_seen, stolen, usr1_seen;

static void
reap_everything(int number)
{
	int saved = errno;

	(void)number;
	sigchld_seen++;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		stolen++;
	errno = saved;
}

static int
ignoring_sigchld(void)
{
	int status;

	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < 50; i++) {
		if (action_shell("exit 7", &status) != DIAG_NONE || WEXITSTATUS(status) != 7)
			return 1;
	}
	return signal(SIGCHLD, SIG_DFL) == SIG_IGN ? 0 : 2;
}

static int
discarding_children(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
	int status;

	sigaction(SIGCHLD, &action, NULL);
	for (int i = 0; i < 50; i++) {
		if (action_shell("exit 7", &status) != DIAG_NONE || WEXITSTATUS(status) != 7)
			return 1;
	}
	return 0;
}

/* A handler that waits for anybody sees nobody; the host's own child is still there for it. */
static int
reaping_children(void)
{
	struct sigaction action = {.sa_handler = reap_everything, .sa_flags = SA_RESTART};
	int status, go[2];
	pid_t own;
	char byte = 0;

	if (pipe2(go, O_CLOEXEC) != 0 || (own = fork()) < 0)
		return 1;
	if (own == 0)
		_exit(read(go[0], &byte, 1) == 1 ? 9 : 1);
	sigaction(SIGCHLD, &action, NULL);
	for (int i = 0; i < 50; i++) {
		if (action_shell("exit 7", &status) != DIAG_NONE || WEXITSTATUS(status) != 7)
			return 2;
	}
	if (sigchld_seen != 0 || stolen != 0)
		return 3;
	signal(SIGCHLD, SIG_DFL);
	if (write(go[1], &byte, 1) != 1 || waitpid(own, &status, 0) != own ||
	    WEXITSTATUS(status) != 9)
		return 4;
	return waitpid(-1, NULL, 0) < 0 && errno == ECHILD ? 0 : 5;
}

static void
hosts_may_do_with_sigchld_what_they_like(void **state)
{
	(void)state;
	assert_child_ok(ignoring_sigchld);
	assert_child_ok(discarding_children);
	assert_child_ok(reaping_children);
}

static void
count_usr1(int number)
{
	(void)number;
	usr1_seen++;
}

static void
signals_wait_until_the_command_is_done(void **state)
{
	struct sigaction action = {.sa_handler = count_usr1}, before, after;
	sigset_t mask_before, mask_after;
	char command[64];

	(void)state;
	sigaction(SIGUSR1, &action, &before);
	pthread_sigmask(SIG_SETMASK, NULL, &mask_before);
	snprintf(command, sizeof command, "kill -USR1 %d; exit 4", (int)getpid());
	usr1_seen = 0;
	assert_int_equal(WEXITSTATUS(run(command)), 4);
	assert_int_equal(usr1_seen, 1);
	sigaction(SIGUSR1, &before, &after);
	assert_ptr_equal(after.sa_handler, count_usr1);
	pthread_sigmask(SIG_SETMASK, NULL, &mask_after);
	for (int number = 1; number < NSIG; number++)
		assert_int_equal(
		    sigismember(&mask_before, number), sigismember(&mask_after, number));
}

static void *
run_many(void *arg)
{
	uintptr_t bad = 0, thread = (uintptr_t)arg;

	for (unsigned i = 0; i < RUNS; i++) {
		unsigned want = (unsigned)(thread * 31 + i) % 100;
		char command[32];
		int status = UNTOUCHED;

		snprintf(command, sizeof command, "exit %u", want);
		bad += action_shell(command, &status) != DIAG_NONE || !WIFEXITED(status) ||
		    WEXITSTATUS(status) != (int)want;
	}
	return (void *)bad;
}

static void
threads_get_their_own_status(void **state)
{
	struct sigaction action = {.sa_handler = reap_everything}, before;
	pthread_t threads[THREADS];

	(void)state;
	sigchld_seen = stolen = 0;
	sigaction(SIGCHLD, &action, &before);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_many, (void *)i), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		void *bad = NULL;

		pthread_join(threads[i], &bad);
		assert_ptr_equal(bad, NULL);
	}
	sigaction(SIGCHLD, &before, NULL);
	assert_int_equal(sigchld_seen, 0);
	assert_int_equal(stolen, 0);
	assert_int_equal(waitpid(-1, NULL, __WALL | WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* ---- what the command sees ---- */

/* What the command writes to a file that it is told to write to. */
static int
capture(const char *command, char *ret, size_t size)
{
	char path[] = "/tmp/test-shell-XXXXXX", line[512];
	int fd = mkostemp(path, O_CLOEXEC), status = UNTOUCHED;
	ssize_t got;

	if (fd < 0)
		return -1;
	snprintf(line, sizeof line, "exec >%s; %s", path, command);
	if (action_shell(line, &status) != DIAG_NONE)
		status = -1;
	got = read(fd, ret, size - 1);
	close(fd);
	unlink(path);
	ret[got > 0 ? got : 0] = '\0';
	return status;
}

/* The client's socket may well be 1 and 2. */
static void
standard_streams_are_null(void **state)
{
	int pipes[2], saved = dup(1), status;
	char byte;

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
	dup2(pipes[1], 1);
	status = run("echo out");
	dup2(saved, 1);
	close(saved);
	assert_int_equal(status, 0);
	assert_int_equal(read(pipes[0], &byte, 1), -1);
	close(pipes[0]);
	close(pipes[1]);
	assert_int_equal(
	    run("for i in 0 1 2; do test /proc/self/fd/$i -ef /dev/null || exit 1; done; "
	        "read x && exit 2; echo x && echo x >&2"),
	    0);
}

/* Whether the host has left 0, 1, 2 open or filled the table makes no difference. */
static int
without_streams(void)
{
	int status;

	if (syscall(SYS_close_range, 0, ~0U, 0) != 0)
		return 1;
	if (action_shell("test /proc/self/fd/2 -ef /dev/null", &status) != DIAG_NONE || status != 0)
		return 2;
	return fcntl(0, F_GETFD) < 0 && fcntl(1, F_GETFD) < 0 && fcntl(2, F_GETFD) < 0 ? 0 : 3;
}

static int
without_descriptors(void)
{
	int status;

	while (dup(0) >= 0)
		continue;
	if (action_shell("exit 5", &status) != DIAG_NONE || WEXITSTATUS(status) != 5)
		return 1;
	return fcntl(3, F_GETFD) >= 0 ? 0 : 2;
}

static void
a_host_may_be_out_of_descriptors(void **state)
{
	(void)state;
	assert_child_ok(without_streams);
	assert_child_ok(without_descriptors);
}

static int
leaky_descriptors(void)
{
	static const char look[] = "for n in 3 9 200; do test ! -e /proc/$$/fd/$n || exit $n; done";
	static const int numbers[] = {3, 9, 200}; /* not close-on-exec */
	int status = UNTOUCHED;

	for (unsigned i = 0; i < 3; i++) {
		if (dup2(0, numbers[i]) != numbers[i])
			return 1;
	}
	if (action_shell(look, &status) != DIAG_NONE || status != 0)
		return 2;
	for (unsigned i = 0; i < 3; i++) {
		if (fcntl(numbers[i], F_GETFD) != 0)
			return 4;
	}
	return 0;
}

/* The same where close_range is refused, as an old kernel or a sandbox does. */
static int
leaky_descriptors_without_close_range(void)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return 10;
	if (syscall(SYS_close_range, 1000, 1001, 0) == 0)
		return 11;
	return leaky_descriptors();
}

static void
no_descriptor_leaks_into_a_command(void **state)
{
	(void)state;
	assert_child_ok(leaky_descriptors);
	assert_child_ok(leaky_descriptors_without_close_range);
}

static void *
run_sleep(void *arg)
{
	int status;

	(void)action_shell(arg, &status);
	return NULL;
}

/* A connection that the host closes meanwhile is closed: the go-between holds no copy of it. */
static void
a_running_command_holds_nothing_open(void **state)
{
	int pipes[2], started[2];
	char command[96], byte;
	struct pollfd reader;
	pthread_t thread;

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(pipe2(started, O_CLOEXEC), 0);
	snprintf(
	    command, sizeof command, "echo >/proc/%d/fd/%d; sleep 3", (int)getpid(), started[1]);
	assert_int_equal(pthread_create(&thread, NULL, run_sleep, command), 0);
	assert_int_equal(read(started[0], &byte, 1), 1);
	close(pipes[1]);
	reader = (struct pollfd){.fd = pipes[0], .events = POLLIN};
	assert_int_equal(poll(&reader, 1, 1000), 1);
	assert_int_equal(read(pipes[0], &byte, 1), 0);
	pthread_join(thread, NULL);
	close(pipes[0]);
	close(started[0]);
	close(started[1]);
}

static int
with_odd_signals(void)
{
	static const char masks[] = "while read k v; do case $k in SigBlk:|SigIgn:) echo $k$v;; "
	                            "esac; done </proc/$$/status";
	char text[256];
	sigset_t blocked;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	if (capture(masks, text, sizeof text) != 0)
		return 1;
	/* SIGHUP is bit 0. */
	return strcmp(text, "SigBlk:0000000000000000\nSigIgn:0000000000000001\n") == 0 ? 0 : 2;
}

static void
a_command_has_clear_signals(void **state)
{
	(void)state;
	assert_child_ok(with_odd_signals);
}

static void
a_command_has_the_environment_and_directory(void **state)
{
	char text[4096], cwd[4096];

	(void)state;
	setenv("TEST_SHELL_VALUE", "a b", 1);
	assert_int_equal(run("test \"$TEST_SHELL_VALUE\" = 'a b'"), 0);
	unsetenv("TEST_SHELL_VALUE");
	assert_int_equal(capture("pwd -P", text, sizeof text), 0);
	assert_non_null(getcwd(cwd, sizeof cwd));
	assert_memory_equal(text, cwd, strlen(cwd));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(statuses_are_those_of_the_command),
	    cmocka_unit_test(errno_is_kept_when_the_command_ran),
	    cmocka_unit_test(a_killed_go_between_is_no_success),
	    cmocka_unit_test(no_process_left_is_an_error),
	    cmocka_unit_test(no_shell_is_an_error),
	    cmocka_unit_test(hosts_may_do_with_sigchld_what_they_like),
	    cmocka_unit_test(signals_wait_until_the_command_is_done),
	    cmocka_unit_test(threads_get_their_own_status),
	    cmocka_unit_test(standard_streams_are_null),
	    cmocka_unit_test(a_host_may_be_out_of_descriptors),
	    cmocka_unit_test(no_descriptor_leaks_into_a_command),
	    cmocka_unit_test(a_running_command_holds_nothing_open),
	    cmocka_unit_test(a_command_has_clear_signals),
	    cmocka_unit_test(a_command_has_the_environment_and_directory),
	};

#ifdef __SANITIZE_THREAD__
	(void)tests;
	puts("1..0 # SKIP ThreadSanitizer cannot follow processes that share memory");
	return 0;
#else
	return cmocka_run_group_tests(tests, NULL, NULL);
#endif
}
