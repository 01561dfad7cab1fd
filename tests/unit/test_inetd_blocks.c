/* xinetd.conf: each finding with its place, what holds where defaults and services meet, limits, memory
 * that runs out; and what is printed is read as the same, for every attribute and for many together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/inetd/conf/attribute.h"
#include "cmd/inetd/conf/show.h"
#include "failing_alloc.h"

enum { TEXT_MAX = 64 << 20 };

static const char *const code_names[] = {
#define NOTE(id, severity, text, remedy) #id,
#include "cmd/inetd/conf/notes.def"
#undef NOTE
};

/* Findings as CODE@line:column, then what is printed; tabs, newlines and braces go. */
static void
show(const char *text, size_t len, struct buf *seen)
{
	struct conf conf;
	struct buf blocks;

	assert_true(conf_parse(&conf, text, len));
	for (const struct conf_note *note = conf.notes; note != NULL; note = note->next) {
		buf_add_str(seen, code_names[note->code]);
		buf_add_char(seen, '@');
		buf_add_number(seen, note->at.line);
		buf_add_char(seen, ':');
		buf_add_number(seen, note->at.column);
		buf_add_char(seen, ';');
	}
	buf_init(&blocks, NULL, 0, TEXT_MAX);
	assert_true(show_blocks(&conf, &blocks));
	for (size_t i = 0; i < blocks.len; i++)
		if (strchr("\t{}", blocks.bytes[i]) == NULL)
			buf_add_char(seen, blocks.bytes[i] == '\n' ? ';' : blocks.bytes[i]);
	assert_false(seen->failed);
	buf_release(&blocks);
	conf_release(&conf);
}

#define BODY                                                                                       \
	"type = UNLISTED\nsocket_type = stream\nprotocol = tcp\nport = 7001\n"                     \
	"wait = no\nuser = u\nserver = /d\n"
#define SERVICE(name, more) "service " name "\n{\n" BODY more "}\n"
#define SHOWN(name) "service " name ";;"

/* want: what comes of it must have it, whole findings first; findings: all of them. */
static const struct {
	const char *name, *text;
	size_t len;
	const char *findings, *want;
} cases[] = {
#define CASE(name, text, findings, want)                                                           \
	{                                                                                          \
		name, text, sizeof(text) - 1, findings, want                                       \
	}
    CASE("a service", SERVICE("a", ""), "",
        "service a;;type = UNLISTED;socket_type = stream;protocol = tcp;port = 7001;wait = no;"
        "server = /d;user = u;groups = no;"),
    CASE("CRLF, blanks, comments", "# x\r\n \t\r\n  service   a \r\n { \r\n\t# y\r\n" BODY " }\r\n",
        "", SHOWN("a")),
    CASE(
        "whatever stands in a comment", "# a \0 b \r c\n" SERVICE("a", "\t# \0\n"), "", SHOWN("a")),
    CASE("no final newline", "service a\n{\n" BODY "}", "", SHOWN("a")),
    CASE("names in any case",
        SERVICE("a", "INSTANCES = 3\nNice = -1\nflags = nodelay\ngroups = YES\n"), "",
        "instances = 3;"),
    CASE("what is given by the socket type",
        "service time\n{\nsocket_type = dgram\ntype = internal\n}\n", "",
        "type = INTERNAL;socket_type = dgram;protocol = udp;wait = no;"),
    CASE("what is given by the protocol", "service time\n{\nprotocol = udp\ntype = INTERNAL\n}\n",
        "", "socket_type = dgram;"),
    CASE("a path is a unix socket",
        "service /run/x\n{\nsocket_type = stream\nwait = no\nuser = u\nserver = /d\nsocket_mode = "
        "660\n}\n",
        "", "protocol = unix;socket_mode = 0660;"),
    CASE("NAMEINARGS", SERVICE("a", "server_args = d -x y\nflags = NAMEINARGS\n"), "",
        "server = /d;server_args = -x y;"),
    CASE("NAMEINARGS, another name", SERVICE("a", "server_args = e -x y\nflags = NAMEINARGS\n"), "",
        "flags = NAMEINARGS;"),
    CASE("quotes are bytes", SERVICE("a", "server_args = \"x y\"\n"), "QUOTE@10:15;",
        "server_args = \"x y\";"),
    CASE("a redirect needs no server",
        "service a\n{\ntype = UNLISTED\nsocket_type = stream\nport = 1\n"
        "redirect = ::1 ssh\n}\n",
        "", "wait = no;redirect = ::1 ssh;"),
    /* families */
    CASE("IPv4", SERVICE("a", "flags = IPv4\n"), "",
        "flags = IPv4;socket_type = stream;protocol = tcp;"),
    CASE("IPv6 is both on one socket, as with xinetd", SERVICE("a", "flags = IPv6\n"), "",
        "flags = IPv6;socket_type = stream;protocol = tcp;port"),
    CASE("v6only", SERVICE("a", "flags = IPv6\nv6only = yes\n"), "",
        "flags = IPv6;socket_type = stream;protocol = tcp;v6only = yes;"),
    CASE("both flags", SERVICE("a", "flags = IPv4 IPv6\n"), "", "type = UNLISTED;socket_type"),
    CASE("a protocol that agrees",
        "service time\n{\ntype = INTERNAL\nprotocol = tcp6\nflags = IPv6\n}\n", "",
        "v6only = yes;"),
    CASE("a protocol that does not",
        "service time\n{\ntype = INTERNAL\nprotocol = tcp6\nflags = IPv4\n}\n", "FAMILIES@4:12;",
        ""),
    /* defaults */
    CASE("defaults, wherever they stand", SERVICE("a", "") "defaults\n{\ninstances = 4\n}\n", "",
        "instances = 4;"),
    CASE("a service's own holds",
        "defaults\n{\ninstances = 4\n}\n" SERVICE("a", "instances = UNLIMITED\n"), "",
        "server = /d;user = u;"),
    CASE("sets of the defaults grow with every sign",
        "defaults\n{\nonly_from = a\nonly_from = b\nonly_from += c\n}\n" SERVICE("a", ""), "",
        "only_from = a b c;"),
    CASE("a service adds",
        "defaults\n{\nonly_from = a b\n}\n" SERVICE("a", "only_from += c\n") SERVICE("b", ""), "",
        "only_from = a b c;"),
    CASE("and others do not have it",
        "defaults\n{\nonly_from = a b\n}\n" SERVICE("a", "only_from += c\n") SERVICE("b", ""), "",
        "only_from = a b;"),
    CASE("a service takes away",
        "defaults\n{\nonly_from = a b\n}\n" SERVICE("a", "only_from -= a\n"), "", "only_from = b;"),
    CASE("the last one too: nobody is left",
        "defaults\n{\nonly_from = a\n}\n" SERVICE("a", "only_from -= a\n"), "", "only_from =;"),
    CASE("a service begins anew, each time",
        "defaults\n{\nenv = A=1\n}\n" SERVICE("a", "env = B=2\nenv = C=3\nenv += D=4\n"), "",
        "env = C=3 D=4;"),
    CASE("nothing passed, nobody served", SERVICE("a", "passenv =\nonly_from =\n"), "",
        "only_from =;user = u;groups = no;passenv =;"),
    CASE("details of records",
        "defaults\n{\nlog_on_success = PID HOST\n}\n" SERVICE(
            "a", "log_on_success -= PID\nlog_on_success += EXIT\n"),
        "", "log_on_success = HOST EXIT;"),
    CASE("groups by default", "defaults\n{\ngroups = yes\n}\n" SERVICE("a", ""), "",
        "groups = yes;"),
    CASE("disabled",
        "defaults\n{\ndisabled = b c\n}\n" SERVICE("a", "") SERVICE("b", "")
            SERVICE("x", "id = c\n"),
        "", "service b;;disable = yes;"),
    CASE("disabled by id", "defaults\n{\ndisabled = c\n}\n" SERVICE("x", "id = c\n"), "",
        "id = c;disable = yes;"),
    CASE("enabled turns the others off",
        "defaults\n{\nenabled = b\n}\n" SERVICE("a", "") SERVICE("b", ""), "",
        "service a;;disable = yes;"),
    CASE("and nothing on", "defaults\n{\nenabled = b\ndisabled = b\n}\n" SERVICE("b", ""), "",
        "disable = yes;"),
    CASE("nor what says so itself", "defaults\n{\nenabled = b\n}\n" SERVICE("b", "disable = yes\n"),
        "", "disable = yes;"),
    CASE("an id that nobody has", "defaults\n{\ndisabled = q\n}\n" SERVICE("b", ""),
        "UNKNOWN_ID@3:12;", SHOWN("b")),
    CASE("bad defaults hold for nobody", "defaults\n{\ninstances = x\n}\n" SERVICE("a", ""),
        "BAD_VALUE@3:13;LOST_DEFAULTS@5:9;", ""),
    CASE("a second time", "defaults\n{\n}\ndefaults\n{\n}\n" SERVICE("a", ""),
        "DEFAULTS_TWICE@4:1;LOST_DEFAULTS@7:9;", ""),
    CASE("not there", "defaults\n{\nserver = /x\n}\n", "NOT_IN_DEFAULTS@3:1;", ""),
    CASE("nor here", SERVICE("a", "enabled = a\n"), "NOT_IN_SERVICE@10:1;", ""),
    /* shape */
    CASE("brace behind the name", "service zz {\n" BODY "}\n" SERVICE("a", ""), "BRACE_LINE@1:12;",
        SHOWN("a")),
    CASE("no opening brace", "service zz\n" BODY "}\n" SERVICE("a", ""), "NO_BRACE@2:1;",
        SHOWN("a")),
    CASE("no braces at all", "service zz\n" SERVICE("a", ""), "NO_BRACE@2:1;", SHOWN("a")),
    CASE("no closing brace", "service zz\n{\n" BODY SERVICE("a", ""), "BRACE_MISSING@10:1;",
        SHOWN("a")),
    CASE("none at the end", "service zz\n{\n" BODY, "BRACE_MISSING@1:9;", ""),
    CASE("a text that ends in the name", "service zz\n", "BRACE_MISSING@1:9;", ""),
    CASE("none behind the defaults", "defaults\n{\ninstances = 2\n" SERVICE("a", ""),
        "BRACE_MISSING@4:1;LOST_DEFAULTS@4:9;", ""),
    CASE("words behind a brace", "service zz\n{ x\n" BODY "} y\n" SERVICE("a", ""),
        "BRACE_LINE@2:3;BRACE_LINE@10:3;", SHOWN("a")),
    CASE("a brace too many", "defaults\n{\n}\n" SERVICE("a", "") "}\n", "BRACE_STRAY@14:1;",
        SHOWN("a")),
    CASE("a block without a head may be the defaults", "{\ninstances = 2\n}\n" SERVICE("a", ""),
        "BRACE_STRAY@1:1;LOST_DEFAULTS@4:9;", ""),
    CASE("the same, further down", SERVICE("a", "") "{\ninstances = 2\n}\n",
        "BRACE_STRAY@11:1;LOST_DEFAULTS@1:9;", ""),
    CASE("so may a word", SERVICE("a", "") "default\n{\ninstances = 2\n}\n",
        "NO_KEYWORD@11:1;BRACE_STRAY@12:1;LOST_DEFAULTS@1:9;", ""),
    CASE("not if they are there", SERVICE("a", "") "defaults\n{\n}\nservise b\n",
        "NO_KEYWORD@14:1;", SHOWN("a")),
    CASE("a service without a name", "service\n{\n" BODY "}\n", "NO_NAME@1:1;", ""),
    CASE("two names", "service a b\n{\n" BODY "}\n", "EXTRA_WORD@1:11;", ""),
    CASE("include without a path", "defaults\n{\n}\ninclude\n", "NO_PATH@4:1;", ""),
    CASE("include with two", "defaults\n{\n}\ninclude a b\n", "EXTRA_WORD@4:11;", ""),
    CASE("no blanks around the sign", SERVICE("a", "nice=3\n"), "NO_SIGN@10:1;", ""),
    CASE("an attribute called service", SERVICE("a", "service = x\n"), "UNKNOWN_ATTRIBUTE@10:1;",
        ""),
    CASE("NUL", SERVICE("a", "nice = \0 3\n") SERVICE("b", ""), "NUL@10:8;", SHOWN("b")),
    CASE("a carriage return in the middle", SERVICE("a", "nice = 3\r 4\n"), "CR@10:9;", ""),
    /* attributes */
    CASE("unknown", SERVICE("a", "instanzes = 3\n") SERVICE("b", ""), "UNKNOWN_ATTRIBUTE@10:1;",
        SHOWN("b")),
    CASE("twice: the first holds", SERVICE("a", "instances = 5\ninstances = 6\n"), "TWICE@11:1;",
        "instances = 5;"),
    CASE("rate and cps are one", SERVICE("a", "cps = 3 10\nrate = 5/hour\n"), "TWICE@11:1;",
        "rate = 3/second;"),
    CASE("bind and interface are one", SERVICE("a", "bind = ::1\ninterface = ::2\n"), "TWICE@11:1;",
        "bind = ::1;"),
    CASE("a device is not", SERVICE("a", "bind = ::1\ninterface = eth0\n"), "",
        "bind = ::1;interface = eth0;"),
    CASE("+= where there is one value", SERVICE("a", "instances += 5\n"), "BAD_SIGN@10:1;", ""),
    CASE("-= for the environment", SERVICE("a", "env -= A=1\n"), "BAD_SIGN@10:1;", ""),
    CASE("no value", SERVICE("a", "instances =\n"), "NO_VALUE@10:1;", ""),
    CASE("two values", SERVICE("a", "instances = 5 6\n"), "EXTRA_VALUE@10:15;", ""),
    CASE("nothing to take away", SERVICE("a", "no_access -= x\n"), "NOT_THERE@10:14;", SHOWN("a")),
    CASE("what must be said", "service a\n{\n}\n",
        "MISSING@1:9;MISSING@1:9;MISSING@1:9;MISSING@1:9;", ""),
    CASE("no such internal service", "service ftp\n{\nsocket_type = stream\ntype = INTERNAL\n}\n",
        "INTERNAL@4:8;", ""),
    CASE("internal and redirect",
        "service time\n{\nprotocol = tcp\ntype = INTERNAL\nredirect = a 1\n}\n", "TWO_KINDS@5:12;",
        ""),
    CASE("one server for an internal stream",
        "service time\n{\nprotocol = tcp\ntype = INTERNAL\nwait = yes\n}\n", "INTERNAL_WAIT@1:9;",
        ""),
    CASE("a decoy for datagrams",
        "service decoy\n{\nprotocol = udp\nport = 7\ntype = INTERNAL\n}\n", "STREAM_ONLY@1:9;", ""),
    CASE("a type and another protocol",
        "service time\n{\nsocket_type = dgram\nprotocol = tcp\ntype = INTERNAL\n}\n", "MIXED@4:12;",
        ""),
    CASE("listen_fds without wait", SERVICE("a", "listen_fds = yes\n"), "LISTEN_FDS@1:9;", ""),
    CASE("an owner of no file", SERVICE("a", "socket_user = x\n"), "NOT_UNIX@1:9;", ""),
    CASE("but the defaults may have it", "defaults\n{\nsocket_user = x\n}\n" SERVICE("a", ""), "",
        SHOWN("a")),
    CASE("a port of a path",
        "service /x/time\n{\ntype = INTERNAL\nsocket_type = stream\nport = 7\n}\n",
        "UNIX_PORT@5:8;", ""),
    CASE("a path without unix", "service /x/time\n{\ntype = INTERNAL\nprotocol = tcp\n}\n",
        "UNKNOWN_SERVICE@1:9;", ""),
    CASE("port 0 and 70000",
        "service time\n{\ntype = INTERNAL\nprotocol = tcp\nport = 0 70000 65535\n}\n",
        "BAD_PORT@5:8;BAD_PORT@5:10;", ""),
    CASE("a bad address", SERVICE("a", "bind = 1.2.3.4/8\n"), "BAD_ADDRESS@10:8;", ""),
    CASE("an id twice", SERVICE("a", "") SERVICE("b", "id = a\n") SERVICE("c", ""),
        "ID_TWICE@20:6;", SHOWN("c")),
    CASE("ids that are twice, of services that are off",
        SERVICE("a", "") SERVICE("b", "id = a\ndisable = yes\n"), "", "disable = yes;"),
    CASE("an id twice beside one that is off",
        SERVICE("a", "disable = yes\n") SERVICE("b", "id = a\n") SERVICE("c", "id = a\n"),
        "ID_TWICE@32:6;", SHOWN("b")),
    CASE("what is refused",
        SERVICE("a", "rpc_version = 2\n") SERVICE(
            "b", "flags = SENSOR INTERCEPT IDONLY LABELED\n") "service c\n{\ntype = RPC "
                                                              "TCPMUX\nprotocol = tcp\nwait = "
                                                              "no\nuser = u\nserver = /d\n}\n",
        "REFUSED@10:1;REFUSED@21:9;REFUSED@21:16;REFUSED@21:26;REFUSED@21:33;REFUSED@25:8;REFUSED@"
        "25:12;",
        ""),
    CASE("what makes no difference",
        SERVICE("a", "mdns = yes\ndeny_time = 5\nlog_type = FILE /x\nflags = NORETRY REUSE\n"),
        "IGNORED@10:1;IGNORED@11:1;IGNORED@12:1;IGNORED@13:9;", SHOWN("a")),
    CASE("what datagrams and an internal service have no use for",
        "service time\n{\ntype = INTERNAL\nprotocol = udp\nserver = /d\nbacklog = 5\n"
        "defer_accept = 3\nbanner = /b\n}\n",
        "IGNORED@1:9;IGNORED@1:9;IGNORED@1:9;IGNORED@1:9;", "banner = /b;"),
    CASE("but the defaults may say it",
        "defaults\n{\nbanner = /b\n}\nservice time\n{\n"
        "type = INTERNAL\nprotocol = udp\n}\n",
        "", "banner = /b;"),
    CASE("an address of a path",
        "service /x/time\n{\ntype = INTERNAL\nsocket_type = stream\nbind = ::1\n}\n",
        "IGNORED@1:9;", "protocol = unix;"),
    /* ids that are made */
    CASE("ids of equal names",
        "time stream tcp nowait u internal\ntime dgram udp wait u internal\n", "",
        "id = time-udp;"),
    CASE("ids of equal names and protocols",
        "::1:9 stream tcp6 nowait u /d\n::2:9 stream tcp6 nowait u /d\n", "", "id = 9-tcp6-2;"),
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf seen;
		size_t findings = strlen(cases[i].findings);

		buf_init(&seen, NULL, 0, TEXT_MAX);
		buf_add_str(&seen, "");
		show(cases[i].text, cases[i].len, &seen);
		if (strncmp(seen.bytes, cases[i].findings, findings) != 0 ||
		    (seen.bytes[findings] != '\0' &&
		        strncmp(seen.bytes + findings, "service ", 8) != 0) ||
		    strstr(seen.bytes, cases[i].want) == NULL)
			fail_msg("%s: %s, not %s%s", cases[i].name, seen.bytes, cases[i].findings,
			    cases[i].want);
		buf_release(&seen);
	}
}

/* ---- printed, read, printed ---- */

enum base {
	TCP = 1,
	WAIT = 2,
	UDP = 4,
	UNIX = 8,
	INTERNAL = 16,
	REDIRECT = 32,
	ALL = 63,
	SERVERS = 15
};
enum { BASES = 6 };

/* What each must say; an example of the same attribute stands in its place. */
static const struct {
	unsigned bases;
	enum attribute_id attribute;
	const char *value;
} needs[] = {
    {TCP | WAIT | REDIRECT, A_type, "UNLISTED"},
    {INTERNAL, A_type, "INTERNAL UNLISTED"},
    {ALL & ~(unsigned)UDP, A_socket_type, "stream"},
    {UDP, A_socket_type, "dgram"},
    {ALL & ~(unsigned)(UNIX | UDP), A_protocol, "tcp"},
    {UDP, A_protocol, "udp"},
    {ALL & ~(unsigned)UNIX, A_port, "7001"},
    {ALL & ~(unsigned)(WAIT | UDP), A_wait, "no"},
    {WAIT | UDP, A_wait, "yes"},
    {SERVERS, A_user, "u"},
    {SERVERS, A_server, "/d"},
    {REDIRECT, A_redirect, "192.0.2.1 80"},
};

/* At several values each, and as they are printed; NULL: as they are read. */
static const struct {
	unsigned bases;
	enum attribute_id attribute;
	const char *value, *printed;
} examples[] = {
    {ALL, A_id, "x", NULL},
    {ALL, A_id, "a-b_c", NULL},
    {ALL, A_disable, "yes", NULL},
    {ALL, A_disable, "no", ""},
    {TCP | WAIT, A_type, "UNLISTED", NULL},
    {TCP, A_flags, "NODELAY KEEPALIVE", NULL},
    {ALL, A_flags, "NOLIBWRAP", NULL},
    {ALL, A_flags, "REUSE", ""},
    {UNIX, A_socket_type, "seqpacket", NULL},
    {UNIX, A_socket_type, "dgram", NULL},
    {TCP | WAIT, A_protocol, "tcp", NULL},
    {TCP | WAIT, A_protocol, "tcp4", "tcp"},
    {REDIRECT, A_protocol, "tcp46", "tcp"},
    {UDP, A_protocol, "udp6", "udp"},
    {UDP, A_protocol, "udp46", "udp"},
    {TCP, A_v6only, "yes", NULL},
    {TCP, A_v6only, "no", ""},
    {TCP | WAIT | UDP | REDIRECT, A_port, "1", NULL},
    {ALL & ~(unsigned)UNIX, A_port, "7001 7002 ssh 65535", NULL},
    {ALL & ~(unsigned)UNIX, A_bind, "192.0.2.1", NULL},
    {ALL & ~(unsigned)UNIX, A_bind, "::1 fe80::1%lo host.example", NULL},
    {ALL & ~(unsigned)UNIX, A_bind, "[::1],192.0.2.1", "::1 192.0.2.1"},
    {ALL, A_interface, "eth0", NULL},
    {ALL, A_interface, "a-long-device.1", NULL},
    {UNIX, A_socket_user, "www-data", NULL},
    {UNIX, A_socket_user, "33", NULL},
    {UNIX, A_socket_group, "www-data", NULL},
    {UNIX, A_socket_group, "33", NULL},
    {UNIX, A_socket_mode, "0660", NULL},
    {UNIX, A_socket_mode, "777", "0777"},
    {ALL, A_backlog, "1", NULL},
    {ALL, A_backlog, "65535", NULL},
    {ALL, A_sndbuf, "65536", NULL},
    {ALL, A_sndbuf, "64k", "65536"},
    {ALL, A_rcvbuf, "1024m", "1073741824"},
    {ALL, A_rcvbuf, "1", NULL},
    {ALL, A_defer_accept, "1", NULL},
    {ALL, A_defer_accept, "3600", NULL},
    {ALL, A_free_bind, "yes", NULL},
    {ALL, A_free_bind, "no", ""},
    {TCP | WAIT | UNIX, A_wait, "yes", NULL},
    {TCP | WAIT | UNIX | UDP, A_wait, "yes", NULL},
    {WAIT | UDP, A_listen_fds, "yes", NULL},
    {WAIT | UDP, A_listen_fds, "no", ""},
    {SERVERS, A_server, "/usr/sbin/in.d", NULL},
    {SERVERS, A_server, "/x/y", NULL},
    {SERVERS, A_server_args, "-a b =c {", NULL},
    {SERVERS, A_server_args, "#x", NULL},
    {REDIRECT, A_redirect, "2001:db8::1 ssh", NULL},
    {REDIRECT, A_redirect, "host.example 1", NULL},
    {ALL, A_rate, "1/second", NULL},
    {ALL, A_rate, "1000000/HOUR", "1000000/hour"},
    {ALL, A_rate, "60/minute", NULL},
    {ALL, A_rate, "UNLIMITED", NULL},
    {ALL, A_cps, "50 10", ""},
    {ALL, A_cps, "UNLIMITED 0", ""},
    {ALL, A_source_rate, "3/minute", NULL},
    {ALL, A_source_rate, "UNLIMITED", ""},
    {ALL, A_instances, "1", NULL},
    {ALL, A_instances, "unlimited", ""},
    {ALL, A_per_source, "1000000", NULL},
    {ALL, A_per_source, "UNLIMITED", NULL},
    {ALL, A_source_prefix, "24 48", NULL},
    {ALL, A_source_prefix, "32 128", NULL},
    {ALL, A_over_limit, "wait", NULL},
    {ALL, A_over_limit, "close", NULL},
    {ALL, A_max_load, "2.5", "2.500"},
    {ALL, A_max_load, "0.001", NULL},
    {ALL, A_max_load, "12.0405", "12.040"},
    {ALL, A_max_load, "100", NULL},
    {ALL, A_access_times, "8:00-17:59", NULL},
    {ALL, A_access_times, "22:5-06:0 0:00-23:59", "22:05-6:00 0:00-23:59"},
    {ALL, A_only_from, "", NULL},
    {ALL, A_only_from, "192.0.2.0 10.1.{1,2} 2001:db8::/32 .example.org", NULL},
    {ALL, A_no_access, "192.0.2.1", NULL},
    {ALL, A_no_access, "a b c d e f g h", NULL},
    {ALL, A_libwrap, "in.ftpd", NULL},
    {ALL, A_libwrap, "x", NULL},
    {SERVERS, A_user, "nobody", NULL},
    {SERVERS, A_user, "65534", NULL},
    {SERVERS, A_group, "nogroup", NULL},
    {SERVERS, A_group, "65534", NULL},
    {SERVERS, A_groups, "yes", NULL},
    {SERVERS, A_groups, "no", NULL},
    {ALL, A_nice, "-20", NULL},
    {ALL, A_nice, "0", NULL},
    {ALL, A_nice, "19", NULL},
    {ALL, A_umask, "0", "0000"},
    {ALL, A_umask, "0777", NULL},
    {ALL, A_rlimit_as, "16M", "16777216"},
    {ALL, A_rlimit_as, "UNLIMITED", NULL},
    {ALL, A_rlimit_core, "0", NULL},
    {ALL, A_rlimit_core, "1k:unlimited", "1024:UNLIMITED"},
    {ALL, A_rlimit_cpu, "5", NULL},
    {ALL, A_rlimit_cpu, "5:6", NULL},
    {ALL, A_rlimit_data, "1G", "1073741824"},
    {ALL, A_rlimit_data, "1:2", NULL},
    {ALL, A_rlimit_files, "20", NULL},
    {ALL, A_rlimit_files, "20:1024", NULL},
    {ALL, A_rlimit_fsize, "1", NULL},
    {ALL, A_rlimit_fsize, "18446744073709551614", NULL},
    {ALL, A_rlimit_memlock, "64K", "65536"},
    {ALL, A_rlimit_memlock, "0", NULL},
    {ALL, A_rlimit_nproc, "9", NULL},
    {ALL, A_rlimit_nproc, "UNLIMITED", NULL},
    {ALL, A_rlimit_rss, "9", NULL},
    {ALL, A_rlimit_rss, "9m:9m", "9437184"},
    {ALL, A_rlimit_stack, "8M:16M", "8388608:16777216"},
    {ALL, A_rlimit_stack, "UNLIMITED:UNLIMITED", "UNLIMITED"},
    {ALL, A_chroot, "/srv", NULL},
    {ALL, A_chroot, "/", NULL},
    {ALL, A_no_new_privs, "yes", NULL},
    {ALL, A_no_new_privs, "no", ""},
    {ALL, A_env, "A=1", NULL},
    {ALL, A_env, "A= B=x=y C=\"q", NULL},
    {ALL, A_passenv, "", NULL},
    {ALL, A_passenv, "PATH TZ", NULL},
    {ALL, A_banner, "/b", NULL},
    {ALL, A_banner, "/etc/b.txt", NULL},
    {ALL, A_banner_success, "/b", NULL},
    {ALL, A_banner_success, "/etc/b.txt", NULL},
    {ALL, A_banner_fail, "/b", NULL},
    {ALL, A_banner_fail, "/etc/b.txt", NULL},
    {ALL, A_log_on_success, "PID HOST USERID EXIT DURATION TRAFFIC", NULL},
    {ALL, A_log_on_success, "traffic pid", "PID TRAFFIC"},
    {ALL, A_log_on_failure, "ATTEMPT", NULL},
    {ALL, A_log_on_failure, "HOST USERID", NULL},
};

enum { EXAMPLES = sizeof examples / sizeof examples[0], NEEDS = sizeof needs / sizeof needs[0] };

/* A service of a kind; chosen: the example of each attribute, EXAMPLES = none. */
static void
add_service(struct buf *text, unsigned base, unsigned number, const size_t chosen[ATTRIBUTES])
{
	buf_add_str(text,
	    base == INTERNAL   ? "service decoy"
	        : base == UNIX ? "service /run/s"
	                       : "service s");
	if (base != INTERNAL)
		buf_add_number(text, number);
	buf_add_str(text, "\n{\n");
	for (size_t i = 0; i < NEEDS; i++) {
		if ((needs[i].bases & base) == 0 || chosen[needs[i].attribute] < EXAMPLES)
			continue;
		buf_add_str(text, attributes[needs[i].attribute].name);
		buf_add_str(text, " = ");
		buf_add_str(text, needs[i].value);
		buf_add_char(text, '\n');
	}
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		if (chosen[i] == EXAMPLES)
			continue;
		buf_add_str(text, attributes[i].name);
		buf_add_str(text, " = ");
		buf_add_str(text, examples[chosen[i]].value);
		buf_add_char(text, '\n');
	}
	buf_add_str(text, "}\n");
}

static void
print_again(const struct buf *text, struct buf *ret)
{
	struct conf conf;

	assert_true(conf_parse(&conf, text->bytes, text->len));
	if (conf.errors > 0)
		fail_msg("%s at %u:%u in\n%s", code_names[conf.notes->code], conf.notes->at.line,
		    conf.notes->at.column, text->bytes);
	buf_init(ret, NULL, 0, TEXT_MAX);
	buf_add_str(ret, "");
	assert_true(show_blocks(&conf, ret));
	conf_release(&conf);
}

/* Read, print: that is the same when it is read and printed. */
static void
check_round(const struct buf *text, struct buf *first)
{
	struct buf second;

	print_again(text, first);
	print_again(first, &second);
	if (strcmp(first->bytes, second.bytes) != 0)
		fail_msg("%s\nbecomes\n%s\nand then\n%s", text->bytes, first->bytes, second.bytes);
	buf_release(&second);
}

static void
choose_none(size_t chosen[ATTRIBUTES])
{
	for (size_t i = 0; i < ATTRIBUTES; i++)
		chosen[i] = EXAMPLES;
}

/* ATTRIBUTE = VALUE, as a line of its own. */
static bool
has_setting(const struct buf *text, const char *name, const char *value)
{
	char line[256];

	snprintf(line, sizeof line, "\t%s =%s%s\n", name, value[0] != '\0' ? " " : "", value);
	return strstr(text->bytes, line) != NULL;
}

static void
test_each_attribute(void **state)
{
	size_t chosen[ATTRIBUTES], counts[ATTRIBUTES] = {0};

	(void)state;
	for (size_t i = 0; i < EXAMPLES; i++) {
		enum attribute_id id = examples[i].attribute;
		const char *printed =
		    examples[i].printed != NULL ? examples[i].printed : examples[i].value;

		counts[id]++;
		for (unsigned base = 1; base < 1U << BASES; base <<= 1) {
			struct buf text, seen;

			if ((examples[i].bases & base) == 0)
				continue;
			choose_none(chosen);
			chosen[id] = i;
			buf_init(&text, NULL, 0, TEXT_MAX);
			add_service(&text, base, 1, chosen);
			check_round(&text, &seen);
			if (examples[i].printed == NULL || examples[i].printed[0] != '\0')
				if (!has_setting(&seen, attributes[id].name, printed))
					fail_msg("%s = %s is not in\n%s", attributes[id].name,
					    printed, seen.bytes);
			buf_release(&seen);
			buf_release(&text);
		}
	}
	for (size_t i = 0; i < ATTRIBUTES; i++)
		if (counts[i] < 2 && (attributes[i].where & IN_SERVICE) != 0 && i != A_type)
			fail_msg("no examples of %s", attributes[i].name);
}

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

static void
choose(size_t chosen[ATTRIBUTES], unsigned base, uint32_t *random)
{
	unsigned one_in = 1 + next_random(random) % 8;

	choose_none(chosen);
	for (size_t i = 0; i < EXAMPLES; i++)
		if ((examples[i].bases & base) != 0 && next_random(random) % one_in == 0 &&
		    examples[i].attribute != A_id)
			chosen[examples[i].attribute] = i;
	if (chosen[A_wait] < EXAMPLES && base == TCP)
		chosen[A_listen_fds] = EXAMPLES;
}

/* Many services with many settings: 500 configurations of up to 5. */
static void
test_generated(void **state)
{
	uint32_t random = 20261127;
	size_t chosen[ATTRIBUTES];

	(void)state;
	for (int round = 0; round < 500; round++) {
		unsigned count = 1 + next_random(&random) % 5;
		struct buf text, seen;

		buf_init(&text, NULL, 0, TEXT_MAX);
		buf_add_str(&text, "defaults\n{\nlog_on_success = PID\nno_access = 192.0.2.9\n}\n");
		for (unsigned i = 0; i < count; i++) {
			unsigned base = 1U << next_random(&random) % BASES;

			choose(chosen, base, &random);
			add_service(&text, base, i, chosen);
		}
		check_round(&text, &seen);
		buf_release(&seen);
		buf_release(&text);
	}
}

/* ---- lines ---- */

static void
test_lines(void **state)
{
	static const char text[] = "ftp stream tcp nowait.5 root /usr/sbin/tcpd in.ftpd -l\n"
	                           "[::1],127.0.0.1:7001 stream tcp46,rcvbuf=4096 wait u:g /x x\n"
	                           "time dgram udp wait root internal\n"
	                           "/run/x seqpacket unix nowait root /d d\n";
	struct conf conf;
	struct buf blocks, lines;

	(void)state;
	assert_true(conf_parse(&conf, text, sizeof text - 1));
	buf_init(&blocks, NULL, 0, TEXT_MAX);
	assert_true(show_blocks(&conf, &blocks));
	conf_release(&conf);
	assert_true(conf_parse(&conf, blocks.bytes, blocks.len));
	buf_init(&lines, NULL, 0, TEXT_MAX);
	assert_true(show_lines(&conf, &lines));
	assert_string_equal(lines.bytes, text);
	conf_release(&conf);
	buf_release(&lines);
	buf_release(&blocks);
}

/* What a line cannot say is named; what guards a service makes the line a comment. */
static void
test_lines_lack(void **state)
{
	static const struct {
		const char *more, *want;
	} rows[] = {
	    {"groups = yes\n", "7001 stream tcp nowait u /d d\n"},
	    {"groups = yes\nlibwrap = x\n",
	        "# s has besides: libwrap = x\n#<off># 7001 stream tcp nowait u /d d\n"},
	    {"groups = yes\nbanner = /b\n",
	        "# s has besides: banner = /b\n7001 stream tcp nowait u /d d\n"},
	    {"groups = yes\nonly_from =\nnice = 3\n",
	        "# s has besides: only_from =; nice = 3\n#<off># 7001 stream tcp nowait u /d "
	        "d\n"},
	    {"", "# s has besides: groups = no\n#<off># 7001 stream tcp nowait u /d d\n"},
	    {"groups = yes\nrate = 3/second\n",
	        "# s has besides: rate = 3/second\n#<off># 7001 stream tcp nowait u /d d\n"},
	    {"groups = yes\nrate = 3/minute\ndisable = yes\n",
	        "#<off># 7001 stream tcp nowait.3 u /d d\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct conf conf;
		struct buf text, lines;

		buf_init(&text, NULL, 0, TEXT_MAX);
		buf_add_str(&text, "service s\n{\n" BODY);
		buf_add_str(&text, rows[i].more);
		buf_add_str(&text, "}\n");
		assert_true(conf_parse(&conf, text.bytes, text.len));
		buf_init(&lines, NULL, 0, TEXT_MAX);
		assert_true(show_lines(&conf, &lines));
		assert_string_equal(lines.bytes, rows[i].want);
		buf_release(&lines);
		buf_release(&text);
		conf_release(&conf);
	}
}

/* ---- limits ---- */

static unsigned
count_findings(const struct buf *text, enum conf_code code)
{
	struct conf conf;
	unsigned count = 0;

	assert_true(conf_parse(&conf, text->bytes, text->len));
	for (const struct conf_note *note = conf.notes; note != NULL; note = note->next)
		count += note->code == code;
	conf_release(&conf);
	return count;
}

/* A set of count values, on several lines, is printed on several lines and read again. */
static void
check_set(size_t count)
{
	struct buf text, seen;

	buf_init(&text, NULL, 0, TEXT_MAX);
	buf_add_str(&text, "service s\n{\n" BODY);
	for (size_t i = 0; i < count; i++) {
		buf_add_str(&text, i % 700 == 0 ? "\nno_access += " : " ");
		buf_add_number(&text, i);
	}
	buf_add_str(&text, "\n}\n");
	assert_int_equal(
	    count_findings(&text, CONF_SET_LONG), count > CONF_SET_MAX ? count - CONF_SET_MAX : 0);
	if (count <= CONF_SET_MAX) {
		check_round(&text, &seen);
		buf_release(&seen);
	}
	buf_release(&text);
}

static void
check_line(const char *name, size_t bytes, bool is_good)
{
	struct buf text;

	buf_init(&text, NULL, 0, TEXT_MAX);
	buf_add_str(&text, "service s\n{\n" BODY);
	buf_add_str(&text, name);
	buf_add_str(&text, " = ");
	for (size_t len = strlen(name) + 3; len < bytes; len++)
		buf_add_char(&text, 'x');
	buf_add_str(&text, "\n}\n");
	assert_int_equal(
	    count_findings(&text, CONF_ENTRY_LONG) + count_findings(&text, CONF_BAD_VALUE),
	    !is_good);
	buf_release(&text);
}

static void
test_limits(void **state)
{
	(void)state;
	for (size_t count = CONF_SET_MAX - 1; count <= CONF_SET_MAX + 1; count++)
		check_set(count);
	for (size_t bytes = CONF_ENTRY_MAX - 1; bytes <= CONF_ENTRY_MAX + 1; bytes++)
		check_line("server_args", bytes, bytes <= CONF_ENTRY_MAX);
	for (size_t bytes = CONF_DEVICE_MAX - 1; bytes <= CONF_DEVICE_MAX + 1; bytes++)
		check_line("interface", bytes + strlen("interface = "), bytes <= CONF_DEVICE_MAX);
}

/* The largest text there can be, of findings only: most of them are counted and not kept. */
static void
test_many_findings(void **state)
{
	struct buf text;
	struct conf conf;

	(void)state;
	buf_init(&text, NULL, 0, CONF_TEXT_MAX);
	while (text.len + 2 <= CONF_TEXT_MAX)
		buf_add_str(&text, "x\n");
	memcpy(text.bytes, "service\n", 8);
	assert_true(conf_parse(&conf, text.bytes, text.len));
	assert_int_equal(conf.note_count, CONF_NOTES_MAX);
	assert_true(conf.errors > 2000000);
	conf_release(&conf);
	buf_release(&text);
}

static void
test_memory_runs_out(void **state)
{
	struct buf text;
	bool ok = false;

	(void)state;
	buf_init(&text, NULL, 0, 1 << 20);
	buf_add_str(&text, "defaults\n{\nonly_from = a b c\nenabled = s\n}\n");
	for (int i = 0; i < 100; i++)
		buf_add_str(&text,
		    SERVICE("s",
		        "rlimit_cpu = 5\nonly_from += x y z\naccess_times = 1:00-2:00\n"
		        "server_args = a b c d e f g h\n"));
	for (long count = 0; !ok; count++) {
		struct conf conf;
		struct buf seen;

		buf_init(&seen, NULL, 0, TEXT_MAX);
		alloc_fail_after(count);
		ok = conf_parse(&conf, text.bytes, text.len) && show_blocks(&conf, &seen);
		assert_true(ok == (alloc_fail_never() == 0));
		buf_release(&seen);
		conf_release(&conf);
		assert_true(count < 1000);
	}
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_each_attribute),
	    cmocka_unit_test(test_generated),
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_lines_lack),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_many_findings),
	    cmocka_unit_test(test_memory_runs_out),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
