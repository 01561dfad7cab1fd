/* The modern interface: setters and their limits, sockets, what is looked up and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/un.h>

#include "ask_modern.h"
#include "in_folder.h"
#include "peer/ident.h"
#include "peer/name.h"
#include "peer/socket.h"

static enum tw_status
set_server(struct tw_request *request, const char *text, unsigned port)
{
	socklen_t len;
	struct sockaddr_storage ss = address(text, port, &len);
	enum tw_status status;

	KEEPS_ERRNO(status = tw_request_set_server(request, (struct sockaddr *)&ss, len));
	return status;
}

static bool
is_granted(const struct tw_request *request, const char *rule)
{
	char text[512];

	snprintf(text, sizeof text, "#!tcpwrap modern\n%s\n", rule);
	return verdict_of(texts(text, "ALL: ALL\n"), request) == TW_GRANT;
}

/* ---- requests ---- */

static void
test_incomplete(void **state)
{
	struct tw_request *request = NULL;

	(void)state;
	assert_int_equal(tw_request_new(NULL), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_new(&request), TW_OK);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(tw_request_set_daemon(request, "d"), TW_OK);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(tw_request_set_client(request, NULL, 0), TW_OK);
	assert_true(is_granted(request, "ALL: ALL"));
	assert_true(is_granted(request, "ALL: UNKNOWN"));
	assert_false(is_granted(request, "ALL: KNOWN"));
	tw_request_free(request);
	assert_int_equal(tw_request_set_daemon(NULL, "d"), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_set_user(NULL, "u"), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_set_client(NULL, NULL, 0), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_set_server(NULL, NULL, 0), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_set_socket(NULL, 0), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_set_client_name(NULL, TW_NAME_KNOWN, "n"), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_set_server_name(NULL, TW_NAME_KNOWN, "n"), TW_BAD_ARGUMENT);
}

typedef enum tw_status set_word(struct tw_request *, const char *);

static enum tw_status
set_client_known(struct tw_request *request, const char *text)
{
	return tw_request_set_client_name(request, TW_NAME_KNOWN, text);
}

static enum tw_status
set_server_known(struct tw_request *request, const char *text)
{
	return tw_request_set_server_name(request, TW_NAME_KNOWN, text);
}

/* limit - 1, limit, limit + 1; and what fails stays refused until it is mended. */
static void
test_words(void **state)
{
	static set_word *const setters[] = {
	    tw_request_set_daemon, tw_request_set_user, set_client_known, set_server_known};
	static const char *const rules[][2] = {
	    {"", ": ALL"}, {"d: ", "@ALL"}, {"d: ", ""}, {"d@", ": ALL"}};
	char word[TW_WORD_MAX + 2], rule[400];

	(void)state;
	for (size_t i = 0; i < sizeof setters / sizeof *setters; i++) {
		struct tw_request *request = usual_request();

		for (size_t len = TW_WORD_MAX - 1; len <= TW_WORD_MAX + 1; len++) {
			bool fits = len <= TW_WORD_MAX;

			memset(word, 'x', len);
			word[len] = '\0';
			assert_int_equal(setters[i](request, word), fits ? TW_OK : TW_TOO_LONG);
			snprintf(rule, sizeof rule, "%s%s%s", rules[i][0], word, rules[i][1]);
			assert_int_equal(is_granted(request, rule), fits);
		}
		assert_false(is_granted(request, "ALL: ALL"));
		assert_int_equal(setters[i](request, ""), TW_BAD_ARGUMENT);
		assert_false(is_granted(request, "ALL: ALL"));
		assert_int_equal(setters[i](request, "x"), TW_OK);
		assert_true(is_granted(request, "ALL: ALL"));
		tw_request_free(request);
	}
}

static void
test_names(void **state)
{
	struct tw_request *request = usual_request();

	(void)state;
	assert_int_equal(tw_request_set_client_name(request, TW_NAME_KNOWN, NULL), TW_BAD_ARGUMENT);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(
	    tw_request_set_client_name(request, TW_NAME_UNKNOWN, "x"), TW_BAD_ARGUMENT);
	assert_int_equal(
	    tw_request_set_client_name(request, (enum tw_name)4, NULL), TW_BAD_ARGUMENT);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(tw_request_set_client_name(request, TW_NAME_PARANOID, NULL), TW_OK);
	assert_true(is_granted(request, "ALL: PARANOID"));
	assert_false(is_granted(request, "ALL: KNOWN"));
	assert_int_equal(
	    tw_request_set_client_name(request, TW_NAME_KNOWN, "www.example.org"), TW_OK);
	assert_true(is_granted(request, "ALL: .example.org"));
	assert_false(is_granted(request, "ALL: UNKNOWN"));
	/* A name that is spelled like a state is a name. */
	assert_int_equal(tw_request_set_client_name(request, TW_NAME_KNOWN, "unknown"), TW_OK);
	assert_false(is_granted(request, "ALL: UNKNOWN"));
	assert_int_equal(tw_request_set_server_name(request, TW_NAME_KNOWN, "srv"), TW_OK);
	assert_true(is_granted(request, "d@srv: ALL"));
	/* Without time nothing is looked up, and what is not known is unknown. */
	assert_int_equal(tw_request_set_client_name(request, TW_NAME_LOOK_UP, NULL), TW_OK);
	assert_true(is_granted(request, "ALL: UNKNOWN"));
	tw_request_free(request);
}

static void
test_user(void **state)
{
	struct tw_request *request = usual_request();

	(void)state;
	assert_int_equal(tw_request_set_user(request, "me"), TW_OK);
	assert_true(is_granted(request, "ALL: me@10."));
	assert_int_equal(tw_request_set_user(request, NULL), TW_OK);
	assert_false(is_granted(request, "ALL: me@10."));
	assert_true(is_granted(request, "ALL: UNKNOWN@10."));
	tw_request_free(request);
}

static void
test_addresses(void **state)
{
	struct tw_request *request = usual_request();
	socklen_t len;
	struct sockaddr_storage ss = address("10.1.2.3", 4000, &len);
	struct sockaddr *sa = (struct sockaddr *)&ss;
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/x"};

	(void)state;
	for (socklen_t short_len = 0; short_len < len; short_len++)
		assert_int_equal(tw_request_set_client(request, sa, short_len), TW_BAD_ADDRESS);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(tw_request_set_client(request, NULL, len), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_set_client(request, sa, sizeof ss + 1), TW_BAD_ADDRESS);
	assert_int_equal(tw_request_set_client(request, sa, sizeof ss), TW_OK);
	ss.ss_family = AF_APPLETALK;
	assert_int_equal(tw_request_set_client(request, sa, sizeof ss), TW_BAD_ADDRESS);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(tw_request_set_client(request, (struct sockaddr *)&un, sizeof un), TW_OK);
	assert_true(is_granted(request, "ALL: localhost"));
	assert_int_equal(set_client(request, "2001:db8::7"), TW_OK);
	assert_true(is_granted(request, "ALL: 2001:db8::/32"));
	assert_int_equal(set_client(request, "::ffff:10.1.2.3"), TW_OK);
	assert_true(is_granted(request, "ALL: 10.1.2.3"));
	assert_int_equal(set_server(request, "192.0.2.1", 25), TW_OK);
	assert_true(is_granted(request, "d@192.0.2.1: ALL"));
	assert_false(is_granted(request, "d@192.0.2.2: ALL"));
	/* A mended field mends the request, and no other field does. */
	assert_int_equal(tw_request_set_server(request, sa, 1), TW_BAD_ADDRESS);
	assert_int_equal(set_client(request, "10.1.2.3"), TW_OK);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(tw_request_set_server(request, NULL, 0), TW_OK);
	assert_true(is_granted(request, "ALL: ALL"));
	tw_request_free(request);
}

/* ---- sockets ---- */

static int
listen_on(
    const char *text, unsigned port, int type, struct sockaddr_storage *ret, socklen_t *ret_len)
{
	int fd;

	*ret = address(text, port, ret_len);
	fd = socket(ret->ss_family, type | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (bind(fd, (struct sockaddr *)ret, *ret_len) != 0 ||
	    (type == SOCK_STREAM && listen(fd, 5) != 0)) {
		close(fd);
		return -1;
	}
	assert_int_equal(getsockname(fd, (struct sockaddr *)ret, ret_len), 0);
	return fd;
}

static void
test_socket(void **state)
{
	struct tw_request *request = usual_request();
	struct sockaddr_storage here;
	socklen_t len;
	int listener = listen_on("127.0.0.1", 0, SOCK_STREAM, &here, &len), pair[2], client, server;
	enum tw_status status;

	(void)state;
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&here, len), 0);
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	KEEPS_ERRNO(status = tw_request_set_socket(request, server));
	assert_int_equal(status, TW_OK);
	assert_true(is_granted(request, "d@127.0.0.1: 127.0.0.1"));
	KEEPS_ERRNO(status = tw_request_set_socket(request, listener));
	assert_int_equal(status, TW_BAD_SOCKET);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(tw_request_set_socket(request, server), TW_OK);
	assert_true(is_granted(request, "ALL: ALL"));
	close(server);
	KEEPS_ERRNO(status = tw_request_set_socket(request, server));
	assert_int_equal(status, TW_BAD_SOCKET);
	assert_int_equal(tw_request_set_socket(request, -1), TW_BAD_SOCKET);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(tw_request_set_socket(request, pair[0]), TW_OK);
	assert_true(is_granted(request, "ALL: localhost"));
	close(pair[0]);
	close(pair[1]);
	close(client);
	close(listener);
	tw_request_free(request);
}

static void
test_datagram(void **state)
{
	struct tw_request *request = usual_request();
	struct sockaddr_storage here;
	socklen_t len;
	int server = listen_on("127.0.0.1", 0, SOCK_DGRAM, &here, &len);
	int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char byte;

	(void)state;
	assert_int_equal(tw_request_set_socket(request, server), TW_BAD_SOCKET); /* nobody there */
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(sendto(client, "x", 1, 0, (struct sockaddr *)&here, len), 1);
	assert_int_equal(tw_request_set_socket(request, server), TW_OK);
	assert_true(is_granted(request, "ALL: 127.0.0.1"));
	assert_int_equal(recv(server, &byte, 1, MSG_DONTWAIT), 1); /* it is still there */
	close(server);
	close(client);
	tw_request_free(request);
}

/* ---- time ---- */

/* A host that never answers who the user is holds nobody longer than the deadline says. */
static void
test_deadline(void **state)
{
	struct tw_request *request = usual_request();
	struct sockaddr_storage silent;
	socklen_t len;
	int listener = listen_on("127.113.9.7", 113, SOCK_STREAM, &silent, &len);
	struct tw_policy *policy = texts("#!tcpwrap modern\nd: me@ALL\n", "ALL: ALL\n");

	(void)state;
	if (listener < 0) {
		tw_request_free(request);
		tw_policy_close(policy);
		skip(); /* not root: no port 113 */
	}
	assert_int_equal(set_client(request, "127.113.9.7"), TW_OK);
	assert_int_equal(set_server(request, "127.113.9.8", 25), TW_OK);
	for (int timeout_ms = 0; timeout_ms <= 300; timeout_ms += 150) {
		double start = now_ms();
		struct tw_decision *decision = tw_decide(policy, request, timeout_ms);

		assert_int_equal(tw_decision_outcome(decision)->reason, TW_BY_RULE);
		assert_int_equal(tw_decision_outcome(decision)->verdict, TW_REFUSE);
		assert_true(now_ms() - start >= timeout_ms - 1);
		assert_true(now_ms() - start < timeout_ms + 2000); /* other tests run, too */
		tw_decision_free(decision);
	}
	tw_policy_close(policy);
	tw_request_free(request);
	close(listener);
}

/* ---- lookups, with a name service that does as it is told ---- */

static struct service {
	bool stands_in; /* else the real ones are asked */
	int status; /* of peer_name */
	struct peer_name name;
	enum peer_ident ident;
	unsigned names_asked, users_asked;
	int64_t names_left_ms, user_left_ms; /* what the last question left of its time */
} service;

int __real_peer_name(const struct sockaddr *, int64_t, struct peer_name *);
int __wrap_peer_name(const struct sockaddr *, int64_t, struct peer_name *);
enum peer_ident __real_peer_ident(
    const struct sockaddr *, const struct sockaddr *, int64_t, char[PEER_USER_MAX]);
enum peer_ident __wrap_peer_ident(
    const struct sockaddr *, const struct sockaddr *, int64_t, char[PEER_USER_MAX]);

int
__wrap_peer_name(const struct sockaddr *sa, int64_t deadline_ms, struct peer_name *ret)
{
	if (!service.stands_in)
		return __real_peer_name(sa, deadline_ms, ret);
	service.names_asked++;
	service.names_left_ms = deadline_ms - peer_now_ms();
	*ret = service.name;
	errno = ENOMEM;
	return service.status;
}

enum peer_ident
__wrap_peer_ident(const struct sockaddr *client, const struct sockaddr *server, int64_t deadline_ms,
    char ret_user[PEER_USER_MAX])
{
	if (!service.stands_in)
		return __real_peer_ident(client, server, deadline_ms, ret_user);
	service.users_asked++;
	service.user_left_ms = deadline_ms - peer_now_ms();
	if (service.ident == PEER_IDENT_USER)
		strcpy(ret_user, "me");
	errno = EMFILE;
	return service.ident;
}

/* Daemon d, client and server with addresses, all else to be looked up. */
static struct tw_request *
open_request(void)
{
	struct tw_request *request = usual_request();

	assert_int_equal(tw_request_set_client_name(request, TW_NAME_LOOK_UP, NULL), TW_OK);
	assert_int_equal(set_server(request, "192.0.2.1", 25), TW_OK);
	return request;
}

/* The fault by which it is refused; TW_FAULT_NONE and *ret_granted: it was decided. */
static enum tw_fault
ask_service(const struct tw_request *request, const char *rules, int timeout_ms, bool *ret_granted)
{
	struct tw_policy *policy = texts(rules, "ALL: ALL\n");
	struct tw_decision *decision;
	enum tw_fault fault;

	service.stands_in = true;
	service.names_asked = service.users_asked = 0;
	KEEPS_ERRNO(decision = tw_decide(policy, request, timeout_ms));
	service.stands_in = false;
	fault = tw_decision_outcome(decision)->fault;
	*ret_granted = tw_decision_is_granted(decision);
	assert_false(*ret_granted && fault != TW_FAULT_NONE);
	tw_decision_free(decision);
	tw_policy_close(policy);
	return fault;
}

static void
test_lookups(void **state)
{
	struct tw_request *request = open_request();
	bool granted;

	(void)state;
	service = (struct service){.name = {.state = PEER_NAME_KNOWN, .text = "www.example.org"}};
	/* Late: not before a rule needs it; and once. */
	assert_int_equal(ask_service(request, "d: 10.\n", -1, &granted), TW_FAULT_NONE);
	assert_true(granted);
	assert_int_equal(service.names_asked + service.users_asked, 0);
	ask_service(request, "d: .com\nd: .net\nd: .example.org\n", -1, &granted);
	assert_true(granted);
	assert_int_equal(service.names_asked, 1);
	assert_in_range(service.names_left_ms, PEER_NAME_BUDGET_MS - 1000, PEER_NAME_BUDGET_MS);
	/* Whatever the service calls the client, a name is no state. */
	strcpy(service.name.text, "unknown");
	ask_service(request, "d: UNKNOWN\n", -1, &granted);
	assert_false(granted);
	service.name.state = PEER_NAME_PARANOID;
	ask_service(request, "d: PARANOID\n", -1, &granted);
	assert_true(granted);
	service.name.state = PEER_NAME_UNKNOWN;
	ask_service(request, "d: UNKNOWN\n", -1, &granted);
	assert_true(granted);
	/* Time is one for all: no question gets more than is left. */
	ask_service(request, "d@UNKNOWN: UNKNOWN\n", 700, &granted);
	assert_true(granted);
	assert_int_equal(service.names_asked, 2);
	assert_in_range(service.names_left_ms, 1, 700);
	ask_service(request, "d: UNKNOWN\n", 0, &granted);
	assert_true(granted);
	assert_int_equal(service.names_asked, 0);
	/* Something ran out: nobody is granted anything, whatever the rule. */
	service.status = -1;
	assert_int_equal(
	    ask_service(request, "d: UNKNOWN\nd: ALL\n", -1, &granted), TW_FAULT_LOOKUP);
	assert_int_equal(
	    ask_service(request, "d: ALL EXCEPT .org\n", -1, &granted), TW_FAULT_LOOKUP);
	/* A name that was given is not asked for. */
	assert_int_equal(tw_request_set_client_name(request, TW_NAME_KNOWN, "a.org"), TW_OK);
	assert_int_equal(ask_service(request, "d: .org\n", -1, &granted), TW_FAULT_NONE);
	assert_true(granted);
	tw_request_free(request);
}

static void
test_user_lookups(void **state)
{
	struct tw_request *request = open_request();
	struct sockaddr_storage here;
	socklen_t len;
	int server = listen_on("127.0.0.1", 0, SOCK_DGRAM, &here, &len);
	int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool granted;

	(void)state;
	service = (struct service){.ident = PEER_IDENT_USER};
	ask_service(request, "d: you@ALL\nd: me@ALL\n", -1, &granted);
	assert_true(granted);
	assert_int_equal(service.users_asked, 1);
	ask_service(request, "d: me@ALL\n", 700, &granted);
	assert_in_range(service.user_left_ms, 1, 700);
	ask_service(request, "d: me@ALL\n", 0, &granted);
	assert_false(granted);
	assert_int_equal(service.users_asked, 0);
	service.ident = PEER_IDENT_NONE;
	ask_service(request, "d: UNKNOWN@ALL\n", -1, &granted);
	assert_true(granted);
	service.ident = PEER_IDENT_FAULT;
	assert_int_equal(
	    ask_service(request, "d: UNKNOWN@ALL\nd: ALL\n", -1, &granted), TW_FAULT_LOOKUP);
	/* Nobody is asked of whom nobody could tell. */
	assert_int_equal(tw_request_set_server(request, NULL, 0), TW_OK);
	assert_int_equal(ask_service(request, "d: UNKNOWN@ALL\n", -1, &granted), TW_FAULT_NONE);
	assert_true(granted);
	assert_int_equal(service.users_asked, 0);
	assert_int_equal(sendto(client, "x", 1, 0, (struct sockaddr *)&here, len), 1);
	assert_int_equal(tw_request_set_socket(request, server), TW_OK);
	ask_service(request, "d: UNKNOWN@ALL\n", -1, &granted);
	assert_true(granted);
	assert_int_equal(service.users_asked, 0);
	close(server);
	close(client);
	tw_request_free(request);
}
int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_incomplete),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_user),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_socket),
	    cmocka_unit_test(test_datagram),
	    cmocka_unit_test(test_deadline),
	    cmocka_unit_test(test_lookups),
	    cmocka_unit_test(test_user_lookups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
