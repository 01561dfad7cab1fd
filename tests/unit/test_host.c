/*
 * What listens here: lines of /proc, places of services, command lines of super-servers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>

#include "failing_alloc.h"
#include "host/guard.h"
#include "host/maps_text.h"
#include "host/net_text.h"
#include "host/starter.h"

/* ---- sockets ---- */

#define REST " 00000000:00000000 00:00000000 00000000 "

static const struct {
	const char *what;
	enum net_kind kind;
	const char *text;
	enum net_answer want;
	const char *addr;
	unsigned port;
	unsigned long uid, inode;
} net_cases[] = {
    {"the heading", NET_TCP,
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when r uid t inode",
        NET_OTHER, NULL, 0, 0, 0},
    {"listening", NET_TCP, "   0: 0100007F:07E8 00000000:0000 0A" REST "  7 0 571 1 0 100",
        NET_WAITS, "127.0.0.1", 2024, 7, 571},
    {"connected", NET_TCP, "   0: 0100007F:07E8 0100007F:1234 01" REST "  7 0 571 1 0 100",
        NET_OTHER, NULL, 0, 0, 0},
    {"bound for datagrams", NET_UDP, " 12: 00000000:0044 00000000:0000 07" REST " 0 0 9 2 0 0",
        NET_WAITS, "0.0.0.0", 68, 0, 9},
    {"connected for datagrams", NET_UDP, " 12: 00000000:0044 0100007F:0035 01" REST " 0 0 9 2 0 0",
        NET_OTHER, NULL, 0, 0, 0},
    {"not bound", NET_UDP, " 12: 00000000:0000 00000000:0000 07" REST " 0 0 9 2 0 0", NET_OTHER,
        NULL, 0, 0, 0},
    {"IPv6", NET_TCP6,
        "0: B80D0120000000000000000001000000:0016 00000000000000000000000000000000:0000 0A" REST
        " 4294967295 0 9223372036854775807 1",
        NET_WAITS, "2001:db8::1", 22, 4294967295UL, 9223372036854775807UL},
    {"IPv4 in IPv6", NET_UDP6,
        "0: 0000000000000000FFFF00000100007F:0016 00000000000000000000000000000000:0000 07" REST
        " 0 0 1 1",
        NET_WAITS, "127.0.0.1", 22, 0, 1},
    {"an address of the other family", NET_TCP6,
        " 0: 0100007F:07E8 00000000:0000 0A" REST " 7 0 571 1", NET_ODD, NULL, 0, 0, 0},
    {"no number", NET_TCP, " 0: 0100007G:07E8 00000000:0000 0A" REST " 7 0 571 1", NET_ODD, NULL, 0,
        0, 0},
    {"a uid of 33 bits", NET_TCP, " 0: 0100007F:07E8 00000000:0000 0A" REST " 4294967296 0 571 1",
        NET_ODD, NULL, 0, 0, 0},
    {"an end too early", NET_TCP, " 0: 0100007F:07E8 00000000:0000 0A" REST " 7 0", NET_ODD, NULL,
        0, 0, 0},
    {"nothing", NET_TCP, "", NET_ODD, NULL, 0, 0, 0},
};

static void
test_net(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof net_cases / sizeof *net_cases; i++) {
		struct net_line line = {.port = 0};
		char addr[ADDR_TEXT_MAX];

		print_message("%s\n", net_cases[i].what);
		assert_int_equal(net_text_line(net_cases[i].kind, net_cases[i].text,
		                     strlen(net_cases[i].text), &line),
		    net_cases[i].want);
		assert_int_equal(line.port, net_cases[i].port);
		if (net_cases[i].want != NET_WAITS)
			continue;
		addr_format(&line.addr, addr);
		assert_string_equal(addr, net_cases[i].addr);
		assert_true(line.uid == net_cases[i].uid && line.inode == net_cases[i].inode);
	}
}

/* Cut anywhere: an answer all the same, and what is cut is no socket. */
static void
test_net_cut(void **state)
{
	const char *text = net_cases[1].text;

	(void)state;
	for (size_t len = 0; len < strlen(text); len++) {
		struct net_line line = {.port = 0};
		enum net_answer answer = net_text_line(NET_TCP, text, len, &line);

		assert_int_equal(answer == NET_WAITS, line.port == 2024);
		/* The inode is the last field that is needed. */
		assert_true(answer != NET_WAITS || strstr(text, "571") < text + len);
	}
}

/* ---- mappings ---- */

static void
test_maps(void **state)
{
	static const struct {
		const char *text, *path;
		bool is_deleted;
	} cases[] = {
	    {"7f00-7f01 r-xp 00001000 fd:01 1234   /usr/lib/libwrap.so.0.7.6",
	        "/usr/lib/libwrap.so.0.7.6", false},
	    {"7f00-7f01 r-xp 00001000 fd:01 1234   /a b/c (deleted)", "/a b/c", true},
	    {"7f00-7f01 r-xp 00001000 fd:01 1234   / (deleted)", "/", true},
	    {"7f00-7f01 r-xp 00001000 fd:01 1234   /(deleted)", "/(deleted)", false},
	    {"7f00-7f01 rw-p 00000000 00:00 0      [heap]", NULL, false},
	    {"7f00-7f01 rw-p 00000000 00:00 0", NULL, false},
	    {"7f00-7f01", NULL, false},
	    {"", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct maps_line line;
		bool is_file = maps_text_line(cases[i].text, strlen(cases[i].text), &line);

		assert_int_equal(is_file, cases[i].path != NULL);
		if (!is_file)
			continue;
		assert_int_equal(line.path_len, strlen(cases[i].path));
		assert_memory_equal(line.path, cases[i].path, line.path_len);
		assert_memory_equal(line.range, "7f00-7f01", line.range_len);
		assert_int_equal(line.range_len, 9);
		assert_int_equal(line.is_deleted, cases[i].is_deleted);
	}
}

/* ---- who starts others ---- */

static void
test_places(void **state)
{
	static const struct {
		const char *text;
		bool is_dgram, is_udp;
		unsigned port;
		bool want;
	} cases[] = {
	    {"22", false, false, 22, true},
	    {"22", false, true, 22, false},
	    {"22", true, true, 22, true},
	    {"22", false, false, 23, false},
	    {"[::1]:22", false, false, 22, true},
	    {"192.0.2.1,192.0.2.2:22", false, false, 22, true},
	    {"/run/x", false, false, 22, false},
	    {"rstatd/1-3", false, false, 22, false},
	    {"65558", false, false, 22, false},
	    {"", false, false, 22, false},
	    {"no-such-service", false, false, 22, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct place place = {NULL, cases[i].is_dgram, cases[i].text};

		assert_int_equal(
		    starting_is_place(&place, cases[i].is_udp, cases[i].port), cases[i].want);
	}
}

static void
test_starting(void **state)
{
	enum { WORDS = 8 };
	static const struct {
		const char *name, *mark;
		bool has_library;
		const char *words[WORDS];
		bool is_one, asks, is_tcpd;
		const char *conf;
	} cases[] = {
	    {"inetd", "", true, {"inetd"}, true, false, false, "/etc/inetd.conf"},
	    {"inetd", "", true, {"inetd", "-il"}, true, true, true, "/etc/inetd.conf"},
	    {"inetd", "", true, {"inetd", "-q", "-l", "/x"}, true, false, false, "/x"},
	    {"inetd", "", true, {"inetd", "-iq5", "-l", "/x"}, true, true, true, "/x"},
	    {"inetd", "", true, {"inetd", "/x", "-l"}, true, true, true, "/x"},
	    {"inetd", "", true, {"inetd", "--", "-l"}, true, false, false, "-l"},
	    {"inetd", "", false, {"inetd", "-l"}, true, false, false, "/etc/inetd.conf"},
	    {"inetd", "inetd 1", false, {"inetd"}, true, true, true, "/etc/inetd.conf"},
	    {"else", "inetd 1", false, {"else", "-A"}, true, false, false, "/etc/inetd.conf"},
	    {"inetd", "inetd 1", false, {"inetd", "--no-access", "--control", "x", "y"}, true,
	        false, false, "y"},
	    {"inetd", "inetd 1", false, {"inetd", "--rate=5", "y"}, true, true, true, "y"},
	    {"xinetd", "", true, {"xinetd", "-dontfork"}, true, true, false, "/etc/xinetd.conf"},
	    {"xinetd", "", true, {"xinetd", "-f", "x"}, true, true, false, "x"},
	    {"xinetd", "", false, {"xinetd", "-f"}, true, false, false, "/etc/xinetd.conf"},
	    {"systemd", "", true, {"systemd"}, true, false, false, NULL},
	    {"systemd", "", true, {"systemd", "--user"}, true, false, false, "/dev/null"},
	    {"sshd", "", true, {"sshd", "-l"}, false, false, false, NULL},
	    {"inetd", "", true, {NULL}, true, false, false, "/etc/inetd.conf"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct host_process process = {.name = cases[i].name};
		const char *words[WORDS];
		struct starting starting = {.asks = false};

		memcpy(words, cases[i].words, sizeof words);
		process.words = words;
		while (process.word_count < WORDS && words[process.word_count] != NULL)
			process.word_count++;
		strncpy(process.mark, cases[i].mark, ELF_MARK_MAX);
		process.library.path = cases[i].has_library ? "/libwrap.so.0" : NULL;
		assert_int_equal(starting_read(&process, &starting), cases[i].is_one);
		assert_int_equal(starting.asks, cases[i].asks);
		assert_int_equal(starting.is_tcpd, cases[i].is_tcpd);
		if (cases[i].conf != NULL)
			assert_string_equal(starting.conf, cases[i].conf);
		else
			assert_null(starting.conf);
	}
}

/* ---- memory ---- */

/* Whatever allocation fails: it is said that something is missing, and nobody gets a guard by it. */
static void
test_memory(void **state)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct sockaddr_in addr = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	unsigned long failures = 1;

	(void)state;
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof addr), 0);
	for (long after = 0; failures > 0; after++) {
		struct guard_files files;
		struct guard guard;
		struct host host;

		alloc_fail_after(after);
		host_init(&host);
		guard_init(&files, &host);
		assert_int_equal(host_read(&host, false), 0);
		for (size_t i = 0; i < host.count; i++) {
			guard_find(&files, &host.sockets[i], &guard);
			assert_true(guard.process == NULL || guard.process->pid != getpid() ||
			    !guard_asks(&guard));
		}
		failures = alloc_fail_never();
		assert_true(failures == 0 || host.failed);
		assert_true(failures > 0 || host.count > 0);
		guard_release(&files);
		host_release(&host);
	}
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_net),
	    cmocka_unit_test(test_net_cut),
	    cmocka_unit_test(test_maps),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_starting),
	    cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
