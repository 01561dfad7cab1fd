/*
 * NAME     text - tables that are texts
 * PURPOSE  What a program brings itself is parsed once, and then decided by like a kept table.
 * INVARIANTS  Bytes are read as those of a file would be: directives, a missing last newline and all.
 * LIMITS   LINES_MAX; who calls bounds the whole.
 */
#include <stdlib.h>
#include <string.h>

#include "table/store.h"
#include "table/table.h"

static enum diag_code
keep_line(struct generation *generation, const struct line *line)
{
	struct rule rules[RULES_MAX];
	unsigned count = rule_read(rules, line);

	return generation_add(generation, line, rules, count) ? DIAG_NONE : DIAG_NO_MEMORY;
}

static enum diag_code
keep_lines(struct generation *generation, struct lines *lines)
{
	static const struct skim_client nobody = {.addr = NULL};
	enum diag_code code = DIAG_NONE;
	struct line line;

	while (code == DIAG_NONE) {
		switch (lines_next(lines, &line)) {
		case LINES_LINE:
			code = keep_line(generation, &line);
			generation_skim(generation, lines, &nobody);
			break;
		case LINES_TOO_LONG:
			return DIAG_LINE_OVER_LIMIT;
		case LINES_NO_MEMORY:
			return DIAG_NO_MEMORY;
		case LINES_MORE:
		case LINES_END:
			return DIAG_NONE;
		}
	}
	return code;
}

static enum diag_code
parse(struct generation *generation, const char *text, size_t len)
{
	struct lines lines;
	enum diag_code code;

	generation->bytes = malloc(len + 1);
	if (generation->bytes == NULL)
		return DIAG_NO_MEMORY;
	if (len > 0)
		memcpy(generation->bytes, text, len);
	lines_init(&lines);
	lines_feed(&lines, generation->bytes, len, true);
	code = keep_lines(generation, &lines);
	generation->mode = lines.mode;
	lines_release(&lines);
	if (code == DIAG_NONE && !generation_finish(generation, len))
		code = DIAG_NO_MEMORY;
	return code;
}

struct generation *
table_text(const char *text, size_t len, enum diag_code *ret_code)
{
	const struct stamp everybody = {.mode = S_IROTH};
	struct generation *generation;
	enum diag_code code;

	generation = generation_new(&everybody);
	code = generation != NULL ? parse(generation, text, len) : DIAG_NO_MEMORY;
	if (code == DIAG_NONE)
		return generation;
	generation_release(generation);
	*ret_code = code;
	return NULL;
}
