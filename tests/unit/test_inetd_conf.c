/* inetd.conf: each field, each finding with its place, what loses a line and what does not, limits,
 * hostile bytes, memory that runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/inetd/conf/conf.h"
#include "failing_alloc.h"

static const char *const code_names[] = {
#define NOTE(id, severity, text, remedy) #id,
#include "cmd/inetd/conf/notes.def"
#undef NOTE
};

static void
show_entry(const struct conf_entry *entry, struct buf *seen)
{
	static const char *const families[] = {
	    [1] = "4", [2] = "6", [3] = "4+6", [4] = "46", [8] = "unix"};
	static const char *const socktypes[] = {" stream ", " dgram ", " seqpacket "};

	for (size_t i = 0; i < entry->addresses.count; i++) {
		buf_add_str(seen, i > 0 ? "," : "");
		buf_add_str(seen, entry->addresses.items[i].text);
	}
	buf_add_str(seen, " ");
	buf_add_str(seen, entry->service.text);
	if (entry->port > 0) {
		buf_add_str(seen, "=");
		buf_add_number(seen, entry->port);
	}
	if (entry->socket_mode > 0) {
		buf_add_str(seen, " <");
		buf_add_str(seen, entry->socket_user.text);
		buf_add_str(seen, ":");
		buf_add_str(seen, entry->socket_group.text);
		buf_add_str(seen, ":");
		buf_add_number(seen, (unsigned long)entry->socket_mode);
		buf_add_str(seen, ">");
	}
	buf_add_str(seen, socktypes[entry->socktype]);
	buf_add_str(seen, families[entry->families]);
	if (entry->sndbuf_bytes > 0 || entry->rcvbuf_bytes > 0) {
		buf_add_str(seen, "<");
		buf_add_number(seen, (unsigned long)entry->sndbuf_bytes);
		buf_add_str(seen, "/");
		buf_add_number(seen, (unsigned long)entry->rcvbuf_bytes);
	}
	buf_add_str(seen, entry->is_wait ? " wait " : " nowait ");
	if (entry->has_rate) {
		buf_add_number(seen, entry->rate.count);
		buf_add_str(seen, " ");
	}
	if (entry->instances + entry->source_rate.count + entry->per_source > 0) {
		buf_add_str(seen, "(");
		buf_add_number(seen, entry->instances);
		buf_add_str(seen, "/");
		buf_add_number(seen, entry->source_rate.count);
		buf_add_str(seen, "/");
		buf_add_number(seen, entry->per_source);
		buf_add_str(seen, ") ");
	}
	buf_add_str(seen, entry->user.text);
	if (entry->group.text != NULL) {
		buf_add_str(seen, ":");
		buf_add_str(seen, entry->group.text);
	}
	buf_add_str(seen, " ");
	buf_add_str(seen, entry->server.text);
	for (char *const *argument = entry->argv; *argument != NULL; argument++) {
		buf_add_str(seen, " [");
		buf_add_escaped(seen, *argument, strlen(*argument));
		buf_add_str(seen, "]");
	}
	buf_add_str(seen, ";");
}

/* Each entry, then each finding as CODE@line:column. */
static void
show(const char *text, size_t len, struct buf *seen)
{
	struct conf conf;
	unsigned errors = 0;

	assert_true(conf_parse(&conf, text, len));
	for (const struct conf_entry *entry = conf.entries; entry != NULL; entry = entry->next)
		show_entry(entry, seen);
	for (const struct conf_note *note = conf.notes; note != NULL; note = note->next) {
		buf_add_str(seen, code_names[note->code]);
		buf_add_str(seen, "@");
		buf_add_number(seen, note->at.line);
		buf_add_str(seen, ":");
		buf_add_number(seen, note->at.column);
		buf_add_str(seen, ";");
		errors += note->severity == CONF_ERROR;
	}
	assert_int_equal(errors, conf.errors);
	assert_false(seen->failed);
	conf_release(&conf);
}

#define REST " stream tcp nowait root /d d\n"
#define SHOWN " stream 4+6 nowait root /d [d];"

static const struct {
	const char *name, *text;
	size_t len;
	const char *want;
} cases[] = {
#define CASE(name, text, want)                                                                     \
	{                                                                                          \
		name, text, sizeof(text) - 1, want                                                 \
	}
    CASE("empty", "", ""),
    CASE("comments and empty lines", "# a\n\n#b", ""),
    CASE("an ordinary line", "ftp\tstream tcp nowait root /usr/sbin/tcpd  /usr/sbin/in.ftpd -l\n",
        "* ftp stream 4+6 nowait root /usr/sbin/tcpd [/usr/sbin/in.ftpd] [-l];"),
    CASE("no final newline", "21 stream tcp4 nowait root /d d",
        "* 21=21 stream 4 nowait root /d [d];"),
    CASE("no arguments: the base name", "a stream tcp nowait root /x/d",
        "* a stream 4+6 nowait root /x/d [d];"),
    CASE("CRLF", "a stream tcp nowait root /d d x\r\n", "* a stream 4+6 nowait root /d [d] [x];"),
    CASE("CR between lines ends an entry", "a" REST "\r\n b" REST, "* a" SHOWN "* b" SHOWN),
    CASE("BOM",
        "\xef\xbb\xbf"
        "a" REST,
        "* a" SHOWN),
    CASE("quotes are bytes", "a stream tcp nowait root /d d \"x y\"",
        "* a stream 4+6 nowait root /d [d] [\"x] [y\"];QUOTE@1:31;"),
    CASE("VT does not separate", "a stream tcp nowait root /d d\vx",
        "* a stream 4+6 nowait root /d [d\\x0bx];"),
    /* continuation */
    CASE("indented lines continue", "a stream\n\ttcp nowait\n  root /d d\n x\nb" REST,
        "* a stream 4+6 nowait root /d [d] [x];* b" SHOWN),
    CASE("a line of blanks continues too", "a stream tcp nowait root /d d\n \t\n x\n",
        "* a stream 4+6 nowait root /d [d] [x];"),
    CASE("an empty line or a comment ends it", "a" REST "\n b" REST "# c\n e" REST,
        "* a" SHOWN "* b" SHOWN "* e" SHOWN),
    CASE("an indented comment is arguments", "a" REST "\t# x\n",
        "* a stream 4+6 nowait root /d [d] [#] [x];COMMENT_ARGUMENT@2:2;"),
    CASE("so is one behind the fields, told once", "a stream tcp nowait root /d d #x #y\n",
        "* a stream 4+6 nowait root /d [d] [#x] [#y];COMMENT_ARGUMENT@1:31;"),
    CASE("an indented comment that continues nothing", " # x\nb" REST,
        "* b" SHOWN "INDENTED_COMMENT@1:2;"),
    /* addresses */
    CASE("address", "192.0.2.1:a" REST, "192.0.2.1 a" SHOWN),
    CASE("host", "h.example:21" REST, "h.example 21=21" SHOWN),
    CASE("list", "192.0.2.1,[::1],h:a" REST, "192.0.2.1,::1,h a" SHOWN),
    CASE("IPv6 in brackets", "[2001:db8::1]:a" REST, "2001:db8::1 a" SHOWN),
    CASE("IPv6 bare", "::1:21" REST, "::1 21=21" SHOWN),
    CASE("scope", "fe80::1%lo:21" REST, "fe80::1%lo 21=21" SHOWN),
    CASE("everywhere", "*:a" REST, "* a" SHOWN),
    CASE("address line", "192.0.2.1:\na" REST "h:b" REST "*:\nc" REST,
        "192.0.2.1 a" SHOWN "h b" SHOWN "* c" SHOWN),
    CASE("address line with a list", "::1,h:\na" REST, "::1,h a" SHOWN),
    CASE("a bad address line holds for nobody", "h:\n[x:\na" REST "h:b" REST,
        "h b" SHOWN "BAD_ADDRESS@2:1;LOST_ADDRESS@3:1;"),
    CASE("empty address", ":a" REST, "BAD_ADDRESS@1:1;"),
    CASE("empty item", "h,,g:a" REST, "BAD_ADDRESS@1:3;"),
    CASE("IPv4 in brackets", "[192.0.2.1]:a" REST, "BAD_ADDRESS@1:2;"),
    CASE("a bracket alone", "[::1:21" REST, "BAD_ADDRESS@1:1;"),
    CASE("no IPv6 after all", "1:2:3:a" REST, "BAD_ADDRESS@1:1;"),
    CASE("a network", "192.0.2.0/24:a" REST, "BAD_ADDRESS@1:1;"),
    CASE("no service", "h:" REST, "NO_SERVICE@1:1;"),
    /* service */
    CASE("port 1", "1" REST, "* 1=1" SHOWN),
    CASE("port 65535", "65535" REST, "* 65535=65535" SHOWN),
    CASE("port 65536", "65536" REST, "BAD_PORT@1:1;"),
    CASE("port 70000", "h:70000" REST, "BAD_PORT@1:3;"),
    CASE("port 0", "0" REST, "BAD_PORT@1:1;"),
    CASE("port -1", "-1" REST, "BAD_PORT@1:1;"),
    CASE("port 18446744073709551637", "18446744073709551637" REST, "BAD_PORT@1:1;"),
    CASE("a name may begin with a digit", "9pfs" REST, "* 9pfs" SHOWN),
    CASE("path", "/run/a:b stream unix nowait root /d d",
        "* /run/a:b stream unix nowait root /d [d];"),
    CASE("an owner in front: FreeBSD's", ":u:g:660:/run/a stream unix nowait root /d d",
        "* /run/a <u:g:432> stream unix nowait root /d [d];"),
    CASE("an owner without a mode", ":u:g:/run/a stream unix nowait root /d d", "BAD_ADDRESS@1:1;"),
    CASE("a mode beyond", ":u:g:1777:/run/a stream unix nowait root /d d", "BAD_ADDRESS@1:1;"),
    CASE("a mode of nothing", ":u:g:0:/run/a stream unix nowait root /d d", "BAD_ADDRESS@1:1;"),
    CASE("an empty owner", "::g:660:/run/a stream unix nowait root /d d", "BAD_ADDRESS@1:1;"),
    CASE("an address before a path counts nothing", "h:/run/a dgram unix wait root /d d",
        "h /run/a dgram unix wait root /d [d];"),
    CASE("path without unix", "/run/a" REST, "UNKNOWN_SERVICE@1:1;"),
    CASE("unix without path", "a stream unix nowait root /d d", "BAD_PATH@1:1;"),
    /* socket type and protocol */
    CASE("udp", "a dgram udp wait root /d d", "* a dgram 4+6 wait root /d [d];"),
    CASE("udp4", "a dgram udp4 wait root /d d", "* a dgram 4 wait root /d [d];"),
    CASE("udp6", "a dgram udp6 nowait root /d d", "* a dgram 6 nowait root /d [d];"),
    CASE("tcp46", "a stream tcp46 nowait root /d d", "* a stream 46 nowait root /d [d];"),
    CASE("seqpacket", "/a seqpacket unix nowait root /d d",
        "* /a seqpacket unix nowait root /d [d];"),
    CASE("seqpacket tcp", "a seqpacket tcp nowait root /d d", "MIXED@1:13;"),
    CASE("raw", "a raw tcp nowait root /d d", "UNKNOWN_SOCKTYPE@1:3;"),
    CASE("case counts", "a STREAM tcp nowait root /d d", "UNKNOWN_SOCKTYPE@1:3;"),
    CASE("stream udp", "a stream udp nowait root /d d", "MIXED@1:10;"),
    CASE("dgram tcp", "a dgram tcp nowait root /d d", "MIXED@1:9;"),
    CASE("tcp6only", "a stream tcp6only nowait root /d d", "UNKNOWN_PROTOCOL@1:10;"),
    CASE("sctp", "a stream sctp nowait root /d d", "UNKNOWN_PROTOCOL@1:10;"),
    CASE("rpc", "rusersd/2-3 dgram rpc/udp wait root /d d", "RPC@1:19;"),
    CASE("buffers", "a stream tcp,sndbuf=64k,rcvbuf=1m nowait root /d d",
        "* a stream 4+6<65536/1048576 nowait root /d [d];"),
    CASE("a buffer in bytes", "a stream tcp4,rcvbuf=16384 nowait root /d d",
        "* a stream 4<0/16384 nowait root /d [d];"),
    CASE("largest buffer", "a stream tcp4,rcvbuf=1024m nowait root /d d",
        "* a stream 4<0/1073741824 nowait root /d [d];"),
    CASE("buffer too large", "a stream tcp4,rcvbuf=1025m nowait root /d d", "BAD_BUFFER@1:15;"),
    CASE("buffer 0", "a stream tcp4,rcvbuf=0 nowait root /d d", "BAD_BUFFER@1:15;"),
    CASE("buffer twice", "a stream tcp4,rcvbuf=1,rcvbuf=2 nowait root /d d", "BAD_BUFFER@1:24;"),
    CASE("no such option", "a stream tcp4,nodelay nowait root /d d", "BAD_BUFFER@1:15;"),
    CASE("empty option", "a stream tcp4, nowait root /d d", "BAD_BUFFER@1:15;"),
    /* wait */
    CASE("rates", "a stream tcp wait.1 root /d d\nb stream tcp nowait.1000000 root /d d",
        "* a stream 4+6 wait 1 root /d [d];* b stream 4+6 nowait 1000000 root /d [d];"),
    CASE("a rate over the limit is none", "a stream tcp wait.1000001 root /d d",
        "* a stream 4+6 wait 0 root /d [d];HUGE_RATE@1:14;"),
    CASE("so is one that would wrap", "a stream tcp nowait.18446744073709551619 root /d d",
        "* a stream 4+6 nowait 0 root /d [d];HUGE_RATE@1:14;"),
    CASE("many zeros", "a stream tcp wait.000 root /d d", "BAD_RATE@1:14;"),
    CASE("rate 0", "a stream tcp nowait.0 root /d d", "BAD_RATE@1:14;"),
    CASE("rate -1", "a stream tcp nowait.-1 root /d d", "BAD_RATE@1:14;"),
    CASE("no rate", "a stream tcp nowait. root /d d", "BAD_RATE@1:14;"),
    CASE("a word for the rate", "a stream tcp nowait.abc root /d d", "BAD_RATE@1:14;"),
    CASE("colon: NetBSD's", "a stream tcp nowait:5 root /d d",
        "* a stream 4+6 nowait 5 root /d [d];DIALECT@1:14;"),
    CASE("slashes: FreeBSD's", "a stream tcp nowait/5/2/1 root /d d",
        "* a stream 4+6 nowait (5/2/1) root /d [d];DIALECT@1:14;"),
    CASE("one slash", "a stream tcp wait/1 root /d d",
        "* a stream 4+6 wait (1/0/0) root /d [d];DIALECT@1:14;"),
    CASE(
        "too many slashes", "a stream tcp nowait/5/2/1/4 root /d d", "BAD_WAIT@1:14;DIALECT@1:14;"),
    CASE("no number", "a stream tcp nowait/ root /d d", "BAD_WAIT@1:14;"),
    CASE("a rubbish number", "a stream tcp nowait/5x root /d d", "BAD_WAIT@1:14;"),
    CASE("servers at a time: NetBSD's", "a stream,2 tcp nowait root /d d",
        "* a stream 4+6 nowait (2/0/0) root /d [d];DIALECT@1:3;"),
    CASE("none at a time", "a stream,0 tcp nowait root /d d", "UNKNOWN_SOCKTYPE@1:3;DIALECT@1:3;"),
    CASE("an accept filter", "a stream:dataready tcp nowait root /d d", "UNKNOWN_SOCKTYPE@1:3;"),
    CASE("another word", "a stream tcp sometimes root /d d", "BAD_WAIT@1:14;"),
    CASE("its beginning", "a stream tcp waiting root /d d", "BAD_WAIT@1:14;"),
    /* user and server */
    CASE("group by colon", "a stream tcp nowait u:g /d d", "* a stream 4+6 nowait u:g /d [d];"),
    CASE("group by dot", "a stream tcp nowait u.g /d d", "* a stream 4+6 nowait u:g /d [d];"),
    CASE("colon before dot", "a stream tcp nowait u.v:g /d d",
        "* a stream 4+6 nowait u.v:g /d [d];"),
    CASE("no group behind the colon", "a stream tcp nowait u: /d d", "BAD_USER@1:21;"),
    CASE("a login class: FreeBSD's", "a stream tcp nowait u:g/c /d d", "BAD_USER@1:21;"),
    CASE("no user", "a stream tcp nowait .g /d d", "BAD_USER@1:21;"),
    CASE("relative server", "a stream tcp nowait root d d", "RELATIVE@1:26;"),
    CASE("internal", "echo stream tcp nowait root internal\ntime dgram udp wait root internal\n",
        "* echo stream 4+6 nowait root internal [internal];"
        "* time dgram 4+6 wait root internal [internal];"),
    CASE("internal on a unix socket", "/x/echo stream unix nowait root internal",
        "* /x/echo stream unix nowait root internal [internal];"),
    CASE("no such internal service", "7 stream tcp nowait root internal", "INTERNAL@1:26;"),
    CASE("case counts in names", "ECHO stream tcp nowait root internal", "INTERNAL@1:29;"),
    CASE("one server for an internal stream", "echo stream tcp wait root internal",
        "INTERNAL_WAIT@1:27;"),
    /* shape */
    CASE("too few fields", "a stream\nb" REST, "* b" SHOWN "FEW_FIELDS@1:3;"),
    CASE("five fields", "a stream tcp nowait root\n", "FEW_FIELDS@1:21;"),
    CASE("every fault of a line is told", "0 x y z : q\nb" REST,
        "* b" SHOWN "UNKNOWN_SOCKTYPE@1:3;UNKNOWN_PROTOCOL@1:5;BAD_WAIT@1:7;"
        "BAD_USER@1:9;RELATIVE@1:11;BAD_PORT@1:1;"),
    CASE("NUL loses its entry only", "a stream tcp\0nowait root /d d\nb" REST,
        "* b" SHOWN "NUL@1:13;"),
    CASE("NUL in a continuation", "a" REST " \0\n x\nb" REST, "* b" SHOWN "NUL@2:2;"),
    CASE("places of a continued entry", "a stream\n tcp nowait\n  root d d\n", "RELATIVE@3:8;"),
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf seen;
		char storage[4096];

		buf_init(&seen, storage, sizeof storage, sizeof storage - 1);
		show(cases[i].text, cases[i].len, &seen);
		if (strcmp(seen.bytes, cases[i].want) != 0)
			fail_msg("%s: %s, not %s", cases[i].name, seen.bytes, cases[i].want);
	}
}

static unsigned
count_findings(const char *text, size_t len, enum conf_code code, size_t *ret_entries)
{
	struct conf conf;
	unsigned count = 0;

	*ret_entries = 0;
	assert_true(conf_parse(&conf, text, len));
	for (const struct conf_note *note = conf.notes; note != NULL; note = note->next)
		count += note->code == code;
	for (const struct conf_entry *entry = conf.entries; entry != NULL; entry = entry->next)
		++*ret_entries;
	conf_release(&conf);
	return count;
}

/* "a stream tcp nowait root /d", then arguments up to exactly so many bytes or words. */
static void
fill_line(struct buf *line, size_t bytes, size_t words)
{
	size_t count = 6;

	buf_clear(line);
	buf_add_str(line, "a stream tcp nowait root /d");
	while (count < words && ++count)
		buf_add_str(line, " x");
	if (bytes > line->len)
		buf_add_char(line, ' ');
	while (line->len < bytes)
		buf_add_char(line, 'y');
	assert_false(line->failed);
}

static void
test_limits(void **state)
{
	struct buf line;
	size_t entries;

	(void)state;
	buf_init(&line, NULL, 0, CONF_TEXT_MAX + 1);
	fill_line(&line, CONF_ENTRY_MAX, 0);
	assert_int_equal(count_findings(line.bytes, line.len, CONF_ENTRY_LONG, &entries), 0);
	assert_int_equal(entries, 1);
	fill_line(&line, CONF_ENTRY_MAX + 1, 0);
	assert_int_equal(count_findings(line.bytes, line.len, CONF_ENTRY_LONG, &entries), 1);
	assert_int_equal(entries, 0);
	fill_line(&line, 0, CONF_WORDS_MAX);
	assert_int_equal(count_findings(line.bytes, line.len, CONF_MANY_WORDS, &entries), 0);
	assert_int_equal(entries, 1);
	fill_line(&line, 0, CONF_WORDS_MAX + 1);
	assert_int_equal(count_findings(line.bytes, line.len, CONF_MANY_WORDS, &entries), 1);
	assert_int_equal(entries, 0);
	for (size_t len = CONF_PATH_MAX - 1; len <= CONF_PATH_MAX + 1; len++) {
		buf_clear(&line);
		while (line.len < len)
			buf_add_char(&line, '/');
		buf_add_str(&line, " stream unix nowait root /d");
		assert_int_equal(count_findings(line.bytes, line.len, CONF_PATH_LONG, &entries),
		    len > CONF_PATH_MAX);
		assert_int_equal(entries, len <= CONF_PATH_MAX);
	}
	for (size_t len = CONF_HOST_MAX - 1; len <= CONF_HOST_MAX + 1; len++) {
		buf_clear(&line);
		while (line.len < len)
			buf_add_char(&line, 'h');
		buf_add_str(&line, ":a" REST);
		assert_int_equal(count_findings(line.bytes, line.len, CONF_BAD_ADDRESS, &entries),
		    len > CONF_HOST_MAX);
		assert_int_equal(entries, len <= CONF_HOST_MAX);
	}
	buf_release(&line);
}

static void
test_text_limit(void **state)
{
	char *text = malloc(CONF_TEXT_MAX + 1);
	struct conf conf;

	(void)state;
	assert_non_null(text);
	memset(text, '\n', CONF_TEXT_MAX + 1);
	assert_true(conf_parse(&conf, text, CONF_TEXT_MAX));
	conf_release(&conf);
	assert_false(conf_parse(&conf, text, CONF_TEXT_MAX + 1));
	conf_release(&conf);
	free(text);
}

/* Whatever the cut and whatever byte is bent, each entry that comes out is whole. */
static void
test_bent_bytes(void **state)
{
	static const char text[] = "ftp stream tcp4,sndbuf=1k nowait.9 u:g /usr/sbin/tcpd in.ftpd "
	                           "-l\n[::1],h:9 dgram udp wait "
	                           "u.g /d\n\t# x\n192.0.2.1:\n/run/s stream unix wait u /d d\n";
	static const char bytes[] = "\0\n\r\t :,.[]/#%a0";

	(void)state;
	for (size_t at = 0; at < sizeof text; at++) {
		for (size_t i = 0; i < sizeof bytes; i++) {
			char bent[sizeof text];
			struct conf conf;

			memcpy(bent, text, sizeof text);
			bent[at] = bytes[i];
			assert_true(conf_parse(&conf, bent, i % 2 == 0 ? sizeof text - 1 : at));
			for (const struct conf_entry *entry = conf.entries; entry != NULL;
			     entry = entry->next) {
				assert_true(entry->server.text[0] == '/');
				assert_true(entry->argv != NULL && entry->argv[0] != NULL);
				assert_true(entry->user.text[0] != '\0');
				assert_true(entry->families != 0);
				assert_true(
				    entry->families == CONF_UNIX || entry->addresses.count > 0);
			}
			conf_release(&conf);
		}
	}
}

/* Out of memory at any point is told, and no half of a file is taken for the whole. */
static void
test_memory_runs_out(void **state)
{
	struct buf text;
	bool ok = false;

	(void)state;
	buf_init(&text, NULL, 0, 1 << 20);
	for (int i = 0; i < 500; i++)
		buf_add_str(
		    &text, "h,[::1]:9 stream tcp,sndbuf=4k nowait.5 u:g /usr/sbin/tcpd d e f\n");
	assert_false(text.failed);
	for (long count = 0; !ok; count++) {
		struct conf conf;

		alloc_fail_after(count);
		ok = conf_parse(&conf, text.bytes, text.len);
		assert_true(ok == (alloc_fail_never() == 0));
		conf_release(&conf);
		assert_true(count < 1000);
	}
	buf_release(&text);
}

static void
test_format(void **state)
{
	static const char text[] = "a stream tcp nowait root d\x1b[2J";
	struct conf conf;
	struct buf line;

	(void)state;
	assert_true(conf_parse(&conf, text, sizeof text - 1));
	buf_init(&line, NULL, 0, 1000);
	assert_true(conf_note_format(&conf, conf.notes, &line));
	assert_string_equal(line.bytes,
	    ":1:26: error: server is no absolute path "
	    "'d\\x1b[2J' (write its whole path)");
	buf_release(&line);
	conf_release(&conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_text_limit),
	    cmocka_unit_test(test_bent_bytes),
	    cmocka_unit_test(test_memory_runs_out),
	    cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
