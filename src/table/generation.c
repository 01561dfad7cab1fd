/*
 * NAME     generation - a table kept in memory, small or large
 * PURPOSE  Few rules are kept parsed and passed one by one. Of many only the text is kept, and an index
 *          of where those stand that a request has to be shown: they are parsed when they are.
 * INVARIANTS  Both ways a pass sees the same rules with the same line numbers, but for those that cannot
 *          match it and have nothing to say.
 * LIMITS   INDEX_FROM: fewer rules are passed before the index has told which. UINT32_MAX bytes.
 *          A table that ends in error, the classic way, is not kept if it is large: a line behind
 *          that end cannot be read by itself.
 * SEE      image/index.h, docs/decisions/any-size.md
 */
#include <stdlib.h>
#include <string.h>

#include "table/inside.h"

#ifndef TABLE_INDEX_FROM /* tests begin with the first rule */
#define TABLE_INDEX_FROM 64
#endif

enum {
	INDEX_FROM = TABLE_INDEX_FROM,
	/* Newlines are counted anew in a piece of that size, to tell the number of a line. */
	PIECE_BYTES = 512,
};

/* ---- making ---- */

static bool
keep_rule(struct generation *generation, const struct rule *rule, bool copy_text)
{
	struct rule *kept;

	if (generation->rule_count == generation->rule_size) {
		size_t size = generation->rule_size == 0 ? 16 : generation->rule_size * 2;
		struct rule *rules = realloc(generation->rules, size * sizeof *rules);

		if (rules == NULL)
			return false;
		generation->rules = rules;
		generation->rule_size = size;
	}
	kept = &generation->rules[generation->rule_count];
	*kept = *rule;
	return rule_keep(kept, &generation->arena, copy_text);
}

static void
drop_rules(struct generation *generation)
{
	free(generation->rules);
	generation->rules = NULL;
	generation->rule_size = 0;
	arena_release(&generation->arena);
	generation->is_indexed = true;
}

bool
generation_add(struct generation *generation, const struct line *line, const struct rule *rules,
    unsigned count)
{
	if (line->begin != NULL)
		generation->item = (uint32_t)(line->begin - generation->bytes);
	if (generation->is_indexed && line->fault == LINE_INCOMPLETE)
		return false;
	for (unsigned i = 0; i < count; i++) {
		index_add_rule(&generation->index, generation->item, &rules[i]);
		if (!generation->is_indexed && !keep_rule(generation, &rules[i], line->joined))
			return false;
		generation->rule_count++;
	}
	if (!generation->is_indexed && generation->rule_count > INDEX_FROM)
		drop_rules(generation);
	return !generation->index.failed;
}

/* Newlines before each piece. */
static bool
count_newlines(struct generation *generation)
{
	size_t pieces = generation->size / PIECE_BYTES + 1;
	uint32_t *counts = malloc(pieces * sizeof *counts);
	const char *at = generation->bytes, *end = at + generation->size;
	uint32_t count = 0;

	generation->newlines = counts;
	if (counts == NULL)
		return false;
	for (size_t piece = 0; piece < pieces; piece++) {
		const char *stop = (size_t)(end - at) > PIECE_BYTES ? at + PIECE_BYTES : end;

		counts[piece] = count;
		for (; at < stop; at++)
			count += *at == '\n';
	}
	return true;
}

bool
generation_finish(struct generation *generation, size_t size)
{
	generation->size = size;
	if (!generation->is_indexed) {
		index_release(&generation->index);
		return true;
	}
	return index_finish(&generation->index) && count_newlines(generation);
}

/* ---- showing ---- */

static unsigned
line_number(const struct generation *generation, size_t at)
{
	const char *piece = generation->bytes + at / PIECE_BYTES * PIECE_BYTES;
	unsigned number = generation->newlines[at / PIECE_BYTES];

	while (piece < generation->bytes + at)
		number += *piece++ == '\n';
	return number;
}

struct show {
	struct pass *pass;
	const struct generation *generation;
	struct lines lines;
	size_t left; /* rules that may still be shown */
};

/* False: all is decided, or no more may be shown. */
static bool
show_line(struct show *show, const struct line *line)
{
	struct rule rules[RULES_MAX];
	unsigned count = rule_read(rules, line);

	for (unsigned i = 0; i < count; i++) {
		if (show->left == 0)
			return false;
		show->left--;
		if (!pass_rule(show->pass, &rules[i]))
			return false;
	}
	return true;
}

/* All of a block. */
static bool
show_item(struct show *show, size_t at)
{
	const struct generation *generation = show->generation;
	const char *begin = generation->bytes + at;
	struct lines *lines = &show->lines;
	struct line line;

	lines_seek(lines, at, line_number(generation, at));
	do {
		if (lines_next(lines, &line) != LINES_LINE ||
		    (line.begin != NULL && line.begin != begin))
			return true;
		if (!show_line(show, &line))
			return false;
	} while (lines->at == at || lines->at < lines->block_end);
	return true;
}

static bool
show_from(struct show *show, size_t at)
{
	struct line line;

	lines_seek(&show->lines, at, line_number(show->generation, at));
	while (lines_next(&show->lines, &line) == LINES_LINE)
		if (!show_line(show, &line))
			return false;
	return true;
}

/* Only what was looked up already: an index asks for nothing. */
static bool
show_named(struct show *show)
{
	struct matcher *matcher = &show->pass->matcher;
	const struct facts *facts = matcher->facts;
	struct index_cursor cursor;
	uint32_t item;

	index_begin(&cursor, &show->generation->index, facts->ops->addr(facts->ctx, END_CLIENT),
	    matcher->daemon, matcher->daemon_agrees ? matcher->daemon_len : 0);
	cursor.shows_all |= !matcher->daemon_agrees;
	for (;;) {
		switch (
		    index_next(&cursor, facts->ops->known_name(facts->ctx, END_CLIENT), &item)) {
		case INDEX_ITEM:
			if (!show_item(show, item))
				return false;
			break;
		case INDEX_END:
			return true;
		case INDEX_ALL:
			return show_from(show, (size_t)cursor.from);
		}
	}
}

static bool
show_parsed(struct show *show)
{
	const struct generation *generation = show->generation;

	for (size_t i = 0; i < generation->rule_count; i++) {
		if (show->left == 0)
			return false;
		show->left--;
		if (!pass_rule(show->pass, &generation->rules[i]))
			return false;
	}
	return true;
}

bool
table_show(struct pass *pass, enum table table, const char *name,
    const struct generation *generation, size_t max, size_t *ret_shown)
{
	struct show show = {.pass = pass, .generation = generation, .left = max};
	bool is_all;

	pass_table(pass, table, name, generation->mode);
	if (generation->is_indexed) {
		lines_init(&show.lines);
		lines_feed(&show.lines, generation->bytes, generation->size, true);
		show.lines.mode = generation->mode;
		is_all = show_named(&show);
		lines_release(&show.lines);
	} else {
		is_all = show_parsed(&show);
	}
	*ret_shown = max - show.left;
	return is_all || pass->open == 0;
}
