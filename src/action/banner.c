/*
 * NAME     banner - greet the client with a file
 * INVARIANTS  Only a regular file directly in the directory is read. Sending neither blocks for
 *          ever nor raises SIGPIPE on a socket; whether the client listens changes nothing.
 * LIMITS   LINE_BYTES of a line at a time, EXPAND_BANNER_MAX of what it expands to, and
 *          BANNER_WAIT_MS in all. A file may be of any length.
 * SEE      hosts_options(5) banners
 */
#include "action/banner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 8190 }; /* as in the original; a longer line is expanded in pieces */

struct sender {
	const struct action_env *env;
	const char *directory;
	int64_t deadline_ms;
	struct buf line; /* expanded */
	bool gone; /* the client does not take any more */
};

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- to the client ---- */

/* Until the client takes more. False: it does not. */
static bool
wait_writable(const struct sender *sender)
{
	struct pollfd client = {.fd = sender->env->fd, .events = POLLOUT};
	int64_t left_ms = sender->deadline_ms - now_ms();
	int ready;

	do {
		ready = left_ms < 0 ? 0 : poll(&client, 1, (int)left_ms);
		left_ms = sender->deadline_ms - now_ms();
	} while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* What a descriptor takes without blocking. No socket: a tool shows the banner on a terminal or
 * pipe, where poll promises room for PIPE_BUF bytes. */
static ssize_t
put(int fd, const char *bytes, size_t len)
{
	ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0 && errno == ENOTSOCK)
		return write(fd, bytes, len < PIPE_BUF ? len : PIPE_BUF);
	return sent;
}

static void
send_all(struct sender *sender, const char *bytes, size_t len)
{
	while (len > 0 && !sender->gone) {
		ssize_t sent;

		if (!wait_writable(sender)) {
			sender->gone = true;
			return;
		}
		sent = put(sender->env->fd, bytes, len);
		if (sent >= 0) {
			bytes += sent;
			len -= (size_t)sent;
		} else if (errno != EINTR && errno != EAGAIN) {
			sender->gone = true;
		}
	}
}

/* ---- from the file ---- */

static void
warn(
    const struct sender *sender, const struct diag *place, enum diag_code code, const char *subject)
{
	struct diag diag = *place;

	diag.error = errno;
	diag_set(&diag, code, subject, strlen(subject));
	sender->env->report(sender->env->ctx, &diag);
}

static void
warn_file(const struct sender *sender, const struct diag *place, enum diag_code code)
{
	char storage[DIAG_ARG_MAX];
	struct buf path;

	buf_init(&path, storage, sizeof storage, sizeof storage - 1);
	if (!buf_add_str(&path, sender->directory) || !buf_add_char(&path, '/') ||
	    !buf_add_str(&path, sender->env->daemon))
		warn(sender, place, code, sender->env->daemon);
	else
		warn(sender, place, code, path.bytes);
}

/* One line, or a piece of a long one. False: an expansion failed. */
static bool
send_line(struct sender *sender, const char *line, size_t len, struct diag *ret)
{
	bool ended = len > 0 && line[len - 1] == '\n';

	buf_clear(&sender->line);
	if (!expand(sender->env->expander, line, len - ended, &sender->line, ret))
		return false;
	/* One call a line, as far as it goes: a client may print as it reads. */
	if (ended && buf_add(&sender->line, "\r\n", 2))
		ended = false;
	send_all(sender, sender->line.bytes, sender->line.len);
	if (ended)
		send_all(sender, "\r\n", 2);
	return true;
}

/* Send what is complete in chunk: leading NUL bytes one by one, then lines. Returns how many bytes
 * are done, or -1: an expansion failed. */
static ssize_t
send_chunk(struct sender *sender, const char *chunk, size_t len, bool *leading, struct diag *ret)
{
	size_t done = 0;

	for (; *leading && done < len && chunk[done] == '\0'; done++)
		send_all(sender, "", 1);
	*leading = done == len;
	while (done < len && !sender->gone) {
		const char *newline = memchr(chunk + done, '\n', len - done);
		size_t line = newline != NULL ? (size_t)(newline - chunk) + 1 - done : len - done;

		if (newline == NULL && (done > 0 || len < LINE_BYTES))
			break;
		if (!send_line(sender, chunk + done, line, ret))
			return -1;
		done += line;
	}
	return (ssize_t)done;
}

static bool
send_file(struct sender *sender, int file, struct diag *ret)
{
	char chunk[LINE_BYTES];
	size_t len = 0;
	bool leading = true;

	while (!sender->gone) {
		ssize_t got = read(file, chunk + len, sizeof chunk - len), done;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			warn_file(sender, ret, DIAG_BANNER_FAILED);
		if (got <= 0)
			break;
		len += (size_t)got;
		done = send_chunk(sender, chunk, len, &leading, ret);
		if (done < 0)
			return false;
		len -= (size_t)done;
		memmove(chunk, chunk + done, len);
	}
	return len == 0 || sender->gone || send_line(sender, chunk, len, ret);
}

/* -1: there is none to send; reported if that is worth a word. */
static int
open_file(const struct sender *sender, const struct diag *place)
{
	const char *daemon = sender->env->daemon;
	int at, file;
	struct stat st;

	if (*daemon == '\0' || strchr(daemon, '/') != NULL || strcmp(daemon, ".") == 0 ||
	    strcmp(daemon, "..") == 0) {
		warn(sender, place, DIAG_BANNER_BAD_NAME, daemon);
		return -1;
	}
	at = open(sender->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at < 0) {
		warn(sender, place, DIAG_BANNER_FAILED, sender->directory);
		return -1;
	}
	file = openat(at, daemon, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file < 0 && errno != ENOENT)
		warn_file(sender, place, DIAG_BANNER_FAILED);
	close(at);
	if (file >= 0 && (fstat(file, &st) != 0 || !S_ISREG(st.st_mode))) {
		warn_file(sender, place, DIAG_BANNER_NOT_REGULAR);
		close(file);
		return -1;
	}
	return file;
}

bool
banner_send(const struct action_env *env, const char *directory, struct diag *ret)
{
	struct sender sender = {.env = env, .directory = directory, .gone = env->fd < 0};
	int file = open_file(&sender, ret);
	char storage[512];
	bool ok;

	if (file < 0)
		return true;
	sender.deadline_ms = now_ms() + BANNER_WAIT_MS;
	buf_init(&sender.line, storage, sizeof storage, EXPAND_BANNER_MAX);
	ok = send_file(&sender, file, ret);
	buf_release(&sender.line);
	close(file);
	return ok;
}
