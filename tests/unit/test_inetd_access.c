/* The verdict in the loop: the same as the library's or somebody else's to find; what makes it so; tables
 * that change; who may not read them; only_from and no_access; many refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#define INET6
#include <tcpd.h>

#include "cmd/inetd/access/access.h"
#include "cmd/inetd/log.h"
#include "in_folder.h"

static struct reactor reactor;
static struct access access_of_loop;
static unsigned wakes;
static int connection;

/* ---- what is said ---- */

static char said[256];
static unsigned lines;

void
log_as(int priority, const char *tag, pid_t pid, const char *text)
{
	snprintf(said, sizeof said, "%d %s %d %s", priority, tag, pid == getpid(), text);
	lines++;
}

/* No table here keeps anybody waiting. */
void
log_line(int priority, const char *format, ...)
{
	(void)priority;
	fail_msg("%s", format);
}

/* ---- asking ---- */

static void
wake(struct access *access)
{
	assert_true(access_may_fork(access));
	wakes++;
}

static void
start(void)
{
	const char *const tables[] = {allow, deny};

	reactor = (struct reactor){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
	assert_true(reactor.epoll_fd >= 0);
	assert_true(access_init(&access_of_loop, &reactor, tables, wake));
}

static void
stop(void)
{
	access_release(&access_of_loop);
	reactor_release(&reactor);
}

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage ss = {.ss_family = AF_INET};
	struct sockaddr_in *v4 = (struct sockaddr_in *)&ss;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ss;

	if (inet_pton(AF_INET, text, &v4->sin_addr) != 1) {
		ss.ss_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
	}
	return ss;
}

static struct access_answer answer;

static enum access_verdict
ask_once(const struct access_rules *rules, const char *client_text, unsigned rounds)
{
	struct sockaddr_storage ss = address(client_text);
	struct access_client client = {.fd = connection,
	    .address = (struct sockaddr *)&ss,
	    .len = sizeof ss,
	    .rounds = rounds};

	return access_ask(&access_of_loop, rules, &client, &answer);
}

/* Until it is no longer LATER. */
static enum access_verdict
ask(const struct access_rules *rules, const char *client)
{
	enum access_verdict verdict;
	unsigned rounds = 0;

	while ((verdict = ask_once(rules, client, rounds)) == ACCESS_LATER) {
		unsigned before = wakes;

		assert_true(rounds++ < 6);
		while (wakes == before)
			assert_true(reactor_turn(&reactor));
	}
	return verdict;
}

static void
tables(const char *allow_text, const char *deny_text)
{
	put(allow, allow_text);
	put(deny, deny_text);
}

static const struct access_rules plain = {
    .asks_tables = true, .name = "d", .tag = "d", .reads_all = true};

/* ---- cases ---- */

static void
test_kinds(void **state)
{
	static const struct {
		const char *allow, *deny;
		enum access_verdict want;
		int priority;
		unsigned line;
	} cases[] = {
	    {"#\n", "#\n", ACCESS_ADMIT, LOG_INFO, 0},
	    {"d: 10.1.\n", "ALL: ALL\n", ACCESS_ADMIT, LOG_INFO, 1},
	    {"e: ALL\n", "#\nALL: ALL\n", ACCESS_REFUSE, LOG_WARNING, 2},
	    {"d: 10.1.2.3: severity notice\n", "ALL: ALL\n", ACCESS_ADMIT, LOG_NOTICE, 1},
	    {"d: 10.1.2.3: severity local0.err: deny\n", "#\n", ACCESS_REFUSE, LOG_LOCAL0 | LOG_ERR,
	        1},
	    {"#\n", "d: 10.1.2.3: severity err: allow\n", ACCESS_ADMIT, LOG_ERR, 1},
	    {"d: 10.1.2.3: severity err: severity alert\n", "#\n", ACCESS_ADMIT, LOG_ALERT, 1},
	    {"d: 10.1.2.3: deny\n", "#\n", ACCESS_REFUSE, LOG_WARNING, 1},
	    {"d: 10.1.2.3 EXCEPT 10.1.2.0/255.255.255.0\n", "ALL: ALL\n", ACCESS_REFUSE,
	        LOG_WARNING, 1},
	    {"d@127.0.0.1: ALL\n", "ALL: ALL\n", ACCESS_ADMIT, LOG_INFO, 1},
	    {"d@127.0.0.2: ALL\n", "ALL: ALL\n", ACCESS_REFUSE, LOG_WARNING, 1},
	    /* somebody else's */
	    {"d: .example.org\n", "ALL: ALL\n", ACCESS_CHILD, 0, 0},
	    {"d: KNOWN\n", "#\n", ACCESS_CHILD, 0, 0},
	    {"d: LOCAL\n", "#\n", ACCESS_CHILD, 0, 0},
	    {"#\n", "d: PARANOID\n", ACCESS_CHILD, 0, 0},
	    {"d: @group\n", "#\n", ACCESS_CHILD, 0, 0},
	    {"d: root@ALL\n", "#\n", ACCESS_CHILD, 0, 0},
	    {"d: ALL: spawn true\n", "#\n", ACCESS_CHILD, 0, 0},
	    {"d: ALL: twist echo\n", "#\n", ACCESS_CHILD, 0, 0},
	    {"#\n", "d: ALL: banners /b\n", ACCESS_CHILD, 0, 0},
	    {"d: ALL: setenv A b\n", "#\n", ACCESS_CHILD, 0, 0},
	    {"d: ALL: aclexec true\n", "#\n", ACCESS_CHILD, 0, 0},
	    {"d: ALL: nice\n", "#\n", ACCESS_CHILD, 0, 0},
	    {"d: ALL: rfc931\n", "#\n", ACCESS_CHILD, 0, 0},
	    {"d: ALL: severity nonsense\n", "#\n", ACCESS_CHILD, 0, 0},
	    {"d: ALL: \n", "#\n", ACCESS_CHILD, 0, 0},
	    {"d: ALL: allow: deny\n", "#\n", ACCESS_CHILD, 0, 0},
	    {"d: 10.1.2.3/8\n", "ALL: ALL\n", ACCESS_CHILD, 0, 0}, /* a finding to tell */
	    {"#\n", "d: 10.1.2.3/8\n", ACCESS_CHILD, 0, 0}, /* the readings differ */
	    {"#\n", "d: ALL", ACCESS_CHILD, 0, 0},
	    {"#\n", "d: /nonexistent/list\n", ACCESS_CHILD, 0, 0},
	    /* not come to */
	    {"d: 10.1.2.3\nd: .example.org: twist x\n", "ALL: ALL\n", ACCESS_ADMIT, LOG_INFO, 1},
	    {"e: .example.org\n", "e: ALL: spawn x\n", ACCESS_ADMIT, LOG_INFO, 0},
	};

	(void)state;
	start();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum access_verdict verdict;

		tables(cases[i].allow, cases[i].deny);
		if (strchr(cases[i].deny, '\n') == NULL)
			pause_ms(1100); /* it looks torn for so long */
		verdict = ask(&plain, "10.1.2.3");
		if (verdict != cases[i].want)
			fail_msg("%s%s: %d", cases[i].allow, cases[i].deny, verdict);
		if (verdict == ACCESS_CHILD)
			continue;
		assert_int_equal(answer.priority, cases[i].priority);
		assert_int_equal(answer.line, cases[i].line);
		assert_string_equal(answer.address, "10.1.2.3");
	}
	stop();
}

/* Of whatever the loop decides alone, the library says the same. */
static void
test_library(void **state)
{
	static const char *const daemons[] = {
	    "d", "e", "ALL", "d e", "d@127.0.0.1", "ALL EXCEPT d"};
	static const char *const clients[] = {"ALL", "10.1.2.3", "10.1.", "10.", "10.0.0.0/8",
	    "10.1.2.0/255.255.255.0", "[2001:db8::]/32", "[::1]", "ALL EXCEPT 10.1.2.3",
	    "10.1.2.0/24 EXCEPT 10.1.2.4", ".org", "host.example", "192.168.?.*", "10.1.2.3/8",
	    "::1", "0.0.0.0/0", "127.0.0.1"};
	static const char *const tails[] = {"", "", "", ": severity err", ": allow", ": deny",
	    ": severity local1.info: deny", ": allow: deny", ": severity x"};
	static const char *const from[] = {"10.1.2.3", "10.1.2.4", "10.9.9.9", "192.168.1.1",
	    "2001:db8::1", "::1", "::ffff:10.1.2.3", "127.0.0.1"};
	unsigned decided = 0, left = 0, seed = 1;

	(void)state;
	start();
	hosts_allow_table = allow;
	hosts_deny_table = deny;
	for (unsigned i = 0; i < 60; i++) {
		char text[2][256];

		for (unsigned t = 0; t < 2; t++) {
			size_t len = 0;

			for (unsigned r = 0; r < 2; r++) {
				seed = seed * 1103515245 + 12345;
				len += (size_t)snprintf(text[t] + len, sizeof text[t] - len,
				    "%s: %s%s\n", daemons[(seed >> 8) % 6],
				    clients[(seed >> 12) % 17], tails[(seed >> 20) % 9]);
			}
		}
		tables(text[0], text[1]);
		for (unsigned c = 0; c < 8; c++) {
			enum access_verdict verdict = ask(&plain, from[c]);
			struct sockaddr_storage client = address(from[c]), server;
			socklen_t len = sizeof server;
			struct request_info request;

			if (verdict == ACCESS_CHILD) {
				left++;
				continue;
			}
			assert_int_equal(
			    getsockname(connection, (struct sockaddr *)&server, &len), 0);
			request_init(&request, RQ_DAEMON, "d", RQ_CLIENT_SIN, &client,
			    RQ_SERVER_SIN, &server, 0);
			sock_methods(&request);
			if (hosts_access(&request) != (verdict == ACCESS_ADMIT))
				fail_msg("%s%s: %s", text[0], text[1], from[c]);
			assert_int_equal(answer.priority,
			    verdict == ACCESS_ADMIT ? allow_severity : deny_severity);
			assert_string_equal(answer.address, eval_client(&request));
			decided++;
		}
	}
	assert_true(decided > 200);
	assert_true(left > 50);
	stop();
}

/* An edit counts at the next client, which waits for its reading; so do those that need a child. */
static void
test_edit(void **state)
{
	static const struct access_rules other = {.has_only_from = true, .name = "x", .tag = "x"};
	double start_ms;

	(void)state;
	start();
	tables("d: 10.1.2.3\n", "ALL: ALL\n");
	assert_int_equal(ask(&plain, "10.1.2.3"), ACCESS_ADMIT);
	assert_int_equal(ask_once(&plain, "10.1.2.3", 0), ACCESS_ADMIT);
	put(allow, "e: ALL\n");
	assert_int_equal(ask_once(&plain, "10.1.2.3", 0), ACCESS_LATER);
	assert_false(access_may_fork(&access_of_loop));
	assert_int_equal(ask_once(&other, "10.1.2.3", 0), ACCESS_REFUSE); /* needs no table */
	assert_int_equal(ask(&plain, "10.1.2.3"), ACCESS_REFUSE);
	/* What changes all the time is left to somebody who reads for himself. */
	start_ms = now_ms();
	for (unsigned rounds = 0;; rounds++) {
		enum access_verdict verdict;
		unsigned before = wakes;

		put(allow, rounds % 2 == 0 ? "d: ALL\n" : "e: ALL\n");
		verdict = ask_once(&plain, "10.1.2.3", rounds);
		if (verdict == ACCESS_CHILD)
			break;
		assert_int_equal(verdict, ACCESS_LATER);
		while (wakes == before)
			assert_true(reactor_turn(&reactor));
	}
	assert_true(now_ms() - start_ms < 2000);
	stop();
}

static bool no_threads;

int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int
__wrap_pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*work)(void *), void *arg)
{
	return no_threads ? EAGAIN : __real_pthread_create(thread, attributes, work, arg);
}

/* Then whoever may wait reads for himself. */
static void
test_no_thread(void **state)
{
	(void)state;
	start();
	tables("d: 10.1.2.3\n", "ALL: ALL\n");
	no_threads = true;
	assert_int_equal(ask_once(&plain, "10.1.2.3", 0), ACCESS_CHILD);
	assert_true(access_may_fork(&access_of_loop));
	no_threads = false;
	assert_int_equal(ask(&plain, "10.1.2.3"), ACCESS_ADMIT);
	stop();
}

/* The loop has others to look after. A long table is none that an index tells what to look at in. */
static void
test_long(void **state)
{
	enum { RULES = 30000, TEXT_MAX = RULES * 24 };
	char *text = malloc(TEXT_MAX), *end = text;

	(void)state;
	start();
	for (unsigned i = 0; i < RULES; i++)
		end += sprintf(end, "d: 11.1.%u.%u\n", i >> 8, i & 255);
	tables("d: 10.1.2.4\n", text);
	assert_int_equal(ask(&plain, "10.1.2.3"), ACCESS_ADMIT);
	assert_int_equal(ask(&plain, "11.1.0.3"), ACCESS_REFUSE);
	end = text + sprintf(text, "d: 11.1.0.3\n");
	for (unsigned i = 0; i < RULES; i++)
		end += sprintf(end, "d: ALL EXCEPT ALL\n");
	tables("d: 10.1.2.4\n", text);
	assert_int_equal(ask(&plain, "10.1.2.3"), ACCESS_CHILD);
	assert_int_equal(ask(&plain, "10.1.2.4"), ACCESS_ADMIT);
	assert_int_equal(ask(&plain, "11.1.0.3"), ACCESS_REFUSE);
	free(text);
	stop();
}

/* A table that cannot be read refuses, and somebody has to say so. */
static void
test_faults(void **state)
{
	unsigned before;

	(void)state;
	start();
	tables("e: ALL\n", "#\n");
	unlink(deny);
	assert_int_equal(mkdir(deny, 0755), 0);
	before = wakes;
	assert_int_equal(ask(&plain, "10.1.2.3"), ACCESS_CHILD);
	assert_int_equal(wakes - before, 1); /* once is enough to see that */
	rmdir(deny);
	assert_int_equal(ask(&plain, "10.1.2.3"), ACCESS_ADMIT);
	unlink(allow);
	assert_int_equal(ask(&plain, "10.1.2.3"), ACCESS_ADMIT); /* no tables */
	stop();
}

static void
test_readers(void **state)
{
	static const struct access_rules user = {.asks_tables = true, .name = "d", .tag = "d"};
	char elsewhere[160];

	(void)state;
	start();
	assert_int_equal(chmod(folder, 0755), 0);
	tables("d: ALL\n", "ALL: ALL\n");
	assert_int_equal(ask(&user, "10.1.2.3"), ACCESS_ADMIT);
	assert_int_equal(chmod(allow, 0600), 0);
	assert_int_equal(ask(&user, "10.1.2.3"), ACCESS_CHILD);
	assert_int_equal(ask(&plain, "10.1.2.3"), ACCESS_ADMIT);
	assert_int_equal(chmod(allow, 0644), 0);
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(ask(&user, "10.1.2.3"), ACCESS_CHILD);
	assert_int_equal(ask(&plain, "10.1.2.3"), ACCESS_ADMIT);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(ask(&user, "10.1.2.3"), ACCESS_ADMIT);
	/* behind a link */
	snprintf(elsewhere, sizeof elsewhere, "%s/else", folder);
	assert_int_equal(rename(deny, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, deny), 0);
	assert_int_equal(ask(&user, "10.1.2.3"), ACCESS_CHILD);
	assert_int_equal(ask(&plain, "10.1.2.3"), ACCESS_ADMIT);
	unlink(elsewhere);
	unlink(deny);
	stop();
}

#define SERVICE(more)                                                                              \
	"service a\n{\nsocket_type = stream\nwait = no\nuser = u\nserver = /d\n" more "}\n"

/* The file of a list is that which it stands in; of one that two files have, the service's. */
static void
test_places(void **state)
{
	static const char defaults[] =
	    "defaults\n{\nonly_from = 10.0.0.1\nno_access = 10.0.0.2\n}\n";
	static const char own[] = SERVICE("only_from = 10.0.0.3\nno_access += 10.0.0.4\n");
	static const char none[] = SERVICE("");
	static const struct {
		const char *text;
		size_t len;
		const char *only_file, *no_file;
		unsigned only_line, no_line;
	} rows[] = {{none, sizeof none - 1, "a", "a", 3, 0}, {own, sizeof own - 1, "b", "b", 7, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct access_settings settings = {0};
		struct access_rules rules;
		struct conf conf;

		conf_init(&conf, NULL);
		assert_true(conf_read(
		    &conf, conf_add_file(&conf, "a"), defaults, sizeof defaults - 1, CONF_BLOCKS));
		assert_true(conf_read(
		    &conf, conf_add_file(&conf, "b"), rows[i].text, rows[i].len, CONF_BLOCKS));
		assert_true(conf_finish(&conf));
		rules_prepare(&conf, conf.entries, &settings, &rules);
		assert_string_equal(rules.file, rows[i].only_file);
		assert_int_equal(rules.only_from_line, rows[i].only_line);
		assert_string_equal(rules.no_access_file, rows[i].no_file);
		assert_int_equal(rules.no_access_line, rows[i].no_line);
		conf_release(&conf);
	}
}

/* In another root folder tcpd is another file, whatever is outside: it is not done without. */
static void
test_tcpd(void **state)
{
	static const struct {
		const char *flags, *words, *path, *name;
		bool asks, is_shortcut;
	} rows[] = {{"", "", "/usr/sbin/in.d", "in.d", true, true},
	    {"", "chroot = /j\n", "/x/tcpd", "in.d", true, false},
	    {" NOLIBWRAP", "chroot = /j\n", "/x/tcpd", "in.d", false, false}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct access_settings settings = {.tcpd_path = "/x/tcpd", .tcpd_is_ours = true};
		struct access_rules rules;
		struct conf conf;
		char text[256];

		snprintf(text, sizeof text,
		    "service a\n{\nsocket_type = stream\nwait = no\nuser = u\nserver = /x/tcpd\n"
		    "flags = NAMEINARGS%s\nserver_args = in.d x\n%s}\n",
		    rows[i].flags, rows[i].words);
		conf_init(&conf, NULL);
		assert_true(
		    conf_read(&conf, conf_add_file(&conf, "a"), text, strlen(text), CONF_BLOCKS));
		assert_true(conf_finish(&conf));
		assert_non_null(conf.entries);
		rules_prepare(&conf, conf.entries, &settings, &rules);
		assert_string_equal(rules.path, rows[i].path);
		assert_string_equal(rules.name, rows[i].name);
		assert_int_equal(rules.asks_tables, rows[i].asks);
		assert_int_equal(rules.is_shortcut, rows[i].is_shortcut);
		conf_release(&conf);
	}
}

/* As xinetd.conf(5) has it under libwrap. */
static void
test_names(void **state)
{
	static const struct {
		const char *text, *name;
	} rows[] = {{"server = /x/y\nuser = u\nserver_args = /z/in.d w\n", "y"},
	    {"server = /x/y\nuser = u\nflags = NAMEINARGS\nserver_args = /z/in.d w\n", "in.d"},
	    {"server = /x/y\nuser = u\nflags = NAMEINARGS\nserver_args = in.d\nlibwrap = l\n", "l"},
	    {"type = INTERNAL\n", "echo"}, {"type = INTERNAL\nid = i\n", "i"},
	    {"redirect = 127.0.0.1 1\nuser = u\nid = i\n", "echo"}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct access_settings settings = {.tcpd_path = "/x/tcpd"};
		struct access_rules rules;
		struct conf conf;
		char text[256];

		snprintf(text, sizeof text,
		    "service echo\n{\nsocket_type = stream\nprotocol = tcp\nwait = no\n%s}\n",
		    rows[i].text);
		conf_init(&conf, NULL);
		assert_true(
		    conf_read(&conf, conf_add_file(&conf, "a"), text, strlen(text), CONF_BLOCKS));
		assert_true(conf_finish(&conf));
		assert_non_null(conf.entries);
		rules_prepare(&conf, conf.entries, &settings, &rules);
		assert_string_equal(rules.name, rows[i].name);
		conf_release(&conf);
	}
}

static void
test_origins(void **state)
{
	struct origin_range net = {
	    {[10] = 0xff, 0xff, 10}, {[10] = 0xff, 0xff, 10, 255, 255, 255}, 7};
	struct origin_range host = {
	    {[10] = 0xff, 0xff, 10, 1, 2, 3}, {[10] = 0xff, 0xff, 10, 1, 2, 3}, 9};
	struct conf_word name = {.text = "host.example.org", .line = 8};
	struct access_rules rules = {
	    .name = "d", .tag = "d", .has_only_from = true, .file = "f", .only_from_line = 3};

	(void)state;
	start();
	assert_int_equal(ask(&rules, "10.1.2.3"), ACCESS_REFUSE); /* nobody */
	assert_string_equal(answer.file, "f");
	assert_int_equal(answer.line, 3);
	rules.only_from = (struct origins){.v4 = {&net, 1}};
	assert_int_equal(ask(&rules, "10.1.2.3"), ACCESS_ADMIT);
	assert_int_equal(ask(&rules, "11.1.2.3"), ACCESS_REFUSE);
	assert_int_equal(ask(&rules, "::1"), ACCESS_REFUSE);
	rules.has_no_access = true;
	rules.no_access = (struct origins){.v4 = {&host, 1}};
	assert_int_equal(ask(&rules, "10.1.2.3"), ACCESS_REFUSE); /* on both */
	assert_int_equal(answer.line, 9);
	assert_int_equal(ask(&rules, "10.1.2.4"), ACCESS_ADMIT);
	rules.only_from.names = &name;
	rules.only_from.name_count = 1;
	assert_int_equal(ask(&rules, "10.1.2.4"), ACCESS_ADMIT);
	assert_int_equal(ask(&rules, "10.1.2.3"), ACCESS_REFUSE);
	assert_int_equal(ask(&rules, "11.1.2.3"), ACCESS_CHILD);
	rules.no_access.names = &name;
	rules.no_access.name_count = 1;
	assert_int_equal(ask(&rules, "10.1.2.4"), ACCESS_CHILD);
	assert_int_equal(ask(&rules, "10.1.2.3"), ACCESS_REFUSE);
	/* then the tables */
	tables("#\n", "d: 10.1.2.4\n");
	rules.no_access.name_count = 0;
	rules.asks_tables = true;
	assert_int_equal(ask(&rules, "10.1.2.4"), ACCESS_REFUSE);
	assert_string_equal(answer.file, deny);
	assert_int_equal(ask(&rules, "10.1.2.5"), ACCESS_ADMIT);
	stop();
}

/* A refusal leaves nothing unread; its line is tcpd's. Of many there is a number. */
static void
test_refusals(void **state)
{
	struct sockaddr_storage ss = address("10.1.2.3");
	struct access_client client = {.address = (struct sockaddr *)&ss, .len = sizeof ss};
	int pair[2];
	char byte;

	(void)state;
	start();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(write(pair[1], "hello", 5), 5);
	client.fd = pair[0];
	answer = (struct access_answer){.priority = LOG_WARNING, .address = "10.1.2.3"};
	access_refuse(&access_of_loop, &plain, &client, &answer);
	assert_string_equal(said, "4 d 1 refused connect from 10.1.2.3 (10.1.2.3)");
	assert_int_equal(recv(pair[0], &byte, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	access_admitted(&plain, &answer, 1);
	assert_string_equal(said, "4 d 0 connect from 10.1.2.3 (10.1.2.3)");
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(write(pair[1], "one", 3), 3);
	assert_int_equal(write(pair[1], "two", 3), 3);
	client.fd = pair[0];
	client.is_datagram = true;
	access_refuse(&access_of_loop, &plain, &client, &answer);
	assert_int_equal(recv(pair[0], &byte, 1, 0), 1);
	assert_int_equal(byte, 't');
	close(pair[0]);
	close(pair[1]);
	stop();
}

static int
setup_connection(void **state)
{
	struct sockaddr_in server = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	connection = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(connection, (struct sockaddr *)&server, sizeof server), 0);
	return setup(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_library),
	    cmocka_unit_test(test_edit),
	    cmocka_unit_test(test_no_thread),
	    cmocka_unit_test(test_long),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_readers),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_tcpd),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_origins),
	    cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, setup_connection, teardown);
}
