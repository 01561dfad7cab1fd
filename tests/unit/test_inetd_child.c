/* Servers that are started at once, several at a time: each has its own client and says its own
 * failure. Processes that judge before they serve: only an answer of 0 starts the server; where the
 * root folder changes, what a rule changed is not lost in silence; what fails arrives on the link. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/inetd/child.h"

enum { NOBODY = 65534, MARK = 'J' };

static char path_shell[] = "/bin/sh", shell[] = "sh", dash_c[] = "-c";
/* Says who it is, and what its line, inetd and a rule gave it. */
static char show[] =
    "echo $$ $(id -u) $(umask) $REMOTE_ADDR $RULE\n"
    "for fd in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$fd ] && echo -n $fd; done; echo";
static char base_variable[] = "PATH=/bin:/usr/bin";
static char *base[] = {base_variable, NULL};
static char *argv_show[] = {shell, dash_c, show, NULL};
static pid_t test_group;
static gid_t groups[] = {NOBODY};

/* One client, one service, and what came of it. */
/* ThreadSanitizer has descriptors and a thread of its own in the child. */
#ifdef __SANITIZE_THREAD__
#define IS_THREAD_SANITIZED true
#else
#define IS_THREAD_SANITIZED false
#endif

struct trial {
	struct conf_entry entry;
	struct service service;
	struct access_rules access; /* the service's, as are these */
	struct identity identity;
	struct setup setup;
	struct child_world world;
	struct child_judge judge;
	int client, link;
	char said[256]; /* to the client */
	bool is_asked;
	struct child_failure failure; /* heard on the link */
	int status;
};

/* What is asked, and what it tells of where it runs. */
struct question {
	int link_fd;
	int (*decide)(void);
};

static int
ask(void *context)
{
	const struct question *question = context;
	char mark = MARK;

	if (write(question->link_fd, &mark, 1) != 1)
		return 1;
	return question->decide();
}

static void
set_up(struct trial *trial)
{
	*trial = (struct trial){.entry = {.service = {.text = "show"},
	                            .families = CONF_UNIX,
	                            .server = {.text = path_shell},
	                            .argv = argv_show},
	    .setup = {.umask = 027, .variables = base, .variable_count = 1},
	    .access = {.path = path_shell, .argv = argv_show}};
	trial->service.entry = &trial->entry;
	trial->service.at.text = "show";
	trial->service.setup = &trial->setup;
	trial->service.access = &trial->access;
	trial->service.identity = &trial->identity;
	trial->identity = geteuid() == 0
	    ? (struct identity){.uid = NOBODY, .gid = NOBODY, .groups = groups, .count = 1}
	    : (struct identity){.is_own = true, .uid = geteuid(), .gid = getegid()};
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &trial->world.descriptors), 0);
}

static void
hear(struct trial *trial)
{
	char message[64];
	ssize_t got;

	while ((got = recv(trial->link, message, sizeof message, 0)) > 0) {
		if (got == 1 && message[0] == MARK)
			trial->is_asked = true;
		else
			assert_true(child_hear(message, (size_t)got, &trial->failure));
	}
	assert_int_equal(got, 0);
}

static void
run_trial(struct trial *trial, int (*decide)(void))
{
	int sockets[2], links[2];
	struct question question;
	size_t len = 0;
	ssize_t got;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, links), 0);
	question = (struct question){links[1], decide};
	trial->judge = (struct child_judge){ask, &question, links[1], -1};
	pid = child_fork_judge(&trial->service, sockets[1], NULL, &trial->world, &trial->judge);
	assert_true(pid > 0);
	close(sockets[1]);
	close(links[1]);
	trial->link = links[0];
	hear(trial);
	while ((got = read(sockets[0], trial->said + len, sizeof trial->said - 1 - len)) > 0)
		len += (size_t)got;
	trial->said[len] = '\0';
	assert_int_equal(waitpid(pid, &trial->status, 0), pid);
	close(sockets[0]);
	close(links[0]);
}

/* "PID UID UMASK...": the server ran as whom it had to. */
static void
assert_served(const struct trial *trial, const char *rule)
{
	char want[64];
	const char *said = strchr(trial->said, ' ');

	assert_true(trial->is_asked);
	assert_null(trial->failure.step);
	assert_non_null(said);
	snprintf(want, sizeof want, " %u 0027%s\n012\n", trial->identity.uid, rule);
	assert_string_equal(said, want);
}

static void
assert_not_served(const struct trial *trial, const char *step)
{
	assert_string_equal(trial->said, "");
	if (step == NULL)
		assert_null(trial->failure.step);
	else
		assert_string_equal(trial->failure.step, step);
}

/* ---- several at a time ---- */

enum { STARTS = 50 }; /* more than can be on their way */

struct started {
	int sockets[2];
	pid_t pid;
	struct child_failure failure;
};

static void
start(struct trial *trial, struct started *ret)
{
	*ret = (struct started){0};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret->sockets), 0);
	ret->pid =
	    child_start(&trial->service, ret->sockets[1], NULL, &trial->world, &ret->failure);
	assert_true(ret->pid > 0);
}

static int
end_started(struct started *started)
{
	int status;

	assert_int_equal(waitpid(started->pid, &status, 0), started->pid);
	child_ended(started->pid);
	close(started->sockets[0]);
	return status;
}

static void
test_many(void **state)
{
	static char show_pid[] = "echo $$";
	static char *argv_show_pid[] = {shell, dash_c, show_pid, NULL};
	struct started started[STARTS];
	struct trial trial;
	char said[32], want[32];

	(void)state;
	if (IS_THREAD_SANITIZED) /* it takes clone for fork */
		skip();
	set_up(&trial);
	trial.access.argv = argv_show_pid;
	for (size_t i = 0; i < STARTS; i++)
		start(&trial, &started[i]);
	child_await_all();
	assert_true(child_settle());
	for (size_t i = 0; i < STARTS; i++) {
		ssize_t len = read(started[i].sockets[0], said, sizeof said - 1);

		assert_true(len > 0);
		said[len] = '\0';
		snprintf(want, sizeof want, "%d\n", (int)started[i].pid);
		assert_string_equal(said, want);
		assert_int_equal(read(started[i].sockets[0], said, sizeof said), 0);
		assert_int_equal(end_started(&started[i]), 0);
		assert_false(child_has_failed(&started[i].failure));
	}
}

/* A child that fails does not write to errno of whoever goes on. */
static void
test_many_failures(void **state)
{
	struct started started[STARTS];
	struct trial trial;
	char none[] = "/none/such";

	(void)state;
	if (IS_THREAD_SANITIZED) /* it takes clone for fork */
		skip();
	set_up(&trial);
	trial.access.path = none;
	for (size_t i = 0; i < STARTS; i++) {
		start(&trial, &started[i]);
		errno = ECANCELED;
		while (!child_has_failed(&started[i].failure))
			;
		assert_int_equal(errno, ECANCELED);
		assert_string_equal(started[i].failure.step, "execute");
		assert_int_equal(started[i].failure.error, ENOENT);
	}
	for (size_t i = 0; i < STARTS; i++)
		assert_int_equal(WEXITSTATUS(end_started(&started[i])), 127);
	assert_true(child_settle());
}

/* A listening socket stays. */
static void
test_listener(void **state)
{
	struct started started;
	struct trial trial;
	char none[] = "/none/such";

	(void)state;
	if (IS_THREAD_SANITIZED) /* it takes clone for fork */
		skip();
	set_up(&trial);
	trial.entry.is_wait = true;
	trial.access.path = none;
	start(&trial, &started);
	assert_true(child_settle());
	end_started(&started);
	assert_true(child_has_failed(&started.failure));
	assert_true(fcntl(started.sockets[1], F_GETFD) >= 0);
	close(started.sockets[1]);
}

/* ---- what is answered ---- */

static int
admit(void)
{
	return 0;
}

static int
refuse(void)
{
	return 1;
}

static int
crash(void)
{
	abort();
}

/* A twist: something else is executed, and ends well. */
static int
twist(void)
{
	char path[] = "/bin/true", name[] = "true", *arguments[] = {name, NULL};

	execv(path, arguments);
	return 0;
}

static int
set_variable(void)
{
	return setenv("RULE", "set", 1);
}

static int
change_variable(void)
{
	return setenv("PATH", "/usr/bin:/bin", 1);
}

static int
find_name(void)
{
	child_name("host.example.org");
	return 0;
}

static int
find_odd_name(void)
{
	child_name("host example;");
	return 0;
}

static int
set_umask(void)
{
	umask(0);
	return 0;
}

static int
set_priority(void)
{
	return setpriority(PRIO_PROCESS, 0, 19);
}

/* Descriptors, identity, mask: what whoever judges has to work with. */
static int
look_around(void)
{
	unsigned open = 0;
	sigset_t blocked;

	for (int fd = 0; fd < 256; fd++)
		open += fcntl(fd, F_GETFD) >= 0;
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	if (open != 5 || sigismember(&blocked, SIGTERM) || getpgrp() == test_group)
		return 1;
	return umask(027) == 027 && geteuid() != 0 && setuid(0) < 0 ? 0 : 1;
}

/* ---- without a chroot ---- */

static char show_name[] = "echo $$ $REMOTE_HOST $TCPREMOTEHOST.";
static char *argv_show_name[] = {shell, dash_c, show_name, NULL};

static void
test_name(void **state)
{
	static const struct {
		int (*decide)(void);
		unsigned families;
		const char *want;
	} cases[] = {
	    {admit, CONF_V4, " .\n"},
	    {find_name, CONF_V4, " host.example.org host.example.org.\n"},
	    {find_name, CONF_UNIX, " host.example.org .\n"},
	    {find_odd_name, CONF_V4, " .\n"},
	};
	struct trial trial;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
		bool is_apart = i % 2 == 1;

		if (is_apart && geteuid() != 0)
			continue;
		set_up(&trial);
		trial.entry.chroot.text = is_apart ? "/" : NULL;
		trial.entry.families = cases[i / 2].families;
		trial.entry.argv = argv_show_name;
		trial.access.argv = argv_show_name;
		run_trial(&trial, cases[i / 2].decide);
		assert_null(trial.failure.step);
		assert_string_equal(strchr(trial.said, ' '), cases[i / 2].want);
	}
}

static void
test_answers(void **state)
{
	struct trial trial;

	(void)state;
	set_up(&trial);
	run_trial(&trial, admit);
	assert_served(&trial, "");
	set_up(&trial);
	run_trial(&trial, refuse);
	assert_not_served(&trial, NULL);
	assert_true(WIFEXITED(trial.status) && WEXITSTATUS(trial.status) == 0);
	set_up(&trial);
	run_trial(&trial, crash);
	assert_not_served(&trial, NULL);
	set_up(&trial);
	run_trial(&trial, twist);
	assert_not_served(&trial, NULL);
}

static void
test_where_it_judges(void **state)
{
	struct trial trial;
	int extra = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t term, before;

	(void)state;
	if (geteuid() != 0 || IS_THREAD_SANITIZED)
		skip();
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	set_up(&trial);
	run_trial(&trial, look_around);
	assert_served(&trial, "");
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(extra);
}

/* The options of a rule hold for the server. */
static void
test_options(void **state)
{
	struct trial trial;

	(void)state;
	set_up(&trial);
	run_trial(&trial, set_variable);
	assert_served(&trial, " set");
	set_up(&trial);
	run_trial(&trial, set_umask);
	assert_null(trial.failure.step);
	assert_non_null(strstr(trial.said, " 0000\n"));
}

static void
test_failures(void **state)
{
	struct trial trial;
	char none[] = "/none/such";

	(void)state;
	set_up(&trial);
	trial.access.path = none;
	run_trial(&trial, admit);
	assert_not_served(&trial, "execute");
	assert_int_equal(trial.failure.error, ENOENT);
	assert_int_equal(WEXITSTATUS(trial.status), 127);
	if (geteuid() != 0)
		skip();
	set_up(&trial);
	trial.identity.uid = (uid_t)-1; /* "leave it": still root */
	run_trial(&trial, admit);
	assert_not_served(&trial, "be sure of the user");
	assert_false(trial.is_asked);
}

/* Before the judgement, after a good one, after a bad one; nothing after a twist. */
static void
test_greetings(void **state)
{
	const struct greeting first = {"hello ", 6}, good = {"in ", 3}, bad = {"out", 3};
	struct trial trial;
	int (*const decide[])(void) = {admit, refuse, twist};
	const char *const want[] = {"hello in ", "hello out", "hello "};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		set_up(&trial);
		trial.setup.greeting = &first;
		trial.setup.greeting_admitted = &good;
		trial.setup.greeting_refused = &bad;
		run_trial(&trial, decide[i]);
		assert_memory_equal(trial.said, want[i], strlen(want[i]));
		assert_int_equal(strlen(trial.said) > strlen(want[i]), decide[i] == admit);
	}
}

/* ---- with one: "/" is as good as any ---- */

static void
test_chroot(void **state)
{
	static const struct {
		int (*decide)(void);
		const char *step;
		bool is_served;
	} cases[] = {
	    {admit, NULL, true},
	    {look_around, NULL, true},
	    {refuse, NULL, false},
	    {crash, NULL, false},
	    {twist, NULL, false},
	    {set_variable, "carry out the options of a rule outside of the chroot", false},
	    {change_variable, "carry out the options of a rule outside of the chroot", false},
	    {set_umask, "carry out the options of a rule outside of the chroot", false},
	    {set_priority, "carry out the options of a rule outside of the chroot", false},
	};
	struct trial trial;

	(void)state;
	if (geteuid() != 0 || IS_THREAD_SANITIZED)
		skip();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		set_up(&trial);
		trial.entry.chroot.text = "/";
		run_trial(&trial, cases[i].decide);
		if (cases[i].is_served)
			assert_served(&trial, "");
		else
			assert_not_served(&trial, cases[i].step);
	}
	set_up(&trial);
	trial.entry.chroot.text = "/none/such";
	run_trial(&trial, admit);
	assert_not_served(&trial, "change the root folder");
	assert_true(trial.is_asked);
}

/* ---- the link ---- */

static void
test_hear(void **state)
{
	struct child_report report = {.mark = CHILD_REPORT_MARK, .step = 0, .error = EPERM};
	struct child_failure failure = {0};
	unsigned known = 0;
	bool is_heard;

	(void)state;
	assert_true(child_hear(&report, sizeof report, &failure));
	assert_string_equal(failure.step, "leave the group");
	assert_int_equal(failure.error, EPERM);
	failure = (struct child_failure){0};
	assert_false(child_hear(&report, sizeof report - 1, &failure));
	assert_false(child_hear(&report, 0, &failure));
	for (unsigned step = 0; step < 256; step++) {
		report.step = (uint8_t)step;
		failure.step = NULL;
		is_heard = child_hear(&report, sizeof report, &failure);
		assert_int_equal(is_heard, failure.step != NULL);
		assert_true(!is_heard || step == known);
		known += is_heard;
	}
	report = (struct child_report){.mark = 0};
	assert_false(child_hear(&report, sizeof report, &failure));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_many_failures),
	    cmocka_unit_test(test_listener),
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_where_it_judges),
	    cmocka_unit_test(test_options),
	    cmocka_unit_test(test_failures),
	    cmocka_unit_test(test_greetings),
	    cmocka_unit_test(test_chroot),
	    cmocka_unit_test(test_name),
	    cmocka_unit_test(test_hear),
	};

	signal(SIGPIPE, SIG_IGN);
	test_group = getpgrp();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
