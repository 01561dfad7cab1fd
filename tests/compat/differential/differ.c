/*
 * NAME     differ - ask two libwrap.so.0 the same questions
 *
 * usage: differ run OURS THEIRS FOLDER SEED FIRST COUNT JOBS [STATE]
 *        differ ask OURS THEIRS FOLDER
 *        differ print SEED NUMBER [REQUEST]
 *        differ ledger
 *
 * run asks generated policies, and says "finding NUMBER REQUEST WAY WHAT" for each that has one;
 * "progress ..." now and then; "figure NAME VALUE" and "ledger NAME COUNT" at the end. ask reads
 * policies (spell.h) from standard input, and at each line "go" answers those before it: "policy
 * NUMBER", "finding NUMBER REQUEST WAY WHAT" with the answers behind it as lines that begin with |;
 * then "ledger" lines, then "done". print shows a generated policy, ledger the allowed differences.
 * FOLDER is for scratch files and has to exist. Exit status: 0, 1 with findings, 2 on errors.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "crowd.h"
#include "generate.h"
#include "ledger.h"
#include "spell.h"

enum { USAGE = 2, DEADLY_LIST = 4096 };

static unsigned long long
number(const char *text)
{
	return strtoull(text, NULL, 10);
}

static int
run(char **words, int count)
{
	struct crowd_order order = {.ours = words[0],
	    .theirs = words[1],
	    .folder = words[2],
	    .seed = number(words[3]),
	    .first = number(words[4]),
	    .count = number(words[5]),
	    .jobs = (unsigned)number(words[6]),
	    .state = count > 7 ? words[7] : NULL};
	long findings = crowd_run(&order);

	return findings < 0 ? 2 : findings > 0;
}

/* ---- ask ---- */

static void
show_answer(const char *who, const struct answer *answer)
{
	const char *text = answer->text.bytes;

	printf("| %s %s", who, judge_verdict_name(answer->verdict));
	if (answer->signal != 0)
		printf(" signal %d", answer->signal);
	printf(" severities %d %d timeout %d resident %d asked %d %d name ",
	    answer->state.allow_severity, answer->state.deny_severity, answer->state.ident_timeout,
	    answer->state.resident, answer->state.asked, answer->state.asked_user);
	spell_text(stdout, answer->state.name, strlen(answer->state.name));
	printf(" user ");
	spell_text(stdout, answer->state.user, strlen(answer->state.user));
	putchar('\n');
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		printf("|   ");
		spell_text(stdout, text, len);
		putchar('\n');
		text += len + (text[len] == '\n');
	}
}

static void
show_finding(
    void *ctx, const struct policy *policy, unsigned request, const struct finding *finding)
{
	const struct judge *judge = ctx;

	printf("finding %llu %u %s %s\n", (unsigned long long)policy->number, request,
	    finding->way == ASKED_CLASSIC ? "classic" : "default", finding->what);
	show_answer("theirs", &judge->answers->theirs);
	show_answer("ours", &judge->answers->ours[finding->way]);
}

/* The original dies of long words in lists. */
static bool
is_deadly(const struct policy *policy)
{
	for (size_t i = 0; i < policy->file_count; i++)
		if (policy->files[i].blob.len >= DEADLY_LIST)
			return true;
	return false;
}

static void
ask_batch(struct batch *batch, struct judge *judge, struct tally *tally)
{
	batch_write(batch);
	if (batch->count > 0)
		batch_settle(batch);
	for (unsigned i = 0; i < batch->count; i++) {
		printf("policy %llu\n", (unsigned long long)batch->policies[i].number);
		judge->theirs_apart = is_deadly(&batch->policies[i]);
		batch_ask(batch, i, judge, tally, show_finding, judge);
	}
	batch_clear(batch);
}

static void
finish_round(void)
{
	for (int id = 0; id < LEDGER_IDS; id++)
		printf("ledger %s %llu\n", ledger[id].name, (unsigned long long)ledger_counts[id]);
	printf("done\n");
	fflush(stdout);
}

static int
ask(char **words, int count)
{
	struct judge judge = {.answers = NULL};
	struct batch *batch = batch_new(words[2], 0);
	struct tally tally = {.policies = 0};
	enum spell_result result;

	(void)count;
	judge_init(&judge, words[0], words[1]);
	do {
		result = spell_read(stdin, &batch->policies[batch->count], &batch->arena);
		batch->count += result == SPELL_POLICY;
		if (batch->count == BATCH_POLICIES || (result == SPELL_GO && batch->count > 0))
			ask_batch(batch, &judge, &tally);
		if (result == SPELL_GO)
			finish_round();
	} while (result == SPELL_POLICY || result == SPELL_GO);
	batch_free(batch);
	if (result == SPELL_BAD)
		fprintf(stderr, "differ: bad input\n");
	return result == SPELL_BAD ? 2 : tally.findings > 0;
}

/* ---- print, ledger ---- */

static int
print(char **words, int count)
{
	struct arena arena = {.last = NULL};
	struct policy policy;

	generate_policy(&policy, number(words[0]), number(words[1]), &arena);
	spell_print(stdout, &policy, count > 2 ? (int)number(words[2]) : -1);
	arena_release(&arena);
	return 0;
}

static int
print_ledger(char **words, int count)
{
	static const char *const kinds[] = {[KIND_MORE] = "more",
	    [KIND_LESS] = "less",
	    [KIND_INSTEAD] = "instead",
	    [KIND_LINE_NUMBER] = "line-number",
	    [KIND_NAMED] = "named",
	    [KIND_CLEANED] = "cleaned",
	    [KIND_ESCAPED] = "escaped",
	    [KIND_REFUSES] = "refuses",
	    [KIND_FOLLOWS] = "follows"};

	(void)words;
	(void)count;
	for (int id = 0; id < LEDGER_IDS; id++) {
		const struct ledger_entry *e = &ledger[id];

		printf("%s\t%s\t%s\t%s\n", e->name, e->way, kinds[e->kind], e->row);
	}
	return 0;
}

static const struct {
	const char *name;
	int (*run)(char **, int);
	int words_min, words_max;
} commands[] = {
    {"run", run, 7, 8}, {"ask", ask, 3, 3}, {"print", print, 2, 3}, {"ledger", print_ledger, 0, 0}};

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++) {
		if (strcmp(commands[i].name, argv[1]) == 0 && argc - 2 >= commands[i].words_min &&
		    argc - 2 <= commands[i].words_max)
			return commands[i].run(argv + 2, argc - 2);
	}
	fprintf(stderr,
	    "usage: differ run OURS THEIRS FOLDER SEED FIRST COUNT JOBS [STATE]\n"
	    "       differ ask OURS THEIRS FOLDER\n"
	    "       differ print SEED NUMBER [REQUEST]\n"
	    "       differ ledger\n");
	return USAGE;
}
