/*
 * Sets of addresses beside brute force: policies of every kind, made by chance, and the engine asked about every
 * address of a small world, and the ends of every interval, whoever the client is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "failing_alloc.h"
#include "policies.h"
#include "reach/reach.h"

#ifdef __SANITIZE_THREAD__ /* of one thread it has nothing to say, and takes its time */
#define SLOWER 3
#else
#define SLOWER 1
#endif

enum { POLICIES = 120 / SLOWER, POLICIES_DEEP = 400 / SLOWER };
enum { LINES = 10, ASKS = 24, INTERVALS_MAX = 4096 };
static unsigned policies = POLICIES;

static struct policy tables[2];
static struct reach_interval intervals[INTERVALS_MAX];
static size_t interval_count;

/* ---- a policy ---- */

static enum list_status
read_list(void *ctx, const char *path, char **ret_bytes, size_t *ret_len)
{
	(void)ctx;
	for (size_t i = 0; i < COUNT(policy_lists); i++) {
		const struct ask_list *list = &policy_lists[i];

		if (strcmp(list->path, path) != 0)
			continue;
		if (list->status != LIST_OK)
			return list->status;
		*ret_bytes = malloc(list->len + 1);
		if (*ret_bytes == NULL)
			return LIST_BAD;
		memcpy(*ret_bytes, list->text, list->len);
		*ret_len = list->len;
		return LIST_OK;
	}
	return LIST_MISSING;
}

static const struct reach_lists lists = {NULL, read_list};

static struct reach *
open_policy(const struct policy policy[2], struct reach_fault *fault)
{
	const struct reach_input inputs[2] = {
	    {"A", policy[0].text, policy[0].len}, {"D", policy[1].text, policy[1].len}};

	return reach_open(inputs, &lists, NULL, fault);
}

static void
collect(const struct reach *reach, const struct reach_question *question)
{
	struct reach_sweep *sweep = reach_sweep_open(reach, question);

	assert_non_null(sweep);
	for (interval_count = 0; reach_sweep_next(sweep, &intervals[interval_count]);)
		assert_true(++interval_count < INTERVALS_MAX);
	reach_sweep_close(sweep);
}

static const struct reach_interval *
find(const struct addr *addr)
{
	for (size_t i = 0; i < interval_count; i++)
		if (memcmp(addr->bytes, intervals[i].last.bytes, sizeof addr->bytes) <= 0)
			return &intervals[i];
	fail_msg("no interval");
	return &intervals[0];
}

/* They follow upon each other from the first address to the last one, and do not cross a family's border. */
static void
check_order(void)
{
	static const uint8_t first[16], v4[12] = {[10] = 0xff, [11] = 0xff};
	uint8_t next[16];

	assert_memory_equal(intervals[0].first.bytes, first, sizeof first);
	for (size_t i = 0; i < interval_count; i++) {
		const struct reach_interval *interval = &intervals[i];
		bool is_v4 = memcmp(interval->first.bytes, v4, sizeof v4) == 0;

		if (i > 0)
			assert_memory_equal(interval->first.bytes, next, sizeof next);
		assert_true(memcmp(interval->first.bytes, interval->last.bytes, sizeof next) <= 0);
		assert_int_equal(is_v4, memcmp(interval->last.bytes, v4, sizeof v4) == 0);
		memcpy(next, interval->last.bytes, sizeof next);
		for (unsigned at = 16; at-- > 0 && ++next[at] == 0;)
			;
	}
	assert_memory_equal(next, first, sizeof first);
}

/* ---- brute force ---- */

static void
choose_client(struct ask *question)
{
	choose_request(question);
	question->name_fails = question->user_fails = question->daemon_fails = false;
	question->resident = false;
	/* A lookup gives no name that is an address. */
	while (question->name != NULL && strchr(question->name, ':') != NULL)
		question->name = ONE_OF(client_names);
}

/* Is it spelled as a socket's address is? */
static bool
is_from_socket(const char *text, struct addr *ret)
{
	static const char *const interfaces[] = {"lo", "br.com", "2"};
	const char *scope;
	char canonical[ADDR_TEXT_MAX];
	size_t scope_len;
	bool is_there = false;

	if (text == NULL || !addr_parse(text, strlen(text), ret, &scope, &scope_len))
		return false;
	for (size_t i = 0; i < COUNT(interfaces); i++)
		is_there |= str_is(scope, scope_len, interfaces[i]);
	if (scope_len > 0)
		return is_there;
	addr_format(ret, canonical);
	return strcmp(text, canonical) == 0;
}

struct tally {
	unsigned long asked, certain, depends, varied;
};
static struct tally tally;

static void
show_case(
    const struct ask *client, const struct answer *answer, const struct reach_interval *interval)
{
	fprintf(stderr,
	    "client %s name %s user %s daemon %s server %s %s %d commands %s: verdict %d by %d "
	    "%d:%u\noutcome %d rule %u fault %d conditions %zu\n---- allow\n%.*s\n---- "
	    "deny\n%.*s\n----\n",
	    client->addr, client->name, client->user, client->daemon, client->server_addr,
	    client->server_name, client->server_port, client->commands, (int)answer->verdict,
	    (int)answer->by.by, (int)answer->by.table, answer->by.line, (int)interval->outcome,
	    interval->rule, interval->is_fault, interval->condition_count, (int)tables[0].len,
	    tables[0].text, (int)tables[1].len, tables[1].text);
}

/* An answer is one that the interval allows. */
static bool
is_allowed(
    const struct reach *reach, const struct answer *answer, const struct reach_interval *interval)
{
	static const enum reach_outcome outcomes[] = {[VERDICT_REFUSE] = REACH_REFUSED,
	    [VERDICT_TWIST] = REACH_TWISTED,
	    [VERDICT_GRANT] = REACH_ADMITTED};
	struct reach_rule rule;

	if (interval->outcome == REACH_DEPENDS)
		return interval->condition_count > 0;
	if (interval->outcome != outcomes[answer->verdict])
		return false;
	if (interval->condition_count > 0)
		return true;
	if (answer->by.by == BY_NO_MATCH)
		return interval->rule == REACH_NO_RULE;
	if (interval->rule == REACH_NO_RULE)
		return false;
	rule = reach_rule(reach, interval->rule);
	return rule.table == answer->by.table && rule.line == answer->by.line &&
	    (interval->is_fault || rule.is_end) == (answer->by.by == BY_FAULT);
}

static void
note_uses(const struct reach *reach, const struct answer *answer, const struct reach_rule_use *uses,
    const struct ask *client, const struct reach_interval *interval)
{
	for (unsigned r = 0; r < READINGS; r++) {
		const struct decision *decision = &answer->decisions[r];
		bool is_used = decision->line == 0 || decision->by == BY_NO_MATCH;

		for (uint32_t i = 0; i < reach_rule_count(reach); i++) {
			struct reach_rule rule = reach_rule(reach, i);

			is_used |= rule.table == decision->table && rule.line == decision->line &&
			    uses[i].use >= REACH_PERHAPS;
		}
		if (!is_used) {
			show_case(client, answer, interval);
			fail_msg("a rule decides that is never reached");
		}
	}
}

static void
check_client(const struct reach *reach, const struct reach_rule_use *uses,
    const struct reach_question *question, const char *text, const struct reach_interval *interval)
{
	enum verdict first = VERDICT_REFUSE;
	bool is_varied = false;

	for (unsigned i = 0; i < ASKS; i++) {
		struct answer answer;
		struct ask client;

		choose_client(&client);
		client.addr = text;
		client.daemon = question->daemon;
		if (question->daemon == NULL)
			client.daemon = roll(2) == 0 ? "in.other" : "dother";
		if (question->server != NULL)
			client.server_addr = question->server;
		if (question->port > 0)
			client.server_port = question->port;
		ask(&client, tables[0].text, tables[0].len, tables[1].text, tables[1].len, &answer);
		tally.asked++;
		if (!is_allowed(reach, &answer, interval)) {
			show_case(&client, &answer, interval);
			fail_msg("another answer");
		}
		note_uses(reach, &answer, uses, &client, interval);
		is_varied |= i > 0 && answer.verdict != first;
		first = answer.verdict;
	}
	tally.certain += interval->outcome != REACH_DEPENDS;
	tally.depends += interval->outcome == REACH_DEPENDS;
	tally.varied += is_varied;
	assert_true(!is_varied || interval->outcome == REACH_DEPENDS);
}

static void
check_policy(const struct reach *reach, const struct reach_question *question)
{
	static struct reach_rule_use uses[1 << 16];
	struct addr addr;

	assert_true(reach_rule_count(reach) < COUNT(uses));
	collect(reach, question);
	check_order();
	assert_true(reach_uses(reach, question, uses));
	for (uint32_t i = 0; i < reach_rule_count(reach); i++)
		if (uses[i].use == REACH_NEVER && uses[i].by < REACH_SEVERAL)
			assert_true(uses[i].by < i);
	for (unsigned i = 0; i < ADDRESSES; i += 1 + roll(3)) {
		const char *text = address_number(i);

		if (is_from_socket(text, &addr))
			check_client(reach, uses, question, text, find(&addr));
	}
	for (size_t i = 0; i < interval_count; i += 1 + roll(1 + (unsigned)interval_count / 16)) {
		char text[ADDR_TEXT_MAX];

		addr_format(roll(2) == 0 ? &intervals[i].first : &intervals[i].last, text);
		check_client(reach, uses, question, text, &intervals[i]);
	}
}

static void
choose_question(struct reach_question *question)
{
	static const char *const names[] = {"d", "d", "d", "e", "in.d", "D", "x7", "unknown", NULL};

	*question = (struct reach_question){.daemon = ONE_OF(names)};
	if (roll(4) == 0)
		question->server = roll(2) == 0 ? "10.0.0.1" : "::1";
	if (roll(4) == 0)
		question->port = roll(2) == 0 ? 22 : 23;
}

static void
test_policies(void **state)
{
	(void)state;
	for (unsigned i = 0; i < policies; i++) {
		struct reach_question question;
		struct reach_fault fault;
		struct reach *reach;

		choose_list();
		choose_policy(&tables[0], LINES);
		choose_policy(&tables[1], LINES);
		reach = open_policy(tables, &fault);
		assert_non_null(reach);
		choose_question(&question);
		check_policy(reach, &question);
		reach_close(reach);
	}
	print_message(
	    "%lu questions: %lu clients are certain, %lu depend, of which %lu were seen to\n",
	    tally.asked, tally.certain, tally.depends, tally.varied);
	assert_true(tally.certain > tally.depends / 2);
	assert_true(tally.varied > tally.depends / 4);
}

/* ---- what an edit changes ---- */

static struct policy edited[2];
static struct reach_difference differences[INTERVALS_MAX];
static size_t difference_count;

/* Where a line begins: one of them, or the end. */
static size_t
line_at(const struct policy *policy)
{
	size_t at = chance(policy->len + 1);

	while (at > 0 && at < policy->len && policy->text[at - 1] != '\n')
		at++;
	return at;
}

static void
put_text(struct policy *policy, size_t at, size_t cut, const struct policy *by)
{
	if (policy->len - cut + by->len > sizeof policy->text)
		return;
	memmove(policy->text + at + by->len, policy->text + at + cut, policy->len - at - cut);
	memcpy(policy->text + at, by->text, by->len);
	policy->len += by->len - cut;
}

/* One line more, less, or another. False: nothing is changed. */
static bool
edit(struct policy *policy)
{
	static struct policy line;
	size_t at = line_at(policy), end = at;

	line.len = 0;
	while (end < policy->len && policy->text[end++] != '\n')
		;
	switch (roll(4)) {
	case 0:
		return false;
	case 1:
		put_text(policy, at, end - at, &line);
		return true;
	case 2:
		end = at;
		break;
	default:
		break;
	}
	say_line(&line);
	put_text(policy, at, end - at, &line);
	return true;
}

static void
collect_differences(struct reach *const reaches[2], const struct reach_question *question)
{
	struct reach_diff *diff = reach_diff_open(reaches[0], reaches[1], question);

	assert_non_null(diff);
	for (difference_count = 0; reach_diff_next(diff, &differences[difference_count]);)
		assert_true(++difference_count < INTERVALS_MAX);
	reach_diff_close(diff);
	for (size_t i = 1; i < difference_count; i++)
		assert_true(memcmp(differences[i - 1].before.last.bytes,
		                differences[i].before.first.bytes, 16) < 0);
}

/* NULL: nothing changes there. */
static const struct reach_difference *
find_difference(const struct addr *addr)
{
	for (size_t i = 0; i < difference_count; i++)
		if (memcmp(addr->bytes, differences[i].before.first.bytes, 16) >= 0 &&
		    memcmp(addr->bytes, differences[i].before.last.bytes, 16) <= 0)
			return &differences[i];
	return NULL;
}

static bool
is_as_told(
    const struct reach_difference *told, const struct answer *before, const struct answer *after)
{
	static const enum verdict verdicts[] = {[REACH_NOW_REFUSED] = VERDICT_REFUSE,
	    [REACH_NOW_TWISTED] = VERDICT_TWIST,
	    [REACH_NOW_ADMITTED] = VERDICT_GRANT};
	unsigned r =
	    after->decisions[READING_PLAIN].verdict < after->decisions[READING_CLASSIC].verdict;
	unsigned s =
	    before->decisions[READING_PLAIN].verdict < before->decisions[READING_CLASSIC].verdict;

	if (told == NULL)
		return before->verdict == after->verdict && before->texts[s] == after->texts[r];
	if (told->change == REACH_MAY_CHANGE)
		return true;
	if (told->change == REACH_NOW_OPTIONS)
		return before->verdict == after->verdict;
	return after->verdict == verdicts[told->change] && before->verdict != after->verdict;
}

struct changes {
	unsigned long same, told, seen[REACH_CHANGES];
};
static struct changes changes;

static void
check_change(
    const struct reach_question *question, const char *text, const struct reach_difference *told)
{
	for (unsigned i = 0; i < ASKS; i++) {
		struct answer before, after;
		struct ask client;

		choose_client(&client);
		client.keeps_text = false;
		client.addr = text;
		client.daemon = question->daemon != NULL ? question->daemon : "in.other";
		if (question->server != NULL)
			client.server_addr = question->server;
		if (question->port > 0)
			client.server_port = question->port;
		ask(&client, tables[0].text, tables[0].len, tables[1].text, tables[1].len, &before);
		ask(&client, edited[0].text, edited[0].len, edited[1].text, edited[1].len, &after);
		if (!is_as_told(told, &before, &after)) {
			show_case(&client, &before, &(struct reach_interval){.outcome = 0});
			fprintf(stderr, "told %d; after: verdict %d %d:%u\n%.*s\n----\n%.*s\n",
			    told != NULL ? (int)told->change : -1, (int)after.verdict,
			    (int)after.by.table, after.by.line, (int)edited[0].len, edited[0].text,
			    (int)edited[1].len, edited[1].text);
			fail_msg("another change");
		}
	}
	changes.same += told == NULL;
	changes.told += told != NULL;
	if (told != NULL)
		changes.seen[told->change]++;
}

static void
check_edit(struct reach *const reaches[2], const struct reach_question *question, bool is_edited)
{
	struct addr addr;

	collect_differences(reaches, question);
	if (!is_edited)
		assert_int_equal(difference_count, 0);
	for (unsigned i = 0; i < ADDRESSES && is_edited; i += 1 + roll(6)) {
		const char *text = address_number(i);

		if (is_from_socket(text, &addr))
			check_change(question, text, find_difference(&addr));
	}
	for (size_t i = 0; i < difference_count; i += 1 + roll(8)) {
		char text[ADDR_TEXT_MAX];

		addr_format(
		    roll(2) == 0 ? &differences[i].before.first : &differences[i].before.last,
		    text);
		check_change(question, text, &differences[i]);
	}
}

static void
test_edits(void **state)
{
	(void)state;
	for (unsigned i = 0; i < policies; i++) {
		struct reach_question question;
		struct reach_fault fault;
		struct reach *reaches[2];
		bool is_edited;

		choose_list();
		choose_policy(&tables[0], LINES);
		choose_policy(&tables[1], LINES);
		memcpy(edited, tables, sizeof edited);
		is_edited = edit(&edited[roll(2)]);
		reaches[0] = open_policy(tables, &fault);
		reaches[1] = open_policy(edited, &fault);
		assert_true(reaches[0] != NULL && reaches[1] != NULL);
		choose_question(&question);
		check_edit(reaches, &question, is_edited);
		reach_close(reaches[0]);
		reach_close(reaches[1]);
	}
	print_message("%lu addresses are as before, %lu not:", changes.same, changes.told);
	for (unsigned i = 0; i < REACH_CHANGES; i++)
		print_message(" %lu", changes.seen[i]);
	print_message("\n");
	for (unsigned i = 0; i < REACH_CHANGES && SLOWER == 1; i++) /* else there are too few */
		assert_true(
		    changes.seen[i] > 0 || i == REACH_NOW_TWISTED || i == REACH_NOW_OPTIONS);
	assert_true(changes.same > changes.told);
}

static void
say_all(struct policy *policy, const char *text)
{
	policy->len = 0;
	say(policy, "%s", text);
}

/* What a line of hosts.deny in the place of another changes, for one client; -1: nothing. */
static void
test_changes(void **state)
{
	static const struct {
		const char *before, *after;
		int change;
	} cases[] = {
	    {"d: ALL\n", "d: ALL\n", -1},
	    {"d: ALL\n", "d: 10.0.0.0/8\n", -1},
	    {"d: ALL\n", "# more\n\nd: ALL\n", -1},
	    {"d: ALL\n", "e: ALL\n", REACH_NOW_ADMITTED},
	    {"d: 10.0.0.2\n", "d: 10.0.0.1\n", REACH_NOW_REFUSED},
	    {"d: ALL\n", "d: ALL: twist x\n", REACH_NOW_TWISTED},
	    {"d: ALL: twist x\n", "d: ALL: twist y\n", REACH_NOW_OPTIONS},
	    {"d: ALL: spawn x\n", "d: ALL\n", REACH_NOW_OPTIONS},
	    {"d: ALL: spawn x\n", "d: ALL:  spawn x \n", -1},
	    {"d: ALL: severity info\n", "d: 10.0.0.1: severity info\n", -1},
	    {"d: .com\n", "d: .com\n", -1},
	    {"d: .com\n", "d: .org\n", REACH_MAY_CHANGE},
	    {"d: .com\nd: .org\n", "d: .org\nd: .com\n", REACH_MAY_CHANGE},
	    {"d: .com\n", "d: .com 10.0.0.2\n", -1},
	    {"d: .com\n", "d: 10.0.0.2 .com\n", -1},
	    {"d: .com .org\n", "d: .org .com .org\n", -1},
	    {"d: .com\n", "d: .com 10.0.0.1\n", REACH_MAY_CHANGE},
	    {"d: .com\n", "d: .com EXCEPT 10.0.0.2\n", -1},
	    {"d: .com\n", "d: .com EXCEPT 10.0.0.2 EXCEPT .org\n", -1},
	    {"d: .com\n", "d: .com EXCEPT 10.0.0.1\n", REACH_MAY_CHANGE},
	    {"d: .com\n", "d: .com EXCEPT 10.0.0.1 EXCEPT ALL\n", -1},
	    {"d: .com EXCEPT bob@ALL\n", "d: .com EXCEPT bob@10.0.0.0/8\n", -1},
	    {"d: .com EXCEPT bob@10.\n", "d: .com EXCEPT bob@10.0.0.1\n", -1},
	    {"d: .com EXCEPT bob@10.\n", "d: .com EXCEPT tom@10.\n", REACH_MAY_CHANGE},
	    {"d: bob@.com\n", "d: bob@.org\n", REACH_MAY_CHANGE},
	    {"d: bob@.com\n", "d: bob@ALL\n", REACH_MAY_CHANGE},
	    {"d: .com bob@.org\n", "d: .com bob@.org bob@10.0.0.2\n", -1},
	    {"d: /names\n", "d: /names 10.0.0.2\n", -1},
	    {"d: /names\n", "d: /nested\n", REACH_MAY_CHANGE},
	    {"d: .com EXCEPT .org\n", "d: .com .org\n", REACH_MAY_CHANGE},
	    {"d: [fe80::1%lo]\n", "d: [fe80::1%2]\n", -1},
	    {"d: .com\n", "d, e: .com\n", -1},
	    {"d: .com\n", "d**: .com\n", REACH_MAY_CHANGE}, /* of one reading */
	    {"d@10.0.0.1: .com\n", "d@10.0.0.1, e: .com\n", -1},
	    {"d@10.0.0.1: .com\n", "d@10.0.0.2: .com\n", REACH_MAY_CHANGE},
	    {"d@10.0.0.1: 10.0.0.1\n", "d@10.0.0.1: 10.\n", -1},
	    {"22: .com\n", "23: .com\n", REACH_MAY_CHANGE},
	    {"d: 10.0.0.0/255.0.255.1\n", "d: 10.0.0.0/255.0.253.1\n", REACH_MAY_CHANGE},
	    {"d: .com: twist x\n", "d: .com 10.0.0.2: twist y\n", REACH_MAY_CHANGE},
	    {"d: ALL: aclexec x\n", "d: 10.: aclexec x\n", -1},
	    {"d: .com\nd: ALL\n", "d: ALL\n", -1},
	    {"d: .com: spawn x\nd: ALL\n", "d: ALL\n", REACH_MAY_CHANGE},
	    {"d: .com: spawn x\nd: ALL\n", "d: .com: spawn x\nd: 10.\n", -1},
	    {"d: .com: allow\nd: ALL\n", "d: ALL\n", REACH_MAY_CHANGE},
	    {"d: ALL: aclexec x\n", "d: ALL: aclexec x\n", -1},
	    {"d: ALL: aclexec x\n", "d: ALL: aclexec y\n", REACH_MAY_CHANGE},
	    {"#!tcpwrap modern\nd: .com\n", "d: .com\n", REACH_MAY_CHANGE},
	    {"d: /bad\n", "d: ALL\n", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct reach_question question = {.daemon = "d"};
		const struct reach_difference *told;
		struct reach_fault fault;
		struct reach *reaches[2];
		struct addr addr;

		tables[0].len = edited[0].len = 0;
		say_all(&tables[1], cases[i].before);
		say_all(&edited[1], cases[i].after);
		reaches[0] = open_policy(tables, &fault);
		reaches[1] = open_policy(edited, &fault);
		collect_differences(reaches, &question);
		assert_true(is_from_socket("10.0.0.1", &addr));
		told = find_difference(&addr);
		if ((told != NULL ? (int)told->change : -1) != cases[i].change)
			fail_msg("case %zu: %d", i, told != NULL ? (int)told->change : -1);
		reach_close(reaches[0]);
		reach_close(reaches[1]);
	}
}

/* ---- what is left of a list ---- */

struct word {
	const char *text;
	int first, last; /* of 10.0.0.0/26, where it matches by address; or with user, may match */
	int user; /* whose name is left there; 0: nobody's, it matches for certain */
};
static const struct word words[] = {
    {".example.com", 0, 63, 1},
    {"web.example.org", 0, 63, 2},
    {"KNOWN", 0, 63, 3},
    {"alice@.com", 0, 63, 4},
    {"/names", 0, 63, 5},
    {"10.0.0.0/28", 0, 15, 0},
    {"10.0.0.16/30", 16, 19, 0},
    {"10.0.0.7", 7, 7, 0},
    {"10.0.0.32/255.255.255.224", 32, 63, 0},
    {"[2001:db8::]/32", -1, -1, 0},
    {"alice@10.0.0.0/28", 0, 15, 6},
    {"alice@10.0.0.7", 7, 7, 6},
    {"alice@10.0.0.", 0, 63, 6},
    {"root@10.0.0.16/30", 16, 19, 7},
};
enum { SETS = 4, SET_WORDS = 6, NAMED = 5, CERTAIN = 1 };

/* Sets of words between EXCEPTs. */
struct words_list {
	unsigned words[SETS][SET_WORDS], counts[SETS], count;
};

static void
put_word(struct words_list *list, unsigned set, unsigned word)
{
	unsigned at = roll(list->counts[set] + 1);

	if (list->counts[set] == SET_WORDS)
		return;
	memmove(&list->words[set][at + 1], &list->words[set][at],
	    (list->counts[set] - at) * sizeof(unsigned));
	list->words[set][at] = word;
	list->counts[set]++;
}

/* Exchange two, take out one that has an address, or put one in. */
static void
edit_words(struct words_list *list)
{
	unsigned set = roll(list->count), *in = list->words[set];
	unsigned at = roll(list->counts[set]), other = roll(list->counts[set]), word = in[at];

	if (roll(3) == 0) {
		in[at] = in[other];
		in[other] = word;
	} else if (roll(2) == 0 && list->counts[set] > 1 && word >= NAMED) {
		list->counts[set]--;
		memmove(&in[at], &in[at + 1], (list->counts[set] - at) * sizeof *in);
	} else {
		put_word(
		    list, set, roll(16) == 0 ? roll(NAMED) : NAMED + roll(COUNT(words) - NAMED));
	}
}

static void
choose_words(struct words_list *list)
{
	*list = (struct words_list){.count = 1 + roll(SETS)};
	for (unsigned i = 0; i < list->count; i++) {
		unsigned count = 1 + roll(3);

		for (unsigned j = 0; j < count; j++)
			put_word(list, i, roll(2) == 0 ? roll(NAMED) : roll(COUNT(words)));
	}
}

static void
say_words(struct policy *policy, const struct words_list *list)
{
	policy->len = 0;
	say(policy, "d:");
	for (unsigned i = 0; i < list->count; i++) {
		say(policy, "%s", i > 0 ? " EXCEPT" : "");
		for (unsigned j = 0; j < list->counts[i]; j++)
			say(policy, " %s", words[list->words[i][j]].text);
	}
	say(policy, "\n");
}

/* What is left of it, as sets of users and names; how many sets. */
static unsigned
left_of(const struct words_list *list, int host, unsigned ret[SETS])
{
	unsigned count = 0;

	for (; count < list->count; count++) {
		ret[count] = 0;
		for (unsigned j = 0; j < list->counts[count]; j++) {
			const struct word *word = &words[list->words[count][j]];

			if (host >= word->first && host <= word->last)
				ret[count] |= 1U << word->user;
		}
		if (ret[count] & CERTAIN)
			ret[count] = CERTAIN;
		if (ret[count] == 0)
			break;
	}
	if (count > 1 && count == list->count && ret[count - 1] == CERTAIN)
		count -= 2;
	return count;
}

static unsigned long same_left, same_of_others, told_left;

/* Where the same is left of both lists, nothing is told; where not, what is told is true. */
static void
check_words(const struct words_list *before, const struct words_list *after)
{
	const struct reach_question question = {.daemon = "d"};
	bool is_other = tables[0].len != edited[0].len ||
	    memcmp(tables[0].text, edited[0].text, tables[0].len) != 0;

	for (int host = 0; host < V4_ADDRESSES; host++) {
		unsigned was[SETS], is[SETS], count = left_of(before, host, was);
		bool is_same =
		    left_of(after, host, is) == count && memcmp(was, is, count * sizeof *was) == 0;
		const struct reach_difference *told;
		struct addr addr;
		char text[ADDR_TEXT_MAX];

		snprintf(text, sizeof text, "10.0.0.%d", host);
		assert_true(is_from_socket(text, &addr));
		told = find_difference(&addr);
		if (is_same && told != NULL)
			fail_msg("%s: told %d, though the same is left of\n%.*sand\n%.*s", text,
			    (int)told->change, (int)tables[0].len, tables[0].text,
			    (int)edited[0].len, edited[0].text);
		same_left += is_same;
		same_of_others += is_same && is_other && count > 0 && was[0] != CERTAIN;
		told_left += told != NULL;
		if (roll(4) == 0)
			check_change(&question, text, told);
	}
}

static void
test_residues(void **state)
{
	const struct reach_question question = {.daemon = "d"};

	(void)state;
	say_all(&tables[1], "ALL: ALL\n");
	say_all(&edited[1], "ALL: ALL\n");
	for (unsigned i = 0; i < 4 * POLICIES; i++) {
		struct words_list before, after;
		struct reach_fault fault;
		struct reach *reaches[2];

		choose_words(&before);
		after = before;
		for (unsigned edits = 1 + roll(3); edits > 0; edits--)
			edit_words(&after);
		say_words(&tables[0], &before);
		say_words(&edited[0], &after);
		reaches[0] = open_policy(tables, &fault);
		reaches[1] = open_policy(edited, &fault);
		assert_true(reaches[0] != NULL && reaches[1] != NULL);
		collect_differences(reaches, &question);
		check_words(&before, &after);
		reach_close(reaches[0]);
		reach_close(reaches[1]);
	}
	print_message(
	    "%lu addresses have the same left, %lu of them of other words; %lu are told\n",
	    same_left, same_of_others, told_left);
	assert_true(same_of_others > same_left / 4 && told_left > same_left / 16);
}

/* ---- rules that are never reached ---- */

struct use_case {
	const char *allow, *deny;
	const char *uses; /* of each rule: N not asked, - never, ? perhaps, + decides */
	uint32_t by[4]; /* of those that are never reached, in order */
};

static void
test_uses(void **state)
{
	static const struct use_case cases[] = {
	    {"", "ALL: 10.0.0.0/8\nsshd: 10.1.2.3\n", "+-", {0}},
	    {"", "sshd: 10.1.2.3\nALL: 10.0.0.0/8\n", "++", {0}},
	    {"", "ALL: 10.0.0.0/9\nALL: 10.128.0.0/9\nALL: 10.0.0.0/8\n", "++-", {REACH_SEVERAL}},
	    {"", "ALL: 10.1.0.0/16\nALL: 10.0.0.0/8\nALL: 10.0.0.0/9\n", "++-", {1}},
	    {"", "sshd: 10.0.0.0/33\nsshd: ALL\n", "-+", {REACH_NO_RULE}},
	    {"", "ALL: .example.org\nALL: ALL\nALL: 1.2.3.4 .example.net\n", "?+-", {1}},
	    {"vsftpd: ALL\n", "sshd: ALL\n", "N+", {0}},
	    {"ALL: ALL\n", "ALL: ALL\n", "+-", {0}},
	    {"ALL: ALL EXCEPT 10.0.0.1\n", "ALL: 10.0.0.1\nALL: 10.0.0.2\n", "++-", {0}},
	    {"", "ALL: 10.1.2.3/8\nALL: 10.1.2.3\n", "++", {0}},
	    {"", "#!tcpwrap modern\nALL: 10.1.2.3/8\nALL: 10.1.2.3\n", "+-", {0}},
	    {"", "#!tcpwrap modern\nALL: 0.0.0.0/0 [::]/0\nALL: ALL\n", "+-", {0}},
	    {"", "#!tcpwrap modern\nALL: 0.0.0.0/0\nALL: ALL\n", "++", {0}},
	    {"", "sshd: bob@10.0.0.1\nsshd: 10.0.0.1\nsshd: alice@10.0.0.1\n", "?+-", {1}},
	    {"", "22: ALL\nALL: ALL\nsshd@10.0.0.1: ALL\n", "?+-", {1}},
	    {"sshd: ALL: aclexec x\nsshd: 10.0.0.1\n", "sshd: 10.0.0.1\n", "+-?", {0}},
	    {"sshd: /ten\nsshd: 10.0.0.7\nsshd: 10.0.0.16\n", "", "+-+", {0}},
	    {"sshd: /bad\nsshd: ALL\n", "", "+-", {0}},
	    {"ALL: ALL", "", "++", {0}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		static const char letters[] = {[REACH_NOT_ASKED] = 'N',
		    [REACH_NEVER] = '-',
		    [REACH_PERHAPS] = '?',
		    [REACH_DECIDES] = '+'};
		const struct reach_question question = {.daemon = "sshd"};
		struct reach_rule_use uses[8];
		struct reach_fault fault;
		struct reach *reach;
		char got[8 + 1] = "";
		unsigned never = 0;

		say_all(&tables[0], cases[i].allow);
		say_all(&tables[1], cases[i].deny);
		reach = open_policy(tables, &fault);
		assert_non_null(reach);
		assert_true(reach_uses(reach, &question, uses));
		for (uint32_t r = 0; r < reach_rule_count(reach); r++) {
			got[r] = letters[uses[r].use];
			if (uses[r].use == REACH_NEVER && cases[i].uses[r] == '-' &&
			    uses[r].by != cases[i].by[never++])
				fail_msg("case %zu: rule %u is taken by %u", i, r, uses[r].by);
		}
		if (strcmp(got, cases[i].uses) != 0)
			fail_msg("case %zu: %s", i, got);
		reach_close(reach);
	}
}

/* ---- limits and faults ---- */

/* What becomes of one address: the interval with it. */
static struct reach_interval
fate(const char *allow, const char *deny, const char *address)
{
	const struct reach_question question = {.daemon = "d"};
	struct reach_interval ret;
	struct reach_fault fault;
	struct reach *reach;
	struct addr addr;

	assert_true(is_from_socket(address, &addr));
	say_all(&tables[0], allow);
	say_all(&tables[1], deny);
	reach = open_policy(tables, &fault);
	assert_non_null(reach);
	collect(reach, &question);
	ret = *find(&addr);
	reach_close(reach);
	return ret;
}

/* A mask with eight holes is as many intervals as a word may be, here. */
static void
test_limits(void **state)
{
	(void)state;
	assert_int_equal(
	    fate("d: 10.0.0.0/255.0.255.1\n", "ALL: ALL\n", "10.1.0.0").outcome, REACH_DEPENDS);
	assert_int_equal(
	    fate("d: 10.0.0.0/255.0.255.0\n", "ALL: ALL\n", "10.1.0.0").outcome, REACH_ADMITTED);
	assert_int_equal(
	    fate("d: 10.0.0.0/255.0.255.0\n", "ALL: ALL\n", "10.1.1.0").outcome, REACH_REFUSED);
	assert_int_equal(fate("#!tcpwrap modern\nd: 10.9.*.5\n", "ALL: ALL\n", "10.9.8.5").outcome,
	    REACH_ADMITTED);
	assert_int_equal(fate("#!tcpwrap modern\nd: 10.9.*.5\n", "ALL: ALL\n", "10.9.8.6").outcome,
	    REACH_REFUSED);
	assert_int_equal(fate("#!tcpwrap modern\nd: 10.*.*.5\n", "ALL: ALL\n", "10.9.8.5").outcome,
	    REACH_DEPENDS);
	/* Its text may have an interface's name, with a dot in it; and a list that nobody has looked at may be one
	 * that cannot be read. */
	assert_int_equal(
	    fate("#!tcpwrap modern\nd: *.5\n", "ALL: ALL\n", "fe80::1").outcome, REACH_DEPENDS);
	assert_int_equal(
	    fate("#!tcpwrap modern\nd: *.5\n", "ALL: ALL\n", "2001:db8::5").outcome, REACH_REFUSED);
	assert_int_equal(fate("d@/bad: ALL\n", "", "10.0.0.1").outcome, REACH_DEPENDS);
}

static void
test_memory(void **state)
{
	static const char allow[] =
	    "d: 10.0.0.0/24 EXCEPT 10.0.0.7 /ten\nd@10.0.0.1, e: [::1] .example.com\n"
	    "ALL: 10.0.*.7: aclexec x\nALL: /names\n";
	const struct reach_question question = {.daemon = "d", .server = "10.0.0.1"};
	unsigned long failures = 1;

	(void)state;
	for (long count = 0; failures > 0; count++) {
		struct reach_rule_use uses[8];
		struct reach_difference difference;
		struct reach_interval interval;
		struct reach_fault fault;
		struct reach_sweep *sweep = NULL;
		struct reach_diff *diff = NULL;
		struct reach *reach;

		say_all(&tables[0], allow);
		say_all(&tables[1], "ALL: ALL\n");
		alloc_fail_after(count);
		reach = open_policy(tables, &fault);
		if (reach != NULL) {
			sweep = reach_sweep_open(reach, &question);
			diff = reach_diff_open(reach, reach, &question);
			reach_uses(reach, &question, uses);
			while (sweep != NULL && reach_sweep_next(sweep, &interval))
				;
			while (diff != NULL && reach_diff_next(diff, &difference))
				assert_int_equal(difference.change, REACH_MAY_CHANGE);
		} else {
			assert_int_equal(fault.fault.problem, TABLE_CANNOT_MEMORY);
		}
		failures = alloc_fail_never();
		assert_true(failures > 0 || (sweep != NULL && diff != NULL));
		reach_diff_close(diff);
		reach_sweep_close(sweep);
		reach_close(reach);
	}
}

int
main(void)
{
	const char *tier = getenv("TIER");
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policies),
	    cmocka_unit_test(test_edits),
	    cmocka_unit_test(test_changes),
	    cmocka_unit_test(test_residues),
	    cmocka_unit_test(test_uses),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_memory),
	};

	if (tier != NULL && strcmp(tier, "deep") == 0)
		policies = POLICIES_DEEP;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
