/*
 * NAME     decide - the verdict
 * PURPOSE  First match, two readings, the lower verdict.
 * INVARIANTS  Starts from "open" and ends in one verdict for each reading; every fault on the way
 *          refuses. Options are judged here, and carried out by somebody else, once, afterwards.
 * SEE      docs/decisions/two-readings.md, docs/decisions/faults-refuse.md
 */
#include "policy/decide.h"

#include <string.h>

enum { ALL_READINGS = (1 << READINGS) - 1 };

/* Not for a text that is no longer in the file: this pass of it counts for nothing. Nor once the classic
 * reading has refused: its rule counts, whatever the other one comes to. */
static bool
may_ask(const void *ctx)
{
	const struct pass *pass = ctx;
	bool refused = (pass->open & 1U << READING_CLASSIC) == 0 &&
	    pass->decisions[READING_CLASSIC].verdict == VERDICT_REFUSE;

	return !refused && (pass->holds == NULL || pass->holds(pass->source));
}

void
pass_init(struct pass *pass, const struct facts *facts, const struct option_context *options)
{
	memset(pass, 0, sizeof *pass);
	matcher_init(&pass->matcher, facts);
	pass->options = *options;
	pass->options.may_ask = may_ask;
	pass->options.ctx = pass;
	pass->open = ALL_READINGS;
}

void
pass_release(struct pass *pass)
{
	arena_release(&pass->tails);
}

/* The way in which a reading reads this table. */
static enum way
way_of(const struct pass *pass, enum reading reading)
{
	if (pass->mode == LINES_TWO_WAYS)
		return reading == READING_CLASSIC ? WAY_CLASSIC : WAY_PLAIN;
	return pass->mode == LINES_CLASSIC ? WAY_CLASSIC : WAY_PLAIN;
}

static void
refresh(struct pass *pass)
{
	pass->want = MATCH_NONE;
	for (unsigned r = 0; r < READINGS; r++) {
		if (pass->open & ~pass->ended & 1U << r)
			pass->want |= match_of_ways((ways)way_of(pass, (enum reading)r));
	}
}

void
pass_table(struct pass *pass, enum table table, const char *file, enum lines_mode mode)
{
	/* A table that is shown in two parts has ended in both. */
	if (table != pass->table)
		pass->ended = 0;
	pass->table = table;
	pass->file = file;
	pass->mode = mode;
	pass->matcher.place.file = file;
	refresh(pass);
}

void
pass_mode(struct pass *pass, enum lines_mode mode)
{
	if (pass->mode != mode) {
		pass->mode = mode;
		refresh(pass);
	}
}

void
pass_restart(struct pass *pass)
{
	/* Also a daemon that could not be found out is asked for again. */
	matcher_init(&pass->matcher, pass->matcher.facts);
	pass->open = ALL_READINGS;
	pass->ended = 0;
	refresh(pass);
}

static void
settle(struct pass *pass, enum reading reading, const struct decision *decision)
{
	pass->decisions[reading] = *decision;
	pass->open &= ~(1U << reading);
	refresh(pass);
}

static struct decision
faulty(const struct pass *pass, unsigned line, enum diag_code code)
{
	return (struct decision){.verdict = VERDICT_REFUSE,
	    .by = BY_FAULT,
	    .fault = code,
	    .table = pass->table,
	    .file = pass->file,
	    .line = line};
}

void
pass_fault(struct pass *pass, enum diag_code code)
{
	struct decision refused = faulty(pass, 0, code);

	for (unsigned r = 0; r < READINGS; r++) {
		if (pass->open & 1U << r)
			settle(pass, (enum reading)r, &refused);
	}
}

/* What the rule's options make of its verdict. False: it does not decide, nor does its table. */
static bool
judge_tail(struct pass *pass, const struct rule *rule, struct decision *decision)
{
	struct tail tail = {pass->file, rule->line, decision->way, rule->tail, rule->tail_len};
	struct option_outcome outcome =
	    option_verdict(&tail, pass->matcher.facts, &pass->options, decision->verdict);

	if (outcome.passes)
		return false;
	decision->verdict = outcome.verdict;
	decision->failed = outcome.failed;
	decision->has_tail = !outcome.failed && outcome.at <= tail.len;
	if (!decision->has_tail)
		return true;
	/* The rule's own text may be gone when its options run. */
	decision->tail_len = tail.len - outcome.at;
	decision->tail = arena_copy(&pass->tails, tail.text + outcome.at, decision->tail_len);
	if (decision->tail == NULL)
		*decision = faulty(pass, rule->line, DIAG_NO_MEMORY);
	return true;
}

static void
keep_text(struct pass *pass, const struct rule *rule, struct decision *decision)
{
	if (!pass->keeps_text || decision->by == BY_FAULT)
		return;
	decision->text = rule_text(rule, &pass->tails);
	if (decision->text == NULL)
		*decision = faulty(pass, rule->line, DIAG_NO_MEMORY);
}

static void
settle_by_rule(struct pass *pass, enum reading reading, const struct rule *rule)
{
	struct decision decision = {
	    .verdict = pass->table == TABLE_ALLOW ? VERDICT_GRANT : VERDICT_REFUSE,
	    .by = BY_RULE,
	    .way = way_of(pass, reading),
	    .table = pass->table,
	    .file = pass->file,
	    .line = rule->line};

	if (!rule->has_tail || judge_tail(pass, rule, &decision)) {
		keep_text(pass, rule, &decision);
		settle(pass, reading, &decision);
	} else {
		pass->ended |= 1U << reading;
	}
	refresh(pass);
}

static void
tell(struct pass *pass, enum diag_code code, const char *subject, size_t len)
{
	const struct facts *facts = pass->matcher.facts;

	diag_set(&pass->matcher.place, code, subject, len);
	facts->ops->report(facts->ctx, &pass->matcher.place);
}

/* The open readings that read this table in one of these ways. */
static unsigned
concerned(const struct pass *pass, ways which)
{
	unsigned readings = 0;

	for (unsigned r = 0; r < READINGS; r++) {
		if (way_of(pass, (enum reading)r) & which)
			readings |= 1U << r;
	}
	return readings & pass->open & ~pass->ended;
}

/* A finding in a rule's place: tell it; the classic way's table may end here, in error. */
static void
pass_finding(struct pass *pass, const struct rule *rule)
{
	unsigned readings = concerned(pass, rule->ways);
	struct decision refused = faulty(pass, rule->line, rule->code);

	tell(pass, rule->code, rule->tail, rule->tail_len);
	if (rule->code != DIAG_LINE_INCOMPLETE)
		return;
	tell(pass, DIAG_REST_IGNORED, "", 0);
	for (unsigned r = 0; r < READINGS; r++) {
		if (!(readings & 1U << r))
			continue;
		pass->ended |= 1U << r;
		refresh(pass);
		if (pass->table == TABLE_DENY)
			settle(pass, (enum reading)r, &refused);
	}
}

/* What is to be said about a rule that a reading has just come to. */
static enum diag_code
news_of(struct pass *pass, enum reading reading, unsigned line)
{
	if (pass->open & 1U << reading) {
		bool is_told = pass->no_line == line && pass->no_table == pass->table;

		pass->no_line = line;
		pass->no_table = pass->table;
		return is_told ? DIAG_NONE : DIAG_ACLEXEC_FALSE;
	}
	return pass->decisions[reading].by == BY_FAULT ? pass->decisions[reading].fault : DIAG_NONE;
}

static void
pass_match(struct pass *pass, const struct rule *rule, matchset found)
{
	unsigned readings = concerned(pass, match_ways(found));
	struct decision refused = faulty(pass, rule->line, DIAG_UNKNOWN_RULE);
	enum diag_code told = DIAG_NONE, news;

	for (unsigned r = 0; r < READINGS; r++) {
		enum way way = way_of(pass, (enum reading)r);

		if (!(readings & 1U << r))
			continue;
		if (match_certain(found) & way)
			settle_by_rule(pass, (enum reading)r, rule);
		else
			settle(pass, (enum reading)r, &refused);
		news = news_of(pass, (enum reading)r, rule->line);
		if (news != DIAG_NONE && news != told) {
			tell(pass, news, "", 0);
			told = news;
		}
	}
}

bool
pass_rule(struct pass *pass, const struct rule *rule)
{
	struct matcher *matcher = &pass->matcher;
	matchset found = pass->want & match_of_ways(rule->ways);

	if (found == MATCH_NONE)
		return pass->open != 0;
	matcher->place.line = rule->line;
	if (rule->code != DIAG_NONE) {
		pass_finding(pass, rule);
		return pass->open != 0;
	}
	matcher->end = END_SERVER;
	found = list_match(matcher, &rule->daemons, found);
	matcher->end = END_CLIENT;
	if (found != MATCH_NONE)
		found = list_match(matcher, &rule->clients, found);
	if (matcher->failed) {
		tell(pass, DIAG_LOOKUP_FAULT, "", 0);
		pass_fault(pass, DIAG_LOOKUP_FAULT);
	} else if (found != MATCH_NONE) {
		pass_match(pass, rule, found);
	}
	return pass->open != 0;
}

static enum reading
counting(const struct pass *pass)
{
	return pass->decisions[READING_PLAIN].verdict < pass->decisions[READING_CLASSIC].verdict
	    ? READING_PLAIN
	    : READING_CLASSIC;
}

const struct decision *
pass_decide(struct pass *pass)
{
	struct decision granted = {.verdict = VERDICT_GRANT, .by = BY_NO_MATCH};

	for (unsigned r = 0; r < READINGS; r++) {
		if (pass->open & 1U << r)
			settle(pass, (enum reading)r, &granted);
	}
	return &pass->decisions[counting(pass)];
}

const struct decision *
pass_differing(const struct pass *pass)
{
	enum reading other = counting(pass) == READING_PLAIN ? READING_CLASSIC : READING_PLAIN;

	if (pass->decisions[other].verdict == pass->decisions[counting(pass)].verdict)
		return NULL;
	return &pass->decisions[other];
}
