/*
 * NAME     environment - the variables that servers get
 * INVARIANTS  A client chooses values at most: of addresses and ports, which are numbers, and of a
 *          name, whose bytes are those of host names. It cannot add a variable or change another.
 *          A name of environment.def has the value that inetd gives it, or there is none of it.
 * LIMITS   ENVIRONMENT_MAX, ENVIRONMENT_TEXT_MAX
 * SEE      inetd(8) ENVIRONMENT, environment.def, washed.def, sd_listen_fds(3)
 */
#include "cmd/inetd/environment.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/str.h"

enum { PID_DIGITS = 10 }; /* of the largest pid_t */

static const char *const washed[] = {
#define WASHED(name) name,
#include "cmd/inetd/washed.def"
#undef WASHED
};

/* Values. Those that begin with TCP are the others, told only of TCP. */
enum source {
	SERVICE,
	PROTOCOL,
	REMOTE_ADDRESS,
	REMOTE_PORT,
	REMOTE_NAME,
	LOCAL_ADDRESS,
	LOCAL_PORT,
	SOCKETS,
	PROCESS,
	NOTHING,
	TCP = 64,
	TCP_REMOTE_ADDRESS = TCP | REMOTE_ADDRESS,
	TCP_REMOTE_PORT = TCP | REMOTE_PORT,
	TCP_REMOTE_NAME = TCP | REMOTE_NAME,
	TCP_LOCAL_ADDRESS = TCP | LOCAL_ADDRESS,
	TCP_LOCAL_PORT = TCP | LOCAL_PORT,
};

static const struct {
	const char *name;
	unsigned source;
} own[] = {
#define VARIABLE(name, source) {name, source},
#include "cmd/inetd/environment.def"
#undef VARIABLE
};

enum { OWN_COUNT = sizeof own / sizeof own[0] };
_Static_assert((int)OWN_COUNT == (int)ENVIRONMENT_OWN_MAX, "environment.h");

/* ---- what they inherit ---- */

bool
environment_is_own(const char *variable)
{
	size_t len = strcspn(variable, "=");

	for (size_t i = 0; i < OWN_COUNT; i++)
		if (strlen(own[i].name) == len && memcmp(own[i].name, variable, len) == 0)
			return true;
	return false;
}

static bool
is_washed(const char *variable)
{
	size_t len = strcspn(variable, "=");

	for (size_t i = 0; i < sizeof washed / sizeof washed[0]; i++) {
		size_t name_len = strcspn(washed[i], "*");
		bool is_prefix = washed[i][name_len] == '*';

		if ((is_prefix ? len >= name_len : len == name_len) &&
		    memcmp(variable, washed[i], name_len) == 0)
			return true;
	}
	return false;
}

/* What has no '=' is nobody's variable. */
char **
environment_wash(char **environment, bool keeps_all)
{
	size_t count = 0, kept = 0;
	char **result;

	while (environment[count] != NULL)
		count++;
	result = calloc(count + 1, sizeof(char *));
	for (size_t i = 0; i < count && result != NULL; i++)
		if (strchr(environment[i], '=') != NULL && !environment_is_own(environment[i]) &&
		    (keeps_all || !is_washed(environment[i])))
			result[kept++] = environment[i];
	if (kept > ENVIRONMENT_MAX) {
		free(result);
		errno = E2BIG;
		return NULL;
	}
	return result;
}

size_t
environment_find(char *const *variables, size_t count, const char *name, size_t name_len)
{
	size_t i = 0;

	while (i < count &&
	    (strncmp(variables[i], name, name_len) != 0 || variables[i][name_len] != '='))
		i++;
	return i;
}

/* ---- what inetd tells them ---- */

/* The address and port of an internet socket. False: it is of another kind. */
static bool
take_apart(const struct sockaddr *any, struct addr *ret_addr, in_port_t *ret_port)
{
	const struct sockaddr_in *v4 = (const void *)any;
	const struct sockaddr_in6 *v6 = (const void *)any;

	if (any == NULL || (any->sa_family != AF_INET && any->sa_family != AF_INET6))
		return false;
	if (any->sa_family == AF_INET) {
		*ret_addr = addr_from_v4(&v4->sin_addr);
		*ret_port = ntohs(v4->sin_port);
	} else {
		*ret_addr = addr_from_v6(&v6->sin6_addr, v6->sin6_scope_id);
		*ret_port = ntohs(v6->sin6_port);
	}
	return true;
}

/* 0.0.0.0 and :: are no address of anybody. */
static bool
add_address(struct buf *buf, const struct sockaddr *any)
{
	static const struct addr nowhere;
	char text[ADDR_TEXT_MAX];
	struct addr addr;
	in_port_t port;

	if (!take_apart(any, &addr, &port) || addr_has_prefix(&addr, &nowhere, ADDR_BITS) ||
	    (addr_is_v4(&addr) && addr_v4_bits(&addr) == 0))
		return false;
	return buf_add(buf, text, addr_format(&addr, text));
}

static bool
add_port(struct buf *buf, const struct sockaddr *any)
{
	struct addr addr;
	in_port_t port;

	return take_apart(any, &addr, &port) && buf_add_number(buf, port);
}

static bool
add_text(struct buf *buf, const char *text)
{
	return text != NULL && buf_add_str(buf, text);
}

/* Whoever finds a name has had its bytes checked; here it is made sure. */
static bool
add_name(struct buf *buf, const char *name)
{
	static const char set[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	return name != NULL && name[0] != '\0' && strlen(name) <= ENVIRONMENT_NAME_MAX &&
	    str_consists_of(name, strlen(name), set) && buf_add_str(buf, name);
}

/* False: there is no such value. */
static bool
add_value(struct buf *buf, unsigned source, const struct environment_facts *facts)
{
	bool is_tcp = facts->protocol != NULL && strcmp(facts->protocol, "TCP") == 0;

	if ((source & TCP) != 0 && !is_tcp)
		return false;
	switch ((enum source)(source & ~(unsigned)TCP)) {
	case SERVICE:
		return add_text(buf, facts->service);
	case PROTOCOL:
		return add_text(buf, facts->protocol);
	case REMOTE_ADDRESS:
		return add_address(buf, facts->remote);
	case REMOTE_PORT:
		return add_port(buf, facts->remote);
	case REMOTE_NAME:
		return add_name(buf, facts->name);
	case LOCAL_ADDRESS:
		return add_address(buf, facts->local);
	case LOCAL_PORT:
		return add_port(buf, facts->local);
	case SOCKETS:
		return facts->has_listener && buf_add_str(buf, "1");
	case PROCESS: /* only the child knows it */
		return facts->has_listener && buf_add(buf, "0000000000", PID_DIGITS);
	case TCP:
	case TCP_REMOTE_ADDRESS:
	case TCP_REMOTE_PORT:
	case TCP_REMOTE_NAME:
	case TCP_LOCAL_ADDRESS:
	case TCP_LOCAL_PORT:
	case NOTHING:
		break;
	}
	return false;
}

bool
environment_build(struct environment *environment, const struct environment_facts *facts,
    char *const *variables, size_t count)
{
	struct buf buf;
	size_t used = 0;

	buf_init(&buf, environment->text, sizeof environment->text, sizeof environment->text - 1);
	environment->pid = NULL;
	for (size_t i = 0; i < OWN_COUNT; i++) {
		size_t at = buf.len;

		buf_add_str(&buf, own[i].name);
		buf_add_char(&buf, '=');
		if (!add_value(&buf, own[i].source, facts)) {
			buf.len = at;
			continue;
		}
		if (own[i].source == PROCESS)
			environment->pid = environment->text + buf.len - PID_DIGITS;
		buf_add(&buf, "", 1);
		environment->variables[used++] = environment->text + at;
	}
	if (buf.failed || count > ENVIRONMENT_MAX)
		return false;
	if (count > 0)
		memcpy(environment->variables + used, variables, count * sizeof *variables);
	environment->variables[used + count] = NULL;
	return true;
}

bool
environment_add_name(const struct environment_facts *facts)
{
	char storage[ENVIRONMENT_NAME_MAX + 1];
	struct buf value;

	for (size_t i = 0; i < OWN_COUNT; i++) {
		buf_init(&value, storage, sizeof storage, sizeof storage - 1);
		if ((own[i].source & ~(unsigned)TCP) == REMOTE_NAME &&
		    add_value(&value, own[i].source, facts) &&
		    setenv(own[i].name, value.bytes, 1) < 0)
			return false;
	}
	return true;
}

void
environment_set_pid(struct environment *environment, pid_t pid)
{
	char digits[PID_DIGITS];
	size_t from = PID_DIGITS;

	if (environment->pid == NULL)
		return;
	for (; pid > 0 && from > 0; pid /= 10)
		digits[--from] = (char)('0' + pid % 10);
	memcpy(environment->pid, digits + from, PID_DIGITS - from);
	environment->pid[PID_DIGITS - from] = '\0';
}
