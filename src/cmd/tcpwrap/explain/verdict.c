/*
 * NAME     verdict - what the engine decides
 * INVARIANTS  Nothing is decided here: policy and table do, as in the libraries.
 */
#include "cmd/tcpwrap/explain/verdict.h"

#include "cmd/tcpwrap/explain/dry.h"
#include "table/table.h"

void
verdict_find(struct verdict_found *found, struct asked *asked, const char *const paths[2],
    const struct generation *const texts[2])
{
	const struct option_context context = {.resident = false};
	struct pass *pass = &found->pass;

	pass_init(pass, &asked->facts, &context);
	if (texts != NULL)
		table_decide_texts(pass, paths, texts);
	else
		table_decide(pass, paths[TABLE_ALLOW], paths[TABLE_DENY]);
	found->counts = pass_decide(pass);
	found->other = pass_differing(pass);
	found->verdict = dry_verdict(asked, pass, found->counts, &found->option);
}

void
verdict_release(struct verdict_found *found)
{
	pass_release(&found->pass);
}

bool
verdict_is_both(const struct verdict_found *found)
{
	const struct decision *a = &found->pass.decisions[READING_CLASSIC];
	const struct decision *b = &found->pass.decisions[READING_PLAIN];

	return a->verdict == b->verdict && a->by == b->by && a->fault == b->fault &&
	    a->file == b->file && a->line == b->line;
}

const char *
verdict_text(enum verdict verdict)
{
	static const char *const texts[] = {[VERDICT_REFUSE] = "refused",
	    [VERDICT_TWIST] = "twisted",
	    [VERDICT_GRANT] = "admitted"};

	return texts[verdict];
}

const char *
verdict_reading(const struct verdict_found *found, const struct decision *decision)
{
	return decision == &found->pass.decisions[READING_PLAIN] ? "plain" : "classic";
}
