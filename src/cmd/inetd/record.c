/*
 * NAME     record - what became of a connection
 * INVARIANTS  One line, whatever a client has made of its names: a value of anything but plain
 *          characters is quoted, and what ends a line or a quotation is \xNN. Keys come in one
 *          order.
 * LIMITS   VALUE_MAX, so that RECORD_LINE_MAX holds the longest.
 * SEE      inetd(8) RECORDS
 */
#include "cmd/inetd/record.h"

#include <string.h>
#include <sys/wait.h>

#include "cmd/inetd/conf/conf.h"

enum {
	VALUE_MAX = 256, /* of a path or a name this much tells it apart */
	MS = 1000,
	US = 1000000,
};

static const char *const verdicts[] = {[RECORD_ADMITTED] = "admitted",
    [RECORD_REFUSED] = "refused",
    [RECORD_LIMITED] = "limited",
    [RECORD_FAILED] = "failed"};

/* Of anything else there would be quotes. */
static bool
is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		/* From '-' to ':' there are '.', '/' and the digits. */
		if (!is_letter && (c < '-' || c > ':') && strchr("_@%+,[]", c) == NULL)
			return false;
	}
	return len > 0;
}

/* Escaped, and cut, with dots in place of the rest. */
static void
add_quoted(struct buf *line, const char *text, size_t len)
{
	size_t stop = line->len + VALUE_MAX;

	for (size_t i = 0; i < len; i++) {
		if (line->len > stop) {
			buf_add_str(line, "...");
			return;
		}
		if (text[i] == '"')
			buf_add_str(line, "\\x22");
		else
			buf_add_escaped(line, text + i, 1);
	}
}

/* key: with what is before and behind it. behind: plain text that belongs to the value, and is never cut. */
static void
add_value(struct buf *line, const char *key, const char *text, const char *behind)
{
	size_t len = strlen(text);
	const char *quote = is_plain(text, len) ? "" : "\"";

	buf_add_str(line, key);
	buf_add_str(line, quote);
	if (*quote == '\0' && len <= VALUE_MAX)
		buf_add(line, text, len);
	else
		add_quoted(line, text, len);
	buf_add_str(line, behind);
	buf_add_str(line, quote);
}

static void
add_text(struct buf *line, const char *key, const char *text)
{
	add_value(line, key, text, "");
}

static void
add_number(struct buf *line, const char *key, uint64_t number)
{
	buf_add_str(line, key);
	buf_add_number(line, (unsigned long)number);
}

/* Seconds with the digits that a fraction of so many has. */
static void
add_seconds(struct buf *line, const char *key, int64_t parts, int64_t a_second)
{
	uint64_t all = parts > 0 ? (uint64_t)parts : 0, second = (uint64_t)a_second;

	add_number(line, key, all / second);
	buf_add_char(line, '.');
	for (uint64_t digit = second / 10; digit > 0; digit /= 10)
		buf_add_char(line, (char)('0' + all / digit % 10));
}

static void
add_rule(struct buf *line, const struct record *record)
{
	char storage[24];
	struct buf number;

	if (record->rule_file == NULL)
		return;
	buf_init(&number, storage, sizeof storage, sizeof storage - 1);
	buf_add_char(&number, ':');
	buf_add_number(&number, record->rule_line);
	add_value(line, " rule=", record->rule_file, number.bytes);
}

static void
add_end(struct buf *line, const struct record *record)
{
	if (record->has_status && WIFSIGNALED(record->status))
		add_number(line, " signal=", (uint64_t)WTERMSIG(record->status));
	else if (record->has_status)
		add_number(line, " exit=", (uint64_t)WEXITSTATUS(record->status));
	if (record->has_status)
		add_seconds(line, " cpu=", record->cpu_us, US);
	if (record->end != NULL)
		add_text(line, " end=", record->end);
}

/* What is told of a connection that was served, beside whose it was. */
static void
add_service_parts(struct buf *line, const struct record *record, unsigned parts)
{
	if ((parts & CONF_LOG_PID) != 0 && record->pid != 0)
		add_number(line, " pid=", (uint64_t)record->pid);
	if ((parts & CONF_LOG_DURATION) != 0)
		add_seconds(line, " duration=", record->duration_ms, MS);
	if ((parts & CONF_LOG_EXIT) != 0)
		add_end(line, record);
	if ((parts & CONF_LOG_TRAFFIC) != 0 && record->has_traffic) {
		add_number(line, " in=", record->in_bytes);
		add_number(line, " out=", record->out_bytes);
	}
}

bool
record_format(const struct record *record, unsigned parts, struct buf *line)
{
	if (parts == 0)
		parts = CONF_LOG_PID | CONF_LOG_EXIT | CONF_LOG_DURATION | CONF_LOG_TRAFFIC;
	buf_add_str(line, "record");
	add_text(line, " service=", record->service);
	if (record->client != NULL)
		add_text(line, " client=", record->client);
	if (record->client != NULL && record->port > 0)
		add_number(line, " port=", record->port);
	buf_add_str(line, " verdict=");
	buf_add_str(line, verdicts[record->verdict]);
	add_rule(line, record);
	if (record->reason != NULL)
		add_text(line, " reason=", record->reason);
	if (record->verdict == RECORD_ADMITTED)
		add_service_parts(line, record, parts);
	return !line->failed;
}

bool
record_is_due(enum record_mode mode, enum record_verdict verdict, unsigned log_on_failure)
{
	if (mode == RECORD_OFF)
		return false;
	return verdict == RECORD_ADMITTED || mode == RECORD_OF_ALL || log_on_failure != 0;
}

bool
record_mode_parse(const char *text, enum record_mode *ret)
{
	static const char *const modes[] = {
	    [RECORD_OFF] = "off", [RECORD_OF_ADMITTED] = "admitted", [RECORD_OF_ALL] = "all"};

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		if (strcmp(text, modes[i]) == 0) {
			*ret = (enum record_mode)i;
			return true;
		}
	}
	return false;
}
