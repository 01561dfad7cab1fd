/*
 * NAME     sender - lines to the log, without waiting
 * INVARIANTS  Lines arrive in the order in which they were said. Each is sent, waits, or is in the
 *          number that is told. A log that is restarted is found again at the next line.
 *          On a stream a line goes on where it was broken off, or whole to the next log.
 * LIMITS   SENDER_BACKLOG_MAX
 * SEE      unix(7), RFC 3164; syslog(3), which ends lines on a stream by a NUL
 */
#include "event/sender.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "event/log.h"
#include "event/message.h"

enum {
	STORAGE_BYTES = 1024,
	LOST_TEXT_MAX = 64,
};

struct sender {
	const char *tag, *path;
	bool is_open;
	int fd;
	bool is_stream; /* fd: each line ends with its NUL */
	size_t part; /* of the line that comes next: so much of it is sent */
	/* [waits_from, waits_to): each message behind its length. NULL: none waits. */
	char *backlog;
	size_t waits_from, waits_to;
	unsigned long lost;
	time_t second; /* of the time that is written there: */
	char when[MESSAGE_TIME_BYTES];
};

static struct sender sender = {.path = "/dev/log", .fd = -1};

void
sender_open(const char *tag, const char *path)
{
	if (path == NULL)
		path = "/dev/log";
	if (!sender.is_open || strcmp(path, sender.path) != 0)
		sender_close();
	sender.tag = tag;
	sender.path = path;
	sender.is_open = true;
}

static void
hang_up(void)
{
	if (sender.fd >= 0)
		close(sender.fd);
	sender.fd = -1;
	sender.part = 0;
}

void
sender_close(void)
{
	hang_up();
	free(sender.backlog);
	sender = (struct sender){.path = sender.path, .fd = -1};
}

/* ---- the socket ---- */

/* False: errno. */
static bool
dial_as(int type)
{
	struct sockaddr_un log = {.sun_family = AF_UNIX};
	int error;

	memcpy(log.sun_path, sender.path, strlen(sender.path) + 1);
	sender.fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sender.fd < 0)
		return false;
	if (connect(sender.fd, (const struct sockaddr *)&log, sizeof log) == 0)
		return true;
	error = errno;
	hang_up();
	errno = error;
	return false;
}

static bool
dial(void)
{
	if (sender.fd >= 0)
		return true;
	if (strlen(sender.path) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
		return false;
	sender.is_stream = false;
	if (dial_as(SOCK_DGRAM))
		return true;
	sender.is_stream = errno == EPROTOTYPE;
	return sender.is_stream && dial_as(SOCK_STREAM);
}

/* What is left of the line, and its end. True: nothing is. */
static bool
send_on_stream(const char *bytes, size_t len)
{
	struct iovec pieces[] = {{.iov_base = (char *)(uintptr_t)bytes, .iov_len = len},
	    {.iov_base = (char[]){'\0'}, .iov_len = 1}};
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
	size_t whole = len + 1, skipped = sender.part < len ? sender.part : len;
	ssize_t sent;

	pieces[0].iov_base = (char *)pieces[0].iov_base + skipped;
	pieces[0].iov_len -= skipped;
	sent = sendmsg(sender.fd, &message, MSG_NOSIGNAL);
	if (sent < 0)
		return false;
	sender.part += (size_t)sent;
	if (sender.part < whole) {
		errno = EAGAIN;
		return false;
	}
	sender.part = 0;
	return true;
}

static bool
send_line(const char *bytes, size_t len)
{
	if (sender.is_stream)
		return send_on_stream(bytes, len);
	return send(sender.fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* At once, or not. A log that is not there any more may be there anew. */
static bool
send_now(const char *bytes, size_t len)
{
	for (int tries = 0; tries < 2 && dial(); tries++) {
		if (send_line(bytes, len))
			return true;
		if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM)
			return false;
		if (errno == EMSGSIZE) { /* no log takes it: it must not keep the others waiting */
			sender.lost++;
			return true;
		}
		hang_up();
	}
	return false;
}

/* ---- what waits ---- */

static bool
is_behind(void)
{
	return sender.waits_from < sender.waits_to;
}

static bool
send_waiting(void)
{
	while (is_behind()) {
		const char *at = sender.backlog + sender.waits_from;
		uint16_t len;

		memcpy(&len, at, sizeof len);
		if (!send_now(at + sizeof len, len))
			return false;
		sender.waits_from += sizeof len + len;
	}
	free(sender.backlog);
	sender.backlog = NULL;
	sender.waits_from = sender.waits_to = 0;
	return true;
}

static bool
keep_waiting(const char *bytes, size_t message_len)
{
	uint16_t len = (uint16_t)message_len;
	char *at;

	_Static_assert(EVENT_LINE_MAX + MESSAGE_HEAD_MAX <= UINT16_MAX, "a length fits");
	if (sender.backlog == NULL)
		sender.backlog = malloc(SENDER_BACKLOG_MAX);
	if (sender.backlog == NULL)
		return false;
	if (sender.waits_to + sizeof len + len > SENDER_BACKLOG_MAX) {
		sender.waits_to -= sender.waits_from;
		memmove(sender.backlog, sender.backlog + sender.waits_from, sender.waits_to);
		sender.waits_from = 0;
	}
	if (sender.waits_to + sizeof len + len > SENDER_BACKLOG_MAX)
		return false;
	at = sender.backlog + sender.waits_to;
	memcpy(at, &len, sizeof len);
	memcpy(at + sizeof len, bytes, len);
	sender.waits_to += sizeof len + len;
	return true;
}

/* ---- lines ---- */

static const char *
local_time(void)
{
	time_t now = time(NULL);
	struct tm when;

	if (now != sender.second || sender.when[0] == '\0') {
		if (localtime_r(&now, &when) == NULL)
			when = (struct tm){.tm_mday = 1};
		message_time(&when, sender.when);
		sender.second = now;
	}
	return sender.when;
}

/* False: there is no room for it. */
static bool
say(int priority, const char *tag, pid_t pid, const char *text)
{
	char line_storage[STORAGE_BYTES], storage[STORAGE_BYTES];
	struct message message = {.priority = priority, .tag = tag, .pid = pid};
	struct buf line, bytes;
	bool done;

	buf_init(&line, line_storage, sizeof line_storage, EVENT_LINE_MAX);
	buf_init(&bytes, storage, sizeof storage, EVENT_LINE_MAX + MESSAGE_HEAD_MAX);
	message.text = event_line(text, &line);
	message.when = local_time();
	done = message_format(&message, &bytes) &&
	    ((send_waiting() && send_now(bytes.bytes, bytes.len)) ||
	        keep_waiting(bytes.bytes, bytes.len));
	if (!done && sender.part > 0 && !is_behind())
		hang_up(); /* it was this line: nobody may go on behind half of it */
	buf_release(&bytes);
	buf_release(&line);
	return done;
}

/* Once some are lost, so are the next ones, until the log takes what waits: then it is told. */
static bool
tell_lost(void)
{
	char text[LOST_TEXT_MAX];

	if (sender.lost == 0)
		return true;
	if (!send_waiting())
		return false;
	snprintf(text, sizeof text, "log: %lu lines lost", sender.lost);
	if (!say(LOG_ERR, sender.tag, getpid(), text))
		return false;
	sender.lost = 0;
	return true;
}

void
sender_line(int priority, const char *tag, pid_t pid, const char *text)
{
	int saved = errno;

	if (sender.is_open && !(tell_lost() && say(priority, tag, pid, text)))
		sender.lost++;
	errno = saved;
}

bool
sender_flush(void)
{
	int saved = errno;
	bool done = !sender.is_open || (send_waiting() && tell_lost() && !is_behind());

	errno = saved;
	return done;
}
