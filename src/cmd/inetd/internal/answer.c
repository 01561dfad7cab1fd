/*
 * NAME     answer - texts of services that do not depend on what was asked
 * INVARIANTS  The pattern is made once, and only read from then on.
 * LIMITS   REPEATS: what one client gets in a turn.
 * SEE      RFC 864, 867, 868
 */
#include "cmd/inetd/internal/answer.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
	FIRST_CHAR = ' ',
	CHARS = 95, /* that print, in a ring: so many lines until the pattern repeats */
	LINE_CHARS = 72,
	LINE = LINE_CHARS + 2,
	PERIOD = CHARS * LINE,
	REPEATS = 10, /* 70 kB: a send buffer as it is at first */
};

static const uint32_t SECONDS_1900_TO_1970 = 2208988800;

static char period[PERIOD];

static const char *
pattern(void)
{
	if (period[0] != '\0')
		return period;
	for (size_t line = 0; line < CHARS; line++) {
		char *at = period + line * LINE;

		for (size_t i = 0; i < LINE_CHARS; i++)
			at[i] = (char)(FIRST_CHAR + (line + i) % CHARS);
		at[LINE_CHARS] = '\r';
		at[LINE_CHARS + 1] = '\n';
	}
	return period;
}

void
answer_pattern(uint64_t from, char *ret, size_t len)
{
	const char *text = pattern();

	for (size_t i = 0; i < len; i++)
		ret[i] = text[(from + i) % PERIOD];
}

ssize_t
answer_pattern_send(int fd, uint64_t from)
{
	size_t skipped = (size_t)(from % PERIOD);
	struct iovec pieces[REPEATS];
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = REPEATS};

	pattern();
	for (size_t i = 0; i < REPEATS; i++)
		pieces[i] = (struct iovec){.iov_base = period, .iov_len = PERIOD};
	pieces[0] = (struct iovec){.iov_base = period + skipped, .iov_len = PERIOD - skipped};
	return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

size_t
answer_clock(enum conf_kind kind, time_t now, char ret[ANSWER_CLOCK_MAX])
{
	uint32_t seconds = (uint32_t)now + SECONDS_1900_TO_1970;
	struct tm local = {0};

	if (kind == CONF_DAYTIME) {
		localtime_r(&now, &local);
		return strftime(ret, ANSWER_CLOCK_MAX, "%a %b %e %H:%M:%S %Y\r\n", &local);
	}
	for (unsigned i = 0; i < sizeof seconds; i++)
		ret[i] = (char)(seconds >> (24 - 8 * i));
	return sizeof seconds;
}
