/*
 * NAME     log - the one line of a connection, sent at small cost
 * PURPOSE  What syslog(3) sends, byte for byte, without the general formatting that is half of its
 *          cost: for the first stage only, which says one line and is gone.
 * INVARIANTS  If the log does not take it, syslog(3) is asked to, with all that it tries.
 * SEE      syslog(3), RFC 3164
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

enum {
	TAG_ROOM = 128, /* priority, time and process id; and the tag, if it is none to speak of */
	STORAGE_BYTES = 512,
};

static const char *tag;

void
stage_open_log(const char *name)
{
	tag = name;
	openlog(name, LOG_PID, LOG_DAEMON);
}

static void
add_two(struct buf *buf, int number, char pad)
{
	if (number < 10)
		buf_add_char(buf, pad);
	buf_add_number(buf, (unsigned long)number);
}

/* "Nov  4 09:05:00 " */
static void
add_time(struct buf *buf)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t now = time(NULL);
	struct tm tm = {.tm_mday = 1};

	localtime_r(&now, &tm);
	buf_add(buf, months + (size_t)tm.tm_mon * 3, 3);
	buf_add_char(buf, ' ');
	add_two(buf, tm.tm_mday, ' ');
	buf_add_char(buf, ' ');
	add_two(buf, tm.tm_hour, '0');
	buf_add_char(buf, ':');
	add_two(buf, tm.tm_min, '0');
	buf_add_char(buf, ':');
	add_two(buf, tm.tm_sec, '0');
	buf_add_char(buf, ' ');
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
	int saved = errno, facility = priority & LOG_FACMASK;
	char line_storage[STORAGE_BYTES], storage[STORAGE_BYTES];
	struct buf line, message;

	buf_init(&line, line_storage, sizeof line_storage, EVENT_LINE_MAX);
	buf_init(&message, storage, sizeof storage, EVENT_LINE_MAX + TAG_ROOM);
	text = event_line(text, &line);
	buf_add_char(&message, '<');
	buf_add_number(
	    &message, (unsigned long)(LOG_PRI(priority) | (facility != 0 ? facility : LOG_DAEMON)));
	buf_add_char(&message, '>');
	add_time(&message);
	buf_add_str(&message, tag);
	buf_add_char(&message, '[');
	buf_add_number(&message, (unsigned long)getpid());
	buf_add_str(&message, "]: ");
	buf_add_str(&message, text);
	if (!send_whole(&message))
		syslog(priority, "%s", text);
	buf_release(&message);
	buf_release(&line);
	errno = saved;
}
