/*
 * NAME     test_action_become - somebody else, for good
 * PURPOSE  Each case in a child of its own, as root: what the kernel says afterwards.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/securebits.h>

#include <cmocka.h>

#include "action/identity.h"
#include "in_child.h"

/* Every Debian has these. */
static const char user_name[] = "nobody", other_group[] = "mail";

static uid_t user_uid;
static gid_t group_gid, other_gid;

static enum diag_code
take(const char *user, const char *group)
{
	struct diag diag = {.code = DIAG_NONE};
	struct identity identity;
	enum diag_code code;

	if (!identity_find(user, group, &identity, &diag))
		return diag.code;
	code = identity_become(&identity);
	identity_release(&identity);
	return code;
}

static bool
is(uid_t uid, gid_t gid)
{
	uid_t u[3];
	gid_t g[3];

	return getresuid(&u[0], &u[1], &u[2]) == 0 && getresgid(&g[0], &g[1], &g[2]) == 0 &&
	    u[0] == uid && u[1] == uid && u[2] == uid && g[0] == gid && g[1] == gid && g[2] == gid;
}

static bool
has_only_group(gid_t gid)
{
	gid_t groups[2] = {0, 0};

	return getgroups(2, groups) == 1 && groups[0] == gid;
}

static int
a_user(void)
{
	const gid_t many[] = {0, other_gid, 4711};

	if (setgroups(3, many) != 0)
		return 1;
	if (take(user_name, NULL) != DIAG_NONE)
		return 2;
	if (!is(user_uid, group_gid) || !has_only_group(group_gid))
		return 3;
	return setuid(0) == 0 || setgid(0) == 0 || setgroups(0, NULL) == 0 ? 4 : 0;
}

static int
a_user_with_a_group(void)
{
	if (take(user_name, other_group) != DIAG_NONE)
		return 1;
	return is(user_uid, other_gid) && has_only_group(other_gid) ? 0 : 2;
}

static int
a_group(void)
{
	const gid_t many[] = {0, 4711};

	if (setgroups(2, many) != 0 || take(NULL, other_group) != DIAG_NONE)
		return 1;
	if (!is(0, other_gid) || !has_only_group(other_gid))
		return 2;
	/* and a user after that */
	return take(user_name, NULL) == DIAG_NONE && is(user_uid, group_gid) ? 0 : 3;
}

static int
who_one_is_already(void)
{
	if (take(user_name, NULL) != DIAG_NONE || take(user_name, NULL) != DIAG_NONE)
		return 1;
	return is(user_uid, group_gid) ? 0 : 2;
}

static int
somebody_without_the_right(void)
{
	if (take(user_name, NULL) != DIAG_NONE)
		return 1;
	errno = 0;
	if (take("root", NULL) != DIAG_SETGROUPS_FAILED || errno != EPERM)
		return 2;
	if (take(user_name, other_group) != DIAG_SETGROUPS_FAILED)
		return 3;
	return is(user_uid, group_gid) ? 0 : 4;
}

/* With this setting a process keeps root's capabilities through setuid, and could return. */
static int
a_way_back(void)
{
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) != 0)
		return 1;
	return take(user_name, NULL) == DIAG_IDENTITY_KEPT ? 0 : 2;
}

/* Capabilities that are handed on through exec, as a super-server may have given them. */
static int
powers_of_that_user(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[2] = {{0}};
	const unsigned power = 1U << CAP_DAC_OVERRIDE;

	if (setgroups(1, &group_gid) != 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
	    setresgid(group_gid, group_gid, group_gid) != 0 ||
	    setresuid(user_uid, user_uid, user_uid) != 0)
		return 1;
	caps[0] = (struct __user_cap_data_struct){power, power, power};
	if (syscall(SYS_capset, &head, caps) != 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0) != 0)
		return 2;
	if (take(user_name, NULL) != DIAG_NONE || syscall(SYS_capget, &head, caps) != 0)
		return 3;
	if (caps[0].effective != 0 || caps[0].permitted != 0 || caps[0].inheritable != 0)
		return 4;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_DAC_OVERRIDE, 0, 0) == 0 ? 0 : 5;
}

/* In a user namespace where nobody has a number, root looks like nobody. */
static int
nobody_without_a_number(void)
{
	const gid_t root = 0;

	if (setgroups(1, &root) != 0 || unshare(CLONE_NEWUSER) != 0)
		return 1;
	if (!is(user_uid, group_gid) || !has_only_group(group_gid))
		return 2;
	return take(user_name, NULL) == DIAG_SETGID_FAILED && errno == EINVAL ? 0 : 3;
}

/* Is a namespace to be had here? */
static int
a_namespace(void)
{
	return unshare(CLONE_NEWUSER) != 0;
}

#define CHILD_TEST(body)                                                                           \
	static void test_##body(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		if (geteuid() != 0)                                                                \
			skip();                                                                    \
		assert_child_ok(body);                                                             \
	}

CHILD_TEST(a_user)
CHILD_TEST(a_user_with_a_group)
CHILD_TEST(a_group)
CHILD_TEST(who_one_is_already)
CHILD_TEST(somebody_without_the_right)
#ifdef __SANITIZE_THREAD__
/* The setting is a thread's own, and the sanitizer has one beside: the C library ends a process whose
 * threads cannot become the same. */
static void
test_a_way_back(void **state)
{
	(void)state;
	(void)a_way_back;
	skip();
}
#else
CHILD_TEST(a_way_back)
#endif
CHILD_TEST(powers_of_that_user)

static void
test_nobody_without_a_number(void **state)
{
	(void)state;
	/* The numbers by which the kernel calls what has none. */
	if (geteuid() != 0 || user_uid != 65534 || group_gid != 65534 ||
	    run_in_child(a_namespace) != 0)
		skip();
	assert_child_ok(nobody_without_a_number);
}

static void
names_that_are_not_known(void **state)
{
	struct identity untouched = {.uid = 7};
	struct diag diag = {.code = DIAG_NONE};

	(void)state;
	assert_false(identity_find("no such user", NULL, &untouched, &diag));
	assert_int_equal(diag.code, DIAG_UNKNOWN_USER);
	assert_string_equal(diag.arg, "no such user");
	assert_false(identity_find(user_name, "no such group", &untouched, &diag));
	assert_int_equal(diag.code, DIAG_UNKNOWN_GROUP);
	assert_string_equal(diag.arg, "no such group");
	assert_false(identity_find("", NULL, &untouched, &diag));
	assert_int_equal(diag.code, DIAG_UNKNOWN_USER);
	assert_int_equal(untouched.uid, 7);
	assert_null(untouched.groups);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_user),
	    cmocka_unit_test(test_a_user_with_a_group),
	    cmocka_unit_test(test_a_group),
	    cmocka_unit_test(test_who_one_is_already),
	    cmocka_unit_test(test_somebody_without_the_right),
	    cmocka_unit_test(test_a_way_back),
	    cmocka_unit_test(test_powers_of_that_user),
	    cmocka_unit_test(test_nobody_without_a_number),
	    cmocka_unit_test(names_that_are_not_known),
	};
	const struct passwd *user = getpwnam(user_name);
	const struct group *other = getgrnam(other_group);

	if (user == NULL || other == NULL)
		return 1;
	user_uid = user->pw_uid;
	group_gid = user->pw_gid;
	other_gid = other->gr_gid;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
