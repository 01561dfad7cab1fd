/*
 * NAME     message - the wire format of a log line
 * PURPOSE  What syslog(3) sends, byte for byte, without the general formatting that is half of its
 *          cost.
 * SEE      RFC 3164, 4.1
 */
#include "event/message.h"

#include <string.h>
#include <syslog.h>

void
message_tag(const char *name, char *ret, size_t size_bytes)
{
	size_t len = 0;

	for (; name[len] != '\0' && len + 1 < size_bytes; len++) {
		bool is_plain = name[len] > ' ' && name[len] < 0x7f;

		ret[len] = is_plain && strchr(":[]<>", name[len]) == NULL ? name[len] : '_';
	}
	ret[len] = '\0';
}

static void
add_two(struct buf *buf, int number, char pad)
{
	if (number < 10)
		buf_add_char(buf, pad);
	buf_add_number(buf, (unsigned long)number);
}

void
message_time(const struct tm *when, char ret[MESSAGE_TIME_BYTES])
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct buf buf;

	buf_init(&buf, ret, MESSAGE_TIME_BYTES, MESSAGE_TIME_BYTES - 1);
	buf_add(&buf, months + (size_t)when->tm_mon * 3, 3);
	buf_add_char(&buf, ' ');
	add_two(&buf, when->tm_mday, ' ');
	buf_add_char(&buf, ' ');
	add_two(&buf, when->tm_hour, '0');
	buf_add_char(&buf, ':');
	add_two(&buf, when->tm_min, '0');
	buf_add_char(&buf, ':');
	add_two(&buf, when->tm_sec, '0');
}

bool
message_format(const struct message *message, struct buf *buf)
{
	int facility = message->priority & LOG_FACMASK;

	buf_add_char(buf, '<');
	buf_add_number(buf,
	    (unsigned long)(LOG_PRI(message->priority) | (facility != 0 ? facility : LOG_DAEMON)));
	buf_add_char(buf, '>');
	buf_add_str(buf, message->when);
	buf_add_char(buf, ' ');
	buf_add_str(buf, message->tag);
	buf_add_char(buf, '[');
	buf_add_number(buf, (unsigned long)message->pid);
	buf_add_str(buf, "]: ");
	buf_add_str(buf, message->text);
	return !buf->failed;
}
