/*
 * NAME     table - a table, rule by rule
 * PURPOSE  Goes through a table as the library reads it. Where its two readings divide a line differently,
 *          the classic rule comes first, and the plain one is shown as such.
 * LIMITS   TEXT_MAX: what the library keeps of a table, too.
 */
#define INET6

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/tcpdchk/check.h"
#include "cmd/tcpdchk/report.h"
#include "event/log.h"
#include "services/text.h"
#include "table/stamp.h"

#include <tcpd.h>

enum { TEXT_MAX = 256 << 20 };

/* The classic line that was looked at last: its plain counterpart may be the same. */
struct before {
	unsigned number;
	bool has_rule;
	size_t len;
	char text[LINES_CLASSIC_MAX + 1];
};

void
check_release(struct check *check)
{
	while (check->seen != NULL) {
		struct seen_name *next = check->seen->next;

		free(check->seen);
		check->seen = next;
	}
}

void
check_place(struct check *check, const char *file, unsigned line)
{
	check->file = file;
	check->line = line;
	/* The library only reads it. */
	tcpd_context.file = (char *)(uintptr_t)file;
	tcpd_context.line = (int)line;
}

static void
tell_code(struct check *check, enum diag_code code, int error, const char *subject, size_t len)
{
	struct diag diag = {.error = error, .file = check->file, .line = check->line};

	diag_set(&diag, code, subject, len);
	event_diag(&diag);
}

static void
check_rule(struct check *check, const struct rule *rule, bool is_second)
{
	bool granted = check->table == TABLE_ALLOW;

	check_place(check, check->file, rule->line);
	check->lists = 0;
	report_place(is_second);
	if (rule->code != DIAG_NONE) {
		tell_code(check, rule->code, 0, rule->tail, rule->tail_len);
		return;
	}
	report_rule(check->file, rule, is_second);
	report_daemons(rule);
	word_check_daemons(check, &rule->daemons);
	report_clients(rule);
	word_check_clients(check, &rule->clients);
	granted = trial_run(check, rule);
	report_access(granted);
}

/* A line that both readings take alike may come once for each. */
static bool
is_same(const struct before *before, const struct line *line)
{
	return before->number == line->number && before->len == line->len &&
	    line->ways == WAY_PLAIN && memcmp(before->text, line->text, line->len) == 0;
}

static void
check_line(struct check *check, struct before *before, const struct line *line)
{
	struct rule rules[RULES_MAX];
	unsigned count = rule_read(rules, line);
	bool is_second = line->ways == WAY_PLAIN && before->number == line->number;

	if (line->fault == LINE_FINE && is_same(before, line))
		return;
	for (unsigned i = 0; i < count; i++)
		check_rule(check, &rules[i], is_second || i > 0);
	if (line->ways == WAY_CLASSIC && line->len <= LINES_CLASSIC_MAX) {
		before->number = line->fault == LINE_FINE ? line->number : 0;
		before->len = line->len;
		memcpy(before->text, line->text, line->len);
	}
}

static void
check_text(struct check *check, const char *text, size_t len)
{
	struct before before = {.number = 0};
	enum lines_status status;
	struct lines lines;
	struct line line;

	lines_init(&lines);
	lines_feed(&lines, text, len, true);
	while ((status = lines_next(&lines, &line)) == LINES_LINE)
		check_line(check, &before, &line);
	check_place(check, check->file, lines.number + 1);
	if (status == LINES_TOO_LONG)
		tell_code(check, DIAG_LINE_OVER_LIMIT, 0, "", 0);
	else if (status == LINES_NO_MEMORY)
		tell_code(check, DIAG_NO_MEMORY, 0, "", 0);
	lines_release(&lines);
}

/* No line of the table is to blame. */
static void
tell_unread(struct check *check, enum diag_code code, int error, const char *path)
{
	check_place(check, NULL, 0);
	tell_code(check, code, error, path, strlen(path));
}

static void
check_file(struct check *check, const char *path)
{
	struct buf text;

	if (eaccess(path, R_OK) != 0) {
		tell_unread(check, DIAG_CANNOT_OPEN, errno, path);
		return;
	}
	buf_init(&text, NULL, 0, TEXT_MAX);
	errno = EFBIG; /* what text_read finds by itself */
	if (text_read(path, &text) == NULL)
		check_text(check, text.bytes, text.len);
	else
		tell_unread(check, DIAG_READ_FAILED, errno, path);
	buf_release(&text);
}

void
table_check(struct check *check, enum table table, const char *path)
{
	struct stamp stamp;
	int error;

	check->table = table;
	check_place(check, NULL, 0);
	report_place(false);
	switch (stamp_path(path, &stamp, &error)) {
	case FILE_ABSENT:
		break;
	case FILE_BAD:
		tell_unread(
		    check, error != 0 ? DIAG_CANNOT_OPEN : DIAG_TABLE_NOT_REGULAR, error, path);
		break;
	case FILE_READY:
		check_place(check, path, 0);
		check_file(check, path);
		break;
	}
	check_place(check, NULL, 0);
	report_place(false);
}
