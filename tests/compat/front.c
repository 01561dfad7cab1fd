/*
 * NAME     front - stand-ins for sleep, shell_cmd and rfc931, and a text of what is logged
 * INVARIANTS  Named as the C library's functions and exported, so that a library that is loaded
 *          later finds these first.
 * LIMITS   FRONT_TEXT_MAX, and LINE_MAX_BYTES of a line: the longest command that a rule can have,
 *          and its prefix.
 * SEE      tests/compat/differential/effects.c, for what a test may not do to itself
 */
#include "front.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "abi.h"
#include "log_front.h"

#define EXPORTED __attribute__((visibility("default")))

enum { LINE_MAX_BYTES = 12 << 10 };

struct front_text *front_text;
int front_asked_user;
void (*front_shell)(char *command);
size_t (*front_rewrite)(char *text, size_t len);

static const char *told_user;

void
front_begin(const char *user)
{
	told_user = user;
	front_asked_user = 0;
	if (front_text != NULL) {
		front_text->len = 0;
		front_text->is_cut = false;
		front_text->bytes[0] = '\0';
	}
}

static void
add_line(const char *line, size_t len)
{
	struct front_text *to = front_text;
	size_t room;

	if (to == NULL)
		return;
	room = sizeof to->bytes - 2 - to->len;
	to->is_cut = to->is_cut || len > room;
	if (len > room)
		len = room;
	for (size_t i = 0; i < len; i++)
		to->bytes[to->len++] = line[i];
	to->bytes[to->len++] = '\n';
	to->bytes[to->len] = '\0';
}

__attribute__((format(printf, 2, 0))) static void
note_behind(const char *prefix, const char *format, va_list args)
{
	char line[LINE_MAX_BYTES];
	size_t prefix_len = strlen(prefix), len;
	int n;

	memcpy(line, prefix, prefix_len);
	n = vsnprintf(line + prefix_len, sizeof line - prefix_len, format, args);
	len = prefix_len + (n > 0 ? (size_t)n : 0);
	if (len >= sizeof line)
		len = sizeof line - 1;
	for (char *s = line; (s = strchr(s, '\n')) != NULL;)
		*s = '?';
	if (front_rewrite != NULL)
		len = front_rewrite(line, len);
	add_line(line, len);
}

void
front_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note_behind("", format, args);
	va_end(args);
}

void
log_front_take(int priority, const char *format, va_list args)
{
	char prefix[40];

	snprintf(prefix, sizeof prefix, "SYSLOG<%d.%d> ", LOG_FAC(priority), LOG_PRI(priority));
	note_behind(prefix, format, args);
}

EXPORTED unsigned int
sleep(unsigned int seconds)
{
	front_note("SLEEP %u", seconds);
	return 0;
}

/* Old programs bring functions of their own, and the library has to call those. */
EXPORTED void shell_cmd(char *command);
EXPORTED void rfc931(struct sockaddr *remote, struct sockaddr *local, char *ret_user);

void
shell_cmd(char *command)
{
	if (front_shell != NULL)
		front_shell(command);
	else
		front_note("SHELL %s", command);
}

void
rfc931(struct sockaddr *remote, struct sockaddr *local, char *ret_user)
{
	(void)remote;
	(void)local;
	front_asked_user++;
	snprintf(ret_user, ABI_TEXT, "%s", told_user != NULL ? told_user : "unknown");
}
