/*
 * Fuzz target: two tables, a /file list and a request (question.h).
 *
 * Beside crashes it checks that a decision does not depend on how the text arrives: at once, in
 * pieces of a few bytes, or kept parsed; nor on whether lines that do not concern the client are passed over, which
 * is not to be seen in any part of the answer; and that the verdict is the lower of its two readings.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask_index.h"
#include "question.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum verdict
decide(const struct question *question)
{
	struct answer answer;

	question_ask(question, &answer);
	if (answer.verdict > answer.readings[READING_CLASSIC] ||
	    answer.verdict > answer.readings[READING_PLAIN])
		abort();
	return answer.verdict;
}

/* In pieces as small, no word of a list is passed over, either. */
static void
skim(const struct question *question)
{
	struct question skimmed = *question;
	struct answer judged, passed;
	const char *difference;

	skimmed.ask.keeps_text = true;
	skimmed.ask.feed_bytes = 3;
	question_ask(&skimmed, &judged);
	skimmed.ask.skims = true;
	skimmed.ask.feed_bytes = 0;
	question_ask(&skimmed, &passed);
	difference = indexed_difference(&judged, &passed);
	if (difference == NULL)
		return;
	fprintf(stderr, "%s differs\n", difference);
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct question question;
	enum verdict verdict;

	question_init(&question, data, size);
	skim(&question);
	question.ask.name_is_late = true;
	skim(&question);
	question.ask.name_is_late = false;
	verdict = decide(&question);
	question.ask.feed_bytes = 3;
	if (decide(&question) != verdict)
		abort();
	question.ask.keep = true;
	if (decide(&question) != verdict)
		abort();
	return 0;
}
