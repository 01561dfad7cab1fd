/*
 * The modern interface in tests: usual requests, policies of texts, decisions. Behind <cmocka.h>.
 */
#ifndef TESTS_ASK_MODERN_H
#define TESTS_ASK_MODERN_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <tcpwrap.h>

/* errno is nobody's business but the program's: every call here is made with this one. */
#define KEEPS_ERRNO(call)                                                                          \
	do {                                                                                       \
		errno = ENXIO;                                                                     \
		call;                                                                              \
		assert_int_equal(errno, ENXIO);                                                    \
	} while (0)

static inline struct sockaddr_storage
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

static inline enum tw_status
set_client(struct tw_request *request, const char *text)
{
	socklen_t len;
	struct sockaddr_storage ss = address(text, 4000, &len);
	enum tw_status status;

	KEEPS_ERRNO(status = tw_request_set_client(request, (struct sockaddr *)&ss, len));
	return status;
}

/* Daemon "d", client 10.1.2.3, whose name is not known. */
static inline struct tw_request *
usual_request(void)
{
	struct tw_request *request = NULL;

	KEEPS_ERRNO(assert_int_equal(tw_request_new(&request), TW_OK));
	assert_int_equal(tw_request_set_daemon(request, "d"), TW_OK);
	assert_int_equal(set_client(request, "10.1.2.3"), TW_OK);
	assert_int_equal(tw_request_set_client_name(request, TW_NAME_UNKNOWN, NULL), TW_OK);
	return request;
}

static inline struct tw_policy *
texts(const char *allow_text, const char *deny_text)
{
	struct tw_policy *policy = NULL;

	KEEPS_ERRNO(assert_int_equal(tw_policy_open_texts(allow_text, strlen(allow_text), deny_text,
	                                 strlen(deny_text), &policy),
	    TW_OK));
	return policy;
}

/* Give the policy back at once: a decision needs it no more. */
static inline struct tw_decision *
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

static inline enum tw_verdict
verdict_of(struct tw_policy *policy, const struct tw_request *request)
{
	struct tw_decision *decision = decide(policy, request);
	enum tw_verdict verdict = tw_decision_outcome(decision)->verdict;

	tw_decision_free(decision);
	return verdict;
}

#endif
