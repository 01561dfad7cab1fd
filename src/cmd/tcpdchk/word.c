/*
 * NAME     word - words of the two lists
 * PURPOSE  Names that cannot be what they stand for: daemons that nobody starts, hosts that do not
 *          exist, words that mean something else where they stand.
 * INVARIANTS  A word is looked at as the library divides it: the classic way where that has a say.
 */
#define INET6

#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <tcpd.h>

#include "base/str.h"
#include "cmd/tcpdchk/check.h"
#include "policy/classic.h"
#include "tool/host.h"

/* One more than any word that names a host or a daemon. */
enum { WORD_MAX = 1024 };

static bool
is_any(const char *text, const char *const *words)
{
	while (*words != NULL && !str_is(text, strlen(text), *words))
		words++;
	return *words != NULL;
}

static bool
tell_fail(const char *text)
{
	if (!str_is(text, strlen(text), "FAIL"))
		return false;
	tcpd_warn("FAIL is no longer recognized");
	tcpd_warn("(use EXCEPT or DENY instead)");
	return true;
}

/* What a name of a daemon or user does not look like. what: "daemon" or "user". */
static bool
tell_shape(const char *name, const char *what, const char *const *reserved)
{
	size_t len = strlen(name);

	if (name[0] == '@')
		tcpd_warn("%s: %s name begins with \"@\"", name, what);
	else if (name[0] == '/')
		tcpd_warn("%s: %s name begins with \"/\"", name, what);
	else if (name[0] == '.')
		tcpd_warn("%s: %s name begins with dot", name, what);
	else if (len > 0 && name[len - 1] == '.')
		tcpd_warn("%s: %s name ends in dot", name, what);
	else if (is_any(name, reserved))
		tcpd_warn("%s: %s name may be reserved word", name, what);
	else
		return tell_fail(name);
	return true;
}

/* ---- daemons ---- */

/* Without memory a name is looked up again. */
static bool
was_seen(struct check *check, const char *name)
{
	size_t size = strlen(name) + 1;
	struct seen_name *seen = check->seen;

	while (seen != NULL && !str_is(seen->name, strlen(seen->name), name))
		seen = seen->next;
	if (seen != NULL)
		return true;
	seen = malloc(sizeof *seen + size);
	if (seen == NULL)
		return false;
	memcpy(seen->name, name, size);
	seen->next = check->seen;
	check->seen = seen;
	return false;
}

static void
check_daemon(struct check *check, const struct test *test, const char *name)
{
	static const char *const reserved[] = {"KNOWN", "PARANOID", "LOCAL", NULL};
	static const char *const any[] = {"ALL", "UNKNOWN", NULL};
	char storage[2 * WORD_MAX];
	struct buf doubt;

	/* A port is no name, and a pattern stands for several. */
	if (test->kind == TEST_PORT || test->kind == TEST_GLOB || is_any(name, any) ||
	    tell_shape(name, "daemon", reserved) || was_seen(check, name))
		return;
	buf_init(&doubt, storage, sizeof storage, sizeof storage - 1);
	if (names_doubt(check->names, name, &doubt))
		tcpd_warn("%s", storage);
}

static void
check_user(const char *name)
{
	static const char *const reserved[] = {"LOCAL", "PARANOID", NULL};

	tell_shape(name, "user", reserved);
}

/* ---- hosts ---- */

static void
look_up(const char *name, bool is_server)
{
	struct addrinfo *found = host_find(name);
	struct request_info request;

	if (found != NULL && is_server && found->ai_next != NULL) {
		tcpd_warn("host %s has more than one address", name);
		tcpd_warn("(consider using an address instead)");
		freeaddrinfo(found);
		return;
	}
	for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
		request_init(&request, 0);
		host_set(request.client, at);
	}
	if (found != NULL)
		freeaddrinfo(found);
}

/* Host bits make the classic way match nobody, though the mask is one. */
static bool
is_network(const struct test *test)
{
	size_t slash = classic_find(test->text, test->len, '/');
	uint32_t bits;

	return test->kind != TEST_VOID ||
	    (slash < test->len && classic_quad(test->text, slash, &bits) &&
	        classic_mask(test->text + slash + 1, test->len - slash - 1, &bits));
}

static void
check_name(const struct check *check, const struct test *test, const char *name, bool is_server)
{
	static const char *const words[] = {
	    "ALL", "KNOWN", "UNKNOWN", "LOCAL", "PARANOID", "0.0.0.0", "255.255.255.255", NULL};
	size_t len = strlen(name);
	bool is_number = !NOT_INADDR(name);

	if (len == 0 || is_any(name, words) || tell_fail(name))
		return;
	if (name[len - 1] == '.') {
		if (!is_number)
			tcpd_warn("%s: domain or host name ends in dot", name);
	} else if (name[0] == '.') {
		if (is_number)
			tcpd_warn("%s: network number begins with dot", name);
	} else if (test->kind != TEST_GLOB && test->kind != TEST_NET6 && !check->skips_names) {
		look_up(name, is_server);
	}
}

static bool
copy_word(const struct test *test, char ret[WORD_MAX])
{
	if (test->len >= WORD_MAX) {
		tcpd_warn("a word is longer than %d bytes", WORD_MAX - 1);
		return false;
	}
	memcpy(ret, test->text, test->len);
	ret[test->len] = '\0';
	return true;
}

void
word_check_host(struct check *check, const struct test *test, bool is_server)
{
	char name[WORD_MAX];

	if (!copy_word(test, name))
		return;
	if (test->kind == TEST_NETGROUP) {
		if (!host_group_is_known(name))
			tcpd_warn("%s: unknown or empty netgroup", name);
	} else if (test->kind == TEST_LIST) {
		listfile_check(check, name);
	} else if (classic_find(name, test->len, '/') < test->len) {
		if (!is_network(test))
			tcpd_warn("%s: bad net/mask pattern", name);
	} else {
		check_name(check, test, name, is_server);
	}
}

/* ---- lists ---- */

static void
check_test(struct check *check, const struct test *test, bool is_server)
{
	char name[WORD_MAX];

	if (test->subject == SUBJECT_HOST)
		word_check_host(check, test, is_server);
	else if (!copy_word(test, name))
		return;
	else if (test->subject == SUBJECT_DAEMON)
		check_daemon(check, test, name);
	else
		check_user(name);
}

/* The word that a cursor has just read: of its two meanings the classic one, which stands first. What
 * stands behind the "@" is looked at first, or what stands before it if that is a user. */
static void
check_word(struct check *check, const struct pattern *pattern, bool is_daemon)
{
	const struct test *test = &pattern->tests[0];

	if (test->flags & TEST_AND)
		check_test(check, test + 1, is_daemon);
	check_test(check, test, is_daemon);
}

static void
check_list(struct check *check, const struct list *list, const char *what)
{
	bool is_daemon = list->role == ROLE_DAEMONS, is_open = true;
	struct list_cursor cursor;

	list_cursor_init(&cursor, list);
	while (list_next_of_text(&cursor, false) != NULL) {
		is_open = cursor.pattern.tests[0].kind == TEST_EXCEPT;
		if (!is_open)
			check_word(check, &cursor.pattern, is_daemon);
		cursor.next = cursor.pattern.count;
	}
	if (is_open)
		tcpd_warn("%s list is empty or ends in EXCEPT", what);
}

void
word_check_daemons(struct check *check, const struct list *list)
{
	check_list(check, list, "daemon");
}

void
word_check_clients(struct check *check, const struct list *list)
{
	check_list(check, list, "client");
}
