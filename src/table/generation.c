/*
 * NAME     generation - a table kept in memory, small or large
 * PURPOSE  Few rules are kept parsed and passed one by one. Of many only the text is kept, and an index
 *          of where those stand that a request has to be shown: they are parsed when they are.
 * LIMITS   INDEX_FROM: fewer rules are passed before the index has told which. UINT32_MAX bytes.
 * SEE      image/index.h, docs/decisions/any-size.md
 */
#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "table/inside.h"

#ifndef TABLE_INDEX_FROM /* tests begin with the first rule */
#define TABLE_INDEX_FROM 64
#endif

enum { INDEX_FROM = TABLE_INDEX_FROM };

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
	if (line->fault == LINE_INCOMPLETE) {
		generation->ends_in_error = true;
		generation->error_at = generation->item;
	}
	for (unsigned i = 0; i < count; i++) {
		index_add_rule(&generation->index, generation->item, &rules[i]);
		if (!generation->is_indexed && !keep_rule(generation, &rules[i], line->joined))
			return false;
		generation->rule_count++;
	}
	if (skim_learn(&generation->skim, line, rules, count))
		index_daemons(&generation->skim_daemons, &rules[0].daemons);
	if (!generation->is_indexed && generation->rule_count > INDEX_FROM)
		drop_rules(generation);
	return !generation->index.failed;
}

size_t
generation_skim(
    struct generation *generation, struct lines *lines, const struct skim_client *client)
{
	size_t count = 0, len;
	struct skim_net net;
	const char *line;

	if (!generation->is_indexed || generation->skim.len == 0)
		return 0;
	while ((line = lines_ahead(lines, &len)) != NULL &&
	    (len = skim_net(&generation->skim, client, line, len, &net)) > 0) {
		index_add_net4(&generation->index, (uint32_t)(line - generation->bytes),
		    &generation->skim_daemons, net.net, net.mask);
		lines_skip(lines, len, 1);
		count++;
	}
	generation->rule_count += count;
	return count;
}

/* Newlines before each piece. */
static bool
count_newlines(struct generation *generation)
{
	size_t pieces = generation->size / IMAGE_PIECE_BYTES + 1;
	uint32_t *counts = malloc(pieces * sizeof *counts);
	const char *at = generation->bytes, *end = at + generation->size;
	uint32_t count = 0;

	generation->newlines = counts;
	if (counts == NULL)
		return false;
	for (size_t piece = 0; piece < pieces; piece++) {
		const char *stop =
		    (size_t)(end - at) > IMAGE_PIECE_BYTES ? at + IMAGE_PIECE_BYTES : end;

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

/* ---- lists ---- */

struct word_cursor {
	struct index_cursor index;
	unsigned end;
};
_Static_assert(sizeof(struct word_cursor) <= WORDS_CURSOR_BYTES, "policy/filelist.h");

static const struct generation *
owner_of_words(const struct words *words)
{
	return (const void *)((const char *)words - offsetof(struct generation, words));
}

/* A list is nobody's in particular: no daemon has an empty name. */
static void
begin_words(const struct words *words, const struct facts *facts, unsigned end, void *memory)
{
	struct word_cursor *cursor = memory;

	cursor->end = end;
	index_begin(&cursor->index, &owner_of_words(words)->index,
	    facts->ops->addr(facts->ctx, (enum end)end), "", 0);
}

static bool
next_word(const struct words *words, const struct facts *facts, void *memory, size_t *ret)
{
	struct word_cursor *cursor = memory;
	uint32_t item;

	switch (index_next(
	    &cursor->index, facts->ops->known_name(facts->ctx, (enum end)cursor->end), &item)) {
	case INDEX_ITEM:
		*ret = item;
		return true;
	case INDEX_END:
		return false;
	case INDEX_ALL:
		break;
	}
	*ret = (size_t)cursor->index.from++;
	return *ret < words->count;
}

bool
generation_finish_words(struct generation *generation)
{
	static const struct words_index by_index = {begin_words, next_word};
	struct words *words = &generation->words;

	if (words->count <= INDEX_FROM || words->count > UINT32_MAX)
		return true;
	for (size_t i = 0; i < words->count; i++)
		index_add_test(&generation->index, (uint32_t)i, &words->tests[i]);
	words->index = &by_index;
	return index_finish(&generation->index);
}
