/* What servers inherit: each name of the tables goes, its neighbours stay. What inetd tells them: no
 * more and no less than it knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <sys/un.h>

#include "cmd/inetd/environment.h"

static const char *const names[] = {
#define WASHED(name) name,
#include "cmd/inetd/washed.def"
#undef WASHED
};

static const char *const own[] = {
#define VARIABLE(name, value) name,
#include "cmd/inetd/environment.def"
#undef VARIABLE
};

static bool
stays_of(char *variable, bool keeps_all)
{
	char *environment[] = {variable, NULL};
	char **washed = environment_wash(environment, keeps_all);
	bool ret;

	assert_non_null(washed);
	ret = washed[0] == variable;
	assert_true(ret || washed[0] == NULL);
	free(washed);
	return ret;
}

static bool
stays(char *variable)
{
	return stays_of(variable, false);
}

static void
test_every_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char variable[64], neighbour[64];
		int len = (int)strcspn(names[i], "*");
		bool is_prefix = names[i][len] == '*';

		snprintf(
		    variable, sizeof variable, "%.*s%s=x", len, names[i], is_prefix ? "Z" : "");
		assert_false(stays(variable));
		snprintf(variable, sizeof variable, "%.*s=", len, names[i]);
		assert_false(stays(variable));
		snprintf(neighbour, sizeof neighbour, "A%.*s=x", len, names[i]);
		assert_true(stays(neighbour));
		if (!is_prefix && strcmp(names[i], "_") != 0) {
			snprintf(neighbour, sizeof neighbour, "%sQ9=x", names[i]);
			assert_true(stays(neighbour));
		}
	}
}

static void
test_order_and_oddities(void **state)
{
	char a[] = "LANG=C", b[] = "LD_PRELOAD=x", c[] = "TZ=UTC", d[] = "broken", e[] = "";
	char *environment[] = {a, b, c, d, e, NULL};
	char **washed = environment_wash(environment, false);

	(void)state;
	assert_non_null(washed);
	assert_ptr_equal(washed[0], a);
	assert_ptr_equal(washed[1], c);
	assert_null(washed[2]);
	free(washed);
}

/* Also if everything else is kept: a server believes them. */
static void
test_own_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
		char variable[64];

		snprintf(variable, sizeof variable, "%s=192.0.2.1", own[i]);
		assert_true(environment_is_own(variable));
		assert_false(stays_of(variable, true));
		assert_false(stays_of(variable, false));
		snprintf(variable, sizeof variable, "%sX=", own[i]);
		assert_false(environment_is_own(variable));
		assert_true(stays_of(variable, true));
	}
}

static void
test_too_many_inherited(void **state)
{
	static char *many[ENVIRONMENT_MAX + 2];
	char variable[] = "A=1", **washed;

	(void)state;
	for (int i = 0; i <= ENVIRONMENT_MAX; i++)
		many[i] = variable;
	errno = 0;
	assert_null(environment_wash(many, false));
	assert_int_equal(errno, E2BIG);
	many[ENVIRONMENT_MAX] = NULL;
	washed = environment_wash(many, false);
	assert_non_null(washed);
	free(washed);
}

/* ---- what is told ---- */

static struct sockaddr *
inet(const char *text, uint16_t port)
{
	static union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} slots[2];
	static size_t next;
	size_t slot = next++ % 2;

	memset(&slots[slot], 0, sizeof slots[slot]);
	if (inet_pton(AF_INET, text, &slots[slot].v4.sin_addr) == 1) {
		slots[slot].v4.sin_family = AF_INET;
		slots[slot].v4.sin_port = htons(port);
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &slots[slot].v6.sin6_addr), 1);
		slots[slot].v6.sin6_family = AF_INET6;
		slots[slot].v6.sin6_port = htons(port);
		slots[slot].v6.sin6_scope_id = 1;
	}
	return &slots[slot].any;
}

static void
assert_told(const struct environment_facts *facts, const char *want)
{
	static struct environment environment;
	char kept[] = "KEPT=1", *variables[] = {kept}, got[1024] = "";

	memset(&environment, 0x55, sizeof environment);
	assert_true(environment_build(&environment, facts, variables, 1));
	for (char **variable = environment.variables; *variable != NULL; variable++)
		snprintf(got + strlen(got), sizeof got - strlen(got), "%s ", *variable);
	assert_string_equal(got, want);
}

#define TOLD_TCP(remote, local)                                                                    \
	"REMOTE_ADDR=" remote " REMOTE_PORT=1 LOCAL_ADDR=" local " LOCAL_PORT=65535 "              \
	"TCPREMOTEIP=" remote " TCPREMOTEPORT=1 TCPLOCALIP=" local " TCPLOCALPORT=65535 "          \
	"PROTO=TCP INETD_SERVICE=ftp KEPT=1 "

static void
test_told(void **state)
{
	const struct sockaddr_un unix_peer = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
	struct environment_facts facts = {.service = "ftp", .protocol = "TCP"};

	(void)state;
	assert_told(&facts, "PROTO=TCP INETD_SERVICE=ftp KEPT=1 ");
	facts.remote = inet("192.0.2.1", 1);
	facts.local = inet("198.51.100.255", 65535);
	assert_told(&facts, TOLD_TCP("192.0.2.1", "198.51.100.255"));
	facts.remote = inet("::ffff:192.0.2.1", 1);
	facts.local = inet("fe80::1", 65535);
	assert_told(&facts, TOLD_TCP("192.0.2.1", "fe80::1"));
	facts.remote = inet("2001:db8::1", 53);
	facts.local = inet("0.0.0.0", 53);
	facts.protocol = "UDP";
	assert_told(&facts,
	    "REMOTE_ADDR=2001:db8::1 REMOTE_PORT=53 LOCAL_PORT=53 PROTO=UDP INETD_SERVICE=ftp "
	    "KEPT=1 ");
	facts.remote = NULL;
	facts.local = inet("::", 53);
	assert_told(&facts, "LOCAL_PORT=53 PROTO=UDP INETD_SERVICE=ftp KEPT=1 ");
	facts.remote = facts.local = (const struct sockaddr *)&unix_peer;
	facts.protocol = "UNIX";
	facts.service = "/run/x";
	assert_told(&facts, "PROTO=UNIX INETD_SERVICE=/run/x KEPT=1 ");
}

/* A name is what a client may choose the bytes of. */
static void
test_told_name(void **state)
{
	static const char *const bad[] = {
	    "", "a b", "a\nPATH=/", "a=b", "a\x80", "(){", "a/b", "$x", "a:b"};
	char longest[ENVIRONMENT_NAME_MAX + 2];
	struct environment_facts facts = {
	    .service = "s", .protocol = "UDP", .name = "A-1_.example."};

	(void)state;
	assert_told(&facts, "REMOTE_HOST=A-1_.example. PROTO=UDP INETD_SERVICE=s KEPT=1 ");
	facts.protocol = "TCP";
	assert_told(&facts,
	    "REMOTE_HOST=A-1_.example. TCPREMOTEHOST=A-1_.example. PROTO=TCP INETD_SERVICE=s "
	    "KEPT=1 ");
	facts.protocol = "UDP";
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		facts.name = bad[i];
		assert_told(&facts, "PROTO=UDP INETD_SERVICE=s KEPT=1 ");
	}
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	facts.name = longest;
	assert_told(&facts, "PROTO=UDP INETD_SERVICE=s KEPT=1 ");
}

static void
test_told_listener(void **state)
{
	static const pid_t pids[] = {1, 9, 10, 4194304, INT32_MAX};
	static struct environment environment;
	struct environment_facts facts = {.service = "s", .protocol = "UDP", .has_listener = true};

	(void)state;
	for (size_t i = 0; i < sizeof pids / sizeof pids[0]; i++) {
		char want[32];

		snprintf(want, sizeof want, "LISTEN_PID=%d", (int)pids[i]);
		assert_true(environment_build(&environment, &facts, NULL, 0));
		environment_set_pid(&environment, pids[i]);
		assert_string_equal(environment.variables[2], "LISTEN_FDS=1");
		assert_string_equal(environment.variables[3], want);
		assert_null(environment.variables[4]);
	}
}

/* Everything at its longest fits; one more variable does not. */
static void
test_limits(void **state)
{
	static char *variables[ENVIRONMENT_MAX + 1];
	static struct environment environment;
	char longest[ENVIRONMENT_NAME_MAX + 1], variable[] = "A=1";
	struct environment_facts facts = {.service = longest,
	    .protocol = "TCP",
	    .name = longest,
	    .remote = inet("ffff:eeee:dddd:cccc:bbbb:aaaa:9999:8888", 65535),
	    .local = inet("ffff:eeee:dddd:cccc:bbbb:aaaa:9999:8888", 65535),
	    .has_listener = true};

	(void)state;
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	for (int i = 0; i <= ENVIRONMENT_MAX; i++)
		variables[i] = variable;
	assert_true(environment_build(&environment, &facts, variables, ENVIRONMENT_MAX));
	environment_set_pid(&environment, INT32_MAX);
	assert_null(environment.variables[ENVIRONMENT_OWN_MAX - 1 + ENVIRONMENT_MAX]);
	assert_ptr_equal(
	    environment.variables[ENVIRONMENT_OWN_MAX - 2 + ENVIRONMENT_MAX], variable);
	assert_false(environment_build(&environment, &facts, variables, ENVIRONMENT_MAX + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_name),
	    cmocka_unit_test(test_order_and_oddities),
	    cmocka_unit_test(test_own_names),
	    cmocka_unit_test(test_too_many_inherited),
	    cmocka_unit_test(test_told),
	    cmocka_unit_test(test_told_name),
	    cmocka_unit_test(test_told_listener),
	    cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
