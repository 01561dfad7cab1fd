/*
 * NAME     shadow - rules that never decide, proved
 * PURPOSE  For each daemon that rules name, and for any other, the sets of addresses say who is ever reached.
 * INVARIANTS  What is told holds in both readings, whatever a name, a user or a command turns out to be.
 * LIMITS   WORK_MAX, daemons times rules: some seconds of work. Beyond it, nothing is told.
 *          TRY_RULES_MAX, TRY_DAEMONS_MAX: larger policies are not worked out again without each rule.
 * SEE      reach/reach.h, docs/decisions/exact-sets.md
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lint/inside.h"
#include "reach/reach.h"

enum { WORK_MAX = 1 << 23, SUBJECT_SIZE = 64, TRY_RULES_MAX = 100, TRY_DAEMONS_MAX = 16 };

enum reached { NOT_SEEN, NEVER, REACHED };

/* A rule, over all daemons. */
struct state {
	uint8_t reached; /* enum reached */
	uint8_t outcome; /* enum outcome */
	bool is_several;
	uint32_t by; /* that takes its clients, or the first that does */
};

struct shadow {
	struct lint *lint;
	struct reach *reach;
	size_t count;
	struct state *states;
	struct reach_rule_use *uses;
	char *bytes[2]; /* of the tables, as they are now */
	struct physical texts[2];
	size_t seen[2][OUTCOME_OPEN + 1]; /* rules passed, by table and outcome */
	bool failed;
};

/* ---- who is reached ---- */

static void
merge(struct state *state, const struct reach_rule_use *use)
{
	uint32_t by = use->by == REACH_SEVERAL ? use->first : use->by;

	if (use->use == REACH_NOT_ASKED)
		return;
	if (use->use != REACH_NEVER) {
		state->reached = REACHED;
		return;
	}
	if (state->reached == NOT_SEEN) {
		state->reached = NEVER;
		state->by = by;
	}
	state->is_several = state->is_several || use->by == REACH_SEVERAL || state->by != by;
	state->by = by < state->by ? by : state->by;
}

static enum lint_status
ask(struct shadow *shadow, const char *daemon)
{
	const struct reach_question question = {.daemon = daemon};

	if (!reach_uses(shadow->reach, &question, shadow->uses))
		return LINT_NO_MEMORY;
	for (size_t i = 0; i < shadow->count; i++)
		merge(&shadow->states[i], &shadow->uses[i]);
	return LINT_DONE;
}

static enum lint_status
ask_all(struct shadow *shadow, const struct progress *progress)
{
	enum lint_status status = LINT_DONE;
	size_t count = 0;

	while (reach_daemon(shadow->reach, count) != NULL)
		count++;
	if (count * shadow->count > WORK_MAX)
		return LINT_TOO_LARGE;
	for (size_t i = 0; i <= count && status == LINT_DONE; i++) {
		if (progress != NULL && progress->step != NULL)
			progress->step(progress->ctx, "never reached", i, count + 1);
		status = ask(shadow, i < count ? reach_daemon(shadow->reach, i) : NULL);
	}
	return status;
}

/* ---- what comes of it ---- */

/* Has it no options but those that decide? */
static bool
is_bare(const struct reach_rule *rule)
{
	enum option_status status = rule->has_tail ? OPTION_FIELD : OPTION_END;
	struct diag diag = {.code = DIAG_NONE};
	struct option_cursor cursor;
	struct option option;
	bool bare = true;

	option_cursor_init(&cursor, WAY_PLAIN, rule->tail, rule->tail_len);
	while (status == OPTION_FIELD && bare) {
		status = option_next(&cursor, &option, &diag);
		bare = status == OPTION_END ||
		    (status == OPTION_FIELD &&
		        (option.id == OPTION_ALLOW || option.id == OPTION_DENY));
	}
	option_cursor_release(&cursor);
	return bare;
}

static void
judge_all(struct shadow *shadow)
{
	for (size_t i = 0; i < shadow->count; i++) {
		const struct reach_rule rule = reach_rule(shadow->reach, (uint32_t)i);
		struct place place = {.lint = shadow->lint, .table = rule.table};
		enum outcome outcome = rule.table == TABLE_ALLOW ? OUTCOME_GRANTS : OUTCOME_REFUSES;

		if (rule.is_end)
			outcome = OUTCOME_OPEN;
		else if (rule.has_tail)
			outcome = tail_outcome_of(&place, rule.tail, rule.tail_len);
		shadow->states[i].outcome = (uint8_t)outcome;
		shadow->failed = shadow->failed || place.failed;
	}
}

/* Those that take its clients do with them what it would have done. */
static bool
is_harmless(const struct shadow *shadow, const struct state *state, const struct reach_rule *rule)
{
	if (state->outcome == OUTCOME_OPEN || !is_bare(rule))
		return false;
	if (!state->is_several)
		return shadow->states[state->by].outcome == state->outcome;
	for (int table = 0; table < 2; table++) {
		for (int outcome = 0; outcome <= OUTCOME_OPEN; outcome++) {
			if (outcome != (int)state->outcome && shadow->seen[table][outcome] > 0)
				return false;
		}
	}
	return true;
}

/* ---- telling ---- */

static const char *
line_of(struct shadow *shadow, const struct reach_rule *rule, size_t *ret_len)
{
	return physical_line(&shadow->texts[rule->table], rule->line, ret_len);
}

/* Of the same text, which is told as a twin. */
static bool
is_twin(struct shadow *shadow, const struct reach_rule *rule, const struct reach_rule *by)
{
	struct physical text = shadow->texts[by->table]; /* the other goes forward */
	size_t len, by_len;
	const char *line = line_of(shadow, rule, &len), *by_line;

	if (rule->table != by->table)
		return false;
	by_line = physical_line(&text, by->line, &by_len);
	return len == by_len && memcmp(line, by_line, len) == 0;
}

static void
name_line(struct buf *buf, const struct reach_rule *rule, const struct reach_rule *by)
{
	buf_add_str(buf, "line ");
	buf_add_number(buf, by->line);
	if (by->table != rule->table)
		buf_add_str(buf, by->table == TABLE_ALLOW ? " of hosts.allow" : " of hosts.deny");
}

static void
tell_rule(struct shadow *shadow, const struct reach_rule *rule, const struct remark *remark)
{
	struct place place = {.lint = shadow->lint, .file = rule->file, .table = rule->table};

	place.line = rule->line;
	place.text = line_of(shadow, rule, &place.len);
	place.first_line = physical_first(&shadow->texts[rule->table], rule->line, WAY_PLAIN);
	tell(&place, remark);
	shadow->failed = shadow->failed || place.failed;
}

static void
tell_never(struct shadow *shadow, const struct state *state, const struct reach_rule *rule)
{
	const struct reach_rule by = reach_rule(shadow->reach, state->by);
	struct remark remark = {.id = state->is_several ? LINT_UNREACHABLE : LINT_SHADOWED};
	char subject[SUBJECT_SIZE + 1];
	struct buf buf;

	if (!state->is_several && is_twin(shadow, rule, &by))
		return;
	if (is_harmless(shadow, state, rule))
		remark.id = LINT_REDUNDANT;
	buf_init(&buf, subject, sizeof subject, SUBJECT_SIZE);
	name_line(&buf, rule, &by);
	if (remark.id == LINT_REDUNDANT)
		buf_add_str(&buf, state->is_several ? " and others do" : " does");
	remark.subject = buf.bytes;
	remark.subject_len = buf.len;
	tell_rule(shadow, rule, &remark);
	buf_release(&buf);
}

/* A rule that decides, but what comes behind it would decide the same. */
static void
tell_needless(struct shadow *shadow, const struct reach_rule *rule)
{
	static const char behind[] = "what comes behind does";
	struct remark remark = {
	    .id = LINT_REDUNDANT, .subject = behind, .subject_len = sizeof behind - 1};
	struct reach_input texts[2];
	unsigned first = physical_first(&shadow->texts[rule->table], rule->line, WAY_PLAIN);

	for (int i = 0; i < 2; i++)
		texts[i] =
		    (struct reach_input){"table", shadow->texts[i].bytes, shadow->texts[i].len};
	if (rule->ways == WAY_BOTH && !rule->is_end &&
	    needless_is(shadow->reach, texts, rule->table, first, rule->line))
		tell_rule(shadow, rule, &remark);
}

/* May the policy be worked out once more for each of its rules? Lists would have to be read each time. */
static bool
can_try_all(const struct shadow *shadow)
{
	/* By itself, a table that lets in does nothing. */
	if (shadow->bytes[0] == NULL || shadow->bytes[1] == NULL || shadow->count > TRY_RULES_MAX ||
	    reach_daemon(shadow->reach, TRY_DAEMONS_MAX) != NULL)
		return false;
	for (size_t i = 0; i < shadow->count; i++) {
		const struct reach_rule rule = reach_rule(shadow->reach, (uint32_t)i);

		for (size_t at = 0; at < rule.clients_len; at++) {
			if (rule.clients[at] == '/' &&
			    (at == 0 || lexer_is_separator(rule.clients[at - 1])))
				return false;
		}
	}
	return true;
}

/* A line that the readings divide differently has a rule for each. */
static void
tell_all(struct shadow *shadow)
{
	bool is_small = can_try_all(shadow);

	for (size_t i = 0; i < shadow->count; i++) {
		const struct state *state = &shadow->states[i];
		const struct reach_rule rule = reach_rule(shadow->reach, (uint32_t)i);
		bool is_half = rule.ways != WAY_BOTH;
		bool is_second = false;

		if (is_half && i + 1 < shadow->count) {
			const struct reach_rule next = reach_rule(shadow->reach, (uint32_t)i + 1);

			is_second = next.line == rule.line && next.table == rule.table &&
			    next.ways != rule.ways;
			if (is_second && shadow->states[i + 1].reached != NEVER)
				state = &shadow->states[i + 1];
		}
		if (state->reached == NEVER && state->by < shadow->count && !rule.is_end)
			tell_never(shadow, state, &rule);
		else if (state->reached == REACHED && is_small)
			tell_needless(shadow, &rule);
		shadow->seen[rule.table][shadow->states[i].outcome]++;
		i += is_second;
	}
}

/* ---- two tables ---- */

static struct reach *
open_both(const char *const paths[2], const struct progress *progress, enum lint_status *ret)
{
	struct reach_input inputs[2];
	struct reach_fault fault = {.table = TABLE_ALLOW};
	struct reach *reach;

	for (int i = 0; i < 2; i++) {
		inputs[i] = (struct reach_input){.path = paths[i]};
		if (paths[i] == NULL)
			inputs[i] = (struct reach_input){.path = "none", .bytes = ""};
	}
	reach = reach_open(inputs, NULL, progress, &fault);
	if (reach == NULL && fault.fault.problem == TABLE_CANNOT_MEMORY)
		*ret = LINT_NO_MEMORY;
	else if (reach == NULL && fault.is_large)
		*ret = LINT_TOO_LARGE;
	return reach;
}

static void
read_texts(struct shadow *shadow, const char *const paths[2])
{
	for (int i = 0; i < 2; i++) {
		int state, error;
		size_t len = 0;

		if (paths[i] != NULL)
			shadow->bytes[i] = file_read(paths[i], &len, &state, &error);
		physical_init(&shadow->texts[i], shadow->bytes[i] != NULL ? shadow->bytes[i] : "",
		    shadow->bytes[i] != NULL ? len : 0);
	}
}

enum lint_status
lint_shadows(struct lint *lint, const char *const paths[2], const struct progress *progress)
{
	enum lint_status status = LINT_DONE;
	struct shadow shadow = {.lint = lint};

	shadow.reach = open_both(paths, progress, &status);
	if (shadow.reach == NULL)
		return status;
	shadow.count = reach_rule_count(shadow.reach);
	shadow.states = calloc(shadow.count + 1, sizeof *shadow.states);
	shadow.uses = calloc(shadow.count + 1, sizeof *shadow.uses);
	if (shadow.states == NULL || shadow.uses == NULL) {
		shadow.failed = true;
	} else if ((status = ask_all(&shadow, progress)) == LINT_DONE) {
		read_texts(&shadow, paths);
		judge_all(&shadow);
		tell_all(&shadow);
	}
	free(shadow.bytes[0]);
	free(shadow.bytes[1]);
	free(shadow.states);
	free(shadow.uses);
	reach_close(shadow.reach);
	return shadow.failed ? LINT_NO_MEMORY : status;
}
