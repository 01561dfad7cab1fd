/*
 * NAME     generation - a table kept in memory, small or large
 * PURPOSE  Few rules are kept parsed and passed one by one. Of many only the text is kept, and an index
 *          of where those stand that a request has to be shown: they are parsed when they are.
 * LIMITS   STORE_INDEX_FROM. UINT32_MAX bytes.
 * SEE      image/index.h, docs/decisions/any-size.md
 */
#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "table/inside.h"

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
	const struct skim_form *form;

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
	form = skim_learn(&generation->skim, line, rules, count);
	if (form != NULL)
		index_daemons(
		    &generation->skim_daemons[form - generation->skim.forms], &rules[0].daemons);
	if (!generation->is_indexed && generation->rule_count > STORE_INDEX_FROM)
		drop_rules(generation);
	return !generation->index.failed;
}

/* One line, of any of the forms. How many bytes it has; 0: it has to be judged. */
static size_t
file_line(
    struct generation *generation, const char *line, size_t len, const struct skim_client *client)
{
	const struct skim *skim = &generation->skim;
	uint32_t item = (uint32_t)(line - generation->bytes);
	struct skim_net net;
	size_t taken = 0;

	for (unsigned i = 0; i < skim->count && taken == 0; i++) {
		const struct index_daemons *daemons = &generation->skim_daemons[i];

		taken = skim_net(&skim->forms[i], client, line, len, &net);
		if (taken > 0 && net.is_v6)
			index_add_net6(&generation->index, item, daemons,
			    &(struct net6){.addr = skim_addr(&net), .len_bits = (uint8_t)net.bits});
		else if (taken > 0)
			index_add_net4(&generation->index, item, daemons, net.net, net.mask);
	}
	return taken;
}

size_t
generation_skim(
    struct generation *generation, struct lines *lines, const struct skim_client *client)
{
	size_t count = 0, len;
	const char *line;

	if (!generation->is_indexed || generation->skim.count == 0)
		return 0;
	while ((line = lines_ahead(lines, &len)) != NULL &&
	    (len = file_line(generation, line, len, client)) > 0) {
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
