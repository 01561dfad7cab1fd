/*
 * NAME     check - a table, line by line
 * PURPOSE  Brings together what the two ways make of the same line, and has the parts compared.
 * INVARIANTS  A rule that stands in one way only is told, as is a line that ends a table early.
 *          What is the same both ways is silent, however it is written: a continued line, too.
 * LIMITS   Those of policy/lines.h.
 */
#include "cmd/tables/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table/stamp.h"

enum { MESSAGE_MAX = 512 };

/* A classic line that waits for its plain counterpart. */
struct held {
	bool active;
	struct line line;
	char text[LINES_CLASSIC_MAX + 1];
};

static void
set_line(struct check *check, const struct line *line)
{
	check->line = line->number;
	check->text = line->text;
	check->len = line->len;
}

/* How one way divides the line: "d : fe80 : option". */
static void
add_division(struct buf *buf, const char *way, const struct rule *rule)
{
	buf_add_str(buf, way);
	if (rule == NULL || rule->code != DIAG_NONE) {
		buf_add_str(buf, "no rule");
		return;
	}
	buf_add_str(buf, "\"");
	buf_add_escaped(buf, rule->daemons.text, rule->daemons.len);
	buf_add_str(buf, "\" for \"");
	buf_add_escaped(buf, rule->clients.text, rule->clients.len);
	buf_add_str(buf, "\"");
	if (rule->has_tail) {
		buf_add_str(buf, " with \"");
		buf_add_escaped(buf, rule->tail, rule->tail_len);
		buf_add_str(buf, "\"");
	}
}

static void
differ(struct check *check, const struct rule *classic, const struct rule *plain)
{
	char storage[MESSAGE_MAX];
	struct buf buf;

	buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
	add_division(&buf, "the readings differ; classic: ", classic);
	add_division(&buf, "; plain: ", plain);
	/* A long line does not fit twice; it is shown below anyway. */
	finding(check, STOP, NULL,
	    buf.failed ? "the readings divide this line differently" : buf.bytes,
	    diag_remedy(DIAG_READINGS_DIFFER));
	buf_release(&buf);
}

/* The rules of a line, or of the two lines that the ways make of the same place. */
struct place {
	struct rule rules[2 * RULES_MAX];
	unsigned count;
};

static void
add_line(struct place *place, const struct line *line)
{
	place->count += rule_read(place->rules + place->count, line);
}

static void
check_parts(struct check *check, const struct rule *rule)
{
	if (rule->code != DIAG_NONE) {
		finding_code(check, NOTE, NULL, rule->code, rule->tail, rule->tail_len);
		return;
	}
	word_check_list(check, &rule->daemons);
	word_check_list(check, &rule->clients);
	if (rule->has_tail)
		option_tail_check(check, rule);
}

static void
check_place(struct check *check, const struct place *place)
{
	const struct rule *by_way[WAY_BOTH + 1] = {NULL};
	bool divided = false;

	for (unsigned i = 0; i < place->count; i++) {
		const struct rule *rule = &place->rules[i];

		by_way[rule->ways & WAY_BOTH] = rule;
		divided = divided || (rule->ways != WAY_BOTH && rule->code == DIAG_NONE);
	}
	if (divided && check->mode == LINES_TWO_WAYS && !check->classic_ended)
		differ(check, by_way[WAY_CLASSIC], by_way[WAY_PLAIN]);
	for (unsigned i = 0; i < place->count; i++)
		check_parts(check, &place->rules[i]);
}

static void
check_line(struct check *check, const struct line *line)
{
	struct place place = {.count = 0};

	set_line(check, line);
	add_line(&place, line);
	check_place(check, &place);
}

/* The classic way's table ends here, in error. */
static void
check_incomplete(struct check *check, const struct line *line)
{
	set_line(check, line);
	check->line++; /* its newline was not counted */
	finding_code(
	    check, check->mode == LINES_TWO_WAYS ? STOP : NOTE, NULL, DIAG_LINE_INCOMPLETE, "", 0);
	check->classic_ended = true;
}

/* ---- lines that come once for each way, the classic one first ---- */

static void
check_held(struct check *check, struct held *held)
{
	if (held->active)
		check_line(check, &held->line);
	held->active = false;
}

static void
hold(struct held *held, const struct line *line)
{
	held->active = true;
	held->line = *line;
	memcpy(held->text, line->text, line->len);
	held->line.text = held->text;
}

static bool
is_counterpart(const struct held *held, const struct line *line)
{
	return held->active && line->ways == WAY_PLAIN && line->fault == LINE_FINE &&
	    held->line.number == line->number && held->line.len == line->len &&
	    memcmp(held->text, line->text, line->len) == 0;
}

static void
check_pair(struct check *check, struct held *held, const struct line *plain)
{
	struct place place = {.count = 0};

	set_line(check, plain);
	add_line(&place, &held->line);
	add_line(&place, plain);
	check_place(check, &place);
	held->active = false;
}

static void
take_line(struct check *check, struct held *held, struct line *line)
{
	if (line->fault == LINE_INCOMPLETE) {
		check_held(check, held);
		check_incomplete(check, line);
	} else if (check->mode == LINES_TWO_WAYS && line->ways == WAY_CLASSIC) {
		check_held(check, held);
		hold(held, line);
	} else if (is_counterpart(held, line)) {
		held->active = false;
		line->ways = WAY_BOTH;
		check_line(check, line);
	} else if (held->active && line->ways == WAY_PLAIN) {
		check_pair(check, held, line);
	} else {
		check_held(check, held);
		check_line(check, line);
	}
}

static void
check_bytes(struct check *check, const char *bytes, size_t len)
{
	struct held held = {.active = false};
	enum lines_status status;
	struct lines lines;
	struct line line;

	lines_init(&lines);
	lines_feed(&lines, bytes, len, true);
	while ((status = lines_next(&lines, &line)) == LINES_LINE) {
		check->mode = lines.mode;
		take_line(check, &held, &line);
	}
	check_held(check, &held);
	check->line = lines.number;
	check->text = NULL;
	if (status != LINES_END)
		finding_code(check, STOP, NULL, DIAG_LINE_OVER_LIMIT, "", 0);
	lines_release(&lines);
}

void
check_table(struct check *check, const char *path)
{
	int state, error;
	size_t len;
	char *bytes = text_read(path, &len, &state, &error);

	check->file = path;
	check->line = 0;
	check->text = NULL;
	check->mode = LINES_TWO_WAYS;
	check->classic_ended = false;
	if (bytes != NULL)
		check_bytes(check, bytes, len);
	else if (state != FILE_ABSENT)
		finding_file(
		    check, error != 0 ? DIAG_CANNOT_OPEN : DIAG_TABLE_NOT_REGULAR, path, error);
	free(bytes);
}
