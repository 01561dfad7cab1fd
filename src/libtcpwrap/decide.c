/*
 * NAME     decide - the decision, and what is told of it
 * PURPOSE  A policy, a request, one verdict. Options are judged and never carried out.
 * INVARIANTS  TW_GRANT only where both readings admit the client and nothing failed. All state is in
 *          the decision; errno is kept.
 * LIMITS   TW_FINDINGS_MAX.
 * SEE      tcpwrap(3), docs/decisions/two-readings.md, docs/decisions/faults-refuse.md
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libtcpwrap/answer.h"
#include "libtcpwrap/policy.h"
#include "policy/decide.h"
#include "table/table.h"

struct tw_decision {
	struct tw_policy *policy; /* whose names are borrowed; NULL: none */
	struct pass pass; /* its memory holds every text */
	struct tw_outcome counts, other;
	bool has_other;
	struct tw_finding findings[TW_FINDINGS_MAX];
	size_t finding_count, findings_lost;
};

/* For who has no memory for another. */
static struct tw_decision no_memory = {
    .counts = {.verdict = TW_REFUSE, .reason = TW_BY_FAULT, .fault = TW_FAULT_MEMORY}};

/* ---- findings ---- */

/* Printable text of a finding. NULL: out of memory. */
static const char *
message_of(struct tw_decision *decision, const struct diag *diag)
{
	char storage[256];
	struct buf text;
	const char *copy = NULL;

	/* The longest message has a subject of which every byte was escaped. */
	buf_init(&text, storage, sizeof storage, 4 * DIAG_ARG_MAX + sizeof storage);
	if (diag_format(diag, &text))
		copy = arena_copy(&decision->pass.tails, text.bytes, text.len);
	buf_release(&text);
	return copy;
}

/* A table that was read again tells its findings again. */
static bool
is_told(const struct tw_decision *decision, const struct tw_finding *finding)
{
	for (size_t i = 0; i < decision->finding_count; i++) {
		const struct tw_finding *told = &decision->findings[i];

		if (told->id == finding->id && told->file == finding->file &&
		    told->line == finding->line && strcmp(told->message, finding->message) == 0)
			return true;
	}
	return false;
}

static void
report(void *ctx, const struct diag *diag)
{
	struct tw_decision *decision = ctx;
	struct tw_finding finding = {.is_error = diag_severity(diag->code) == DIAG_ERROR,
	    .id = diag_name(diag->code),
	    .file = diag->file,
	    .line = diag->line,
	    .column = diag->column,
	    .message = message_of(decision, diag),
	    .remedy = diag_remedy(diag->code)};

	if (finding.message != NULL && is_told(decision, &finding))
		return;
	if (finding.message == NULL || decision->finding_count == TW_FINDINGS_MAX)
		decision->findings_lost++;
	else
		decision->findings[decision->finding_count++] = finding;
}

/* ---- outcomes ---- */

/* All else that the engine gives as the cause of a refusal is about options. */
static enum tw_fault
fault_of(enum diag_code code)
{
	static const enum tw_fault faults[DIAG_CODES] = {
	    [DIAG_CANNOT_OPEN] = TW_FAULT_TABLE,
	    [DIAG_TABLE_NOT_REGULAR] = TW_FAULT_TABLE,
	    [DIAG_TABLE_UNSTABLE] = TW_FAULT_TABLE,
	    [DIAG_READ_FAILED] = TW_FAULT_TABLE,
	    [DIAG_LINE_OVER_LIMIT] = TW_FAULT_TABLE,
	    [DIAG_LINE_INCOMPLETE] = TW_FAULT_LINE,
	    [DIAG_UNKNOWN_RULE] = TW_FAULT_RULE,
	    [DIAG_NO_MEMORY] = TW_FAULT_MEMORY,
	    [DIAG_LOOKUP_FAULT] = TW_FAULT_LOOKUP,
	};

	return faults[code] != TW_FAULT_NONE ? faults[code] : TW_FAULT_OPTION;
}

/* An option that is wrong refuses. Who carries options out tells why; here nobody does. */
static bool
has_bad_option(struct tw_decision *decision, const struct decision *of)
{
	struct diag diag = {.file = of->file, .line = of->line};
	struct option_cursor cursor;
	struct option option;
	enum option_status status = OPTION_END;

	if (of->by != BY_RULE || !of->has_tail || of->verdict != VERDICT_REFUSE)
		return false;
	option_cursor_init(&cursor, of->way, of->tail, of->tail_len);
	do
		status = option_next(&cursor, &option, &diag);
	while (status == OPTION_FIELD);
	option_cursor_release(&cursor);
	if (status == OPTION_BAD)
		report(decision, &diag);
	return status == OPTION_BAD;
}

static struct tw_outcome
outcome_of(struct tw_decision *decision, const struct decision *of)
{
	static const enum tw_verdict verdicts[] = {
	    [VERDICT_REFUSE] = TW_REFUSE, [VERDICT_TWIST] = TW_TWIST, [VERDICT_GRANT] = TW_GRANT};
	static const enum tw_reason reasons[] = {
	    [BY_NO_MATCH] = TW_BY_NO_MATCH, [BY_RULE] = TW_BY_RULE, [BY_FAULT] = TW_BY_FAULT};
	bool is_classic = of == &decision->pass.decisions[READING_CLASSIC];
	struct tw_outcome outcome = {.verdict = verdicts[of->verdict],
	    .reading = is_classic ? TW_READING_CLASSIC : TW_READING_PLAIN,
	    .reason = reasons[of->by],
	    .file = of->file,
	    .line = of->line,
	    .rule = of->text,
	    .options = of->has_tail ? of->tail : NULL};

	if (of->by == BY_FAULT)
		outcome.fault = fault_of(of->fault);
	if (of->failed || has_bad_option(decision, of)) {
		outcome.reason = TW_BY_FAULT;
		outcome.fault = TW_FAULT_OPTION;
		outcome.options = NULL;
	}
	return outcome;
}

static bool
readings_agree(const struct pass *pass)
{
	const struct decision *a = &pass->decisions[READING_CLASSIC];
	const struct decision *b = &pass->decisions[READING_PLAIN];

	return a->verdict == b->verdict && a->by == b->by && a->fault == b->fault &&
	    a->file == b->file && a->line == b->line;
}

/* ---- the decision ---- */

static void
judge(struct tw_decision *decision, const struct tw_request *request, int timeout_ms)
{
	struct option_context context = {.resident = false};
	const struct tw_policy *policy = decision->policy;
	const struct generation *texts[2] = {policy->texts[0], policy->texts[1]};
	struct pass *pass = &decision->pass;
	const struct decision *counts, *other;
	struct answers answers;

	answers_init(&answers, request, timeout_ms, report, decision);
	pass_init(pass, &answers.facts, &context);
	pass->keeps_text = true;
	if (texts[TABLE_ALLOW] != NULL)
		table_decide_texts(pass, policy->names, texts);
	else
		table_decide(pass, policy->names[TABLE_ALLOW], policy->names[TABLE_DENY]);
	counts = pass_decide(pass);
	other = pass_differing(pass);
	decision->counts = outcome_of(decision, counts);
	decision->has_other = other != NULL;
	if (other != NULL)
		decision->other = outcome_of(decision, other);
	if (readings_agree(pass))
		decision->counts.reading = TW_READING_BOTH;
}

static void
refuse(struct tw_decision *decision, enum tw_fault fault)
{
	decision->counts =
	    (struct tw_outcome){.verdict = TW_REFUSE, .reason = TW_BY_FAULT, .fault = fault};
}

struct tw_decision *
tw_decide(struct tw_policy *policy, const struct tw_request *request, int timeout_ms)
{
	int saved_errno = errno;
	struct tw_decision *decision = calloc(1, sizeof *decision);

	if (decision == NULL) {
		decision = &no_memory;
	} else if (policy == NULL) {
		refuse(decision, TW_FAULT_POLICY);
	} else if (request == NULL || request->wrong != 0) {
		refuse(decision, TW_FAULT_REQUEST);
	} else {
		decision->policy = policy_share(policy);
		judge(decision, request, timeout_ms);
	}
	errno = saved_errno;
	return decision;
}

void
tw_decision_free(struct tw_decision *decision)
{
	if (decision == NULL || decision == &no_memory)
		return;
	pass_release(&decision->pass);
	tw_policy_close(decision->policy);
	free(decision);
}

/* ---- what is told ---- */

/* A NULL is no decision of ours: nobody is granted anything by it. */
static const struct tw_decision *
or_refused(const struct tw_decision *decision)
{
	return decision != NULL ? decision : &no_memory;
}

bool
tw_decision_is_granted(const struct tw_decision *decision)
{
	return or_refused(decision)->counts.verdict == TW_GRANT;
}

const struct tw_outcome *
tw_decision_outcome(const struct tw_decision *decision)
{
	return &or_refused(decision)->counts;
}

const struct tw_outcome *
tw_decision_other(const struct tw_decision *decision)
{
	decision = or_refused(decision);
	return decision->has_other ? &decision->other : NULL;
}

const struct tw_finding *
tw_decision_finding(const struct tw_decision *decision, size_t index)
{
	decision = or_refused(decision);
	return index < decision->finding_count ? &decision->findings[index] : NULL;
}

size_t
tw_decision_findings_lost(const struct tw_decision *decision)
{
	return or_refused(decision)->findings_lost;
}
