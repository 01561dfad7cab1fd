/*
 * NAME     sender - lines to the log, without waiting
 * INVARIANTS  Lines arrive in the order in which they were said. Each is sent, waits, or is in the
 *          number that is told. A log that is restarted is found again at the next line.
 * LIMITS   SENDER_BACKLOG_MAX; a log that listens on a stream socket is none for us.
 * SEE      unix(7), RFC 3164
 */
#include "event/sender.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "event/log.h"
#include "event/message.h"

enum {
	STORAGE_BYTES = 1024,
	LOST_TEXT_MAX = 64,
	SECONDS_OF_MINUTE = 60, /* in which a computed local time holds, but for the seconds */
};

struct sender {
	const char *tag, *path;
	bool is_open;
	int fd;
	/* [waits_from, waits_to): each message behind its length. NULL: none waits. */
	char *backlog;
	size_t waits_from, waits_to;
	unsigned long lost;
	time_t minute; /* when the local minute began */
	struct tm when;
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
}

void
sender_close(void)
{
	hang_up();
	free(sender.backlog);
	sender = (struct sender){.path = sender.path, .fd = -1};
}

/* ---- the socket ---- */

static bool
dial(void)
{
	struct sockaddr_un log = {.sun_family = AF_UNIX};

	if (sender.fd >= 0)
		return true;
	if (strlen(sender.path) >= sizeof log.sun_path)
		return false;
	memcpy(log.sun_path, sender.path, strlen(sender.path) + 1);
	sender.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sender.fd < 0)
		return false;
	if (connect(sender.fd, (const struct sockaddr *)&log, sizeof log) == 0)
		return true;
	hang_up();
	return false;
}

/* At once, or not. A log that is not there any more may be there anew. */
static bool
send_now(const char *bytes, size_t len)
{
	for (int tries = 0; tries < 2 && dial(); tries++) {
		if (send(sender.fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len)
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

static const struct tm *
local_time(void)
{
	time_t now = time(NULL);

	if (sender.when.tm_mday == 0 || now < sender.minute ||
	    now - sender.minute >= SECONDS_OF_MINUTE) {
		if (localtime_r(&now, &sender.when) == NULL)
			sender.when = (struct tm){.tm_mday = 1};
		sender.minute = now - sender.when.tm_sec;
	}
	sender.when.tm_sec = (int)(now - sender.minute);
	return &sender.when;
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
