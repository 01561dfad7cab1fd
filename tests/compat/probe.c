/*
 * NAME     probe - ask a libwrap.so.0 for verdicts
 * PURPOSE  Loads the library named on the command line, reads cases from standard input and
 *          answers each request with its verdict, the log lines it left and what it changed.
 *          The same program asks Debian's library and ours.
 * INVARIANTS  Nothing reaches the host's syslog or network (front.c). Each request starts from the
 *          same process state.
 * LIMITS   A message is at most MESSAGE_MAX: four lines of 1 MiB would fit, nobody sends more.
 * SEE      tests/compat/rig.py, the other end of the pipe.
 *
 * usage: probe [-f] [-s] LIBRARY
 *        -f: a process for each request; death is "no-return"
 *        -s: no command runs
 *
 * A message is u32 length, then fields of u8 key, u32 length, bytes (host byte order). A and D
 * name the tables; d u n a N V are daemon, user, client name and address, server name and
 * address; h is a client name that is told only when asked for; p is "FAMILY PORT" of the server;
 * r the value of `resident`; R how often to decide. Q runs the request; its answer
 * is u32 length, then three tab-separated texts: verdict, log lines joined by " // ", state.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "front.h"
#include "wrap.h"

enum {
	MESSAGE_MAX = 8 << 20,
	ANSWER_MAX = 2 << 10, /* a batch of answers must fit into the pipe */
	PROTOCOL_FD_MIN = 100, /* out of reach of a library that rearranges 0, 1 and 2 */
};

static struct wrap wrap;

/* Shared with the child that decides, so that what it logged outlives it. */
static struct answer {
	struct front_text text;
	char verdict[16], state[1024];
} * answer;

/* One request as the message spells it. */
struct message {
	const char *allow, *deny, *repeat;
	struct query query;
};

/* ---- one request ---- */

static void
reset_process(void)
{
	front_text = &answer->text;
	snprintf(answer->verdict, sizeof answer->verdict, "no-return");
	snprintf(answer->state, sizeof answer->state, "-");
	umask(022);
	unsetenv("TV");
}

static void
describe_state(const struct wrap_state *state)
{
	const char *env = getenv("TV");
	mode_t mask = umask(022);

	snprintf(answer->state, sizeof answer->state,
	    "uid=%d gid=%d umask=%o sev=%d/%d rfc=%d resident=%d ctx=%s:%d env=%s name=%s "
	    "user=%s dry=%d asked=%d asked_user=%d",
	    (int)getuid(), (int)getgid(), (unsigned)mask, state->allow_severity,
	    state->deny_severity, state->ident_timeout, state->resident,
	    state->file[0] != '\0' ? state->file : "(null)", state->line, env != NULL ? env : "-",
	    state->name, state->user, state->dry_run, state->asked, state->asked_user);
	for (char *s = answer->state; *s != '\0'; s++)
		if (*s == '\t' || *s == '\n')
			*s = '?';
}

static void
decide_once(const struct message *message)
{
	char allow[PATH_MAX], deny[PATH_MAX];
	struct wrap_state state;
	bool granted;

	reset_process();
	snprintf(allow, sizeof allow, "%s", message->allow);
	snprintf(deny, sizeof deny, "%s", message->deny);
	granted = wrap_decide(&wrap, &message->query, allow, deny, &state);
	describe_state(&state);
	snprintf(answer->verdict, sizeof answer->verdict, "%s", granted ? "granted" : "denied");
}

/* A resident process may not answer the same question differently. */
static void
decide_repeatedly(const struct message *message, int times)
{
	char first[sizeof(answer->verdict)];

	decide_once(message);
	snprintf(first, sizeof(first), "%s", answer->verdict);
	for (int i = 1; i < times; i++) {
		decide_once(message);
		if (strcmp(first, answer->verdict) != 0) {
			snprintf(answer->verdict, sizeof(answer->verdict), "unstable");
			return;
		}
	}
}

static void
decide(const struct message *message, bool forking)
{
	int times = message->repeat != NULL ? (int)strtol(message->repeat, NULL, 10) : 1, status;
	pid_t pid = forking ? fork() : 0;

	if (pid < 0) {
		perror("probe: fork");
		exit(2);
	}
	if (pid > 0) {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (WIFSIGNALED(status))
			snprintf(answer->verdict, sizeof(answer->verdict), "signal %d",
			    WTERMSIG(status));
		return;
	}
	decide_repeatedly(message, times);
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

/* Lines become one, joined by " // "; those that do not fit are left out. */
static void
join_lines(char joined[ANSWER_MAX])
{
	const char *line = answer->text.bytes, *end;
	size_t len = 0;

	joined[0] = '\0';
	for (; (end = strchr(line, '\n')) != NULL && len < ANSWER_MAX; line = end + 1) {
		int n = snprintf(joined + len, ANSWER_MAX - len, "%s%.*s", len > 0 ? " // " : "",
		    (int)(end - line), line);

		len += n > 0 ? (size_t)n : 0;
	}
	for (char *s = joined; (s = strchr(s, '\t')) != NULL;)
		*s = '?';
}

static void
send_answer(void)
{
	char joined[ANSWER_MAX], text[ANSWER_MAX + 2048];
	uint32_t len;
	int n;

	join_lines(joined);
	n = snprintf(text + sizeof len, sizeof text - sizeof len, "%s\t%s\t%s", answer->verdict,
	    joined, answer->state);
	len = (uint32_t)n;
	memcpy(text, &len, sizeof len);
	for (size_t done = 0; done < len + sizeof len;) {
		ssize_t sent = write(answers_fd, text + done, len + sizeof len - done);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			exit(2);
		done += (size_t)sent;
	}
}

static const char **
slot(struct message *message, char key)
{
	static const char field_keys[] = {
	    [ABI_DAEMON] = 'd',
	    [ABI_USER] = 'u',
	    [ABI_CLIENT_NAME] = 'n',
	    [ABI_CLIENT_ADDR] = 'a',
	    [ABI_SERVER_NAME] = 'N',
	    [ABI_SERVER_ADDR] = 'V',
	    [ABI_SERVER_SIN] = 'p',
	};

	for (size_t i = 0; i < sizeof field_keys; i++)
		if (field_keys[i] == key)
			return &message->query.fields[i];
	switch (key) {
	case 'A':
		return &message->allow;
	case 'D':
		return &message->deny;
	case 'R':
		return &message->repeat;
	case 'h':
		return &message->query.told_name;
	case 'i':
		return &message->query.told_user;
	case 'r':
		return &message->query.resident;
	default:
		return NULL;
	}
}

/* Each field's text is ended in place: the byte after it is the key of the next, already read. */
static bool
run_message(char *text, size_t len, bool forking)
{
	struct message message = {.allow = "/nonexistent", .deny = "/nonexistent"};

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
			decide(&message, forking);
			send_answer();
			message.query = (struct query){.resident = NULL};
		} else if (slot(&message, key) != NULL) {
			*slot(&message, key) = text + at;
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
	bool forking = false, standing_in = false;
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
	answer =
	    mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (answer == MAP_FAILED) {
		perror("probe: mmap");
		return 2;
	}
	wrap_load(&wrap, argv[optind], RTLD_GLOBAL);
	front_shell = standing_in ? NULL : wrap.shell_cmd;
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
