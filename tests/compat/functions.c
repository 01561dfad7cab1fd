/*
 * NAME     functions - what each public function answers
 * PURPOSE  Calls the parts of libwrap that are not the decision, and prints what came of it. Run once
 *          with Debian's library and once with ours (LD_LIBRARY_PATH); 0103-functions.py compares.
 * INVARIANTS  Nothing is looked up, nothing is sent. Logs and sleeps end here.
 * SEE      hosts_access(3)
 */
#define INET6

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <tcpd.h>
#include <unistd.h>

#include "log_front.h"

#define EXPORTED __attribute__((visibility("default")))
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Exported of old, though in no header. */
void fix_options(struct request_info *);
unsigned long cidr_mask_addr(char *);

/* ---- what stands in front of libc ---- */

void
log_front_take(int priority, const char *format, va_list args)
{
	printf("  log %d ", priority);
	vprintf(format, args);
	putchar('\n');
}

EXPORTED unsigned int
sleep(unsigned int seconds)
{
	(void)seconds; /* how long a client is kept is a known difference */
	return 0;
}

/* ---- texts ---- */

static void
try_split(void)
{
	static const char *const texts[] = {"a:b", "a", "", ":", "[::1]:x", "a[b:c",
	    "]a:b:", "[[:]:]:z", "a[:]b:c", "x]:y", "a::b"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		char text[32], *rest;

		snprintf(text, sizeof text, "%s", texts[i]);
		rest = split_at(text, ':');
		printf("split_at %s = %s | %s\n", texts[i], text, rest != NULL ? rest : "(null)");
	}
}

static void
try_numbers(void)
{
	static const char *const quads[] = {"1.2.3.4", "0.0.0.0", "255.255.255.255", "1.2.3",
	    "1.2.3.4.5", "", "1..2.3", "1.2.3.4 x", "01.2.3.4", "0x1.2.3.4", "256.1.1.1", "a.b.c.d",
	    ".1.2.3.4", "1.2.3.4.", "1.2.3.x", " 1.2.3.4"};
	static const char *const lengths[] = {
	    "0", "1", "8", "31", "32", "33", "-1", "+8", " 8", "8x", "", "x", "08", "99999999999"};

	for (size_t i = 0; i < COUNT(quads); i++) {
		char text[32];

		snprintf(text, sizeof text, "%s", quads[i]);
		printf("dot_quad_addr %s = %lx\n", text, dot_quad_addr(text));
	}
	for (size_t i = 0; i < COUNT(lengths); i++) {
		char text[32];

		snprintf(text, sizeof text, "%s", lengths[i]);
		printf("cidr_mask_addr %s = %lx\n", text, cidr_mask_addr(text));
	}
}

static void
try_percent_m(void)
{
	static const char *const texts[] = {"", "%m", "a %m b %m", "%%m", "%", "100%", "%x%m"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		char in[32], out[256];

		snprintf(in, sizeof in, "%s", texts[i]);
		errno = ENOENT;
		printf("percent_m %s = %s\n", in, percent_m(out, in));
	}
}

static void
try_lines(void)
{
	static const char *const texts[] = {"one\ntwo\n", "one", "a\\\nb\nc\n", "a\\",
	    "\\\n\\\nx\n", "\n\n", "0123456789\n", "012345678\\\n9\n", "a\\\\\nb\n", "a\\\n"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		for (int size = 2; size <= 16; size += 5) {
			FILE *file = fmemopen((void *)(uintptr_t)texts[i], strlen(texts[i]), "r");
			char line[16];

			tcpd_context.line = 0;
			for (int n = 0; n < 20 && xgets(line, size, file) != NULL; n++)
				printf("xgets %zu size %d: <%s> line %d\n", i, size, line,
				    tcpd_context.line);
			fclose(file);
		}
	}
	tcpd_context.line = 0;
}

/* ---- requests ---- */

static void
show(const struct request_info *request)
{
	printf("  fd %d user <%s> daemon <%s> pid %d\n", request->fd, request->user,
	    request->daemon, strtol(request->pid, NULL, 10) == (long)getpid());
	printf("  client <%s> <%s> %d %d server <%s> <%s> %d %d\n", request->client->name,
	    request->client->addr, request->client->sin != NULL,
	    request->client->request == request, request->server->name, request->server->addr,
	    request->server->sin != NULL, request->server->request == request);
	printf("  methods %d %d sink %d\n", request->hostname != NULL, request->hostaddr != NULL,
	    request->sink != NULL);
}

static void
try_requests(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	struct request_info request;
	char longer[200];

	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	memset(&request, 0xa5, sizeof request);
	printf("request_init returns it: %d\n", request_init(&request, 0) == &request);
	show(&request);
	request_init(&request, RQ_DAEMON, "d", RQ_USER, "u", RQ_CLIENT_NAME, "cn", RQ_CLIENT_ADDR,
	    "ca", RQ_SERVER_NAME, "sn", RQ_SERVER_ADDR, "sa", RQ_FILE, 7, RQ_CLIENT_SIN, &sin,
	    RQ_SERVER_SIN, &sin, 0);
	show(&request);
	request_set(&request, RQ_DAEMON, longer, RQ_USER, "", -5);
	show(&request);
	request_set(&request, RQ_USER, "before", 99, "lost", RQ_DAEMON, "lost", 0);
	show(&request);
}

static void
try_evals(void)
{
	static const struct {
		const char *daemon, *user, *name, *addr, *server_name, *server_addr;
	} cases[] = {
	    {"d", "", "", "", "", ""},
	    {"d", "bob", "host", "1.2.3.4", "srv", "5.6.7.8"},
	    {"d", "unknown", "unknown", "1.2.3.4", "unknown", "unknown"},
	    {"d", "UNKNOWN", "paranoid", "1.2.3.4", "paranoid", "5.6.7.8"},
	    {"d", "bob", "", "1.2.3.4", "", "5.6.7.8"},
	    {"d", "bob", "unknown", "unknown", "", "unknown"},
	    {"", "a@b", "Paranoid", "::1", "s", ""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct request_info request;
		char out[256], in[] = "%a %A %c %d %h %H %n %N %r %R %s %u %% %z %";

		request_init(&request, RQ_DAEMON, cases[i].daemon, RQ_USER, cases[i].user,
		    RQ_CLIENT_NAME, cases[i].name, RQ_CLIENT_ADDR, cases[i].addr, RQ_SERVER_NAME,
		    cases[i].server_name, RQ_SERVER_ADDR, cases[i].server_addr, 0);
		printf("eval %zu: client <%s>", i, eval_client(&request));
		printf(
		    " server <%s> info <%s>", eval_server(&request), eval_hostinfo(request.client));
		printf(" name <%s> addr <%s>", eval_hostname(request.client),
		    eval_hostaddr(request.client));
		printf(" user <%s>\n", eval_user(&request));
		show(&request);
		printf("percent_x %zu: <%s>\n", i, percent_x(out, sizeof out, in, &request));
	}
}

static void
try_addresses(void)
{
	static const char *const texts[] = {"127.0.0.1", "0.0.0.0", "255.255.255.255", "::1",
	    "::", "2001:db8::1", "::ffff:10.1.2.3", "::10.1.2.3", "fe80::1", "1:0:0:2:0:0:0:3"};
	struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = "/x"};
	struct request_info request;

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(80)};
		struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
		struct sockaddr *sa = (struct sockaddr *)&sin;

		if (inet_pton(AF_INET, texts[i], &sin.sin_addr) != 1) {
			inet_pton(AF_INET6, texts[i], &sin6.sin6_addr);
			sa = (struct sockaddr *)&sin6;
		}
		request_init(&request, RQ_CLIENT_SIN, sa, 0);
		sock_methods(&request);
		printf("address %s = %s port %s\n", texts[i], eval_hostaddr(request.client),
		    eval_port(sa));
	}
	request_init(&request, RQ_CLIENT_SIN, &path, 0);
	sock_methods(&request);
	printf("address of a path = %s\n", eval_hostaddr(request.client));
	printf("no address: %s port %s\n", eval_hostaddr(request.server), eval_port(NULL));
}

/* ---- options ---- */

static void
try_tail(const char *what, const char *tail)
{
	struct request_info request;
	char text[64];
	volatile int came;

	request_init(&request, RQ_DAEMON, "true", RQ_CLIENT_ADDR, "1.2.3.4", 0);
	snprintf(text, sizeof text, "%s", tail);
	tcpd_context.line = 7;
	resident = 0;
	printf("%s <%s>\n", what, text);
	came = setjmp(tcpd_buf);
	if (came == 0)
		process_options(text, &request);
	printf("  %s %d severities %d %d timeout %d umask %o TV %s\n",
	    came == 0 ? "returns" : "jumps", came, allow_severity, deny_severity, rfc931_timeout,
	    (unsigned)umask(022), getenv("TV") != NULL ? getenv("TV") : "-");
	allow_severity = 6;
	deny_severity = 4;
	rfc931_timeout = 10;
	unsetenv("TV");
}

static void
try_options(void)
{
	static const char *const tails[] = {"", " ", "allow", "deny",
	    "allow:", "severity info:", "severity info:\n", "severity info::allow",
	    "severity info : ", ":", "::", "severity warn", "twist", "nice", "setenv A=B",
	    "rfc931 3", "umask 022", "allow\n", "setenv TV %d : deny", "linger 5", "keepalive",
	    "banners /nonexistent", "frob", "spawn exit 3", "spawn %d", "umask 077 : allow",
	    "severity mail.info : deny", "deny : allow", "severity x.info", "severity mail.y",
	    "severity x.y", "severity mail.info.z", "severity .info", "severity mail."};
	static char file[] = "FILE";

	for (size_t i = 0; i < COUNT(tails); i++) {
		tcpd_context.file = NULL;
		hosts_access_verbose = 0;
		try_tail("process_options", tails[i]);
		tcpd_context.file = file;
		hosts_access_verbose = 2;
		try_tail("process_options", tails[i]);
	}
	tcpd_context.file = NULL;
	hosts_access_verbose = 0;
}

/* The second kind ends in a "no", and nothing behind it decides. */
static void
try_commands(void)
{
	static const char *const decided[] = {"aclexec exit 0",
	    "aclexec exit 0:", "aclexec exit 0 : umask 077", "aclexec exit 0 : deny",
	    "aclexec exit 1 : allow", "aclexec exit 1 : umask 077 : allow",
	    "aclexec exit 1 : severity mail.info : deny", "aclexec exit 1 : aclexec exit 0",
	    "aclexec exit 1 : frob", "aclexec exit 1 : twist", "aclexec exit 1 :: allow",
	    "aclexec exit 0 :: allow", "aclexec", "frob : aclexec exit 1"};
	static const char *const says_no[] = {"aclexec exit 1",
	    "aclexec exit 3:", "aclexec exit 1 : umask 077", "aclexec exit 0 : aclexec exit 1",
	    "aclexec exit 1 : severity mail.info : setenv TV %d"};

	for (size_t i = 0; i < COUNT(decided); i++)
		try_tail("process_options:command", decided[i]);
	for (size_t i = 0; i < COUNT(says_no); i++)
		try_tail("process_options:no", says_no[i]);
}

/* In a dry run twist only says that it would have been one, also where it could not be. */
static void
try_dry_twist(void)
{
	static const int values[] = {-1, 0, 1};

	for (size_t i = 0; i < COUNT(values); i++) {
		struct request_info request;
		char text[] = "twist /bin/echo";
		volatile int came;

		request_init(&request, RQ_DAEMON, "true", RQ_CLIENT_ADDR, "1.2.3.4", 0);
		resident = values[i];
		dry_run = 1;
		came = setjmp(tcpd_buf);
		if (came == 0)
			process_options(text, &request);
		printf("dry twist, resident %d: %s, dry_run %d\n", resident,
		    came == 0 ? "returns" : "jumps", dry_run);
	}
	resident = -1;
	dry_run = 0;
}

static void
try_warnings(void)
{
	static char file[] = "FILE";
	volatile int came;

	for (int i = 0; i < 2; i++) {
		tcpd_context.file = i == 0 ? NULL : file;
		tcpd_context.line = 3;
		errno = ENOENT;
		tcpd_warn("number %d, text %s, %m", 5, "x");
		came = setjmp(tcpd_buf);
		if (came == 0)
			tcpd_jump("number %d, text %s", 6, "y");
		printf("tcpd_jump jumps %d\n", came);
	}
	tcpd_context.file = NULL;
}

/* ---- ends of processes ---- */

static void
in_child(const char *name, void (*run)(void))
{
	int status;
	pid_t pid;

	printf("%s\n", name);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		run();
		printf("  came back\n");
		fflush(stdout);
		_exit(99);
	}
	waitpid(pid, &status, 0);
	printf("  status %d signal %d\n", WEXITSTATUS(status),
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

enum { NOBODY = 65534 };

static void
run_refuse(void)
{
	struct request_info request;

	/* Of root's refusals the host keeps a count. */
	if (setuid(NOBODY) != 0 && getuid() == 0)
		printf("  still root\n");
	request_init(&request, RQ_DAEMON, "d", RQ_CLIENT_NAME, "h", RQ_CLIENT_ADDR, "1.2.3.4", 0);
	refuse(&request);
}

static void
run_clean_exit(void)
{
	struct request_info request;

	request_init(&request, 0);
	clean_exit(&request);
}

static void
run_overlong(void)
{
	struct request_info request;
	/* Debian's tells what stands there, ended or not. */
	char out[12] = "", in[] = "%a%a%a";

	request_init(&request, RQ_CLIENT_ADDR, "1.2.3.4", 0);
	percent_x(out, sizeof out, in, &request);
}

static void
run_shell(void)
{
	char command[] =
	    "echo to stdout; echo to stderr >&2; read x; [ -z \"$x\" ] && touch \"$FLAG\"";
	char flag[] = "/tmp/functions-XXXXXX";
	int fd = mkstemp(flag);

	close(fd);
	unlink(flag);
	setenv("FLAG", flag, 1);
	shell_cmd(command);
	printf("  the command ran: %d\n", access(flag, F_OK) == 0);
	unlink(flag);
}

static void
run_fix_options(void)
{
	struct request_info request;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0) {
		request_init(&request, RQ_FILE, ends[0], 0);
		fix_options(&request);
	}
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	try_split();
	try_numbers();
	try_percent_m();
	try_lines();
	try_requests();
	try_evals();
	try_addresses();
	try_options();
	try_commands();
	try_dry_twist();
	try_warnings();
	in_child("refuse", run_refuse);
	in_child("clean_exit", run_clean_exit);
	in_child("percent_x of too much", run_overlong);
	in_child("shell_cmd", run_shell);
	in_child("fix_options of a path", run_fix_options);
	printf("texts <%s> <%s> tables <%s> <%s> verbose %d timeout %d dry %d\n", unknown, paranoid,
	    hosts_allow_table, hosts_deny_table, hosts_access_verbose, rfc931_timeout, dry_run);
	return 0;
}
