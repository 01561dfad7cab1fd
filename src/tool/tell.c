/*
 * NAME     tell - lines of a tool
 * PURPOSE  A tool runs the library to hear what it says: in place of the log, at once, and each time.
 * LIMITS   EVENT_DIAG_MAX for a finding, EVENT_LINE_MAX for any line.
 */
#include "tool/tell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "event/log.h"

struct told told;

static void
print(void *ctx, const char *text)
{
	(void)ctx;
	puts(text);
	fflush(stdout);
}

static void (*line_sink)(void *ctx, const char *text) = print;
static void *sink_ctx;

void
tell_to(void (*sink)(void *ctx, const char *text), void *ctx)
{
	line_sink = sink;
	sink_ctx = ctx;
}

void
tell_line(const char *text)
{
	int saved = errno;
	char storage[EVENT_DIAG_MAX];
	struct buf line;

	told.warnings += strncmp(text, "warning: ", 9) == 0;
	told.errors += strncmp(text, "error: ", 7) == 0;
	buf_init(&line, storage, sizeof storage, EVENT_LINE_MAX);
	line_sink(sink_ctx, event_line(text, &line));
	buf_release(&line);
	errno = saved;
}

void
tell_finding(bool is_error, const char *file, unsigned line, const char *text)
{
	char storage[EVENT_DIAG_MAX + 1];
	struct buf buf;

	buf_init(&buf, storage, sizeof storage, EVENT_DIAG_MAX);
	buf_add_str(&buf, is_error ? "error: " : "warning: ");
	if (file != NULL) {
		buf_add_escaped(&buf, file, strlen(file));
		if (line > 0) {
			buf_add_str(&buf, ", line ");
			buf_add_number(&buf, line);
		}
		buf_add_str(&buf, ": ");
	}
	buf_add_str(&buf, text);
	tell_line(buf.bytes);
	buf_release(&buf);
}

bool
tell_split(const char *text, struct told_parts *ret)
{
	const char *place, *number, *end;
	unsigned long line;

	ret->is_error = strncmp(text, "error: ", 7) == 0;
	if (!ret->is_error && strncmp(text, "warning: ", 9) != 0)
		return false;
	ret->message = text + (ret->is_error ? 7 : 9);
	ret->file = NULL;
	ret->line = 0;
	place = strstr(ret->message, ", line ");
	number = place != NULL ? place + strlen(", line ") : NULL;
	end = number != NULL ? strstr(number, ": ") : NULL;
	if (end != NULL && str_number(number, (size_t)(end - number), 0x7fffffff, &line)) {
		ret->file = ret->message;
		ret->file_len = (size_t)(place - ret->message);
		ret->line = (unsigned)line;
		ret->message = end + 2;
	}
	return true;
}

bool
tell_json(struct buf *buf, const char *text)
{
	struct told_parts parts;

	if (!tell_split(text, &parts))
		return false;
	json_add_comma(buf);
	buf_add_char(buf, '{');
	json_add_member(buf, "severity", parts.is_error ? "error" : "warning");
	if (parts.file != NULL) {
		json_add_name(buf, "file");
		json_add_string(buf, parts.file, parts.file_len);
		json_add_name(buf, "line");
		buf_add_number(buf, parts.line);
	}
	json_add_member(buf, "message", parts.message);
	buf_add_char(buf, '}');
	return true;
}

/* ---- in the place of the log ---- */

void
event_syslog(int priority, const char *text)
{
	(void)priority;
	tell_line(text);
}

void
event_finding(const char *text)
{
	tell_line(text);
}

void
event_diag(const struct diag *diag)
{
	char storage[EVENT_DIAG_MAX + 1];
	struct buf text;

	buf_init(&text, storage, sizeof storage, EVENT_DIAG_MAX);
	event_diag_text(diag, &text);
	tell_line(text.bytes);
}
