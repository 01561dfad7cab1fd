/* What the words of an entry become: each thing that cannot be had is found when the file is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/socket.h>

#include "cmd/inetd/environment.h"
#include "cmd/inetd/greeting.h"
#include "cmd/inetd/identity.h"
#include "cmd/inetd/setup.h"
#include "in_child.h"

/* An entry, what has been found about it, and what it becomes. */
struct bench {
	struct conf conf;
	struct conf_entry entry;
	struct service_rules rules;
	struct setup setup;
	struct identity identity;
};

static struct conf_word
word(const char *text)
{
	return (struct conf_word){.text = text, .line = 1, .column = 1};
}

static void
set_up(struct bench *bench)
{
	*bench = (struct bench){
	    .entry = {.umask = -1, .service = word("ftp")}, .rules = {.can_switch = true}};
	conf_parse(&bench->conf, "", 0);
}

static void
make_folder(char *ret)
{
	memcpy(ret, "/tmp/tcpwrap-setup-XXXXXX", 26);
	assert_non_null(mkdtemp(ret));
}

/* The finding that a setup makes, -1: none; then begin anew. */
static int
finding(struct bench *bench)
{
	struct conf_note *note;
	int code;

	bench->setup = (struct setup){0};
	setup_resolve(&bench->conf, &bench->entry, &bench->rules, &bench->setup);
	assert_false(bench->conf.failed);
	note = bench->conf.notes;
	code = note == NULL ? -1 : (int)note->code;
	assert_true(note == NULL || note->next == NULL);
	bench->conf.notes = NULL;
	bench->conf.notes_end = &bench->conf.notes;
	bench->conf.errors = 0;
	return code;
}

static int
identity_finding(struct bench *bench, const char *user, const char *group)
{
	struct conf_note *note;

	bench->entry.user = word(user);
	bench->entry.group = word(group);
	bench->identity = (struct identity){0};
	identity_resolve(&bench->conf, &bench->entry, &bench->rules, &bench->identity);
	note = bench->conf.notes;
	bench->conf.notes = NULL;
	bench->conf.notes_end = &bench->conf.notes;
	bench->conf.errors = 0;
	return note == NULL ? -1 : (int)note->code;
}

/* ---- identity ---- */

static void
test_identity(void **state)
{
	static const struct {
		const char *user, *group;
		int code;
		uint32_t uid, gid;
	} cases[] = {
	    {"root", NULL, -1, 0, 0},
	    {"nobody", NULL, -1, 65534, 65534},
	    {"nobody", "root", -1, 65534, 0},
	    {"0", NULL, -1, 0, 0},
	    {"65534", NULL, -1, 65534, 65534},
	    {"65534", "1", -1, 65534, 1},
	    {"root", "4294967294", -1, 0, 4294967294},
	    {"4294967294", "70707", -1, 4294967294, 70707},
	    {"4294967294", NULL, CONF_NUMBER_ALONE, 0, 0},
	    {"4294967295", "0", CONF_UNKNOWN_USER, 0, 0},
	    {"4294967296", "0", CONF_UNKNOWN_USER, 0, 0},
	    {"99999999999999999999", "0", CONF_UNKNOWN_USER, 0, 0},
	    {"0", "4294967295", CONF_UNKNOWN_GROUP, 0, 0},
	    {"0", "-1", CONF_UNKNOWN_GROUP, 0, 0},
	    {"-0", "0", CONF_UNKNOWN_USER, 0, 0},
	    {"0x0", "0", CONF_UNKNOWN_USER, 0, 0},
	    {"", "0", CONF_UNKNOWN_USER, 0, 0},
	    {"no-such-user", NULL, CONF_UNKNOWN_USER, 0, 0},
	    {"root", "no-such-group", CONF_UNKNOWN_GROUP, 0, 0},
	    {NULL, NULL, CONF_BAD_USER, 0, 0},
	};
	struct bench bench;

	(void)state;
	set_up(&bench);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(
		    identity_finding(&bench, cases[i].user, cases[i].group), cases[i].code);
		if (cases[i].code >= 0)
			continue;
		assert_int_equal(bench.identity.uid, cases[i].uid);
		assert_int_equal(bench.identity.gid, cases[i].gid);
		assert_true(bench.identity.count >= 1);
		assert_false(bench.identity.is_own);
	}
	conf_release(&bench.conf);
}

static void
test_identity_groups(void **state)
{
	struct bench bench;

	(void)state;
	set_up(&bench);
	/* nobody's number: the group alone */
	assert_int_equal(identity_finding(&bench, "4294967294", "70707"), -1);
	assert_int_equal(bench.identity.count, 1);
	assert_int_equal(bench.identity.groups[0], 70707);
	/* "groups = no" */
	bench.entry.has_no_groups = true;
	assert_int_equal(identity_finding(&bench, "nobody", NULL), -1);
	assert_int_equal(bench.identity.count, 1);
	assert_int_equal(bench.identity.groups[0], 65534);
	conf_release(&bench.conf);
}

static void
test_identity_own(void **state)
{
	struct bench bench;

	(void)state;
	set_up(&bench);
	bench.rules = (struct service_rules){.uid = 65534, .gid = 65534};
	assert_int_equal(identity_finding(&bench, "nobody", NULL), -1);
	assert_true(bench.identity.is_own);
	assert_int_equal(identity_finding(&bench, "65534", "65534"), -1);
	assert_int_equal(identity_finding(&bench, "root", NULL), CONF_NOT_ROOT);
	assert_int_equal(identity_finding(&bench, "0", NULL), CONF_NOT_ROOT);
	assert_int_equal(identity_finding(&bench, "nobody", "1"), CONF_NOT_ROOT);
	conf_release(&bench.conf);
}

/* What inetd does itself, in a process that judges: never root for want of a word. */
static void
test_identity_of_internal(void **state)
{
	struct bench bench;

	(void)state;
	set_up(&bench);
	bench.entry.kind = CONF_ECHO;
	assert_int_equal(identity_finding(&bench, NULL, NULL), -1);
	assert_int_equal(bench.identity.uid, 65534);
	assert_int_equal(bench.identity.gid, 65534);
	assert_int_equal(bench.identity.count, 1);
	assert_int_equal(bench.identity.groups[0], 65534);
	assert_int_equal(identity_finding(&bench, "root", NULL), -1);
	assert_int_equal(bench.identity.uid, 0);
	bench.rules = (struct service_rules){.uid = 1000, .gid = 1001};
	assert_int_equal(identity_finding(&bench, NULL, NULL), -1);
	assert_true(bench.identity.is_own);
	assert_int_equal(bench.identity.uid, 1000);
	assert_int_equal(bench.identity.gid, 1001);
	conf_release(&bench.conf);
}

/* ---- limits, umask, name ---- */

static void
test_limits(void **state)
{
	struct bench bench;
	struct conf_rlimit limits[2] = {{RLIMIT_CPU, 10, 20}, {RLIMIT_CORE, 0, UINT64_MAX}};

	(void)state;
	set_up(&bench);
	bench.entry.rlimits = limits;
	bench.entry.rlimit_count = 2;
	assert_int_equal(finding(&bench), -1);
	assert_false(bench.setup.has_descriptor_limit);
	limits[0].soft = 20;
	assert_int_equal(finding(&bench), -1);
	limits[0].soft = 21;
	assert_int_equal(finding(&bench), CONF_RLIMIT_ORDER);
	limits[0] = (struct conf_rlimit){RLIMIT_NOFILE, 8, 8};
	assert_int_equal(finding(&bench), -1);
	assert_true(bench.setup.has_descriptor_limit);
	conf_release(&bench.conf);
}

/* Over inetd's own limit, and without the right to raise it. In a child: limits do not come back. */
static int
over_own_limit(void)
{
	struct bench bench;
	struct conf_rlimit limit = {RLIMIT_CORE, 0, 4096};

	set_up(&bench);
	bench.entry.rlimits = &limit;
	bench.entry.rlimit_count = 1;
	if (setrlimit(RLIMIT_CORE, &(struct rlimit){4096, 4096}) < 0)
		return 1;
	if (finding(&bench) != -1)
		return 2;
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		return 3;
	if (finding(&bench) != -1)
		return 4;
	limit.hard = 4097;
	if (finding(&bench) != CONF_RLIMIT_HIGH)
		return 5;
	limit.hard = UINT64_MAX;
	if (finding(&bench) != CONF_RLIMIT_HIGH)
		return 6;
	bench.rules.is_check = true; /* of a file for an inetd of root's */
	if (finding(&bench) != -1)
		return 7;
	bench.entry.chroot = word("/");
	if (finding(&bench) != -1)
		return 8;
	bench.rules.is_check = false;
	bench.entry.rlimit_count = 0;
	return finding(&bench) == CONF_CHROOT_POWER ? 0 : 9;
}

static void
test_limit_over_own(void **state)
{
	(void)state;
	assert_child_ok(over_own_limit);
}

static void
test_umask_and_name(void **state)
{
	char name[ENVIRONMENT_NAME_MAX + 2];
	struct bench bench;

	(void)state;
	set_up(&bench);
	assert_int_equal(finding(&bench), -1);
	assert_int_equal(bench.setup.umask, 022);
	bench.entry.umask = 0;
	assert_int_equal(finding(&bench), -1);
	assert_int_equal(bench.setup.umask, 0);
	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = '\0';
	bench.entry.id = word(name);
	assert_int_equal(finding(&bench), CONF_NAME_LONG);
	bench.entry.id = word(name + 1);
	assert_int_equal(finding(&bench), -1);
	conf_release(&bench.conf);
}

/* ---- chroot ---- */

static void
test_chroot(void **state)
{
	struct bench bench;
	char folder[26], file[80];
	int ours = geteuid() == 0 ? -1 : CONF_CHROOT_POWER;

	(void)state;
	set_up(&bench);
	make_folder(folder);
	snprintf(file, sizeof file, "%s/file", folder);
	close(creat(file, 0600));
	bench.entry.chroot = word(folder);
	assert_int_equal(finding(&bench), ours);
	chmod(folder, 0770);
	assert_int_equal(finding(&bench), CONF_CHROOT_OPEN);
	chmod(folder, 0702);
	assert_int_equal(finding(&bench), CONF_CHROOT_OPEN);
	chmod(folder, 0755);
	assert_int_equal(finding(&bench), ours);
	if (geteuid() == 0) {
		assert_int_equal(chown(folder, 65534, 0), 0);
		assert_int_equal(finding(&bench), CONF_CHROOT_OPEN);
	}
	bench.entry.chroot = word(file);
	assert_int_equal(finding(&bench), CONF_CHROOT_MISSING);
	bench.entry.chroot = word("/none/such");
	assert_int_equal(finding(&bench), CONF_CHROOT_MISSING);
	bench.entry.chroot = word("tmp");
	assert_int_equal(finding(&bench), CONF_CHROOT_RELATIVE);
	bench.entry.chroot = word("");
	assert_int_equal(finding(&bench), CONF_CHROOT_RELATIVE);
	unlink(file);
	rmdir(folder);
	conf_release(&bench.conf);
}

/* ---- variables ---- */

static void
assert_variables(const struct bench *bench, const char *want)
{
	char got[256] = "";

	for (size_t i = 0; i < bench->setup.variable_count; i++)
		snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", i > 0 ? " " : "",
		    bench->setup.variables[i]);
	assert_string_equal(got, want);
}

static void
test_variables(void **state)
{
	char a[] = "A=1", b[] = "B=2", ab[] = "AB=3";
	char *base[] = {a, b, ab, NULL};
	struct conf_word env[] = {word("B=x=y"), word("C="), word("C=4"), word("A1=5")};
	struct conf_word passenv[] = {word("PASSED"), word("NONE"), word("PASSED"), word("PASS")};
	struct bench bench;

	(void)state;
	set_up(&bench);
	assert_int_equal(finding(&bench), -1);
	assert_variables(&bench, "");
	bench.rules.environment = base;
	assert_int_equal(finding(&bench), -1);
	assert_ptr_equal(bench.setup.variables, base);
	assert_variables(&bench, "A=1 B=2 AB=3");
	bench.entry.env = (struct conf_words){env, 4};
	assert_int_equal(finding(&bench), -1);
	assert_variables(&bench, "A=1 B=x=y AB=3 C=4 A1=5");
	/* passenv: only those, also what servers do not see otherwise */
	setenv("PASSED", "p", 1);
	bench.entry.is_passenv = true;
	bench.entry.passenv = (struct conf_words){passenv, 4};
	assert_int_equal(finding(&bench), -1);
	assert_variables(&bench, "PASSED=p B=x=y C=4 A1=5");
	setenv("LD_PASSED", "l", 1);
	passenv[0] = word("LD_PASSED");
	passenv[1] = word("REMOTE_ADDR");
	setenv("REMOTE_ADDR", "192.0.2.1", 1);
	bench.entry.env.count = 0;
	assert_int_equal(finding(&bench), -1);
	assert_variables(&bench, "LD_PASSED=l PASSED=p");
	bench.entry.passenv.count = 0;
	assert_int_equal(finding(&bench), -1);
	assert_variables(&bench, "");
	unsetenv("REMOTE_ADDR");
	conf_release(&bench.conf);
}

static void
test_bad_variables(void **state)
{
	static const struct {
		const char *text;
		int code;
	} cases[] = {
	    {"NAME", CONF_BAD_ENV},
	    {"=x", CONF_BAD_ENV},
	    {"", CONF_BAD_ENV},
	    {"N=", -1},
	    {"REMOTE_ADDR=192.0.2.1", CONF_OWN_ENV},
	    {"LISTEN_PID=1", CONF_OWN_ENV},
	    {"LISTEN_FDNAMES=x", CONF_OWN_ENV},
	    {"REMOTE_ADDRESS=x", -1},
	    {"REMOTE=x", -1},
	};
	struct bench bench;

	(void)state;
	set_up(&bench);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct conf_word env = word(cases[i].text);

		bench.entry.env = (struct conf_words){&env, 1};
		assert_int_equal(finding(&bench), cases[i].code);
	}
	conf_release(&bench.conf);
}

static void
test_many_variables(void **state)
{
	static char texts[ENVIRONMENT_MAX + 1][8];
	static char *base[ENVIRONMENT_MAX + 1];
	struct conf_word env[] = {word("NEW=1"), word("V0=1")};
	struct bench bench;

	(void)state;
	set_up(&bench);
	for (int i = 0; i < ENVIRONMENT_MAX; i++) {
		snprintf(texts[i], sizeof texts[i], "V%d=", i);
		base[i] = texts[i];
	}
	bench.rules.environment = base;
	bench.entry.env = (struct conf_words){env, 1};
	assert_int_equal(finding(&bench), CONF_MANY_ENV);
	bench.entry.env.items++;
	assert_int_equal(finding(&bench), -1);
	base[ENVIRONMENT_MAX - 1] = NULL;
	bench.entry.env.items--;
	assert_int_equal(finding(&bench), -1);
	conf_release(&bench.conf);
}

/* ---- greetings ---- */

static void
write_file(const char *path, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (size_t i = 0; i < len; i++)
		fputc("a\0\n"[i % 3], file);
	fclose(file);
}

static void
test_greetings(void **state)
{
	char folder[26], path[80], got[GREETING_MAX + 1];
	struct bench bench;
	int ends[2];

	(void)state;
	set_up(&bench);
	make_folder(folder);
	snprintf(path, sizeof path, "%s/banner", folder);
	bench.entry.banner_fail = word(path);
	assert_int_equal(finding(&bench), CONF_NO_BANNER);
	write_file(path, GREETING_MAX + 1);
	assert_int_equal(finding(&bench), CONF_BANNER_LONG);
	assert_null(bench.setup.greeting_refused);
	write_file(path, GREETING_MAX);
	assert_int_equal(finding(&bench), -1);
	assert_int_equal(bench.setup.greeting_refused->len, GREETING_MAX);
	assert_null(bench.setup.greeting);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	greeting_send(ends[0], bench.setup.greeting);
	greeting_send(ends[0], bench.setup.greeting_refused);
	assert_int_equal(read(ends[1], got, sizeof got), GREETING_MAX);
	assert_memory_equal(got, bench.setup.greeting_refused->bytes, GREETING_MAX);
	close(ends[1]);
	greeting_send(ends[0], bench.setup.greeting_refused); /* no signal */
	close(ends[0]);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(finding(&bench), CONF_NO_BANNER); /* at once */
	unlink(path);
	rmdir(folder);
	bench.entry.banner_fail = word("/");
	assert_int_equal(finding(&bench), CONF_NO_BANNER);
	conf_release(&bench.conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_identity),
	    cmocka_unit_test(test_identity_groups),
	    cmocka_unit_test(test_identity_own),
	    cmocka_unit_test(test_identity_of_internal),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_limit_over_own),
	    cmocka_unit_test(test_umask_and_name),
	    cmocka_unit_test(test_chroot),
	    cmocka_unit_test(test_variables),
	    cmocka_unit_test(test_bad_variables),
	    cmocka_unit_test(test_many_variables),
	    cmocka_unit_test(test_greetings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
