/*
 * NAME     report - what is printed
 * PURPOSE  The lines are those of old, byte for byte; for JSON they are collected.
 * LIMITS   REPORT_MAX of JSON, and of what is remembered about a place.
 */
#include "cmd/tcpdchk/report.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "event/log.h"
#include "tool/tell.h"

enum { REPORT_MAX = 256 << 20 };

static struct {
	bool is_json, is_verbose, is_second;
	struct buf place; /* what was told about it, each line with a newline */
	struct buf findings, rules, options;
} report;

/* ---- findings ---- */

/* Was that line told about this place? */
static bool
is_told(const char *text)
{
	size_t len = strlen(text);
	const char *at = report.place.bytes, *end = at + report.place.len;

	while (report.place.len > 0 && at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if ((size_t)(newline - at) == len && memcmp(at, text, len) == 0)
			return true;
		at = newline + 1;
	}
	return false;
}

static void
take(void *ctx, const char *text)
{
	(void)ctx;
	if (report.is_second && is_told(text))
		return;
	if (!report.is_second && buf_reserve(&report.place, strlen(text) + 1)) {
		buf_add_str(&report.place, text);
		buf_add_char(&report.place, '\n');
	}
	if (report.is_json) {
		tell_json(&report.findings, text);
	} else {
		puts(text);
		fflush(stdout);
	}
}

void
report_start(bool is_json, bool is_verbose)
{
	struct buf *const all[] = {&report.place, &report.findings, &report.rules, &report.options};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buf_init(all[i], NULL, 0, REPORT_MAX);
	report.is_json = is_json;
	report.is_verbose = is_verbose;
	tell_to(take, NULL);
}

void
report_place(bool is_second)
{
	report.is_second = is_second;
	if (!is_second)
		buf_clear(&report.place);
}

/* ---- rules ---- */

static void
print_escaped(const char *text, size_t len)
{
	struct buf buf;

	buf_init(&buf, NULL, 0, REPORT_MAX);
	if (buf_add_escaped(&buf, text, len))
		fputs(buf.bytes, stdout);
	buf_release(&buf);
}

static void
show_list(const char *name, const struct list *list)
{
	const char *word, *blank = "";
	size_t at = 0, len;

	if (!report.is_verbose)
		return;
	if (report.is_json) {
		json_add_name(&report.rules, name);
		buf_add_char(&report.rules, '[');
	} else {
		printf("%s:  ", name);
	}
	while (list_next_word(list, &at, &word, &len)) {
		if (report.is_json) {
			json_add_comma(&report.rules);
			json_add_string(&report.rules, word, len);
		} else {
			fputs(blank, stdout);
			print_escaped(word, len);
			blank = " ";
		}
	}
	if (report.is_json)
		buf_add_char(&report.rules, ']');
	else
		puts("");
}

void
report_rule(const char *file, const struct rule *rule, bool is_second)
{
	if (!report.is_verbose)
		return;
	if (!report.is_json) {
		fputs("\n>>> Rule ", stdout);
		print_escaped(file, strlen(file));
		printf(" line %u%s:\n", rule->line, is_second ? ", plain reading" : "");
		return;
	}
	buf_clear(&report.options);
	json_add_comma(&report.rules);
	buf_add_char(&report.rules, '{');
	json_add_member(&report.rules, "file", file);
	json_add_name(&report.rules, "line");
	buf_add_number(&report.rules, rule->line);
	json_add_member(&report.rules, "reading",
	    rule->ways == WAY_BOTH       ? "both"
	        : rule->ways & WAY_PLAIN ? "plain"
	                                 : "classic");
}

void
report_daemons(const struct rule *rule)
{
	show_list("daemons", &rule->daemons);
}

void
report_clients(const struct rule *rule)
{
	show_list("clients", &rule->clients);
}

void
report_option(const char *keyword, const char *value)
{
	char storage[512];
	struct buf line, safe;

	if (report.is_json) {
		json_add_comma(&report.options);
		buf_add_char(&report.options, '{');
		json_add_member(&report.options, "option", keyword);
		json_add_member(&report.options, "value", value);
		buf_add_char(&report.options, '}');
		return;
	}
	buf_init(&line, NULL, 0, EVENT_LINE_MAX);
	buf_init(&safe, storage, sizeof storage, EVENT_LINE_MAX);
	if (buf_add_str(&line, "option:   ") && buf_add_str(&line, keyword) &&
	    buf_add_char(&line, ' ') && buf_add_str(&line, value))
		puts(event_line(line.bytes, &safe));
	fflush(stdout);
	buf_release(&safe);
	buf_release(&line);
}

void
report_access(bool granted)
{
	const char *verdict = granted ? "granted" : "denied";

	if (!report.is_verbose)
		return;
	if (!report.is_json) {
		printf("access:   %s\n", verdict);
		return;
	}
	json_add_name(&report.rules, "options");
	buf_add_char(&report.rules, '[');
	if (report.options.len > 0)
		buf_add(&report.rules, report.options.bytes, report.options.len);
	buf_add_char(&report.rules, ']');
	json_add_member(&report.rules, "access", verdict);
	buf_add_char(&report.rules, '}');
}

/* ---- the end ---- */

static void
add_list(struct buf *to, const char *name, const struct buf *from)
{
	json_add_name(to, name);
	buf_add_char(to, '[');
	if (from->len > 0)
		buf_add(to, from->bytes, from->len);
	buf_add_char(to, ']');
}

bool
report_end(const char *conf)
{
	struct buf all;
	bool ok;

	if (!report.is_json)
		return true;
	buf_init(&all, NULL, 0, REPORT_MAX);
	buf_add_char(&all, '{');
	json_add_member(&all, "configuration", conf);
	add_list(&all, "findings", &report.findings);
	if (report.is_verbose)
		add_list(&all, "rules", &report.rules);
	buf_add_char(&all, '}');
	ok = !all.failed && !report.findings.failed && !report.rules.failed &&
	    !report.options.failed && puts(all.bytes) >= 0;
	buf_release(&all);
	return ok;
}
