/*
 * NAME     probe - ask a libwrap.so.0 for verdicts
 * PURPOSE  Loads the library named on the command line, reads cases from standard input and
 *          answers each request with its verdict, the log lines it left and what it changed.
 *          The same program asks Debian's library and ours.
 * INVARIANTS  The library logs, sleeps and asks for users through the functions defined here:
 *          they stand in front of libc's, so nothing reaches the host's syslog or network.
 *          Each request starts from the same process state.
 * LIMITS   A message is at most MESSAGE_MAX: four lines of 1 MiB would fit, nobody sends more.
 * SEE      tests/compat/rig.py, the other end of the pipe.
 *
 * usage: probe [-f] [-s] LIBRARY
 *        -f: a process for each request; death is "no-return"
 *        -s: stand in for shell_cmd, so that no command runs
 *
 * A message is u32 length, then fields of u8 key, u32 length, bytes (host byte order). A and D
 * name the tables; d u n a N V are daemon, user, client name and address, server name and
 * address; h is a client name that is told only when asked for; p is "FAMILY PORT" of the server;
 * r the value of `resident`; R how often to decide. Q runs the request; its answer is u32 length, then three tab-separated
 * texts: verdict, log lines joined by " // ", state.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "abi.h"

#define EXPORTED __attribute__((visibility("default")))

enum {
	MESSAGE_MAX = 8 << 20,
	ANSWER_MAX = 2 << 10, /* a batch of answers must fit into the pipe */
	PROTOCOL_FD_MIN = 100, /* out of reach of a library that rearranges 0, 1 and 2 */
	DEFAULT_ALLOW_SEVERITY = LOG_INFO,
	DEFAULT_DENY_SEVERITY = LOG_WARNING,
	DEFAULT_IDENT_TIMEOUT = 10,
};

/* What the library under test offers. */
static struct {
	struct request_info *(*request_init)(struct request_info *, ...);
	struct request_info *(*request_set)(struct request_info *, ...);
	int (*hosts_access)(struct request_info *);
	void (*shell_cmd)(char *);
	char **allow_table, **deny_table;
	int *allow_severity, *deny_severity, *ident_timeout, *resident, *dry_run, *verbose;
	struct abi_context *context;
} wrap;

/* Shared with the child that decides, so that what it logged outlives it. */
static struct answer {
	size_t len;
	char text[ANSWER_MAX];
	char verdict[16], state[1024];
} *answer;

/* One request as the message spells it; a NULL was not given. */
struct query {
	const char *allow, *deny, *daemon, *user, *name, *addr, *server_name, *server_addr;
	const char *told_name, *told_user, *server_port, *resident, *repeat;
};

static const char *told_name, *told_user;
static int asked, asked_user;
static bool standing_in;

/* ---- what stands in front of libc ---- */

static void
note(const char *text)
{
	size_t room = sizeof(answer->text) - answer->len;
	int n = snprintf(answer->text + answer->len, room, "%s%s", answer->len ? " // " : "", text);

	if (n > 0)
		answer->len += (size_t)n < room ? (size_t)n : room - 1;
}

__attribute__((format(printf, 2, 0))) static void
note_log(int priority, const char *format, va_list args)
{
	char text[4096], line[4200];

	vsnprintf(text, sizeof(text), format, args);
	for (char *s = text; *s != '\0'; s++)
		if (*s == '\t' || *s == '\n')
			*s = '?';
	snprintf(line, sizeof(line), "SYSLOG<%d.%d> %s", LOG_FAC(priority), LOG_PRI(priority), text);
	note(line);
}

/*
 * Named apart in C, because a fortified <syslog.h> makes macros and inline functions of the
 * names; the __ ones are what a fortified library calls.
 */
EXPORTED void front_syslog(int, const char *, ...) __asm__("syslog");
EXPORTED void front_vsyslog(int, const char *, va_list) __asm__("vsyslog");
EXPORTED void front_syslog_chk(int, int, const char *, ...) __asm__("__syslog_chk");
EXPORTED void front_vsyslog_chk(int, int, const char *, va_list) __asm__("__vsyslog_chk");

__attribute__((format(printf, 2, 0))) void
front_vsyslog(int priority, const char *format, va_list args)
{
	note_log(priority, format, args);
}

__attribute__((format(printf, 2, 3))) void
front_syslog(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note_log(priority, format, args);
	va_end(args);
}

__attribute__((format(printf, 3, 0))) void
front_vsyslog_chk(int priority, int flag, const char *format, va_list args)
{
	(void)flag;
	note_log(priority, format, args);
}

__attribute__((format(printf, 3, 4))) void
front_syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	note_log(priority, format, args);
	va_end(args);
}

EXPORTED unsigned int
sleep(unsigned int seconds)
{
	char line[32];

	snprintf(line, sizeof(line), "SLEEP %u", seconds);
	note(line);
	return 0;
}

/* Old programs bring functions of their own, and the library has to call those. */
EXPORTED void shell_cmd(char *command);
EXPORTED void rfc931(struct sockaddr *remote, struct sockaddr *local, char *ret_user);

void
shell_cmd(char *command)
{
	char line[1100];

	snprintf(line, sizeof(line), "SHELL %.1000s", command);
	if (standing_in)
		note(line);
	else
		wrap.shell_cmd(command);
}

void
rfc931(struct sockaddr *remote, struct sockaddr *local, char *ret_user)
{
	(void)remote;
	(void)local;
	asked_user++;
	snprintf(ret_user, ABI_TEXT, "%s", told_user != NULL ? told_user : "unknown");
}

/* The name method of a request: the name is known, but only to who asks. */
static void
tell_name(struct host_info *host)
{
	asked++;
	snprintf(host->name, sizeof(host->name), "%s",
	    host == host->request->client && told_name != NULL ? told_name : "unknown");
}

static void
tell_nothing(struct host_info *host)
{
	snprintf(host->addr, sizeof(host->addr), "unknown");
}

/* ---- the library ---- */

static void
find(void *library, const char *name, void *ret_pointer)
{
	void *found = dlsym(library, name);

	if (found == NULL) {
		fprintf(stderr, "probe: %s\n", dlerror());
		exit(2);
	}
	memcpy(ret_pointer, &found, sizeof(found));
}

static void
load(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);

	if (library == NULL) {
		fprintf(stderr, "probe: %s\n", dlerror());
		exit(2);
	}
	find(library, "request_init", &wrap.request_init);
	find(library, "request_set", &wrap.request_set);
	find(library, "hosts_access", &wrap.hosts_access);
	find(library, "shell_cmd", &wrap.shell_cmd);
	find(library, "hosts_allow_table", &wrap.allow_table);
	find(library, "hosts_deny_table", &wrap.deny_table);
	find(library, "allow_severity", &wrap.allow_severity);
	find(library, "deny_severity", &wrap.deny_severity);
	find(library, "rfc931_timeout", &wrap.ident_timeout);
	find(library, "resident", &wrap.resident);
	find(library, "dry_run", &wrap.dry_run);
	find(library, "hosts_access_verbose", &wrap.verbose);
	find(library, "tcpd_context", &wrap.context);
}

/* ---- one request ---- */

static void
reset_process(const struct query *query)
{
	answer->len = 0;
	answer->text[0] = '\0';
	snprintf(answer->verdict, sizeof(answer->verdict), "no-return");
	snprintf(answer->state, sizeof(answer->state), "-");
	asked = asked_user = 0;
	told_name = query->told_name;
	told_user = query->told_user;
	umask(022);
	unsetenv("TV");
	*wrap.allow_severity = DEFAULT_ALLOW_SEVERITY;
	*wrap.deny_severity = DEFAULT_DENY_SEVERITY;
	*wrap.ident_timeout = DEFAULT_IDENT_TIMEOUT;
	*wrap.resident = query->resident != NULL ? (int)strtol(query->resident, NULL, 10) : -1;
	*wrap.dry_run = 0;
	wrap.context->file = NULL;
	wrap.context->line = 0;
}


static void
build_request(struct request_info *request, const struct query *query,
    struct sockaddr_storage ends[2])
{
	const struct {
		enum abi_key key;
		const char *text;
	} texts[] = {
	    {ABI_DAEMON, query->daemon},
	    {ABI_USER, query->user},
	    {ABI_CLIENT_NAME, query->name},
	    {ABI_CLIENT_ADDR, query->addr},
	    {ABI_SERVER_NAME, query->server_name},
	    {ABI_SERVER_ADDR, query->server_addr},
	};
	struct sockaddr_in *client = (void *)&ends[0], *server = (void *)&ends[1];
	unsigned family, port;

	wrap.request_init(request, ABI_FILE, -1, ABI_END);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].text != NULL)
			wrap.request_set(request, texts[i].key, texts[i].text, ABI_END);
	if (query->told_name != NULL) {
		request->hostname = tell_name;
		request->hostaddr = tell_nothing;
	}
	if (query->told_user != NULL) {
		client->sin_family = server->sin_family = AF_INET;
		request->client->sin = (struct sockaddr *)client;
		request->server->sin = (struct sockaddr *)server;
	}
	if (query->server_port != NULL && sscanf(query->server_port, "%u %u", &family, &port) == 2) {
		server->sin_family = (sa_family_t)family;
		server->sin_port = htons((uint16_t)port);
		request->server->sin = (struct sockaddr *)server;
	}
}

static void
describe_state(const struct request_info *request)
{
	const char *env = getenv("TV");
	mode_t mask = umask(022);

	snprintf(answer->state, sizeof(answer->state),
	    "uid=%d gid=%d umask=%o sev=%d/%d rfc=%d resident=%d ctx=%s:%d env=%s name=%.127s "
	    "user=%.127s dry=%d asked=%d asked_user=%d",
	    (int)getuid(), (int)getgid(), (unsigned)mask, *wrap.allow_severity,
	    *wrap.deny_severity, *wrap.ident_timeout, *wrap.resident,
	    wrap.context->file != NULL ? wrap.context->file : "(null)", wrap.context->line,
	    env != NULL ? env : "-", request->client->name, request->user, *wrap.dry_run, asked,
	    asked_user);
	for (char *s = answer->state; *s != '\0'; s++)
		if (*s == '\t' || *s == '\n')
			*s = '?';
}

static void
decide_once(const struct query *query)
{
	struct sockaddr_storage ends[2] = {{.ss_family = 0}};
	struct request_info request;
	char allow[PATH_MAX], deny[PATH_MAX];
	int granted;

	reset_process(query);
	snprintf(allow, sizeof(allow), "%s", query->allow);
	snprintf(deny, sizeof(deny), "%s", query->deny);
	*wrap.allow_table = allow;
	*wrap.deny_table = deny;
	build_request(&request, query, ends);
	granted = wrap.hosts_access(&request);
	describe_state(&request);
	wrap.context->file = NULL;
	snprintf(answer->verdict, sizeof(answer->verdict), "%s", granted ? "granted" : "denied");
}

/* A resident process may not answer the same question differently. */
static void
decide_repeatedly(const struct query *query, int times)
{
	char first[sizeof(answer->verdict)];

	decide_once(query);
	snprintf(first, sizeof(first), "%s", answer->verdict);
	for (int i = 1; i < times; i++) {
		decide_once(query);
		if (strcmp(first, answer->verdict) != 0) {
			snprintf(answer->verdict, sizeof(answer->verdict), "unstable");
			return;
		}
	}
}

static void
decide(const struct query *query, bool forking)
{
	int times = query->repeat != NULL ? (int)strtol(query->repeat, NULL, 10) : 1, status;
	pid_t pid = forking ? fork() : 0;

	if (pid < 0) {
		perror("probe: fork");
		exit(2);
	}
	if (pid > 0) {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (WIFSIGNALED(status))
			snprintf(answer->verdict, sizeof(answer->verdict), "signal %d", WTERMSIG(status));
		return;
	}
	decide_repeatedly(query, times);
	if (forking)
		_exit(0);
}

/* ---- the pipe ---- */

static int requests_fd, answers_fd;

static bool
read_all(void *into, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = read(requests_fd, (char *)into + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static void
send_answer(void)
{
	char text[ANSWER_MAX + 2048];
	uint32_t len;
	int n = snprintf(text + sizeof(len), sizeof(text) - sizeof(len), "%s\t%s\t%s",
	    answer->verdict, answer->text, answer->state);

	len = (uint32_t)n;
	memcpy(text, &len, sizeof(len));
	for (size_t done = 0; done < len + sizeof(len);) {
		ssize_t sent = write(answers_fd, text + done, len + sizeof(len) - done);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			exit(2);
		done += (size_t)sent;
	}
}

static const char **
slot(struct query *query, char key)
{
	switch (key) {
	case 'A': return &query->allow;
	case 'D': return &query->deny;
	case 'd': return &query->daemon;
	case 'u': return &query->user;
	case 'n': return &query->name;
	case 'a': return &query->addr;
	case 'N': return &query->server_name;
	case 'V': return &query->server_addr;
	case 'h': return &query->told_name;
	case 'i': return &query->told_user;
	case 'p': return &query->server_port;
	case 'r': return &query->resident;
	case 'R': return &query->repeat;
	default: return NULL;
	}
}

/* Each field's text is ended in place: the byte after it is the key of the next, already read. */
static bool
run_message(char *text, size_t len, bool forking)
{
	struct query query = {.allow = "/nonexistent", .deny = "/nonexistent"};

	for (size_t at = 0; at < len;) {
		char key = text[at];
		uint32_t size;

		text[at] = '\0';
		if (len - at < 1 + sizeof(size))
			return false;
		memcpy(&size, text + at + 1, sizeof(size));
		at += 1 + sizeof(size);
		if (size > len - at)
			return false;
		if (key == 'Q') {
			const char *allow = query.allow, *deny = query.deny, *repeat = query.repeat;

			decide(&query, forking);
			send_answer();
			query = (struct query){.allow = allow, .deny = deny, .repeat = repeat};
		} else if (slot(&query, key) != NULL) {
			*slot(&query, key) = text + at;
		} else {
			return false;
		}
		at += size;
	}
	return true;
}

/* The pipes move out of the way, and the library finds nothing of ours on 0 and 1. */
static void
hide_pipes(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	requests_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, PROTOCOL_FD_MIN);
	answers_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, PROTOCOL_FD_MIN);
	if (null < 0 || requests_fd < 0 || answers_fd < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0) {
		perror("probe");
		exit(2);
	}
	close(null);
}

int
main(int argc, char **argv)
{
	static char message[MESSAGE_MAX];
	bool forking = false;
	uint32_t len;
	int option;

	while ((option = getopt(argc, argv, "fs")) != -1) {
		forking = forking || option == 'f';
		standing_in = standing_in || option == 's';
	}
	if (optind != argc - 1) {
		fprintf(stderr, "usage: probe [-f] [-s] LIBRARY\n");
		return 2;
	}
	answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (answer == MAP_FAILED) {
		perror("probe: mmap");
		return 2;
	}
	load(argv[optind]);
	hide_pipes();
	while (read_all(&len, sizeof(len))) {
		if (len >= MESSAGE_MAX || !read_all(message, len)) {
			fprintf(stderr, "probe: bad length\n");
			return 2;
		}
		message[len] = '\0';
		if (!run_message(message, len, forking)) {
			fprintf(stderr, "probe: bad message\n");
			return 2;
		}
	}
	return 0;
}
