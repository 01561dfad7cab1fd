/* Decisions: both readings, EXCEPT, unknowns, lookups that are made or spared, faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ask.h"

static const struct ask_list lists[] = {
#define LIST(path, text)                                                                           \
	{                                                                                          \
		path, text, sizeof(text) - 1, LIST_OK                                              \
	}
    LIST("/ten", "10.0.0.0/8\n"),
    LIST("/comment", "# 10.1.2.3 ALL\n9.9.9.9\n"),
    LIST("/commas", "9.9.9.9,10.1.2.3\n"),
    LIST("/nested", "9.9.9.9 /ten"),
    LIST("/self", "9.9.9.9 /self 10.1.2.3"),
    LIST("/self2", "9.9.9.9 /self2"),
    LIST("/bad-in", "/bad 10.1.2.3"),
    {"/bad", "", 0, LIST_BAD},
};

static struct answer answer;

/* GRANT, TWIST or REFUSE as a letter, by default, then in each reading: "g gg". */
static const char *
judge(struct ask *question, const char *allow, const char *deny)
{
	static const char letters[] = {'r', 't', 'g'};
	static char seen[2][8];

	question->lists = lists;
	question->list_count = sizeof lists / sizeof *lists;
	for (int keep = 0; keep < 2; keep++) {
		question->keep = keep != 0;
		ask(question, allow, allow != NULL ? strlen(allow) : 0, deny,
		    deny != NULL ? strlen(deny) : 0, &answer);
		snprintf(seen[keep], sizeof seen[keep], "%c %c%c", letters[answer.verdict],
		    letters[answer.readings[READING_CLASSIC]],
		    letters[answer.readings[READING_PLAIN]]);
	}
	assert_string_equal(seen[0], seen[1]);
	return seen[0];
}

struct expectation {
	const char *allow, *deny, *want;
};

static void
judge_all(struct ask *question, const struct expectation *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *seen = judge(question, cases[i].allow, cases[i].deny);

		if (strcmp(seen, cases[i].want) != 0)
			print_error("allow %s deny %s\n",
			    cases[i].allow != NULL ? cases[i].allow : "-",
			    cases[i].deny != NULL ? cases[i].deny : "-");
		assert_string_equal(seen, cases[i].want);
	}
}

#define ALL_DENIED "ALL: ALL\n"

static void
test_readings(void **state)
{
	static const struct expectation cases[] = {
	    {NULL, NULL, "g gg"},
	    {"d: 10.1.2.3\n", ALL_DENIED, "g gg"},
	    {"d: 10.1.2.3/8\n", ALL_DENIED, "r rg"},
	    {"#!tcpwrap modern\nd: 10.1.2.3/8\n", ALL_DENIED, "g gg"},
	    {"#!tcpwrap classic\nd: 10.1.2.3/8\n", ALL_DENIED, "r rr"},
	    {NULL, "ALL: 10.1.2.3/8\n", "r gr"},
	    {NULL, "ALL: 0.0.0.0/0\n", "r gr"},
	    {"d: 9.9.9.9 # ALL\n", ALL_DENIED, "r gr"},
	    {"d: 10.1.2.3", ALL_DENIED, "r rg"},
	    {NULL, "d: 9.9.9.9", "r rg"},
	    {"# x \\\nd: 10.1.2.3\n", ALL_DENIED, "r rg"},
	    {"\xef\xbb\xbf"
	     "d: 10.1.2.3\n",
	        ALL_DENIED, "r rg"},
	    {"d: 10.1.2.3: severity warn\n", ALL_DENIED, "r rg"},
	    {"#!tcpwrap modern\nd: 10.1.2.3: severity authpriv.warn\n", ALL_DENIED, "g gg"},
	    {"d: ALL: twist x\n", NULL, "t tt"},
	    {"d: ALL: frob\n", NULL, "r rr"},
	    {NULL, "d: ALL: allow\n", "g gg"},
	    {"d: ALL: user nobody\n", NULL, "g gg"},
	};
	struct ask question = {.daemon = "d", .addr = "10.1.2.3"};

	(void)state;
	judge_all(&question, cases, sizeof cases / sizeof *cases);
}

/* A reading that cannot change the verdict any more asks nothing. */
static void
test_commands(void **state)
{
	static const struct {
		struct expectation expected;
		const char *says;
	} cases[] = {
	    {{"  # d: ALL: deny\nd: ALL: spawn x: aclexec x\n", NULL, "r rr"}, ""},
	    {{NULL, "  # d: ALL\nd: ALL: aclexec x\n", "r rr"}, ""},
	    {{"  # d: ALL: allow\nd: ALL: aclexec x\n", NULL, "g gg"}, "t"},
	    {{"  # d: ALL: allow\nd: ALL: aclexec x\n", ALL_DENIED, "r gr"}, "f"},
	    {{"  # d: ALL: twist x\nd: ALL: aclexec x\n", ALL_DENIED, "r tr"}, "f"},
	    {{"d: 10.1.2.3/8: deny\nd: ALL: aclexec x\n", NULL, "r gr"}, "t"},
	    {{"d: ALL: aclexec x: severity warn\n", NULL, "r rr"}, "t"},
	};
	struct ask question = {.daemon = "d", .addr = "10.1.2.3"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		question.commands = cases[i].says;
		judge_all(&question, &cases[i].expected, 1);
		assert_int_equal(answer.commands_asked, strlen(cases[i].says));
	}
}

static void
test_except(void **state)
{
	static const struct expectation cases[] = {
	    {"d: ALL EXCEPT 10. EXCEPT 10.1.2.3\n", ALL_DENIED, "g gg"},
	    {"d: ALL EXCEPT 10. EXCEPT 10.9.2.3\n", ALL_DENIED, "r rr"},
	    {"d: ALL EXCEPT\n", ALL_DENIED, "g gg"},
	    {"d: EXCEPT ALL\n", ALL_DENIED, "r rr"},
	    {"d: ALL EXCEPT EXCEPT 10.\n", ALL_DENIED, "g gg"},
	    /* a word that only one way understands takes away in that way only */
	    {"d: ALL EXCEPT 10.1.2.3/8\n", ALL_DENIED, "r gr"},
	    {"d: ALL EXCEPT 10. EXCEPT 10.1.2.3/8\n", ALL_DENIED, "r rg"},
	};
	struct ask question = {.daemon = "d", .addr = "10.1.2.3"};

	(void)state;
	judge_all(&question, cases, sizeof cases / sizeof *cases);
}

static void
test_lists(void **state)
{
	static const struct expectation cases[] = {
	    {"d: /ten\n", ALL_DENIED, "g gg"},
	    {"d: /nested\n", ALL_DENIED, "g gg"},
	    {"d: /comment\n", ALL_DENIED, "r gr"},
	    {"d: /commas\n", ALL_DENIED, "r rg"},
	    {NULL, "d: /absent\n", "g gg"},
	    /* unknown: refuses when it is reached, unless something certain decides */
	    {"d: /bad\n", NULL, "r rr"},
	    {"d: /bad ALL\n", ALL_DENIED, "g gg"},
	    {"d: ALL EXCEPT /bad\n", NULL, "r rr"},
	    {"e: /bad\n", NULL, "g gg"},
	    {NULL, "d: 9.9.9.9 EXCEPT /bad\n", "g gg"},
	    {NULL, "d: ALL EXCEPT ALL EXCEPT /bad\n", "r rr"},
	    {"d: /bad-in\n", ALL_DENIED, "g gg"},
	    {"d: /self\n", ALL_DENIED, "g gg"},
	    {"d: /self2\n", NULL, "r rr"},
	    {"d: ALL EXCEPT /self2\n", NULL, "r rr"},
	};
	struct ask question = {.daemon = "d", .addr = "10.1.2.3"};

	(void)state;
	judge_all(&question, cases, sizeof cases / sizeof *cases);
}

static void
test_mapped(void **state)
{
	static const struct expectation cases[] = {
	    {"d: 10.1.2.3\n", ALL_DENIED, "g gg"},
	    {"d: 10.0.0.0/8\n", ALL_DENIED, "g gg"},
	    {"d: [::ffff:10.0.0.0]/104\n", ALL_DENIED, "r rg"},
	    {"d: [::]/0\n", ALL_DENIED, "r rr"},
	};
	struct ask question = {.daemon = "d", .addr = "::ffff:10.1.2.3"};
	struct ask other = {.daemon = "d", .addr = "::ffff:a01:203"};

	(void)state;
	judge_all(&question, cases, sizeof cases / sizeof *cases);
	/* Another spelling of the same address is text to the classic way. */
	assert_string_equal(judge(&other, "d: 10.1.2.3\n", ALL_DENIED), "r rg");
	assert_string_equal(judge(&other, NULL, "d: 10.1.2.3\n"), "r gr");
	assert_string_equal(judge(&other, NULL, "d: [::]/0\n"), "r rg");
}

static void
test_name_states(void **state)
{
	struct ask unknown = {.daemon = "d", .addr = "10.1.2.3"};
	struct ask paranoid = {.daemon = "d", .addr = "10.1.2.3", .name = "paranoid"};
	struct ask dotted = {.daemon = "d", .addr = "10.1.2.3", .name = "host.ex.org."};

	(void)state;
	assert_string_equal(judge(&unknown, "d: UNKNOWN\n", ALL_DENIED), "g gg");
	assert_string_equal(judge(&unknown, "d: un*\n", ALL_DENIED), "r gr");
	assert_string_equal(judge(&paranoid, "d: UNKNOWN\n", ALL_DENIED), "r rr");
	assert_string_equal(judge(&paranoid, "d: PARANOID\n", ALL_DENIED), "g gg");
	assert_string_equal(judge(&dotted, "d: .ex.org\n", ALL_DENIED), "r rg");
	assert_string_equal(judge(&dotted, "d: KNOWN\n", ALL_DENIED), "g gg");
}

/* Names and users cost a lookup; nobody asks for what cannot decide. */
static void
test_lookups(void **state)
{
	struct ask question = {
	    .daemon = "d", .addr = "10.1.2.3", .name = "h.ex.org", .user = "bob"};

	(void)state;
	judge(&question, "d: 10.1.2.3 .ex.org\n", ALL_DENIED);
	assert_int_equal(answer.names_asked, 0);
	judge(&question, "e: .ex.org\nd: 9. 8.0.0.0/8 [::1] 2001:db8::/32\n", ALL_DENIED);
	assert_int_equal(answer.names_asked, 0);
	judge(&question, "d: bob@9.9.9.9\n", ALL_DENIED);
	assert_int_equal(answer.users_asked, 0);
	judge(&question, "d: bob@10.1.2.3\n", ALL_DENIED);
	assert_true(answer.users_asked > 0);
	judge(&question, "d: ALL@10.1.2.3\n", ALL_DENIED); /* for the log */
	assert_true(answer.users_asked > 0);
	judge(&question, "d: ALL@9.9.9.9 ALL\n", ALL_DENIED);
	assert_int_equal(answer.users_asked, 0);
	judge(&question, "d: LOCAL\n", ALL_DENIED);
	assert_true(answer.names_asked > 0);
}

static void
test_faults(void **state)
{
	struct ask question = {.daemon = "d", .addr = "10.1.2.3", .name_fails = true};

	(void)state;
	assert_string_equal(judge(&question, "d: .ex.org\n", NULL), "r rr");
	assert_int_equal(answer.by.by, BY_FAULT);
	assert_string_equal(judge(&question, "d: 10.1.2.3 .ex.org\n", NULL), "g gg");
	question.name_fails = false;
	question.user_fails = true;
	assert_string_equal(judge(&question, "d: bob@10.1.2.3\n", NULL), "r rr");
}

static void
test_reports(void **state)
{
	struct ask question = {.daemon = "d", .addr = "10.1.2.3"};

	(void)state;
	judge(&question, "d ALL\nd: 10.0.0.0/33\n", "x: y\nz: y");
	assert_int_equal(answer.report_count, 4);
	assert_int_equal(answer.reports[0].code, DIAG_NO_COLON);
	assert_int_equal(answer.reports[0].line, 1);
	assert_int_equal(answer.reports[1].code, DIAG_BAD_NET);
	assert_string_equal(answer.reports[1].arg, "10.0.0.0/33");
	assert_int_equal(answer.reports[2].code, DIAG_LINE_INCOMPLETE);
	assert_int_equal(answer.reports[2].line, 1);
	assert_string_equal(answer.reports[2].file, "D");
	assert_int_equal(answer.reports[3].code, DIAG_REST_IGNORED);
}

/*
 * The algebra by brute force: lists of up to 5 words whose answers are no, unknown or yes, with
 * EXCEPT anywhere, against the recursive definition in Kleene's logic.
 */
enum { WORDS = 5, CHOICES = 4 };
static const char *const words[CHOICES] = {"9.9.9.9", "/bad", "10.1.2.3", "EXCEPT"};

static int
kleene(const int *list, int count)
{
	int best = 0, i = 0;

	for (; i < count && list[i] != 3; i++)
		best = list[i] > best ? list[i] : best;
	if (i < count) {
		int rest = 2 - kleene(list + i + 1, count - i - 1);

		best = rest < best ? rest : best;
	}
	return best;
}

static void
test_algebra(void **state)
{
	static const char *const verdicts[] = {"r rr", "r rr", "g gg"};
	struct ask question = {.daemon = "d", .addr = "10.1.2.3"};
	unsigned combinations = 1;

	(void)state;
	for (int i = 0; i < WORDS; i++)
		combinations *= CHOICES;
	for (unsigned n = 0; n < combinations; n++) {
		char allow[128] = "d:";
		int list[WORDS];
		unsigned rest = n;

		for (int i = 0; i < WORDS; i++, rest /= CHOICES) {
			list[i] = (int)(rest % CHOICES);
			strncat(allow, " ", sizeof allow - strlen(allow) - 1);
			strncat(allow, words[list[i]], sizeof allow - strlen(allow) - 1);
		}
		strncat(allow, "\n", sizeof allow - strlen(allow) - 1);
		assert_string_equal(
		    judge(&question, allow, ALL_DENIED), verdicts[kleene(list, WORDS)]);
		/* An unknown rule of the allow table refuses even if nothing else would. */
		assert_string_equal(
		    judge(&question, allow, NULL), kleene(list, WORDS) == 1 ? "r rr" : "g gg");
	}
}

/* No nesting of EXCEPT, however deep, costs more than its length. */
static void
test_deep_except(void **state)
{
	enum { DEEP = 100000 };
	static char text[DEEP * 11 + 16];
	struct ask question = {.daemon = "d", .addr = "10.1.2.3"};
	size_t len = (size_t)snprintf(text, sizeof text, "#!tcpwrap modern\nd: ALL");

	(void)state;
	for (int i = 0; i < DEEP - 10000; i++) {
		memcpy(text + len, " EXCEPT ALL", 11);
		len += 11;
	}
	memcpy(text + len, "\n", 2);
	assert_string_equal(judge(&question, text, ALL_DENIED), "g gg");
}

static const char *
no_daemon(void *ctx)
{
	(void)ctx;
	return NULL;
}

static void
say_nothing(void *ctx, const struct diag *diag)
{
	(void)ctx;
	(void)diag;
}

/* What could not be had refuses at the first rule, also when the tables are looked at again. */
static void
test_restart(void **state)
{
	static const struct facts_ops ops = {.daemon = no_daemon, .report = say_nothing};
	static const struct line line = {
	    .text = "d: ALL", .len = sizeof "d: ALL" - 1, .ways = WAY_BOTH};
	const struct facts facts = {.ops = &ops};
	const struct option_context context = {.resident = true};
	struct rule rules[RULES_MAX];
	struct pass pass;

	(void)state;
	assert_int_equal(rule_read(rules, &line), 1);
	pass_init(&pass, &facts, &context);
	for (int i = 0; i < 2; i++) {
		pass_table(&pass, TABLE_DENY, "D", LINES_TWO_WAYS);
		assert_false(pass_rule(&pass, rules));
		assert_int_equal(pass_decide(&pass)->verdict, VERDICT_REFUSE);
		pass_restart(&pass);
	}
	pass_release(&pass);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_readings),
	    cmocka_unit_test(test_commands),
	    cmocka_unit_test(test_except),
	    cmocka_unit_test(test_lists),
	    cmocka_unit_test(test_mapped),
	    cmocka_unit_test(test_name_states),
	    cmocka_unit_test(test_lookups),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_reports),
	    cmocka_unit_test(test_algebra),
	    cmocka_unit_test(test_deep_except),
	    cmocka_unit_test(test_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
