/*
 * NAME     crowd - many processes, one range of policies
 * PURPOSE  Each worker has both libraries in it, takes batches off a common counter, and writes
 *          the next batch before it asks the one that was written before: so no time goes by until
 *          it is at rest.
 * INVARIANTS  A worker that dies is replaced by one that goes on where it died, and asks that one
 *          policy in a process for each decision. What was asked does not depend on the number of
 *          workers, nor on who was how fast.
 * LIMITS   JOBS_MAX; FINDINGS_TOLD of a worker are told, all are counted.
 */
#include "crowd.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"
#include "generate.h"
#include "ledger.h"

enum {
	JOBS_MAX = 64,
	FINDINGS_TOLD = 200,
	PROGRESS_S = 10,
};

/* A worker's part of the shared memory. */
struct worker {
	struct tally tally;
	uint64_t ledger[LEDGER_IDS];
	uint64_t at; /* policy that is asked */
	uint64_t done; /* all of its batches before this one are */
	uint64_t batches[2]; /* first policies of what it has taken */
	bool is_over;
	unsigned told; /* findings */
	pid_t pid;
};

struct hall {
	_Atomic uint64_t next;
	struct worker workers[JOBS_MAX];
};

/* The number of no policy. */
#define NOBODY UINT64_MAX

static const struct crowd_order *order;
static struct hall *hall;

/* ---- a worker ---- */

static void
tell(void *ctx, const struct policy *policy, unsigned request, const struct finding *finding)
{
	struct worker *worker = ctx;
	char line[128];
	int len = snprintf(line, sizeof line, "finding %llu %u %s %s\n",
	    (unsigned long long)policy->number, request,
	    finding->way == ASKED_CLASSIC ? "classic" : "default", finding->what);

	/* One write is one line, whoever else writes. */
	if (worker->told++ < FINDINGS_TOLD && write(STDOUT_FILENO, line, (size_t)len) < 0)
		exit(2);
}

static uint64_t
end(void)
{
	return order->first + order->count;
}

/* Take the batch that begins at a policy, from the same or a later one on. */
static void
fill(struct batch *batch, uint64_t first, uint64_t from)
{
	uint64_t stop = first + BATCH_POLICIES < end() ? first + BATCH_POLICIES : end();

	batch_clear(batch);
	for (uint64_t number = from != NOBODY && from > first ? from : first; number < stop;
	     number++)
		generate_policy(
		    &batch->policies[batch->count++], order->seed, number, &batch->arena);
	batch_write(batch);
}

static void
ask_all(struct batch *batch, struct judge *judge, struct worker *worker, uint64_t careful)
{
	batch_settle(batch);
	for (unsigned i = 0; i < batch->count; i++) {
		worker->at = batch->policies[i].number;
		judge->theirs_apart = judge->ours_apart = worker->at == careful;
		batch_ask(batch, i, judge, &worker->tally, tell, worker);
	}
}

/* from: where the worker before it died, or NOBODY. */
static void
work(struct worker *worker, uint64_t from)
{
	char folder[PLACE_FOLDER_MAX];
	struct judge judge = {.answers = NULL};
	struct batch *batches[2];
	bool goes_on = from != NOBODY;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ledger_counts = worker->ledger;
	snprintf(folder, sizeof folder, "%s/%d", order->folder, (int)getpid());
	if (mkdir(folder, 0755) != 0)
		exit(2);
	judge_init(&judge, order->ours, order->theirs);
	for (unsigned i = 0; i < 2; i++) {
		batches[i] = batch_new(folder, i);
		if (!goes_on)
			worker->batches[i] = atomic_fetch_add(&hall->next, BATCH_POLICIES);
		fill(batches[i], worker->batches[i], from);
	}
	for (unsigned turn = 0; worker->batches[turn] < end(); turn = !turn) {
		worker->done = worker->batches[turn];
		ask_all(batches[turn], &judge, worker, from);
		worker->batches[turn] = atomic_fetch_add(&hall->next, BATCH_POLICIES);
		fill(batches[turn], worker->batches[turn], NOBODY);
	}
	worker->done = end();
	worker->is_over = true;
	batch_free(batches[0]);
	batch_free(batches[1]);
	rmdir(folder);
	_exit(0);
}

static bool
hire(struct worker *worker, uint64_t from)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		work(worker, from);
	worker->pid = pid;
	return pid > 0;
}

/* ---- figures ---- */

static uint64_t
done_by_all(void)
{
	uint64_t done = end();

	for (unsigned i = 0; i < order->jobs; i++)
		if (hall->workers[i].done < done)
			done = hall->workers[i].done;
	return done;
}

static struct tally
sum(uint64_t ledger_sum[LEDGER_IDS])
{
	struct tally all = {.policies = 0};

	memset(ledger_sum, 0, LEDGER_IDS * sizeof *ledger_sum);
	for (unsigned i = 0; i < order->jobs; i++) {
		const struct worker *worker = &hall->workers[i];

		all.policies += worker->tally.policies;
		all.pairs += worker->tally.pairs;
		all.granted += worker->tally.granted;
		all.findings += worker->tally.findings;
		all.verbose += worker->tally.verbose;
		all.beyond_first += worker->tally.beyond_first;
		all.default_refuses += worker->tally.default_refuses;
		for (unsigned s = 0; s < sizeof all.subsets; s++)
			all.subsets[s] |= worker->tally.subsets[s];
		for (int id = 0; id < LEDGER_IDS; id++)
			ledger_sum[id] += worker->ledger[id];
	}
	return all;
}

static double
seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* Where to go on, written whole or not at all. */
static void
keep_state(void)
{
	char path[4096];
	FILE *file;

	if (order->state == NULL)
		return;
	snprintf(path, sizeof path, "%s.new", order->state);
	file = fopen(path, "we");
	if (file == NULL)
		return;
	fprintf(file, "%llu %llu\n", (unsigned long long)order->seed,
	    (unsigned long long)done_by_all());
	if (fclose(file) == 0)
		rename(path, order->state);
}

static void
tell_progress(const struct timespec *start)
{
	uint64_t ledger_sum[LEDGER_IDS];
	struct tally all = sum(ledger_sum);
	double seconds = seconds_since(start);

	printf("progress %llu policies %llu pairs %llu findings %.0f s %.0f pairs/s\n",
	    (unsigned long long)all.policies, (unsigned long long)all.pairs,
	    (unsigned long long)all.findings, seconds, (double)all.pairs / seconds);
	fflush(stdout);
	keep_state();
}

static void
tell_figures(const struct timespec *start)
{
	uint64_t ledger_sum[LEDGER_IDS];
	struct tally all = sum(ledger_sum);
	unsigned subsets = 0;

	for (unsigned s = 0; s < sizeof all.subsets; s++)
		subsets += all.subsets[s];
	printf("figure seconds %.1f\n", seconds_since(start));
	printf("figure policies %llu\n", (unsigned long long)all.policies);
	printf("figure pairs %llu\n", (unsigned long long)all.pairs);
	printf("figure granted %llu\n", (unsigned long long)all.granted);
	printf("figure default_refuses %llu\n", (unsigned long long)all.default_refuses);
	printf("figure known_rule %llu\n", (unsigned long long)all.verbose);
	printf("figure beyond_first %llu\n", (unsigned long long)all.beyond_first);
	printf("figure subsets %u\n", subsets);
	printf("figure findings %llu\n", (unsigned long long)all.findings);
	for (int id = 0; id < LEDGER_IDS; id++)
		printf("ledger %s %llu\n", ledger[id].name, (unsigned long long)ledger_sum[id]);
	fflush(stdout);
	keep_state();
}

/* ---- the foreman ---- */

/* A worker is gone: well done, or to be replaced. */
static bool
take_leave(pid_t pid, int status, unsigned *running)
{
	for (unsigned i = 0; i < order->jobs; i++) {
		struct worker *worker = &hall->workers[i];

		if (worker->pid != pid)
			continue;
		(*running)--;
		if (worker->is_over)
			return true;
		if (!WIFSIGNALED(status))
			return false;
		printf("died %llu signal %d\n", (unsigned long long)worker->at, WTERMSIG(status));
		(*running)++;
		return hire(worker, worker->at);
	}
	return true;
}

static bool
attend(const struct timespec *start)
{
	struct timespec tick = {.tv_nsec = 100000000};
	unsigned running = order->jobs;
	double told = 0;
	int status;

	while (running > 0) {
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid < 0 && errno != EINTR)
			return false;
		if (pid > 0 && !take_leave(pid, status, &running))
			return false;
		if (pid == 0)
			nanosleep(&tick, NULL);
		if (seconds_since(start) - told >= PROGRESS_S) {
			told = seconds_since(start);
			tell_progress(start);
		}
	}
	return true;
}

long
crowd_run(const struct crowd_order *given)
{
	struct timespec start;
	uint64_t ledger_sum[LEDGER_IDS];
	bool ok = true;

	order = given;
	hall = mmap(NULL, sizeof *hall, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (hall == MAP_FAILED || order->jobs < 1 || order->jobs > JOBS_MAX)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &start);
	hall->next = order->first;
	for (unsigned i = 0; i < order->jobs && ok; i++)
		ok = hire(&hall->workers[i], NOBODY);
	ok = ok && attend(&start);
	tell_figures(&start);
	return ok ? (long)sum(ledger_sum).findings : -1;
}
