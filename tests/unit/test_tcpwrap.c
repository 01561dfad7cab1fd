/* The modern interface: verdicts and what is told of them, limits of policies, faults, memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ask_modern.h"
#include "failing_alloc.h"
#include "in_folder.h"

/* Nobody has to wait for a writer. */
static void
put_old(const char *path, const char *text)
{
	put(path, text);
	age(path);
}

static struct tw_policy *
files(void)
{
	struct tw_policy *policy = NULL;

	KEEPS_ERRNO(assert_int_equal(tw_policy_open_files(allow, deny, &policy), TW_OK));
	return policy;
}

/* The fault by which the usual request is refused. */
static enum tw_fault
fault_of(struct tw_policy *policy)
{
	struct tw_request *request = usual_request();
	struct tw_decision *decision = decide(policy, request);
	const struct tw_outcome *outcome = tw_decision_outcome(decision);
	enum tw_fault fault = outcome->fault;

	assert_int_equal(outcome->verdict, TW_REFUSE);
	assert_int_equal(outcome->reason, TW_BY_FAULT);
	assert_int_equal(outcome->rule != NULL, fault == TW_FAULT_OPTION);
	tw_decision_free(decision);
	tw_request_free(request);
	return fault;
}

/* ---- what is told ---- */

static void
assert_text(const char *got, const char *want)
{
	if (want == NULL)
		assert_null(got);
	else
		assert_string_equal(got != NULL ? got : "(null)", want);
}

static void
test_outcomes(void **state)
{
	static const struct {
		const char *allow, *deny;
		struct tw_outcome want;
	} cases[] = {
	    {"", "", {TW_GRANT, TW_READING_BOTH, TW_BY_NO_MATCH, 0, NULL, 0, NULL, NULL}},
	    {"d: 10. # office\n", "",
	        {TW_GRANT, TW_READING_BOTH, TW_BY_RULE, 0, "<allow>", 1, "d: 10. # office", NULL}},
	    {"#!tcpwrap modern\nd: 10. # office\n", "",
	        {TW_GRANT, TW_READING_BOTH, TW_BY_RULE, 0, "<allow>", 2, "d: 10. ", NULL}},
	    {"x: ALL\n", "\nALL: \\\nALL\n",
	        {TW_REFUSE, TW_READING_BOTH, TW_BY_RULE, 0, "<deny>", 3, "ALL: ALL", NULL}},
	    {"d: ALL: spawn id : severity auth.info\n", "ALL: ALL\n",
	        {TW_GRANT, TW_READING_BOTH, TW_BY_RULE, 0, "<allow>", 1,
	            "d: ALL: spawn id : severity auth.info", " spawn id : severity auth.info"}},
	    {"d: ALL: deny\n", "",
	        {TW_REFUSE, TW_READING_BOTH, TW_BY_RULE, 0, "<allow>", 1, "d: ALL: deny", " deny"}},
	    {"", "ALL: ALL: allow\n",
	        {TW_GRANT, TW_READING_BOTH, TW_BY_RULE, 0, "<deny>", 1, "ALL: ALL: allow",
	            " allow"}},
	    {"", "d: 10.: twist echo no\n",
	        {TW_TWIST, TW_READING_BOTH, TW_BY_RULE, 0, "<deny>", 1, "d: 10.: twist echo no",
	            " twist echo no"}},
	    {"", "d: 10.:\n",
	        {TW_REFUSE, TW_READING_BOTH, TW_BY_FAULT, TW_FAULT_OPTION, "<deny>", 1,
	            "d: 10.:", NULL}},
	    {"d: 10.: aclexec true: allow\n", "",
	        {TW_REFUSE, TW_READING_BOTH, TW_BY_FAULT, TW_FAULT_OPTION, "<allow>", 1,
	            "d: 10.: aclexec true: allow", NULL}},
	    {"", "x: ALL: aclexec true\nd: 10.: aclexec true\n",
	        {TW_REFUSE, TW_READING_BOTH, TW_BY_FAULT, TW_FAULT_OPTION, "<deny>", 2,
	            "d: 10.: aclexec true", NULL}},
	    /* Different rules, the same verdict: the classic one's counts. */
	    {"d: 10.9.9.9/8\nd: 10.\n", "",
	        {TW_GRANT, TW_READING_CLASSIC, TW_BY_RULE, 0, "<allow>", 2, "d: 10.", NULL}},
	    /* Different verdicts: the lower one counts. */
	    {"", "ALL: 10.9.9.9/8\n",
	        {TW_REFUSE, TW_READING_PLAIN, TW_BY_RULE, 0, "<deny>", 1, "ALL: 10.9.9.9/8", NULL}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tw_request *request = usual_request();
		struct tw_decision *decision =
		    decide(texts(cases[i].allow, cases[i].deny), request);
		const struct tw_outcome *got = tw_decision_outcome(decision);
		const struct tw_outcome *want = &cases[i].want;

		tw_request_free(request);
		assert_int_equal(got->verdict, want->verdict);
		assert_int_equal(got->reading, want->reading);
		assert_int_equal(got->reason, want->reason);
		assert_int_equal(got->fault, want->fault);
		assert_text(got->file, want->file);
		assert_int_equal(got->line, want->line);
		assert_text(got->rule, want->rule);
		assert_text(got->options, want->options);
		tw_decision_free(decision);
	}
}

static void
test_other_reading(void **state)
{
	struct tw_request *request = usual_request();
	struct tw_decision *decision = decide(texts("d: 10.9.9.9/8\n", "ALL: ALL\n"), request);
	const struct tw_outcome *other = tw_decision_other(decision);

	(void)state;
	assert_int_equal(tw_decision_outcome(decision)->verdict, TW_REFUSE);
	assert_int_equal(tw_decision_outcome(decision)->reading, TW_READING_CLASSIC);
	assert_non_null(other);
	assert_int_equal(other->verdict, TW_GRANT);
	assert_int_equal(other->reading, TW_READING_PLAIN);
	assert_string_equal(other->file, "<allow>");
	assert_int_equal(other->line, 1);
	assert_string_equal(other->rule, "d: 10.9.9.9/8");
	tw_decision_free(decision);
	decision = decide(texts("d: 10.9.9.9/8\nd: 10.\n", ""), request);
	assert_null(tw_decision_other(decision));
	tw_decision_free(decision);
	tw_request_free(request);
}

static void
test_findings(void **state)
{
	struct tw_request *request = usual_request();
	struct tw_decision *decision =
	    decide(texts("#!tcpwrap modern\nd: 10.0.0.0/33\nrubbi\xff\n", ""), request);
	const struct tw_finding *finding = tw_decision_finding(decision, 0);
	char many[64 * (TW_FINDINGS_MAX + 3)] = "#!tcpwrap modern\n";

	(void)state;
	assert_true(tw_decision_is_granted(decision));
	assert_non_null(finding);
	assert_false(finding->is_error);
	assert_string_equal(finding->id, "BAD_NET");
	assert_string_equal(finding->file, "<allow>");
	assert_int_equal(finding->line, 2);
	assert_string_equal(finding->message, "matches nobody: 10.0.0.0/33 is no network");
	assert_int_equal(strncmp(finding->remedy, "write ", 6), 0);
	finding = tw_decision_finding(decision, 1);
	assert_non_null(finding);
	assert_string_equal(finding->id, "NO_COLON");
	assert_int_equal(finding->line, 3);
	assert_null(tw_decision_finding(decision, 2));
	assert_null(tw_decision_finding(decision, SIZE_MAX));
	assert_int_equal(tw_decision_findings_lost(decision), 0);
	tw_decision_free(decision);

	for (unsigned i = 0; i < TW_FINDINGS_MAX + 2; i++)
		snprintf(many + strlen(many), sizeof many - strlen(many), "d: 10.0.0.%u/33\n", i);
	decision = decide(texts(many, ""), request);
	assert_int_equal(tw_decision_findings_lost(decision), 2);
	assert_non_null(tw_decision_finding(decision, TW_FINDINGS_MAX - 1));
	assert_null(tw_decision_finding(decision, TW_FINDINGS_MAX));
	tw_decision_free(decision);

	/* An option that is wrong refuses, and is told though nobody carries it out. */
	decision = decide(texts("d: ALL: frob\n", ""), request);
	finding = tw_decision_finding(decision, 0);
	assert_non_null(finding);
	assert_string_equal(finding->message, "bad option name: \"frob\"");
	assert_null(tw_decision_finding(decision, 1)); /* by both readings, once */
	tw_decision_free(decision);
	decision = decide(texts("d: ALL: aclexec true\n", ""), request);
	finding = tw_decision_finding(decision, 0);
	assert_non_null(finding);
	assert_string_equal(finding->id, "ACLEXEC_NOT_HERE");
	assert_int_equal(finding->line, 1);
	assert_null(tw_decision_finding(decision, 1));
	tw_decision_free(decision);
	tw_request_free(request);
}

/* A subject that is escaped as a whole still fits. */
static void
test_hostile_finding(void **state)
{
	struct tw_request *request = usual_request();
	struct tw_decision *decision;
	char text[400] = "#!tcpwrap modern\nd: 10./";
	const char *message;

	(void)state;
	memset(text + strlen(text), '\x1b', 300);
	strcat(text, "\n");
	decision = decide(texts(text, ""), request);
	assert_non_null(tw_decision_finding(decision, 0));
	message = tw_decision_finding(decision, 0)->message;
	for (const char *p = message; *p != '\0'; p++)
		assert_in_range(*p, ' ', '~');
	assert_true(strlen(message) > 300);
	tw_decision_free(decision);
	tw_request_free(request);
}

static void
test_texts_of_enums(void **state)
{
	(void)state;
#define STATUS(id, text) assert_string_equal(tw_status_text(TW_##id), text);
#define VERDICT(id, text) assert_string_equal(tw_verdict_text(TW_##id), text);
#define REASON(id, text) assert_string_equal(tw_reason_text(TW_##id), text);
#define FAULT(id, text) assert_string_equal(tw_fault_text(TW_FAULT_##id), text);
#define READING(id, text) assert_string_equal(tw_reading_text(TW_READING_##id), text);
#include "tcpwrap.def"
	assert_string_equal(tw_status_text((enum tw_status)6), "");
	assert_string_equal(tw_verdict_text((enum tw_verdict)3), "");
	assert_string_equal(tw_reason_text((enum tw_reason) - 1), "");
	assert_string_equal(tw_fault_text((enum tw_fault)9), "");
	assert_string_equal(tw_reading_text((enum tw_reading)3), "");
}

/* ---- faults ---- */

static void
test_faults(void **state)
{
	struct tw_request *request = usual_request();
	struct tw_decision *decision;
	char text[256];

	(void)state;
	assert_int_equal(fault_of(NULL), TW_FAULT_POLICY);
	decision = decide(texts("ALL: ALL\n", ""), NULL);
	assert_int_equal(tw_decision_outcome(decision)->fault, TW_FAULT_REQUEST);
	tw_decision_free(decision);
	assert_int_equal(fault_of(texts("", "ALL: 9.9.9.9")), TW_FAULT_LINE);
	snprintf(text, sizeof text, "d: %s\n", folder); /* a list that is a directory */
	assert_int_equal(fault_of(texts(text, "")), TW_FAULT_RULE);
	assert_int_equal(fault_of(texts("d: ALL: umask 9\n", "")), TW_FAULT_OPTION);
	assert_int_equal(mkdir(deny, 0755), 0);
	unlink(allow);
	assert_int_equal(fault_of(files()), TW_FAULT_TABLE);
	assert_int_equal(rmdir(deny), 0);
	assert_int_equal(verdict_of(files(), request), TW_GRANT);
	tw_request_free(request);

	/* No decision at all refuses, too. */
	assert_false(tw_decision_is_granted(NULL));
	assert_int_equal(tw_decision_outcome(NULL)->verdict, TW_REFUSE);
	assert_int_equal(tw_decision_outcome(NULL)->fault, TW_FAULT_MEMORY);
	assert_null(tw_decision_other(NULL));
	assert_null(tw_decision_finding(NULL, 0));
	assert_int_equal(tw_decision_findings_lost(NULL), 0);
	tw_decision_free(NULL);
	tw_request_free(NULL);
	tw_policy_close(NULL);
}

/* ---- policies ---- */

static void
test_paths(void **state)
{
	char longest[TW_PATH_MAX + 2];
	struct tw_policy *policy = NULL;

	(void)state;
	memset(longest, '/', sizeof longest);
	longest[TW_PATH_MAX + 1] = '\0';
	assert_int_equal(tw_policy_open_files(longest, deny, &policy), TW_TOO_LONG);
	assert_int_equal(tw_policy_open_files(allow, longest, &policy), TW_TOO_LONG);
	assert_int_equal(tw_policy_open_files("hosts.allow", deny, &policy), TW_BAD_ARGUMENT);
	assert_int_equal(tw_policy_open_files(allow, "", &policy), TW_BAD_ARGUMENT);
	assert_int_equal(tw_policy_open_files(NULL, deny, &policy), TW_BAD_ARGUMENT);
	assert_int_equal(tw_policy_open_files(allow, NULL, &policy), TW_BAD_ARGUMENT);
	assert_int_equal(tw_policy_open_files(allow, deny, NULL), TW_BAD_ARGUMENT);
	assert_null(policy);
	longest[TW_PATH_MAX] = '\0';
	assert_int_equal(tw_policy_open_files(longest, longest, &policy), TW_OK);
	/* A directory, and more than the kernel takes. */
	assert_int_equal(fault_of(policy), TW_FAULT_TABLE);
}

static void
test_text_limits(void **state)
{
	static const char first[] = "#!tcpwrap modern\nd: 10.1.2.3\nALL: ALL: deny\n";
	struct tw_request *request = usual_request();
	struct tw_policy *policy = NULL;
	size_t size = TW_TEXT_MAX + 1;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	memset(text, '#', size);
	memcpy(text, first, strlen(first));
	assert_int_equal(tw_policy_open_texts(text, size, "", 0, &policy), TW_TOO_LONG);
	assert_int_equal(tw_policy_open_texts("", 0, text, size, &policy), TW_TOO_LONG);
	assert_int_equal(tw_policy_open_texts(NULL, 1, "", 0, &policy), TW_BAD_ARGUMENT);
	assert_int_equal(tw_policy_open_texts("", 0, NULL, 1, &policy), TW_BAD_ARGUMENT);
	assert_int_equal(tw_policy_open_texts("", 0, "", 0, NULL), TW_BAD_ARGUMENT);
	/* A line of nearly as much. */
	assert_int_equal(tw_policy_open_texts(text, TW_TEXT_MAX, "", 0, &policy), TW_TOO_LONG);
	assert_null(policy);
	for (size_t i = 1000; i < size; i += 1000)
		text[i] = '\n';
	assert_int_equal(tw_policy_open_texts(text, TW_TEXT_MAX, "", 0, &policy), TW_OK);
	memset(text, 'x', size); /* it was copied */
	assert_int_equal(verdict_of(policy, request), TW_GRANT);
	assert_int_equal(tw_policy_open_texts(NULL, 0, NULL, 0, &policy), TW_OK);
	assert_int_equal(verdict_of(policy, request), TW_GRANT);
	free(text);
	tw_request_free(request);
}

/* The policy is given back before the decision is read: decide() does so everywhere here. */
static void
test_edits(void **state)
{
	struct tw_request *request = usual_request();
	struct tw_policy *policy = files();

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		struct tw_decision *decision;

		put_old(allow, "");
		put_old(deny, i % 2 == 0 ? "ALL: ALL\n" : "ALL: 9.\n");
		decision = tw_decide(policy, request, 0);
		assert_int_equal(tw_decision_is_granted(decision), i % 2 == 1);
		tw_decision_free(decision);
		decision = tw_decide(policy, request, 0); /* which keeps the table */
		assert_int_equal(tw_decision_is_granted(decision), i % 2 == 1);
		assert_text(tw_decision_outcome(decision)->file, i % 2 == 0 ? deny : NULL);
		tw_decision_free(decision);
	}
	tw_policy_close(policy);
	tw_request_free(request);
}

/* ---- memory ---- */

/* All there is from opening to the verdict, by files or by texts. TW_REFUSE if it comes to nothing. */
static enum tw_verdict
whole_way(const char *allow_text, const char *deny_text)
{
	struct tw_policy *policy = NULL;
	struct tw_request *request = NULL;
	struct tw_decision *decision;
	enum tw_verdict verdict;
	enum tw_status status;
	socklen_t len;
	struct sockaddr_storage ss = address("10.1.2.3", 4000, &len);

	if (allow_text == NULL)
		KEEPS_ERRNO(status = tw_policy_open_files(allow, deny, &policy));
	else
		KEEPS_ERRNO(status = tw_policy_open_texts(allow_text, strlen(allow_text), deny_text,
		                strlen(deny_text), &policy));
	assert_int_equal(status, policy != NULL ? TW_OK : TW_NO_MEMORY);
	KEEPS_ERRNO(status = tw_request_new(&request));
	assert_int_equal(status, request != NULL ? TW_OK : TW_NO_MEMORY);
	if (request != NULL) {
		assert_int_equal(tw_request_set_daemon(request, "d"), TW_OK);
		assert_int_equal(
		    tw_request_set_client(request, (struct sockaddr *)&ss, len), TW_OK);
	}
	KEEPS_ERRNO(decision = tw_decide(policy, request, TW_TIMEOUT_DEFAULT));
	verdict = tw_decision_outcome(decision)->verdict;
	assert_true(
	    verdict != TW_REFUSE || tw_decision_outcome(decision)->reason != TW_BY_NO_MATCH);
	tw_decision_free(decision);
	tw_request_free(request);
	tw_policy_close(policy);
	return verdict;
}

static void
fail_each(const char *allow_text, const char *deny_text, enum tw_verdict want)
{
	unsigned descriptors = open_descriptors();
	unsigned long failed = 1;

	for (long count = 0; failed > 0; count++) {
		enum tw_verdict verdict;

		assert_true(count < 10000);
		alloc_fail_after(count);
		verdict = whole_way(allow_text, deny_text);
		failed = alloc_fail_never();
		assert_true(verdict == TW_REFUSE || verdict == want);
		if (failed == 0)
			assert_int_equal(verdict, want);
	}
	assert_int_equal(open_descriptors(), descriptors);
}

static void
test_memory(void **state)
{
	char listed[256], refused[512], granted[512];

	(void)state;
	put_old(list, "9.9.9.9 10.1.2.3\n");
	snprintf(listed, sizeof listed, "x y z: ALL\nd: %s\n", list);
	snprintf(granted, sizeof granted, "%sALL: ALL: deny\n", listed);
	snprintf(refused, sizeof refused, "d: 10.9.9.9/8\n%s", listed);
	for (unsigned again = 0; again < 3; again++) { /* read, and kept */
		put_old(allow, granted);
		put_old(deny, "ALL: ALL\n");
		fail_each(NULL, NULL, TW_GRANT);
		put_old(allow, "x: ALL\n");
		put_old(deny, refused);
		fail_each(NULL, NULL, TW_REFUSE);
	}
	fail_each(granted, "ALL: ALL\n", TW_GRANT);
	fail_each("", refused, TW_REFUSE);
	fail_each("d: \\\nALL: severity \\\nauth.info\n", "ALL: ALL\n", TW_GRANT);
	fail_each("rubbish\n", "ALL: 10.0.0.0/33\n", TW_GRANT);
	fail_each("d: ALL: twist id\n", "", TW_TWIST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_outcomes),
	    cmocka_unit_test(test_other_reading),
	    cmocka_unit_test(test_findings),
	    cmocka_unit_test(test_hostile_finding),
	    cmocka_unit_test(test_texts_of_enums),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_text_limits),
	    cmocka_unit_test(test_edits),
	    cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
