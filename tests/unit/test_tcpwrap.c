/* The modern interface: verdicts and what is told of them, setters, limits, faults, memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <tcpwrap.h>

#include "failing_alloc.h"
#include "peer/ident.h"
#include "peer/name.h"
#include "peer/socket.h"

static char folder[64], allow[128], deny[128], list[128];

/* ---- tools ---- */

/* errno is nobody's business but the program's: every call here is made with this one. */
#define KEEPS_ERRNO(call)                                                                          \
	do {                                                                                       \
		errno = ENXIO;                                                                     \
		call;                                                                              \
		assert_int_equal(errno, ENXIO);                                                    \
	} while (0)

static struct sockaddr_storage
address(const char *text, unsigned port, socklen_t *ret_len)
{
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	struct sockaddr_in *sin = (struct sockaddr_in *)&ss;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&ss;

	if (inet_pton(AF_INET, text, &sin->sin_addr) == 1) {
		sin->sin_family = AF_INET;
		sin->sin_port = htons((uint16_t)port);
		*ret_len = sizeof *sin;
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &sin6->sin6_addr), 1);
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = htons((uint16_t)port);
		*ret_len = sizeof *sin6;
	}
	return ss;
}

static enum tw_status
set_client(struct tw_request *request, const char *text)
{
	socklen_t len;
	struct sockaddr_storage ss = address(text, 4000, &len);
	enum tw_status status;

	KEEPS_ERRNO(status = tw_request_set_client(request, (struct sockaddr *)&ss, len));
	return status;
}

static enum tw_status
set_server(struct tw_request *request, const char *text, unsigned port)
{
	socklen_t len;
	struct sockaddr_storage ss = address(text, port, &len);
	enum tw_status status;

	KEEPS_ERRNO(status = tw_request_set_server(request, (struct sockaddr *)&ss, len));
	return status;
}

/* Daemon "d", client 10.1.2.3, whose name is not known. */
static struct tw_request *
usual_request(void)
{
	struct tw_request *request = NULL;

	KEEPS_ERRNO(assert_int_equal(tw_request_new(&request), TW_OK));
	assert_int_equal(tw_request_set_daemon(request, "d"), TW_OK);
	assert_int_equal(set_client(request, "10.1.2.3"), TW_OK);
	assert_int_equal(tw_request_set_client_name(request, TW_NAME_UNKNOWN, NULL), TW_OK);
	return request;
}

static struct tw_policy *
texts(const char *allow_text, const char *deny_text)
{
	struct tw_policy *policy = NULL;

	KEEPS_ERRNO(assert_int_equal(tw_policy_open_texts(allow_text, strlen(allow_text), deny_text,
	                                 strlen(deny_text), &policy),
	    TW_OK));
	return policy;
}

static struct tw_policy *
files(void)
{
	struct tw_policy *policy = NULL;

	KEEPS_ERRNO(assert_int_equal(tw_policy_open_files(allow, deny, &policy), TW_OK));
	return policy;
}

/* Give the policy back at once: a decision needs it no more. */
static struct tw_decision *
decide(struct tw_policy *policy, const struct tw_request *request)
{
	struct tw_decision *decision;

	KEEPS_ERRNO(decision = tw_decide(policy, request, 0));
	KEEPS_ERRNO(tw_policy_close(policy));
	assert_non_null(decision);
	assert_int_equal(
	    tw_decision_is_granted(decision), tw_decision_outcome(decision)->verdict == TW_GRANT);
	return decision;
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

static enum tw_verdict
verdict_of(struct tw_policy *policy, const struct tw_request *request)
{
	struct tw_decision *decision = decide(policy, request);
	enum tw_verdict verdict = tw_decision_outcome(decision)->verdict;

	tw_decision_free(decision);
	return verdict;
}

static void
put(const char *path, const char *text)
{
	struct timespec then[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = 1}};
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	/* Old: nobody waits for a writer. */
	assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
}

static unsigned
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static int
setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/tcpwrap-api-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(allow, sizeof allow, "%s/hosts.allow", folder);
	snprintf(deny, sizeof deny, "%s/hosts.deny", folder);
	snprintf(list, sizeof list, "%s/list", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(allow);
	unlink(deny);
	unlink(list);
	return rmdir(folder);
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

		put(allow, "");
		put(deny, i % 2 == 0 ? "ALL: ALL\n" : "ALL: 9.\n");
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

/* ---- requests ---- */

static bool
is_granted(const struct tw_request *request, const char *rule)
{
	char text[512];

	snprintf(text, sizeof text, "#!tcpwrap modern\n%s\n", rule);
	return verdict_of(texts(text, "ALL: ALL\n"), request) == TW_GRANT;
}

static void
test_incomplete(void **state)
{
	struct tw_request *request = NULL;

	(void)state;
	assert_int_equal(tw_request_new(NULL), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_new(&request), TW_OK);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(tw_request_set_daemon(request, "d"), TW_OK);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(tw_request_set_client(request, NULL, 0), TW_OK);
	assert_true(is_granted(request, "ALL: ALL"));
	assert_true(is_granted(request, "ALL: UNKNOWN"));
	assert_false(is_granted(request, "ALL: KNOWN"));
	tw_request_free(request);
	assert_int_equal(tw_request_set_daemon(NULL, "d"), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_set_user(NULL, "u"), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_set_client(NULL, NULL, 0), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_set_server(NULL, NULL, 0), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_set_socket(NULL, 0), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_set_client_name(NULL, TW_NAME_KNOWN, "n"), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_set_server_name(NULL, TW_NAME_KNOWN, "n"), TW_BAD_ARGUMENT);
}

typedef enum tw_status set_word(struct tw_request *, const char *);

static enum tw_status
set_client_known(struct tw_request *request, const char *text)
{
	return tw_request_set_client_name(request, TW_NAME_KNOWN, text);
}

static enum tw_status
set_server_known(struct tw_request *request, const char *text)
{
	return tw_request_set_server_name(request, TW_NAME_KNOWN, text);
}

/* limit - 1, limit, limit + 1; and what fails stays refused until it is mended. */
static void
test_words(void **state)
{
	static set_word *const setters[] = {
	    tw_request_set_daemon, tw_request_set_user, set_client_known, set_server_known};
	static const char *const rules[][2] = {
	    {"", ": ALL"}, {"d: ", "@ALL"}, {"d: ", ""}, {"d@", ": ALL"}};
	char word[TW_WORD_MAX + 2], rule[400];

	(void)state;
	for (size_t i = 0; i < sizeof setters / sizeof *setters; i++) {
		struct tw_request *request = usual_request();

		for (size_t len = TW_WORD_MAX - 1; len <= TW_WORD_MAX + 1; len++) {
			bool fits = len <= TW_WORD_MAX;

			memset(word, 'x', len);
			word[len] = '\0';
			assert_int_equal(setters[i](request, word), fits ? TW_OK : TW_TOO_LONG);
			snprintf(rule, sizeof rule, "%s%s%s", rules[i][0], word, rules[i][1]);
			assert_int_equal(is_granted(request, rule), fits);
		}
		assert_false(is_granted(request, "ALL: ALL"));
		assert_int_equal(setters[i](request, ""), TW_BAD_ARGUMENT);
		assert_false(is_granted(request, "ALL: ALL"));
		assert_int_equal(setters[i](request, "x"), TW_OK);
		assert_true(is_granted(request, "ALL: ALL"));
		tw_request_free(request);
	}
}

static void
test_names(void **state)
{
	struct tw_request *request = usual_request();

	(void)state;
	assert_int_equal(tw_request_set_client_name(request, TW_NAME_KNOWN, NULL), TW_BAD_ARGUMENT);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(
	    tw_request_set_client_name(request, TW_NAME_UNKNOWN, "x"), TW_BAD_ARGUMENT);
	assert_int_equal(
	    tw_request_set_client_name(request, (enum tw_name)4, NULL), TW_BAD_ARGUMENT);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(tw_request_set_client_name(request, TW_NAME_PARANOID, NULL), TW_OK);
	assert_true(is_granted(request, "ALL: PARANOID"));
	assert_false(is_granted(request, "ALL: KNOWN"));
	assert_int_equal(
	    tw_request_set_client_name(request, TW_NAME_KNOWN, "www.example.org"), TW_OK);
	assert_true(is_granted(request, "ALL: .example.org"));
	assert_false(is_granted(request, "ALL: UNKNOWN"));
	/* A name that is spelled like a state is a name. */
	assert_int_equal(tw_request_set_client_name(request, TW_NAME_KNOWN, "unknown"), TW_OK);
	assert_false(is_granted(request, "ALL: UNKNOWN"));
	assert_int_equal(tw_request_set_server_name(request, TW_NAME_KNOWN, "srv"), TW_OK);
	assert_true(is_granted(request, "d@srv: ALL"));
	/* Without time nothing is looked up, and what is not known is unknown. */
	assert_int_equal(tw_request_set_client_name(request, TW_NAME_LOOK_UP, NULL), TW_OK);
	assert_true(is_granted(request, "ALL: UNKNOWN"));
	tw_request_free(request);
}

static void
test_user(void **state)
{
	struct tw_request *request = usual_request();

	(void)state;
	assert_int_equal(tw_request_set_user(request, "me"), TW_OK);
	assert_true(is_granted(request, "ALL: me@10."));
	assert_int_equal(tw_request_set_user(request, NULL), TW_OK);
	assert_false(is_granted(request, "ALL: me@10."));
	assert_true(is_granted(request, "ALL: UNKNOWN@10."));
	tw_request_free(request);
}

static void
test_addresses(void **state)
{
	struct tw_request *request = usual_request();
	socklen_t len;
	struct sockaddr_storage ss = address("10.1.2.3", 4000, &len);
	struct sockaddr *sa = (struct sockaddr *)&ss;
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/x"};

	(void)state;
	for (socklen_t short_len = 0; short_len < len; short_len++)
		assert_int_equal(tw_request_set_client(request, sa, short_len), TW_BAD_ADDRESS);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(tw_request_set_client(request, NULL, len), TW_BAD_ARGUMENT);
	assert_int_equal(tw_request_set_client(request, sa, sizeof ss + 1), TW_BAD_ADDRESS);
	assert_int_equal(tw_request_set_client(request, sa, sizeof ss), TW_OK);
	ss.ss_family = AF_APPLETALK;
	assert_int_equal(tw_request_set_client(request, sa, sizeof ss), TW_BAD_ADDRESS);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(tw_request_set_client(request, (struct sockaddr *)&un, sizeof un), TW_OK);
	assert_true(is_granted(request, "ALL: localhost"));
	assert_int_equal(set_client(request, "2001:db8::7"), TW_OK);
	assert_true(is_granted(request, "ALL: 2001:db8::/32"));
	assert_int_equal(set_client(request, "::ffff:10.1.2.3"), TW_OK);
	assert_true(is_granted(request, "ALL: 10.1.2.3"));
	assert_int_equal(set_server(request, "192.0.2.1", 25), TW_OK);
	assert_true(is_granted(request, "d@192.0.2.1: ALL"));
	assert_false(is_granted(request, "d@192.0.2.2: ALL"));
	/* A mended field mends the request, and no other field does. */
	assert_int_equal(tw_request_set_server(request, sa, 1), TW_BAD_ADDRESS);
	assert_int_equal(set_client(request, "10.1.2.3"), TW_OK);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(tw_request_set_server(request, NULL, 0), TW_OK);
	assert_true(is_granted(request, "ALL: ALL"));
	tw_request_free(request);
}

/* ---- sockets ---- */

static int
listen_on(
    const char *text, unsigned port, int type, struct sockaddr_storage *ret, socklen_t *ret_len)
{
	int fd;

	*ret = address(text, port, ret_len);
	fd = socket(ret->ss_family, type | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (bind(fd, (struct sockaddr *)ret, *ret_len) != 0 ||
	    (type == SOCK_STREAM && listen(fd, 5) != 0)) {
		close(fd);
		return -1;
	}
	assert_int_equal(getsockname(fd, (struct sockaddr *)ret, ret_len), 0);
	return fd;
}

static void
test_socket(void **state)
{
	struct tw_request *request = usual_request();
	struct sockaddr_storage here;
	socklen_t len;
	int listener = listen_on("127.0.0.1", 0, SOCK_STREAM, &here, &len), pair[2], client, server;
	enum tw_status status;

	(void)state;
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&here, len), 0);
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	KEEPS_ERRNO(status = tw_request_set_socket(request, server));
	assert_int_equal(status, TW_OK);
	assert_true(is_granted(request, "d@127.0.0.1: 127.0.0.1"));
	KEEPS_ERRNO(status = tw_request_set_socket(request, listener));
	assert_int_equal(status, TW_BAD_SOCKET);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(tw_request_set_socket(request, server), TW_OK);
	assert_true(is_granted(request, "ALL: ALL"));
	close(server);
	KEEPS_ERRNO(status = tw_request_set_socket(request, server));
	assert_int_equal(status, TW_BAD_SOCKET);
	assert_int_equal(tw_request_set_socket(request, -1), TW_BAD_SOCKET);
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(tw_request_set_socket(request, pair[0]), TW_OK);
	assert_true(is_granted(request, "ALL: localhost"));
	close(pair[0]);
	close(pair[1]);
	close(client);
	close(listener);
	tw_request_free(request);
}

static void
test_datagram(void **state)
{
	struct tw_request *request = usual_request();
	struct sockaddr_storage here;
	socklen_t len;
	int server = listen_on("127.0.0.1", 0, SOCK_DGRAM, &here, &len);
	int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char byte;

	(void)state;
	assert_int_equal(tw_request_set_socket(request, server), TW_BAD_SOCKET); /* nobody there */
	assert_false(is_granted(request, "ALL: ALL"));
	assert_int_equal(sendto(client, "x", 1, 0, (struct sockaddr *)&here, len), 1);
	assert_int_equal(tw_request_set_socket(request, server), TW_OK);
	assert_true(is_granted(request, "ALL: 127.0.0.1"));
	assert_int_equal(recv(server, &byte, 1, MSG_DONTWAIT), 1); /* it is still there */
	close(server);
	close(client);
	tw_request_free(request);
}

/* ---- time ---- */

static double
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* A host that never answers who the user is holds nobody longer than the deadline says. */
static void
test_deadline(void **state)
{
	struct tw_request *request = usual_request();
	struct sockaddr_storage silent;
	socklen_t len;
	int listener = listen_on("127.113.9.7", 113, SOCK_STREAM, &silent, &len);
	struct tw_policy *policy = texts("#!tcpwrap modern\nd: me@ALL\n", "ALL: ALL\n");

	(void)state;
	if (listener < 0) {
		tw_request_free(request);
		tw_policy_close(policy);
		skip(); /* not root: no port 113 */
	}
	assert_int_equal(set_client(request, "127.113.9.7"), TW_OK);
	assert_int_equal(set_server(request, "127.113.9.8", 25), TW_OK);
	for (int timeout_ms = 0; timeout_ms <= 300; timeout_ms += 150) {
		double start = now_ms();
		struct tw_decision *decision = tw_decide(policy, request, timeout_ms);

		assert_int_equal(tw_decision_outcome(decision)->reason, TW_BY_RULE);
		assert_int_equal(tw_decision_outcome(decision)->verdict, TW_REFUSE);
		assert_true(now_ms() - start >= timeout_ms - 1);
		assert_true(now_ms() - start < timeout_ms + 2000); /* other tests run, too */
		tw_decision_free(decision);
	}
	tw_policy_close(policy);
	tw_request_free(request);
	close(listener);
}

/* ---- lookups, with a name service that does as it is told ---- */

static struct service {
	bool stands_in; /* else the real ones are asked */
	int status; /* of peer_name */
	struct peer_name name;
	enum peer_ident ident;
	unsigned names_asked, users_asked;
	int64_t names_left_ms, user_left_ms; /* what the last question left of its time */
} service;

int __real_peer_name(const struct sockaddr *, int64_t, struct peer_name *);
int __wrap_peer_name(const struct sockaddr *, int64_t, struct peer_name *);
enum peer_ident __real_peer_ident(
    const struct sockaddr *, const struct sockaddr *, int64_t, char[PEER_USER_MAX]);
enum peer_ident __wrap_peer_ident(
    const struct sockaddr *, const struct sockaddr *, int64_t, char[PEER_USER_MAX]);

int
__wrap_peer_name(const struct sockaddr *sa, int64_t deadline_ms, struct peer_name *ret)
{
	if (!service.stands_in)
		return __real_peer_name(sa, deadline_ms, ret);
	service.names_asked++;
	service.names_left_ms = deadline_ms - peer_now_ms();
	*ret = service.name;
	errno = ENOMEM;
	return service.status;
}

enum peer_ident
__wrap_peer_ident(const struct sockaddr *client, const struct sockaddr *server, int64_t deadline_ms,
    char ret_user[PEER_USER_MAX])
{
	if (!service.stands_in)
		return __real_peer_ident(client, server, deadline_ms, ret_user);
	service.users_asked++;
	service.user_left_ms = deadline_ms - peer_now_ms();
	if (service.ident == PEER_IDENT_USER)
		strcpy(ret_user, "me");
	errno = EMFILE;
	return service.ident;
}

/* Daemon d, client and server with addresses, all else to be looked up. */
static struct tw_request *
open_request(void)
{
	struct tw_request *request = usual_request();

	assert_int_equal(tw_request_set_client_name(request, TW_NAME_LOOK_UP, NULL), TW_OK);
	assert_int_equal(set_server(request, "192.0.2.1", 25), TW_OK);
	return request;
}

/* The fault by which it is refused; TW_FAULT_NONE and *ret_granted: it was decided. */
static enum tw_fault
ask_service(const struct tw_request *request, const char *rules, int timeout_ms, bool *ret_granted)
{
	struct tw_policy *policy = texts(rules, "ALL: ALL\n");
	struct tw_decision *decision;
	enum tw_fault fault;

	service.stands_in = true;
	service.names_asked = service.users_asked = 0;
	KEEPS_ERRNO(decision = tw_decide(policy, request, timeout_ms));
	service.stands_in = false;
	fault = tw_decision_outcome(decision)->fault;
	*ret_granted = tw_decision_is_granted(decision);
	assert_false(*ret_granted && fault != TW_FAULT_NONE);
	tw_decision_free(decision);
	tw_policy_close(policy);
	return fault;
}

static void
test_lookups(void **state)
{
	struct tw_request *request = open_request();
	bool granted;

	(void)state;
	service = (struct service){.name = {.state = PEER_NAME_KNOWN, .text = "www.example.org"}};
	/* Late: not before a rule needs it; and once. */
	assert_int_equal(ask_service(request, "d: 10.\n", -1, &granted), TW_FAULT_NONE);
	assert_true(granted);
	assert_int_equal(service.names_asked + service.users_asked, 0);
	ask_service(request, "d: .com\nd: .net\nd: .example.org\n", -1, &granted);
	assert_true(granted);
	assert_int_equal(service.names_asked, 1);
	assert_in_range(service.names_left_ms, PEER_NAME_BUDGET_MS - 1000, PEER_NAME_BUDGET_MS);
	/* Whatever the service calls the client, a name is no state. */
	strcpy(service.name.text, "unknown");
	ask_service(request, "d: UNKNOWN\n", -1, &granted);
	assert_false(granted);
	service.name.state = PEER_NAME_PARANOID;
	ask_service(request, "d: PARANOID\n", -1, &granted);
	assert_true(granted);
	service.name.state = PEER_NAME_UNKNOWN;
	ask_service(request, "d: UNKNOWN\n", -1, &granted);
	assert_true(granted);
	/* Time is one for all: no question gets more than is left. */
	ask_service(request, "d@UNKNOWN: UNKNOWN\n", 700, &granted);
	assert_true(granted);
	assert_int_equal(service.names_asked, 2);
	assert_in_range(service.names_left_ms, 1, 700);
	ask_service(request, "d: UNKNOWN\n", 0, &granted);
	assert_true(granted);
	assert_int_equal(service.names_asked, 0);
	/* Something ran out: nobody is granted anything, whatever the rule. */
	service.status = -1;
	assert_int_equal(
	    ask_service(request, "d: UNKNOWN\nd: ALL\n", -1, &granted), TW_FAULT_LOOKUP);
	assert_int_equal(
	    ask_service(request, "d: ALL EXCEPT .org\n", -1, &granted), TW_FAULT_LOOKUP);
	/* A name that was given is not asked for. */
	assert_int_equal(tw_request_set_client_name(request, TW_NAME_KNOWN, "a.org"), TW_OK);
	assert_int_equal(ask_service(request, "d: .org\n", -1, &granted), TW_FAULT_NONE);
	assert_true(granted);
	tw_request_free(request);
}

static void
test_user_lookups(void **state)
{
	struct tw_request *request = open_request();
	bool granted;

	(void)state;
	service = (struct service){.ident = PEER_IDENT_USER};
	ask_service(request, "d: you@ALL\nd: me@ALL\n", -1, &granted);
	assert_true(granted);
	assert_int_equal(service.users_asked, 1);
	ask_service(request, "d: me@ALL\n", 700, &granted);
	assert_in_range(service.user_left_ms, 1, 700);
	ask_service(request, "d: me@ALL\n", 0, &granted);
	assert_false(granted);
	assert_int_equal(service.users_asked, 0);
	service.ident = PEER_IDENT_NONE;
	ask_service(request, "d: UNKNOWN@ALL\n", -1, &granted);
	assert_true(granted);
	service.ident = PEER_IDENT_FAULT;
	assert_int_equal(
	    ask_service(request, "d: UNKNOWN@ALL\nd: ALL\n", -1, &granted), TW_FAULT_LOOKUP);
	/* Nobody is asked of whom nobody could tell. */
	assert_int_equal(tw_request_set_server(request, NULL, 0), TW_OK);
	assert_int_equal(ask_service(request, "d: UNKNOWN@ALL\n", -1, &granted), TW_FAULT_NONE);
	assert_true(granted);
	assert_int_equal(service.users_asked, 0);
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
	put(list, "9.9.9.9 10.1.2.3\n");
	snprintf(listed, sizeof listed, "x y z: ALL\nd: %s\n", list);
	snprintf(granted, sizeof granted, "%sALL: ALL: deny\n", listed);
	snprintf(refused, sizeof refused, "d: 10.9.9.9/8\n%s", listed);
	for (unsigned again = 0; again < 3; again++) { /* read, and kept */
		put(allow, granted);
		put(deny, "ALL: ALL\n");
		fail_each(NULL, NULL, TW_GRANT);
		put(allow, "x: ALL\n");
		put(deny, refused);
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
	    cmocka_unit_test(test_incomplete),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_user),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_socket),
	    cmocka_unit_test(test_datagram),
	    cmocka_unit_test(test_deadline),
	    cmocka_unit_test(test_lookups),
	    cmocka_unit_test(test_user_lookups),
	    cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
