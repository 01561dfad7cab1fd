/*
 * NAME     test_action_run - the option tail, carried out
 * PURPOSE  What each option does, in which order, what an error leaves behind, and how twist ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "action/action.h"
#include "in_child.h"
#include "failing_alloc.h"

/* ---- an environment that writes down what is asked of it ---- */

/* A lookup with this timeout cannot be made. */
enum { NO_SUCH_LOOKUP_S = 99 };

static char journal[20000];

static void
note(const char *what, const char *text)
{
	size_t len = strlen(journal);

	snprintf(journal + len, sizeof journal - len, "%s %s\n", what, text);
}

static void
note_number(const char *what, long number)
{
	char text[32];

	snprintf(text, sizeof text, "%ld", number);
	note(what, text);
}

static void
on_report(void *ctx, const struct diag *diag)
{
	char storage[512];
	struct buf text;

	(void)ctx;
	buf_init(&text, storage, sizeof storage, sizeof storage - 1);
	diag_format(diag, &text);
	assert_string_equal(diag->file, "F");
	assert_int_equal(diag->line, 7);
	note("report", text.bytes);
}

static void
on_shell(void *ctx, char *command)
{
	(void)ctx;
	note("shell", command);
}

static void
on_severity(void *ctx, int priority)
{
	(void)ctx;
	note_number("severity", priority);
}

static bool
on_lookup_user(void *ctx, long timeout_s)
{
	(void)ctx;
	note_number("lookup", timeout_s);
	return timeout_s != NO_SUCH_LOOKUP_S;
}

static void
on_twist(void *ctx, const char *command)
{
	(void)ctx;
	note("twist", command);
}

static void
on_option(void *ctx, const struct option *option, const char *expanded)
{
	(void)ctx;
	note(option->keyword, expanded);
}

static const char *user = "joe;x", *name = "host.ex.org";

static const char *
on_value(void *ctx, enum expansion_id id)
{
	(void)ctx;
	return id == EXPANSION_USER ? user : id == EXPANSION_CLIENT_NAME ? name : "v";
}

static const struct expander expander = {.value = on_value, .report = on_report};

static struct action_env
quiet_env(void)
{
	return (struct action_env){.fd = -1,
	    .daemon = "d",
	    .expander = &expander,
	    .report = on_report,
	    .shell = on_shell,
	    .severity = on_severity,
	    .lookup_user = on_lookup_user,
	    .twist = on_twist};
}

static struct diag last;
static size_t at;

static enum action_result
run_in(const struct action_env *env, const char *tail)
{
	journal[0] = '\0';
	last = (struct diag){.file = "F", .line = 7};
	at = 0;
	return action_run(env, &(struct tail){"F", 7, WAY_CLASSIC, tail, strlen(tail)}, &at, &last);
}

static enum action_result
run(const char *tail)
{
	struct action_env env = quiet_env();

	return run_in(&env, tail);
}

/* ---- tails ---- */

static void
tails_come_to_results(void **state)
{
	static const struct {
		const char *tail;
		enum action_result result;
		enum diag_code code;
		const char *journal;
	} cases[] = {
	    {"allow", ACTION_ALLOW, DIAG_NONE, ""},
	    {" ALLOW\n", ACTION_ALLOW, DIAG_NONE, ""},
	    {"deny", ACTION_DENY, DIAG_NONE, ""},
	    {"severity mail.info", ACTION_END, DIAG_NONE, "severity 22\n"},
	    {"severity crit : deny", ACTION_DENY, DIAG_NONE, "severity 2\n"},
	    {"rfc931", ACTION_END, DIAG_NONE, "lookup 0\n"},
	    {"rfc931 = 3", ACTION_END, DIAG_NONE, "lookup 3\n"},
	    /* a lookup that cannot be made refuses */
	    {"rfc931 99 : spawn one", ACTION_ERROR, DIAG_LOOKUP_FAULT, "lookup 99\n"},
	    {"spawn echo %u %n 100%% \\: x & : spawn two", ACTION_END, DIAG_NONE,
	        "shell echo joe_x host.ex.org 100% : x &\nshell two\n"},
	    {"spawn %z one %z : deny", ACTION_DENY, DIAG_NONE,
	        "report unrecognized %z\nreport unrecognized %z\nshell one\n"},
	    /* an unknown letter is reported, and leaves no code behind */
	    {"spawn a%zb : allow", ACTION_ALLOW, DIAG_NONE, "report unrecognized %z\nshell ab\n"},
	    /* only marked values are expanded */
	    {"severity mail.%u", ACTION_ERROR, DIAG_BAD_SEVERITY, ""},
	    /* what stands before an error is carried out, what follows is not read */
	    {"spawn one : bogus : spawn two", ACTION_ERROR, DIAG_OPTION_BAD_NAME, "shell one\n"},
	    {"spawn one : rfc931 0 : spawn two", ACTION_ERROR, DIAG_BAD_RFC931, "shell one\n"},
	    {"spawn one : allow : spawn two", ACTION_ERROR, DIAG_OPTION_NOT_LAST, "shell one\n"},
	    {"allow :", ACTION_ERROR, DIAG_OPTION_NOT_LAST, ""},
	    {"", ACTION_ERROR, DIAG_OPTION_NO_NAME, ""},
	    /* a command that decides: here the run stops */
	    {"spawn one : aclexec exit 0 : spawn two", ACTION_TRUE, DIAG_NONE, "shell one\n"},
	    {"spawn one : aclexec exit 1 : spawn two", ACTION_FALSE, DIAG_NONE, "shell one\n"},
	    {"aclexec exit 125", ACTION_FALSE, DIAG_NONE, ""},
	    {"aclexec exit 126", ACTION_ERROR, DIAG_ACLEXEC_ENDED, ""},
	    {"aclexec /nonexistent/command", ACTION_ERROR, DIAG_ACLEXEC_ENDED, ""},
	    {"aclexec exit 128", ACTION_FALSE, DIAG_NONE, ""},
	    {"aclexec exit 255", ACTION_FALSE, DIAG_NONE, ""},
	    {"aclexec exit 193", ACTION_FALSE, DIAG_NONE, ""},
	    /* a command that was killed, behind a shell that goes on */
	    {"aclexec sh -c 'kill -TERM $$' || exit", ACTION_ERROR, DIAG_ACLEXEC_ENDED, ""},
	    {"aclexec exit 129", ACTION_ERROR, DIAG_ACLEXEC_ENDED, ""},
	    {"aclexec exit 192", ACTION_ERROR, DIAG_ACLEXEC_ENDED, ""},
	    {"aclexec kill -TERM $$", ACTION_ERROR, DIAG_ACLEXEC_ENDED, ""},
	    {"aclexec kill -KILL $PPID", ACTION_ERROR, DIAG_SHELL_FORK, ""},
	    {"aclexec test %u = joe_x", ACTION_TRUE, DIAG_NONE, ""},
	    /* this program is not one that becomes a service */
	    {"user nobody : group nogroup", ACTION_END, DIAG_NONE,
	        "report option \"user\" does nothing in this process\n"
	        "report option \"group\" does nothing in this process\n"},
	    {"user nobody.nogroup : allow", ACTION_ALLOW, DIAG_NONE,
	        "report option \"user\" does nothing in this process\n"},
	    {"user no such", ACTION_ERROR, DIAG_UNKNOWN_USER, ""},
	    {"user nobody.nosuch", ACTION_ERROR, DIAG_UNKNOWN_GROUP, ""},
	    {"user nobody.", ACTION_ERROR, DIAG_UNKNOWN_GROUP, ""},
	    {"user .nogroup", ACTION_ERROR, DIAG_UNKNOWN_USER, ""},
	    {"user 65534", ACTION_ERROR, DIAG_UNKNOWN_USER, ""},
	    {"group nosuch", ACTION_ERROR, DIAG_UNKNOWN_GROUP, ""},
	    {"linger 5", ACTION_END, DIAG_NONE,
	        "report setsockopt SO_LINGER 5: Bad file descriptor\n"},
	    {"keepalive", ACTION_END, DIAG_NONE,
	        "report setsockopt SO_KEEPALIVE: Bad file descriptor\n"},
	    {"banners /nonexistent : allow", ACTION_ALLOW, DIAG_NONE,
	        "report /nonexistent: No such file or directory\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(run(cases[i].tail), cases[i].result);
		if (cases[i].result == ACTION_ERROR)
			assert_int_equal(last.code, cases[i].code);
		assert_string_equal(journal, cases[i].journal);
		assert_string_equal(last.file, "F");
		assert_int_equal(last.line, 7);
	}
}

static void
ways_differ_in_names_of_severities(void **state)
{
	struct action_env env = quiet_env();
	static const char tail[] = "severity authpriv.warn";

	(void)state;
	assert_int_equal(run(tail), ACTION_ERROR);
	journal[0] = '\0';
	at = 0;
	assert_int_equal(
	    action_run(&env, &(struct tail){"F", 7, WAY_PLAIN, tail, strlen(tail)}, &at, &last),
	    ACTION_END);
	assert_string_equal(journal, "severity 84\n");
}

static void
options_are_told_to_whoever_asks(void **state)
{
	struct action_env env = quiet_env();

	(void)state;
	env.option = on_option;
	assert_int_equal(run_in(&env, "Spawn echo %u : severity=info : allow"), ACTION_ALLOW);
	assert_string_equal(
	    journal, "Spawn echo joe_x\nshell echo joe_x\nseverity info\nseverity 6\nallow \n");
	/* One with a bad value, too; not one that is no option, or stands in a wrong place. */
	assert_int_equal(run_in(&env, "nice : linger -1"), ACTION_ERROR);
	assert_string_equal(journal, "nice \nlinger -1\n");
	assert_int_equal(last.code, DIAG_BAD_LINGER);
	assert_int_equal(run_in(&env, "allow : deny"), ACTION_ERROR);
	assert_string_equal(journal, "");
}

static void
values_that_cannot_be_had_refuse(void **state)
{
	char tail[EXPAND_OPTION_MAX + 64];

	(void)state;
	name = NULL;
	assert_int_equal(run("spawn one : spawn echo %n : allow"), ACTION_ERROR);
	assert_int_equal(last.code, DIAG_LOOKUP_FAULT);
	assert_string_equal(journal, "shell one\n");
	name = "host.ex.org";
	for (int over = -1; over <= 1; over++) {
		size_t value = (size_t)(EXPAND_OPTION_MAX + over);

		snprintf(tail, sizeof tail, "spawn ");
		memset(tail + 6, 'x', value);
		tail[6 + value] = '\0';
		assert_int_equal(run(tail), over <= 0 ? ACTION_END : ACTION_ERROR);
		if (over > 0)
			assert_int_equal(last.code, DIAG_EXPANSION_TOO_LONG);
		else
			assert_int_equal(strlen(journal), strlen("shell ") + value + 1);
	}
}

/* A directory's name is not expanded, but as bounded. */
static void
long_values_without_letters_refuse(void **state)
{
	char tail[EXPAND_OPTION_MAX + 64] = "banners /";

	(void)state;
	memset(tail + 9, 'x', EXPAND_OPTION_MAX);
	assert_int_equal(run(tail), ACTION_ERROR);
	assert_int_equal(last.code, DIAG_EXPANSION_TOO_LONG);
	tail[8 + EXPAND_OPTION_MAX] = '\0';
	assert_int_equal(run(tail), ACTION_END);
	assert_non_null(strstr(journal, ": File name too long"));
}

static void
no_memory_refuses(void **state)
{
	char tail[3000] = "spawn ";
	long count = 0;
	enum action_result result;
	unsigned long failed;

	(void)state;
	memset(tail + 6, 'x', sizeof tail - 16);
	memcpy(tail + sizeof tail - 10, " : allow", 9);
	do {
		alloc_fail_after(count++);
		result = run(tail);
		failed = alloc_fail_never();
		assert_int_equal(result, failed == 0 ? ACTION_ALLOW : ACTION_ERROR);
	} while (failed > 0);
	assert_true(count > 2);
}

/* ---- options that act on the process ---- */

static void
setenv_divides_at_the_first_blank(void **state)
{
	static const struct {
		const char *tail, *name, *value;
	} cases[] = {
	    {"setenv TEST_A one two ", "TEST_A", "one two"},
	    {"setenv = TEST_A\t %u", "TEST_A", "joe_x"},
	    {"setenv TEST_A", "TEST_A", ""},
	    {"setenv TEST_%u 1", "TEST_joe_x", "1"},
	    {"setenv TEST_A a=b", "TEST_A", "a=b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		setenv(cases[i].name, "before", 1);
		assert_int_equal(run(cases[i].tail), ACTION_END);
		assert_string_equal(getenv(cases[i].name), cases[i].value);
		unsetenv(cases[i].name);
	}
}

static void
a_variable_that_cannot_be_set_refuses(void **state)
{
	(void)state;
	assert_int_equal(run("setenv TEST_A=b c : allow"), ACTION_ERROR);
	assert_int_equal(last.code, DIAG_SETENV_FAILED);
	assert_int_equal(run("setenv %z : allow"), ACTION_ERROR);
	assert_int_equal(last.code, DIAG_SETENV_FAILED);
	/* what a client's user name could try */
	user = "A=b";
	assert_int_equal(run("setenv %u c : allow"), ACTION_ERROR);
	assert_int_equal(last.code, DIAG_SETENV_FAILED);
	user = "joe;x";
}

static int
set_umask(void)
{
	umask(022);
	if (run("umask 077") != ACTION_END)
		return 1;
	return umask(0) == 077 ? 0 : 2;
}

/* A nice value of -1 is no error, though nice() returns the same. */
static int
set_nice(void)
{
	if (run("nice 3 : nice") != ACTION_END || *journal != '\0')
		return 1;
	errno = 0;
	if (getpriority(PRIO_PROCESS, 0) != 13)
		return 2;
	if (geteuid() == 0 && (run("nice -14") != ACTION_END || *journal != '\0'))
		return 3;
	if (geteuid() == 0 && setuid(65534) != 0)
		return 4;
	if (run("nice -5 : allow") != ACTION_ALLOW)
		return 5;
	return strcmp(journal, "report nice(-5): Operation not permitted\n") == 0 ? 0 : 6;
}

static void
umask_and_nice_change_the_process(void **state)
{
	(void)state;
	assert_child_ok(set_umask);
	if (getpriority(PRIO_PROCESS, 0) != 0) {
		print_message("this shell is not at nice 0\n");
		skip();
	}
	assert_child_ok(set_nice);
}

static void
socket_options_are_set(void **state)
{
	struct action_env env = quiet_env();
	struct linger linger = {0};
	socklen_t len = sizeof linger;
	int on = 0;

	(void)state;
	env.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(run_in(&env, "linger 5 : keepalive"), ACTION_END);
	assert_string_equal(journal, "");
	assert_int_equal(getsockopt(env.fd, SOL_SOCKET, SO_LINGER, &linger, &len), 0);
	assert_true(linger.l_onoff == 1 && linger.l_linger == 5);
	len = sizeof on;
	assert_int_equal(getsockopt(env.fd, SOL_SOCKET, SO_KEEPALIVE, &on, &len), 0);
	assert_int_equal(on, 1);
	assert_int_equal(run_in(&env, "linger 0"), ACTION_END);
	len = sizeof linger;
	assert_int_equal(getsockopt(env.fd, SOL_SOCKET, SO_LINGER, &linger, &len), 0);
	assert_int_equal(linger.l_onoff, 0);
	close(env.fd);
}

static void
a_dry_run_touches_nothing_outside(void **state)
{
	struct action_env env = quiet_env();
	int nice_before = getpriority(PRIO_PROCESS, 0);

	(void)state;
	env.dry_run = true;
	assert_int_equal(run_in(&env,
	                     "spawn one : nice 1 : linger 5 : keepalive : setenv TEST_DRY 1 : "
	                     "severity info : twist two"),
	    ACTION_TWISTED);
	assert_int_equal(last.code, DIAG_NONE);
	assert_string_equal(journal, "severity 6\n");
	assert_int_equal(getpriority(PRIO_PROCESS, 0), nice_before);
	assert_string_equal(getenv("TEST_DRY"), "1");
	unsetenv("TEST_DRY");
}

/* ---- twist ---- */

static void
a_resident_process_does_not_twist(void **state)
{
	struct action_env env = quiet_env();

	(void)state;
	env.resident = true;
	assert_int_equal(run_in(&env, "twist /bin/echo"), ACTION_ERROR);
	assert_int_equal(last.code, DIAG_TWIST_RESIDENT);
	assert_string_equal(journal, "");
}

static void
a_twist_without_a_socket_serves_nobody(void **state)
{
	(void)state;
	assert_int_equal(run("twist /bin/echo hi"), ACTION_TWISTED);
	assert_int_equal(last.code, DIAG_TWIST_DUP);
	assert_int_equal(last.error, EBADF);
	assert_string_equal(journal, "twist /bin/echo hi\n");
}

static char empty_root[] = "/tmp/test-run-XXXXXX";

static int
twist_in_an_empty_root(void)
{
	struct action_env env = quiet_env();

	if (chroot(empty_root) != 0 || (env.fd = socket(AF_UNIX, SOCK_STREAM, 0)) < 0)
		return 1;
	if (run_in(&env, "twist /bin/echo hi") != ACTION_TWISTED)
		return 2;
	return last.code == DIAG_TWIST_EXEC && last.error == ENOENT ? 0 : 3;
}

static void
a_twist_without_a_shell_serves_nobody(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("chroot needs root\n");
		skip();
	}
	assert_non_null(mkdtemp(empty_root));
	assert_child_ok(twist_in_an_empty_root);
	rmdir(empty_root);
}

/* The shell has the socket as 0, 1 and 2 and as nothing else, wherever it was before. */
static void
a_twisted_client_talks_to_the_command(void **state)
{
	static const int places[] = {0, 1, 2, 9};
	static const char tail[] = "twist read a; echo out $a %u; echo err >&2; "
	                           "test -e /proc/$$/fd/9 && echo leak; exit 3";

	(void)state;
	for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
		char text[64] = "";
		size_t len = 0;
		ssize_t got;
		int pair[2], status;
		pid_t child;

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
		child = fork();
		if (child == 0) {
			struct action_env env = quiet_env();

			env.fd = dup3(pair[1], places[i], O_CLOEXEC);
			run_in(&env, tail);
			_exit(1);
		}
		close(pair[1]);
		assert_int_equal(write(pair[0], "in\n", 3), 3);
		while ((got = read(pair[0], text + len, sizeof text - 1 - len)) > 0)
			len += (size_t)got;
		close(pair[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(WEXITSTATUS(status), 3);
		assert_string_equal(text, "out in joe_x\nerr\n");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tails_come_to_results),
	    cmocka_unit_test(ways_differ_in_names_of_severities),
	    cmocka_unit_test(options_are_told_to_whoever_asks),
	    cmocka_unit_test(values_that_cannot_be_had_refuse),
	    cmocka_unit_test(long_values_without_letters_refuse),
	    cmocka_unit_test(no_memory_refuses),
	    cmocka_unit_test(setenv_divides_at_the_first_blank),
	    cmocka_unit_test(a_variable_that_cannot_be_set_refuses),
	    cmocka_unit_test(umask_and_nice_change_the_process),
	    cmocka_unit_test(socket_options_are_set),
	    cmocka_unit_test(a_dry_run_touches_nothing_outside),
	    cmocka_unit_test(a_resident_process_does_not_twist),
	    cmocka_unit_test(a_twist_without_a_socket_serves_nobody),
	    cmocka_unit_test(a_twist_without_a_shell_serves_nobody),
	    cmocka_unit_test(a_twisted_client_talks_to_the_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
