/*
 * NAME     ask_index - the engine on texts that are kept, with an index
 * INVARIANTS  Every part of an answer is compared. Lookups may be fewer, never more.
 */
#include "ask_index.h"

#include <string.h>

#include "table/table.h"

bool
indexed_init(struct indexed *indexed, const char *const texts[2], const size_t lens[2],
    enum diag_code *ret_code)
{
	for (unsigned t = 0; t < 2; t++) {
		indexed->texts[t] = table_text(texts[t], lens[t], ret_code);
		if (indexed->texts[t] == NULL) {
			if (t > 0)
				generation_release(indexed->texts[0]);
			return false;
		}
	}
	return true;
}

void
indexed_release(struct indexed *indexed)
{
	generation_release(indexed->texts[0]);
	generation_release(indexed->texts[1]);
}

static void
show(struct pass *pass, const void *arg)
{
	static const char *const names[2] = {"A", "D"};
	const struct indexed *indexed = arg;
	const struct generation *const texts[2] = {indexed->texts[0], indexed->texts[1]};

	table_decide_texts(pass, names, texts);
}

void
indexed_ask(const struct indexed *indexed, const struct ask *ask, struct answer *ret)
{
	ask_with(ask, show, indexed, ret);
}

/* ---- comparing ---- */

static const char *
decisions_differ(const struct decision *a, const struct decision *b)
{
	if (a->verdict != b->verdict)
		return "verdict of a reading";
	if (a->by != b->by || a->fault != b->fault || a->failed != b->failed)
		return "what decides a reading";
	if (a->by == BY_NO_MATCH)
		return NULL;
	if (a->table != b->table || a->line != b->line)
		return "rule";
	if (a->way != b->way)
		return "way";
	return a->has_tail != b->has_tail || a->tail_len != b->tail_len ? "tail" : NULL;
}

/* Files are called "A" and "D", or by a path. */
static bool
reports_differ(const struct diag *a, const struct diag *b)
{
	return a->code != b->code || a->error != b->error || a->line != b->line ||
	    a->column != b->column || (a->file == NULL) != (b->file == NULL) ||
	    strcmp(a->arg, b->arg) != 0;
}

static const char *
lookups_differ(const struct answer *without, const struct answer *with)
{
	if (with->names_asked > without->names_asked)
		return "names asked for";
	if (with->users_asked > without->users_asked)
		return "users asked for";
	if (with->commands_asked > without->commands_asked)
		return "commands asked";
	return with->netgroups_asked > without->netgroups_asked ||
	        with->scopes_asked > without->scopes_asked ||
	        with->lists_asked > without->lists_asked
	    ? "netgroups, scopes or lists asked"
	    : NULL;
}

const char *
indexed_difference(const struct answer *without, const struct answer *with)
{
	const char *difference = NULL;

	if (without->verdict != with->verdict)
		return "verdict";
	for (unsigned r = 0; r < READINGS && difference == NULL; r++) {
		difference = decisions_differ(&without->decisions[r], &with->decisions[r]);
		if (difference == NULL && without->texts[r] != with->texts[r])
			difference = "text of tail or rule";
	}
	if (difference != NULL)
		return difference;
	if (without->report_count != with->report_count)
		return "number of reports";
	for (size_t i = 0; i < without->report_count; i++)
		if (reports_differ(&without->reports[i], &with->reports[i]))
			return "report";
	return lookups_differ(without, with);
}
