/*
 * NAME     batch - policies written and asked together
 * LIMITS   SETTLED_MS: ours keeps what was at rest for 50 ms when it was read.
 */
#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

enum { SETTLED_MS = 60 };

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

struct batch *
batch_new(const char *folder, unsigned number)
{
	struct batch *batch = calloc(1, sizeof *batch);
	char path[PLACE_FOLDER_MAX];

	if (batch == NULL)
		die("batch");
	for (unsigned i = 0; i < BATCH_POLICIES; i++) {
		int len = snprintf(path, sizeof path, "%s/%u.%03u", folder, number, i);

		if (len >= (int)sizeof path || !place_init(&batch->places[i], path))
			die(path);
	}
	return batch;
}

void
batch_free(struct batch *batch)
{
	for (unsigned i = 0; i < BATCH_POLICIES; i++)
		place_release(&batch->places[i]);
	arena_release(&batch->arena);
	free(batch);
}

void
batch_clear(struct batch *batch)
{
	batch->count = 0;
	arena_release(&batch->arena);
}

static void
write_one(struct batch *batch, unsigned which)
{
	if (!place_write(&batch->places[which], &batch->policies[which]))
		die(batch->places[which].folder);
}

void
batch_write(struct batch *batch)
{
	for (unsigned i = 0; i < batch->count; i++)
		if (!batch->policies[i].is_fresh)
			write_one(batch, i);
	clock_gettime(CLOCK_MONOTONIC, &batch->written);
}

void
batch_settle(const struct batch *batch)
{
	struct timespec now;
	long gone_ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	gone_ms = (now.tv_sec - batch->written.tv_sec) * 1000 +
	    (now.tv_nsec - batch->written.tv_nsec) / 1000000;
	if (gone_ms < SETTLED_MS) {
		struct timespec rest = {.tv_nsec = (SETTLED_MS - gone_ms) * 1000000};

		nanosleep(&rest, NULL);
	}
}

static unsigned
subset_of(const struct query *query)
{
	unsigned subset = 0;

	for (int key = ABI_FILE; key < WRAP_FIELDS; key++)
		if (query->fields[key] != NULL)
			subset |= 1u << (key - ABI_FILE);
	return subset;
}

static void
count(struct tally *tally, const struct policy *policy, const struct query *query,
    const struct answers *answers)
{
	bool is_granted = answers->theirs.verdict == VERDICT_GRANTED;

	tally->pairs++;
	tally->granted += is_granted;
	tally->default_refuses +=
	    is_granted && answers->ours[ASKED_DEFAULT].verdict != VERDICT_GRANTED;
	tally->subsets[subset_of(query)] = 1;
	if (policy->verbose >= 2) {
		tally->verbose++;
		tally->beyond_first += judge_is_beyond_first(policy, &answers->theirs);
	}
}

void
batch_ask(struct batch *batch, unsigned which, struct judge *judge, struct tally *tally,
    batch_report *report, void *ctx)
{
	const struct policy *policy = &batch->policies[which];
	const struct place *place = &batch->places[which];
	struct finding finding;
	bool is_reported = false;

	/* Some are looked at as ever. */
	if (policy->is_fresh)
		write_one(batch, which);
	else
		reader_begin();
	for (unsigned i = 0; i < policy->request_count; i++) {
		const struct query *query = &policy->requests[i];

		if (judge_request(judge, policy, place, query, &finding)) {
			tally->findings++;
			if (!is_reported)
				report(ctx, policy, i, &finding);
			is_reported = true;
		}
		count(tally, policy, query, judge->answers);
	}
	reader_end();
	tally->policies++;
}
