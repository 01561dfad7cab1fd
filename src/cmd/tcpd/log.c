/*
 * NAME     log - the one line of a connection, sent at small cost
 * PURPOSE  For the first stage only, which says one line and is gone.
 * INVARIANTS  If the log does not take it, syslog(3) is asked to, with all that it tries.
 * SEE      syslog(3), event/message.h
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "cmd/tcpd/stage.h"
#include "event/log.h"
#include "event/message.h"

enum { STORAGE_BYTES = 512 };

static const char *tag;

void
stage_open_log(const char *name)
{
	tag = name;
	openlog(name, LOG_PID, LOG_DAEMON);
}

static bool
send_whole(const struct buf *message)
{
	const struct sockaddr_un log = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool sent = fd >= 0 && !message->failed &&
	    sendto(fd, message->bytes, message->len, MSG_NOSIGNAL, (const struct sockaddr *)&log,
	        sizeof log) == (ssize_t)message->len;

	if (fd >= 0)
		close(fd);
	return sent;
}

void
event_syslog(int priority, const char *text)
{
	int saved = errno;
	char line_storage[STORAGE_BYTES], storage[STORAGE_BYTES];
	char when[MESSAGE_TIME_BYTES];
	struct message message = {.priority = priority, .when = when, .tag = tag, .pid = getpid()};
	struct tm local = {.tm_mday = 1};
	time_t now = time(NULL);
	struct buf line, bytes;

	buf_init(&line, line_storage, sizeof line_storage, EVENT_LINE_MAX);
	buf_init(&bytes, storage, sizeof storage, EVENT_LINE_MAX + MESSAGE_HEAD_MAX);
	message.text = event_line(text, &line);
	localtime_r(&now, &local);
	message_time(&local, when);
	message_format(&message, &bytes);
	if (!send_whole(&bytes))
		syslog(priority, "%s", message.text);
	buf_release(&bytes);
	buf_release(&line);
	errno = saved;
}
