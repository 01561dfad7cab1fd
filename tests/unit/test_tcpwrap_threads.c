/* The modern interface from many threads: policies shared, tables saved meanwhile, ends in any order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "ask_modern.h"
#include "in_folder.h"

enum {
	THREADS = 16,
	RUN_MS = 600,
	LONGEST_MS = 60000, /* a busy machine may leave a thread waiting for its first turn */
	SAVE_MS = 3,
	ENOUGH = 1000,
};

static char other[160];

/* Whatever is saved: 192.0.2.1 is admitted, 192.0.2.2 is refused, and 192.0.2.3 comes and goes. */
static const char *const tables[] = {
    "d: 192.0.2.1 192.0.2.3\n",
    "#!tcpwrap modern\n\nd: 192.0.2.1\nx: ALL\n",
    "x: ALL\nd: 192.0.2.1\n#\n",
};

struct shared {
	struct tw_policy *files, *texts;
	struct tw_request *requests[3];
	bool stop;
};

struct worker {
	const struct shared *shared;
	pthread_t thread;
	unsigned long decisions, granted, wrong;
};

static void
save(const char *path, const char *text)
{
	put(other, text);
	if (rename(other, path) != 0)
		abort();
}

static struct tw_request *
request_of(unsigned host)
{
	struct tw_request *request = usual_request();
	char text[16];

	snprintf(text, sizeof text, "192.0.2.%u", host);
	assert_int_equal(set_client(request, text), TW_OK);
	return request;
}

/* What is wrong with it: a verdict, or what is told of it. */
static bool
is_wrong(const struct tw_decision *decision, unsigned which)
{
	const struct tw_outcome *outcome = tw_decision_outcome(decision);
	const char *word = outcome->verdict == TW_GRANT ? "192.0.2.1" : "ALL: ";

	if (which < 2 && outcome->verdict != (which == 0 ? TW_GRANT : TW_REFUSE))
		return true;
	return outcome->reason != TW_BY_RULE || outcome->rule == NULL ||
	    strstr(outcome->rule, word) == NULL || errno != ENXIO;
}

static void *
work(void *arg)
{
	struct worker *worker = arg;
	const struct shared *shared = worker->shared;

	errno = ENXIO;
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		unsigned which = (unsigned)(worker->decisions % 3);
		struct tw_policy *policy =
		    worker->decisions % 2 == 0 ? shared->files : shared->texts;
		struct tw_decision *decision = tw_decide(policy, shared->requests[which], -1);

		worker->granted += tw_decision_is_granted(decision);
		worker->wrong += is_wrong(decision, which);
		__atomic_fetch_add(&worker->decisions, 1, __ATOMIC_RELAXED);
		tw_decision_free(decision);
	}
	return NULL;
}

/* Have all of them decided, and often enough together? */
static bool
is_enough(const struct worker *workers)
{
	unsigned long all = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		unsigned long decisions = __atomic_load_n(&workers[i].decisions, __ATOMIC_RELAXED);

		if (decisions == 0)
			return false;
		all += decisions;
	}
	return all > ENOUGH;
}

static bool
goes_on(const struct worker *workers, double spent_ms)
{
	return spent_ms < RUN_MS || (!is_enough(workers) && spent_ms < LONGEST_MS);
}

static void
test_threads(void **state)
{
	static const char texts[][64] = {"#!tcpwrap modern\nd: 192.0.2.1\n", "ALL: ALL\n"};
	struct shared shared = {.stop = false};
	struct worker workers[THREADS];
	unsigned long decisions = 0, wrong = 0, granted = 0;
	double start_ms = now_ms();

	(void)state;
	snprintf(other, sizeof other, "%s/other", folder);
	save(allow, tables[0]);
	save(deny, "ALL: ALL\n");
	assert_int_equal(tw_policy_open_files(allow, deny, &shared.files), TW_OK);
	assert_int_equal(tw_policy_open_texts(
	                     texts[0], strlen(texts[0]), texts[1], strlen(texts[1]), &shared.texts),
	    TW_OK);
	for (unsigned i = 0; i < 3; i++)
		shared.requests[i] = request_of(i + 1);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.shared = &shared};
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; goes_on(workers, now_ms() - start_ms); i++) {
		/* Long enough at times that tables are kept. */
		pause_ms(i % 50 == 0 ? 100 : SAVE_MS);
		save(allow, tables[i % 3]);
		if (i % 7 == 0)
			save(deny, i % 2 == 0 ? "ALL: ALL\n" : "#\nALL: ALL\n");
	}
	__atomic_store_n(&shared.stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		decisions += workers[i].decisions;
		granted += workers[i].granted;
		wrong += workers[i].wrong;
		assert_true(workers[i].decisions > 0);
	}
	printf("# %lu decisions, %lu granted\n", decisions, granted);
	assert_int_equal(wrong, 0);
	assert_true(decisions > ENOUGH && granted > decisions / 4 && granted < decisions);
	for (unsigned i = 0; i < 3; i++)
		tw_request_free(shared.requests[i]);
	tw_policy_close(shared.files);
	tw_policy_close(shared.texts);
}

/* ---- decisions that outlive their policy, given back by whoever is last ---- */

static void *
give_back(void *arg)
{
	struct tw_decision *decision = arg;
	const char *file = tw_decision_outcome(decision)->file;
	bool right = file != NULL && strcmp(file, "<deny>") == 0;

	tw_decision_free(decision);
	return right ? NULL : &folder;
}

static void
test_last_one(void **state)
{
	static const char text[] = "ALL: ALL\n";
	struct tw_request *request = request_of(1);

	(void)state;
	for (unsigned round = 0; round < 30; round++) {
		pthread_t threads[THREADS];
		struct tw_policy *policy = NULL;
		void *result;

		assert_int_equal(
		    tw_policy_open_texts(NULL, 0, text, sizeof text - 1, &policy), TW_OK);
		for (unsigned i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, give_back,
			                     tw_decide(policy, request, 0)),
			    0);
		tw_policy_close(policy);
		for (unsigned i = 0; i < THREADS; i++) {
			pthread_join(threads[i], &result);
			assert_null(result);
		}
	}
	tw_request_free(request);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_threads),
	    cmocka_unit_test(test_last_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
