/*
 * NAME     judge - the same question to two libraries
 * PURPOSE  The promise (docs/decisions/two-readings.md): with `#!tcpwrap classic` we do and say
 *          what the original does and says; without, we admit nobody whom it refuses. Each
 *          difference is one of the ledger, or a finding.
 * INVARIANTS  A client is never admitted on the word of the ledger. The original is asked about the
 *          classic text, whose first line is a comment to it: one answer serves both comparisons.
 *          Its aclexec remembers a failure for the rest of the process, so tables with that word
 *          are asked in a child for each request.
 * SEE      tests/compat/differential/ledger.def
 */
#include "judge.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "effects.h"
#include "ledger.h"

void
judge_init(struct judge *judge, const char *ours, const char *theirs)
{
	judge->answers = mmap(NULL, sizeof *judge->answers, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (judge->answers == MAP_FAILED || !effects_open()) {
		perror("judge");
		exit(2);
	}
	wrap_load(&judge->theirs, theirs, RTLD_LOCAL);
	wrap_load(&judge->ours, ours, RTLD_LOCAL);
	if (judge->theirs.hosts_access == judge->ours.hosts_access) {
		fprintf(stderr, "judge: both are the same library\n");
		exit(2);
	}
}

const char *
judge_verdict_name(enum verdict verdict)
{
	static const char *const names[] = {[VERDICT_LEFT] = "left",
	    [VERDICT_DENIED] = "denied",
	    [VERDICT_TWISTED] = "twisted",
	    [VERDICT_GRANTED] = "granted"};

	return names[verdict];
}

/* ---- asking ---- */

/* Where a decision is made, for who rewrites its lines. */
static const struct place *asked_place;
static enum way_asked asked_way;

static size_t
rewrite(char *text, size_t len)
{
	return place_rewrite(asked_place, asked_way, text, len);
}

static void
decide_here(struct wrap *wrap, const struct query *query, struct answer *answer)
{
	char allow[PLACE_PATH_MAX], deny[PLACE_PATH_MAX];
	bool granted;

	memcpy(allow, asked_place->tables[asked_way][PLACE_ALLOW], sizeof allow);
	memcpy(deny, asked_place->tables[asked_way][PLACE_DENY], sizeof deny);
	effects_begin();
	if (setjmp(effects_left) == 0) {
		granted = wrap_decide(wrap, query, allow, deny, &answer->state);
		effects_end();
		answer->has_state = true;
		answer->verdict = granted ? VERDICT_GRANTED : VERDICT_DENIED;
	}
	if (strstr(answer->text.bytes, "EXEC ") != NULL &&
	    (strncmp(answer->text.bytes, "EXEC ", 5) == 0 ||
	        strstr(answer->text.bytes, "\nEXEC ") != NULL))
		answer->verdict = VERDICT_TWISTED;
}

static void
decide_in_child(struct wrap *wrap, const struct query *query, struct answer *answer)
{
	pid_t child = fork();
	int status = 0;

	if (child < 0) {
		perror("judge: fork");
		exit(2);
	}
	if (child == 0) {
		effects_adopt();
		decide_here(wrap, query, answer);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	answer->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	if (answer->signal != 0)
		answer->verdict = VERDICT_LEFT;
}

static void
ask(struct wrap *wrap, const struct query *query, struct answer *answer, bool in_child)
{
	answer->verdict = VERDICT_LEFT;
	answer->signal = 0;
	answer->has_state = false;
	front_text = &answer->text;
	front_rewrite = rewrite;
	if (in_child)
		decide_in_child(wrap, query, answer);
	else
		decide_here(wrap, query, answer);
}

/* ---- comparing ---- */

/* A process that left in the middle served nobody. */
static int
rank(const struct answer *answer)
{
	return answer->verdict == VERDICT_LEFT ? VERDICT_DENIED : (int)answer->verdict;
}

enum { STATE_TEXT_MAX = 2048 };

static void
spell_state(const struct wrap_state *state, char text[STATE_TEXT_MAX])
{
	snprintf(text, STATE_TEXT_MAX,
	    "severities %d %d\nident_timeout %d\nresident %d\ndry_run %d\nasked %d\nasked_user %d\n"
	    "name %s\nuser %s\ndaemon %s\n",
	    state->allow_severity, state->deny_severity, state->ident_timeout, state->resident,
	    state->dry_run, state->asked, state->asked_user, state->name, state->user,
	    state->daemon);
}

static bool
same_state(enum way_asked way, const struct wrap_state *ours, const struct wrap_state *theirs)
{
	char our_text[STATE_TEXT_MAX], their_text[STATE_TEXT_MAX];

	if (memcmp(ours, theirs, offsetof(struct wrap_state, addr)) == 0)
		return true;
	spell_state(ours, our_text);
	spell_state(theirs, their_text);
	return ledger_same_lines(way, our_text, their_text);
}

static bool
same_text(enum way_asked way, const struct front_text *ours, const struct front_text *theirs)
{
	return (ours->len == theirs->len && memcmp(ours->bytes, theirs->bytes, ours->len) == 0) ||
	    ledger_same_lines(way, ours->bytes, theirs->bytes);
}

static const char *
compare(enum way_asked way, const struct answer *ours, const struct answer *theirs)
{
	if (ours->verdict == VERDICT_LEFT)
		return "ends the process";
	if (rank(ours) > rank(theirs))
		return "admits";
	if (ledger_explains(way, ours))
		return NULL;
	if (rank(ours) != rank(theirs))
		return "refuses";
	if (!same_text(way, &ours->text, &theirs->text))
		return "says otherwise";
	if (ours->has_state && theirs->has_state && !same_state(way, &ours->state, &theirs->state))
		return "leaves another state";
	return NULL;
}

/* A process that decides often may not answer the same question differently. */
static const char *
ask_again(struct judge *judge, const struct query *query, struct answer *answer, int times)
{
	struct answer *first;
	const char *what = NULL;

	if (times <= 1)
		return NULL;
	first = malloc(sizeof *first);
	if (first == NULL)
		abort();
	*first = *answer;
	for (int i = 1; i < times && what == NULL; i++) {
		ask(&judge->ours, query, answer, judge->ours_apart);
		if (answer->verdict != first->verdict ||
		    strcmp(answer->text.bytes, first->text.bytes) != 0)
			what = "is unstable";
	}
	free(first);
	return what;
}

bool
judge_request(struct judge *judge, const struct policy *policy, const struct place *place,
    const struct query *query, struct finding *ret)
{
	struct answers *answers = judge->answers;

	asked_place = place;
	asked_way = ASKED_CLASSIC;
	*judge->theirs.verbose = *judge->ours.verbose = policy->verbose;
	ask(&judge->theirs, query, &answers->theirs, judge->theirs_apart || policy->has_aclexec);
	for (int way = ASKED_CLASSIC; way >= ASKED_DEFAULT; way--) {
		const char *what;

		asked_way = (enum way_asked)way;
		ask(&judge->ours, query, &answers->ours[way], judge->ours_apart);
		what = ask_again(judge, query, &answers->ours[way], policy->repeat);
		ledger_begin(policy, query, &answers->ours[way], &answers->theirs);
		if (what == NULL)
			what = compare(asked_way, &answers->ours[way], &answers->theirs);
		if (what != NULL) {
			*ret = (struct finding){asked_way, what};
			return true;
		}
	}
	return false;
}

/* ---- how deep ---- */

/* The number of the line that ends the first rule, or 0. */
static long
first_rule(const struct blob *blob)
{
	bool is_start = true, is_rule = false;
	long line = 1;

	for (size_t i = 0; i < blob->len; i++) {
		char c = blob->bytes[i];

		if (is_start)
			is_rule = c != '#';
		is_start = false;
		if (c != '\n')
			continue;
		if (i == 0 || blob->bytes[i - 1] != '\\') {
			if (is_rule && i > 0 && blob->bytes[i - 1] != '\n')
				return line;
			is_start = true;
		}
		line++;
	}
	return 0;
}

bool
judge_is_beyond_first(const struct policy *policy, const struct answer *theirs)
{
	static const char tag[] = "matched:  ";
	const char *found = strstr(theirs->text.bytes, tag);
	long line;

	if (found == NULL)
		return false;
	found += sizeof tag - 1;
	line = strtol(found + sizeof "A line" - 1, NULL, 10);
	if (found[0] == 'A')
		return line > first_rule(&policy->allow);
	return first_rule(&policy->allow) != 0 || line > first_rule(&policy->deny);
}
