/*
 * NAME     trace - the way of a decision
 * PURPOSE  Finds, by asking the matcher about parts of a list, which words made a rule match or pass.
 * INVARIANTS  Nothing here decides. What is wanted while looking is forgotten again.
 * LIMITS   TRACE_SHOWN, TRACE_MISSES_MAX, TRACE_TEXT_MAX: enough to see why, and to recognise a line.
 */
#include "cmd/tcpwrap/explain/trace.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cmd/tcpwrap/explain/miss.h"
#include "policy/lexer.h"

/* ---- keeping ---- */

static char *
keep(struct trace *trace, const char *text, size_t len)
{
	char *copy = strndup(text, len < TRACE_TEXT_MAX ? len : TRACE_TEXT_MAX);

	trace->failed |= copy == NULL;
	return copy;
}

static void
drop_rule(const struct trace_rule *rule)
{
	free(rule->text);
	free(rule->daemon);
	free(rule->client);
}

/* A rule that decides stays: there are two at most. */
static void
drop_oldest(struct trace *trace)
{
	size_t at = 0;

	while (trace->rules[at].decides != 0)
		at++;
	drop_rule(&trace->rules[at]);
	trace->count--;
	memmove(
	    trace->rules + at, trace->rules + at + 1, (trace->count - at) * sizeof *trace->rules);
	trace->dropped++;
}

static void
make_room(struct trace *trace)
{
	size_t size = trace->size == 0 ? TRACE_SHOWN : 2 * trace->size;
	struct trace_rule *rules;

	if (!trace->is_all && trace->count == TRACE_SHOWN)
		drop_oldest(trace);
	if (trace->count < trace->size)
		return;
	rules = realloc(trace->rules, size * sizeof *rules);
	if (rules == NULL) {
		trace->failed = true;
		return;
	}
	trace->rules = rules;
	trace->size = size;
}

static void
keep_rule(struct trace *trace, const struct trace_rule *rule)
{
	make_room(trace);
	if (trace->count < trace->size) {
		trace->rules[trace->count++] = *rule;
		return;
	}
	drop_rule(rule);
}

static char *
keep_text(struct trace *trace, const struct rule *rule)
{
	struct arena arena = {.last = NULL};
	const char *text = rule->tail;
	char *copy;

	if (rule->code == DIAG_NONE)
		text = rule_text(rule, &arena);
	copy = text == NULL
	    ? NULL
	    : keep(trace, text, rule->code == DIAG_NONE ? strlen(text) : rule->tail_len);
	trace->failed |= text == NULL;
	arena_release(&arena);
	return copy;
}

void
trace_miss(struct trace *trace, const struct trace_miss *miss, const char *word, size_t len,
    const char *better)
{
	struct trace_miss *kept = &trace->misses[trace->miss_count];

	if (trace->miss_count == TRACE_MISSES_MAX) {
		trace->misses_lost++;
		return;
	}
	*kept = *miss;
	kept->word = keep(trace, word, len);
	kept->better = keep(trace, better, strlen(better));
	if (kept->word != NULL && kept->better != NULL) {
		trace->miss_count++;
		return;
	}
	free(kept->word);
	free(kept->better);
}

void
trace_release(struct trace *trace)
{
	for (size_t i = 0; i < trace->count; i++)
		drop_rule(&trace->rules[i]);
	free(trace->rules);
	for (size_t i = 0; i < trace->miss_count; i++) {
		free(trace->misses[i].word);
		free(trace->misses[i].better);
	}
	for (unsigned i = 0; i < ASKED_FACTS; i++)
		free(trace->wants[i].word);
	*trace = (struct trace){.asked = trace->asked, .is_all = trace->is_all};
}

/* ---- words ---- */

matchset
trace_word(
    struct matcher *matcher, const struct list *list, const char *word, size_t len, matchset want)
{
	const struct list alone = {
	    .text = word, .len = len, .ways = list->ways, .role = list->role};

	return list_match(matcher, &alone, want);
}

/* The first word between the EXCEPTs number `part` and `part` + 1 that matches. NULL: none does. */
static const char *
find_word(
    struct matcher *matcher, const struct list *list, matchset want, unsigned part, size_t *ret_len)
{
	size_t at = 0, len;
	const char *word;
	unsigned number = 0;

	while (number <= part && list_next_word(list, &at, &word, &len)) {
		if (str_is(word, len, "EXCEPT")) {
			number++;
		} else if (number == part && trace_word(matcher, list, word, len, want) != 0) {
			*ret_len = len;
			return word;
		}
	}
	return NULL;
}

static char *
keep_word(struct trace *trace, struct matcher *matcher, const struct list *list, matchset want,
    unsigned part)
{
	size_t len;
	const char *word = find_word(matcher, list, want, part, &len);

	return word != NULL ? keep(trace, word, len) : NULL;
}

/* ---- wants ---- */

struct search {
	struct matcher *matcher;
	const struct list *list;
	matchset want;
	unsigned before, bit; /* wanted before; looked for */
};

static size_t
word_end(const struct list *list, size_t at)
{
	while (at < list->len && !lexer_is_separator(list->text[at]))
		at++;
	return at;
}

/* Does the list up to that word want it? */
static bool
is_wanted(const struct search *search, size_t at)
{
	struct asked *asked = search->matcher->facts->ctx;
	struct list part = *search->list;

	part.len = word_end(search->list, at);
	asked->wanted = search->before;
	list_match(search->matcher, &part, search->want);
	return asked->wanted & search->bit;
}

/* The longer the beginning of a list, the more is wanted: so half of it tells on which side to look on.
 * NULL: no word of the list wants it. */
static const char *
wanting_word(const struct search *search, size_t *ret_len)
{
	size_t low = 0, high = search->list->len;

	if (!is_wanted(search, high))
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_wanted(search, middle))
			high = middle;
		else
			low = middle + 1;
	}
	*ret_len = word_end(search->list, low) - low;
	return search->list->text + low;
}

static void
note_want(struct trace *trace, struct matcher *matcher, const struct trace_step *step,
    enum asked_fact fact)
{
	struct search search = {
	    matcher, &step->rule->daemons, step->want, step->wanted, 1U << fact};
	struct trace_want *want = &trace->wants[fact];
	const char *word;
	size_t len;

	*want = (struct trace_want){true, step->table, step->rule->line, NULL};
	matcher->end = END_SERVER;
	word = wanting_word(&search, &len);
	if (word == NULL) {
		search.want = list_match(matcher, search.list, step->want);
		search.list = &step->rule->clients;
		matcher->end = END_CLIENT;
		word = wanting_word(&search, &len);
	}
	if (word != NULL)
		want->word = keep(trace, word, len);
}

static void
note_wants(struct trace *trace, struct matcher *matcher, const struct trace_step *step)
{
	unsigned wanted = trace->asked->wanted;

	for (unsigned fact = 0; fact < ASKED_FACTS; fact++) {
		if (wanted & ~step->wanted & 1U << fact && !trace->wants[fact].is_set)
			note_want(trace, matcher, step, (enum asked_fact)fact);
	}
	trace->asked->wanted = wanted;
}

/* ---- rules ---- */

static void
fill_in(struct trace *trace, struct matcher *matcher, const struct trace_step *step,
    struct trace_rule *ret, matchset *ret_missed)
{
	const struct rule *rule = step->rule;
	matchset want = step->want, daemons, clients;

	matcher->end = END_SERVER;
	daemons = list_match(matcher, &rule->daemons, want);
	*ret_missed = want & (matchset)~daemons;
	if (daemons == MATCH_NONE)
		return;
	ret->daemon = keep_word(trace, matcher, &rule->daemons, daemons, 0);
	matcher->end = END_CLIENT;
	clients = list_match(matcher, &rule->clients, daemons);
	*ret_missed = want & (matchset)~clients;
	ret->client = keep_word(trace, matcher, &rule->clients, clients, 0);
	if (clients != MATCH_NONE) {
		ret->kind = match_certain(clients) != 0 ? TRACE_MATCH : TRACE_UNKNOWN;
		ret->ways = match_ways(clients);
	} else if (find_word(matcher, &rule->clients, daemons, 0, &(size_t){0}) != NULL) {
		ret->kind = TRACE_EXCEPT;
		ret->client = keep_word(trace, matcher, &rule->clients, daemons, 1);
	} else {
		ret->kind = TRACE_CLIENT;
	}
}

void
trace_add(struct trace *trace, const struct trace_step *step)
{
	struct trace_rule rule = {.table = step->table,
	    .line = step->rule->line,
	    .ways = match_ways(step->want),
	    .kind = step->rule->code != DIAG_NONE ? TRACE_FINDING : TRACE_DAEMON,
	    .decides = step->decides};
	unsigned wanted = trace->asked->wanted;
	matchset missed = MATCH_NONE;
	struct matcher matcher;

	matcher_init(&matcher, &trace->asked->facts);
	if (rule.kind != TRACE_FINDING) {
		note_wants(trace, &matcher, step);
		fill_in(trace, &matcher, step, &rule, &missed);
	}
	if (missed != MATCH_NONE && !matcher.failed)
		miss_find(trace, &matcher, step, &rule, missed);
	trace->asked->wanted = wanted;
	if (rule.kind == TRACE_DAEMON && !trace->is_all) {
		trace->other_daemons++;
		drop_rule(&rule);
		return;
	}
	rule.text = keep_text(trace, step->rule);
	keep_rule(trace, &rule);
}
