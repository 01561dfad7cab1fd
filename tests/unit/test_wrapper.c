/* tcpd put in front of services and taken away: inetd.conf, xinetd.conf, units; back to the same bytes;
 * what cannot be; memory that runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "services/wrapper.h"

enum { SEEN_MAX = 4096, TEXT_MAX = 8192 };

static char seen_storage[SEEN_MAX + 1], text_storage[TEXT_MAX + 1];
static struct buf seen, text;

static void
see(void *ctx, unsigned line, enum wrapper_code code, const char *program)
{
	(void)ctx;
	buf_add_number(&seen, line);
	buf_add_char(&seen, ' ');
	buf_add_str(&seen, wrapper_specs[code].name);
	buf_add_char(&seen, ' ');
	buf_add_str(&seen, program);
	buf_add_char(&seen, '\n');
}

static void
begin(void)
{
	buf_init(&seen, seen_storage, sizeof seen_storage, SEEN_MAX);
	buf_init(&text, text_storage, sizeof text_storage, TEXT_MAX);
	buf_add_str(&seen, "");
	buf_add_str(&text, "");
}

static struct wrapper
wrapper_for(const char *service, bool removes)
{
	return (struct wrapper){service, "/usr/sbin/tcpd", removes, false, see, NULL};
}

typedef bool rewrite(const struct wrapper *, const char *text, size_t len, struct buf *);

static const struct {
	const char *what;
	rewrite *rewrite;
	const char *service, *before, *after, *seen;
} cases[] = {
    {"an ordinary line", wrapper_inetd, "ftp",
        "ftp stream tcp nowait root /usr/sbin/in.ftpd in.ftpd -l\n",
        "ftp stream tcp nowait root /usr/sbin/tcpd /usr/sbin/in.ftpd -l\n",
        "1 changed /usr/sbin/in.ftpd\n"},
    {"by the program's name, both lines, blanks kept", wrapper_inetd, "in.ftpd",
        "# c\nftp\tstream  tcp nowait\troot /x/in.ftpd  in.ftpd\r\nftp stream tcp6 nowait root "
        "/x/in.ftpd in.ftpd",
        "# c\nftp\tstream  tcp nowait\troot /usr/sbin/tcpd  /x/in.ftpd\r\n"
        "ftp stream tcp6 nowait root /usr/sbin/tcpd /x/in.ftpd",
        "2 changed /x/in.ftpd\n3 changed /x/in.ftpd\n"},
    {"an address in front", wrapper_inetd, "ftp", "127.0.0.1:ftp stream tcp nowait root /x/f f\n",
        "127.0.0.1:ftp stream tcp nowait root /usr/sbin/tcpd /x/f\n", "1 changed /x/f\n"},
    {"a line that goes on", wrapper_inetd, "a", "a stream tcp nowait root \\\n\t/x/b \\\n b c\n",
        "a stream tcp nowait root \\\n\t/usr/sbin/tcpd \\\n /x/b c\n", "3 changed /x/b\n"},
    {"one datagram and then others", wrapper_inetd, "tftp", "tftp dgram udp wait root /x/t t\n",
        "tftp dgram udp wait root /usr/sbin/tcpd /x/t\n", "1 changed /x/t\n"},
    {"an entry", wrapper_xinetd, "a", "service a\n{\n\tserver = /x/b\n}\n",
        "service a\n{\n\tserver = /usr/sbin/tcpd\n\tflags           = NAMEINARGS NOLIBWRAP\n"
        "\tserver_args     = /x/b\n}\n",
        "1 changed /x/b\n"},
    {"arguments and flags", wrapper_xinetd, "b",
        "service a\n{\n flags = IPv4\n server_args = -l  -m\n server = /x/b\n}\nservice c\n{\n "
        "server = /x/c\n}\n",
        "service a\n{\n flags = IPv4 NAMEINARGS NOLIBWRAP\n server_args = /x/b -l  -m\n"
        " server = /usr/sbin/tcpd\n}\nservice c\n{\n server = /x/c\n}\n",
        "1 changed /x/b\n"},
};

static void
test_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wrapper wrapper = wrapper_for(cases[i].service, false);

		begin();
		assert_true(
		    cases[i].rewrite(&wrapper, cases[i].before, strlen(cases[i].before), &text));
		if (strcmp(text_storage, cases[i].after) != 0)
			print_message("%s\n", cases[i].what);
		assert_string_equal(text_storage, cases[i].after);
		assert_string_equal(seen_storage, cases[i].seen);
		/* Once more: it is so already. */
		begin();
		assert_true(
		    cases[i].rewrite(&wrapper, cases[i].after, strlen(cases[i].after), &text));
		assert_string_equal(text_storage, cases[i].after);
		assert_non_null(strstr(seen_storage, " wrapped "));
		assert_null(strstr(seen_storage, " changed "));
		/* And back. */
		wrapper.removes = true;
		begin();
		assert_true(
		    cases[i].rewrite(&wrapper, cases[i].after, strlen(cases[i].after), &text));
		assert_string_equal(text_storage, cases[i].before);
		assert_non_null(strstr(seen_storage, " restored "));
		begin();
		assert_true(
		    cases[i].rewrite(&wrapper, cases[i].before, strlen(cases[i].before), &text));
		assert_string_equal(text_storage, cases[i].before);
		assert_non_null(strstr(seen_storage, " bare "));
	}
}

static const struct {
	const char *what;
	rewrite *rewrite;
	bool removes;
	const char *service, *before, *after, *seen;
} others[] = {
    {"internal", wrapper_inetd, false, "echo", "echo stream tcp nowait root internal\n", NULL,
        "1 internal \n"},
    {"a listener", wrapper_inetd, false, "a", "a stream tcp wait root /x/a a\n", NULL,
        "1 listener /x/a\n"},
    {"another name", wrapper_inetd, false, "a", "a stream tcp nowait root /bin/busybox ftpd\n",
        NULL, "1 name /bin/busybox\n"},
    {"incomplete", wrapper_inetd, false, "a", "a stream tcp nowait\n", NULL, "1 incomplete \n"},
    {"commented out", wrapper_inetd, false, "a", "#a stream tcp nowait root /x/a a\n", NULL, ""},
    {"without a path behind tcpd", wrapper_inetd, true, "in.ftpd",
        "ftp stream tcp nowait root /t/tcpd in.ftpd -l\n",
        "ftp stream tcp nowait root /usr/sbin/in.ftpd in.ftpd -l\n", "1 restored in.ftpd\n"},
    {"flags behind the arguments: they count for what comes behind them", wrapper_xinetd, false,
        "a", "service a\n{\n\tserver = /x/b\n\tserver_args = c\n\tflags = IPv4\n}\n",
        "service a\n{\n\tserver = /usr/sbin/tcpd\n\tflags           = IPv4 NAMEINARGS NOLIBWRAP\n"
        "\tserver_args = /x/b c\n}\n",
        "1 changed /x/b\n"},
    {"flags behind the server, no arguments", wrapper_xinetd, false, "a",
        "service a\n{\nserver = /x/b\nflags = IPv4\n}\n",
        "service a\n{\nserver = /usr/sbin/tcpd\nflags           = IPv4 NAMEINARGS NOLIBWRAP\n"
        "server_args     = /x/b\n}\n",
        "1 changed /x/b\n"},
    {"a name in the arguments", wrapper_xinetd, false, "a",
        "service a\n{\n\tflags = NAMEINARGS\n\tserver = /x/b\n\tserver_args = b c\n}\n",
        "service a\n{\n\tflags = NAMEINARGS NOLIBWRAP\n\tserver = /usr/sbin/tcpd\n\tserver_args = "
        "/x/b c\n}\n",
        "1 changed /x/b\n"},
    {"another name in the arguments", wrapper_xinetd, false, "a",
        "service a\n{\n\tflags = NAMEINARGS\n\tserver = /x/b\n\tserver_args = c\n}\n", NULL,
        "1 name /x/b\n"},
    {"xinetd does it itself", wrapper_xinetd, false, "a", "service a\n{\n\ttype = INTERNAL\n}\n",
        NULL, "1 internal \n"},
    {"no server", wrapper_xinetd, false, "a", "service a\n{\n\tport = 1\n}\n", NULL,
        "1 incomplete \n"},
    {"a stream that waits", wrapper_xinetd, false, "a",
        "service a\n{\n\tsocket_type = stream\n\twait = yes\n\tserver = /x/b\n}\n", NULL,
        "1 listener /x/b\n"},
    {"tcpd with no argument", wrapper_xinetd, true, "a", "service a\n{\n\tserver = /t/tcpd\n}\n",
        NULL, "1 incomplete \n"},
    {"one that is meant is not there", wrapper_xinetd, false, "b",
        "service a\n{\n\tserver = /x/c\n}\n", NULL, ""},
};

static void
test_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct wrapper wrapper = wrapper_for(others[i].service, others[i].removes);
		const char *after = others[i].after != NULL ? others[i].after : others[i].before;

		begin();
		assert_true(
		    others[i].rewrite(&wrapper, others[i].before, strlen(others[i].before), &text));
		if (strcmp(text_storage, after) != 0 || strcmp(seen_storage, others[i].seen) != 0)
			print_message("%s\n", others[i].what);
		assert_string_equal(text_storage, after);
		assert_string_equal(seen_storage, others[i].seen);
	}
}

static void
test_force(void **state)
{
	static const char line[] = "a stream tcp nowait root /x/b other c\n";
	struct wrapper wrapper = wrapper_for("a", false);

	(void)state;
	begin();
	wrapper.is_forced = true;
	assert_true(wrapper_inetd(&wrapper, line, strlen(line), &text));
	assert_string_equal(text_storage, "a stream tcp nowait root /usr/sbin/tcpd /x/b c\n");
}

static const struct {
	const char *before, *command, *seen;
} units[] = {
    {"[Service]\nExecStart=-/x/sshd -i $OPTS\nStandardInput=socket\n",
        "-@/usr/sbin/tcpd /x/sshd -i $OPTS", "2 changed /x/sshd\n"},
    {"[Service]\nStandardInput=socket\nExecStart=@/x/a a b 'c d'\n", "@/usr/sbin/tcpd /x/a b 'c d'",
        "3 changed /x/a\n"},
    {"[Service]\nStandardInput=socket\nExecStart=!+/x/a\n", "!+@/usr/sbin/tcpd /x/a",
        "3 changed /x/a\n"},
    {"[Service]\nStandardInput=socket\nExecStart=\"/x/a\" b\n", "@/usr/sbin/tcpd \"/x/a\" b",
        "3 changed /x/a\n"},
    {"[Service]\nStandardInput=socket\nExecStart=@/t/tcpd /x/a\n", NULL, "3 wrapped /x/a\n"},
    {"[Service]\nStandardInput=socket\nExecStart=@/x/busybox ftpd\n", NULL, "3 name /x/busybox\n"},
    {"[Service]\nStandardInput=socket\nExecStart=/x/a\nExecStart=/x/b\n", NULL, "3 several /x/a\n"},
    {"[Service]\nExecStart=/x/a\n", NULL, "2 socket /x/a\n"},
    {"[Service]\nStandardInput=socket\n", NULL, "0 incomplete \n"},
};

static void
test_units(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct wrapper wrapper = wrapper_for("a", false);
		struct unit unit = {0}, after;
		char want[TEXT_MAX] = "";

		begin();
		unit_read(&unit, units[i].before, strlen(units[i].before));
		assert_true(wrapper_unit(&wrapper, &unit, &text));
		if (units[i].command != NULL)
			snprintf(want, sizeof want, "[Service]\nExecStart=\nExecStart=%s\n",
			    units[i].command);
		assert_string_equal(text_storage, want);
		assert_string_equal(seen_storage, units[i].seen);
		if (units[i].command == NULL)
			continue;
		/* Dropped in, it is tcpd's. */
		after = unit;
		unit_read(&after, text.bytes, text.len);
		assert_string_equal(after.path, "/usr/sbin/tcpd");
		assert_string_equal(after.first, unit.path);
	}
}

static void
test_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct wrapper wrapper = wrapper_for(cases[i].service, false);
		unsigned long failures = 1;

		for (long calls = 0; failures > 0; calls++) {
			bool ok;

			begin();
			alloc_fail_after(calls);
			ok = cases[i].rewrite(
			    &wrapper, cases[i].before, strlen(cases[i].before), &text);
			failures = alloc_fail_never();
			assert_int_equal(ok, failures == 0);
		}
		assert_string_equal(text_storage, cases[i].after);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_changes),
	    cmocka_unit_test(test_others),
	    cmocka_unit_test(test_force),
	    cmocka_unit_test(test_units),
	    cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
