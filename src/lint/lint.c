/*
 * NAME     lint - a table, line by line
 * PURPOSE  Brings together what the two ways make of the same place, and has its parts looked at.
 * INVARIANTS  A rule that stands in one way only is told, as is a line that ends a table early.
 *          What is the same both ways, and works, is silent, however it is written.
 * LIMITS   Those of policy/lines.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lint/inside.h"
#include "table/stamp.h"

/* A classic line that waits for its plain counterpart. */
struct held {
	bool active;
	struct line line;
	char text[LINES_CLASSIC_MAX + 1];
};

struct walk {
	struct place place;
	struct overall overall;
	struct seen twins;
	struct physical text;
	struct held held;
	bool classic_ended; /* in error: told once, and all that follows stands in one way only */
};

/* ---- a place ---- */

/* The ways in which the table's lines count. */
static ways
ways_of(const struct walk *walk)
{
	if (walk->place.mode == LINES_TWO_WAYS)
		return walk->classic_ended ? WAY_PLAIN : WAY_BOTH;
	return walk->place.mode == LINES_CLASSIC ? WAY_CLASSIC : WAY_PLAIN;
}

static void
set_place(struct walk *walk, const struct line *line)
{
	struct place *place = &walk->place;

	place->is_partial = place->is_bad = false;
	place->line = place->first_line = line->number;
	if (line->joined) {
		enum way way = line->ways & WAY_PLAIN ? WAY_PLAIN : WAY_CLASSIC;

		place->first_line = physical_first(&walk->text, line->number, way);
	}
	place->has_nul = physical_has_nul(&walk->text, place->first_line, place->line);
	place->text = line->text;
	place->len = line->len;
}

static void
add_side(struct sides *sides, const struct line *line, const struct rule *rule)
{
	if (rule->ways & WAY_CLASSIC) {
		sides->classic = rule;
		sides->classic_line = line;
	}
	if (rule->ways & WAY_PLAIN) {
		sides->plain = rule;
		sides->plain_line = line;
	}
}

static bool
is_rule(const struct rule *rule)
{
	return rule != NULL && rule->code == DIAG_NONE;
}

/* Two lines of one place, or one line; a way that does not count is left out. */
static void
check_place(struct walk *walk, struct line *lines[2], unsigned count)
{
	struct place *place = &walk->place;
	struct rule rules[2][RULES_MAX];
	struct sides sides = {.classic = NULL};
	const struct rule *counts;

	for (unsigned i = 0; i < count; i++) {
		unsigned found;

		lines[i]->ways &= ways_of(walk);
		found = lines[i]->ways == 0 ? 0 : rule_read(rules[i], lines[i]);
		for (unsigned j = 0; j < found; j++)
			add_side(&sides, lines[i], &rules[i][j]);
	}
	counts = is_rule(sides.plain) || sides.classic == NULL ? sides.plain : sides.classic;
	if (counts == NULL)
		return;
	set_place(walk, sides.plain != NULL ? sides.plain_line : sides.classic_line);
	place->outcome = tail_outcome(place, counts, &place->grants);
	if (place->mode == LINES_CLASSIC && place->has_nul)
		tell(place, &(struct remark){.id = LINT_NUL_BYTE});
	if (sides.classic != sides.plain || counts->code != DIAG_NONE) {
		struct place before = *place;

		if (ways_of(walk) == WAY_BOTH || counts->code != DIAG_NONE)
			divide_check(place, &walk->text, &sides);
		before.failed = place->failed;
		*place = before;
	}
	if (!is_rule(counts) || (counts->ways == WAY_CLASSIC && place->mode == LINES_TWO_WAYS))
		return;
	overall_rule(place, counts, counts->ways == WAY_BOTH || place->mode != LINES_TWO_WAYS);
	/* The other way has another rule here: what a mended word does there is not known. */
	place->is_partial = counts->ways != WAY_BOTH && place->mode == LINES_TWO_WAYS;
	word_check_rule(place, counts, counts->ways);
	tail_check(place, counts);
}

static void
check_line(struct walk *walk, struct line *line)
{
	struct line *lines[2] = {line, NULL};

	check_place(walk, lines, 1);
}

/* With a newline it is a line, if it does not end in a backslash then. */
static void
mend_end(const struct place *place, struct remark *remark)
{
	const char *end = place->text + place->len, *cut = end;

	while (cut > place->text && cut[-1] == '\\')
		cut--;
	tell_mend(remark, cut, end, "");
}

/* What an unfinished line comes to when it is finished, in each way; a comment lets nobody in. */
static void
end_outcome(struct place *place, const struct line *line)
{
	struct line whole = *line;
	struct rule rules[RULES_MAX];
	unsigned count;

	place->outcome = OUTCOME_REFUSES;
	whole.ways = WAY_BOTH;
	whole.fault = LINE_FINE;
	while (whole.len > 0 && whole.text[whole.len - 1] == '\\')
		whole.len--;
	count = whole.len > 0 && whole.text[0] != '#' ? rule_read(rules, &whole) : 0;
	for (unsigned i = 0; i < count; i++) {
		if (is_rule(&rules[i]) &&
		    tail_outcome(place, &rules[i], &place->grants) != OUTCOME_REFUSES)
			place->outcome = OUTCOME_OPEN;
	}
}

/* The classic way's table ends here, in error. */
static void
check_incomplete(struct walk *walk, const struct line *line)
{
	struct place *place = &walk->place;
	bool is_long = line->len == LINES_CLASSIC_MAX;
	struct remark remark = {.id = is_long ? LINT_LONG_LINE : LINT_NO_FINAL_NEWLINE,
	    .differs = place->mode == LINES_TWO_WAYS};
	struct line counted = *line;

	counted.number++; /* its newline was not counted */
	set_place(walk, &counted);
	end_outcome(place, line);
	if (is_long) {
		place->first_line = place->line;
		place->text = physical_line(&walk->text, place->line, &place->len);
	} else {
		mend_end(place, &remark);
		/* Such a hosts.deny keeps everybody out who gets that far. */
		remark.is_doubtful = place->table == TABLE_DENY;
	}
	tell(place, &remark);
	walk->classic_ended = true;
}

/* ---- lines that come once for each way, the classic one first ---- */

static void
check_held(struct walk *walk)
{
	if (walk->held.active)
		check_line(walk, &walk->held.line);
	walk->held.active = false;
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
check_pair(struct walk *walk, struct line *plain)
{
	struct line *lines[2] = {&walk->held.line, plain};

	check_place(walk, lines, 2);
	walk->held.active = false;
}

static void
take_line(struct walk *walk, struct line *line)
{
	struct held *held = &walk->held;

	if (line->fault == LINE_INCOMPLETE) {
		check_held(walk);
		check_incomplete(walk, line);
	} else if (walk->place.mode == LINES_TWO_WAYS && line->ways == WAY_CLASSIC) {
		check_held(walk);
		hold(held, line);
	} else if (is_counterpart(held, line)) {
		held->active = false;
		line->ways = WAY_BOTH;
		check_line(walk, line);
	} else if (held->active && line->ways == WAY_PLAIN) {
		check_pair(walk, line);
	} else {
		check_held(walk);
		check_line(walk, line);
	}
}

/* ---- a table ---- */

/* Directives behind the first line are comments, which the lines above do not show. */
static void
check_late_directives(struct walk *walk, const char *bytes, size_t len)
{
	static const char *const words[] = {"#!tcpwrap modern", "#!tcpwrap classic"};
	struct remark remark = {.id = LINT_LATE_DIRECTIVE};
	const char *end = bytes + len, *newline = memchr(bytes, '\n', len);
	struct place *place = &walk->place;

	for (unsigned number = 2; newline != NULL && newline + 1 < end; number++) {
		const char *text = newline + 1;
		size_t text_len;

		newline = memchr(text, '\n', (size_t)(end - text));
		text_len = (size_t)((newline != NULL ? newline : end) - text);
		place->line = place->first_line = number;
		place->text = text;
		place->len = text_len;
		if (*text != '#')
			continue;
		str_trim(&text, &text_len);
		if (str_is(text, text_len, words[0]) || str_is(text, text_len, words[1]))
			tell(place, &remark);
	}
}

static void
check_bytes(struct walk *walk, const char *bytes, size_t len)
{
	struct remark over = {.id = LINT_LINE_OVER_LIMIT};
	enum lines_status status = LINES_LINE;
	struct lines lines;
	struct line line;

	overall_begin(&walk->place, bytes, len);
	lines_init(&lines);
	lines_feed(&lines, bytes, len, true);
	while (!walk->place.failed && (status = lines_next(&lines, &line)) == LINES_LINE) {
		walk->place.mode = lines.mode;
		take_line(walk, &line);
	}
	check_held(walk);
	walk->place.mode = lines.mode;
	if (status == LINES_TOO_LONG) {
		walk->place.line = walk->place.first_line = lines.number + 1;
		walk->place.text = NULL;
		over.differs = true;
		tell(&walk->place, &over);
	}
	walk->place.failed = walk->place.failed || status == LINES_NO_MEMORY;
	lines_release(&lines);
	check_late_directives(walk, bytes, len);
}

enum lint_status
lint_text(struct lint *lint, enum table table, const char *name, const char *bytes, size_t len)
{
	struct walk *walk = calloc(1, sizeof *walk);
	bool failed;

	if (walk == NULL)
		return LINT_NO_MEMORY;
	walk->place = (struct place){.lint = lint, .file = name, .table = table};
	walk->place.overall = &walk->overall;
	walk->overall.twins = &walk->twins;
	physical_init(&walk->text, bytes, len);
	check_bytes(walk, bytes, len);
	failed = walk->place.failed;
	seen_release(&walk->twins);
	free(walk);
	return failed ? LINT_NO_MEMORY : LINT_DONE;
}

static void
tell_unreadable(struct lint *lint, enum table table, const char *path, int error)
{
	struct place place = {.lint = lint, .file = path, .table = table};
	struct remark remark = {
	    .id = error != 0 ? LINT_TABLE_UNREADABLE : LINT_TABLE_IRREGULAR, .differs = true};

	remark.subject = error != 0 ? strerror(error) : "";
	remark.subject_len = strlen(remark.subject);
	tell(&place, &remark);
}

enum lint_status
lint_file(struct lint *lint, enum table table, const char *path)
{
	enum lint_status status = LINT_DONE;
	int state, error;
	size_t len;
	char *bytes = file_read(path, &len, &state, &error);

	if (bytes != NULL) {
		file_check_mode(&(struct place){.lint = lint, .file = path, .table = table}, path);
		status = lint_text(lint, table, path, bytes, len);
	} else if (state == FILE_ABSENT) {
		status = LINT_ABSENT;
	} else {
		tell_unreadable(lint, table, path, error);
	}
	free(bytes);
	return status;
}
