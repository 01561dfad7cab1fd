/*
 * Fuzz target: two tables, a /file list and a request (question.h).
 *
 * Beside crashes it checks that a decision does not depend on how the text arrives: at once, in
 * pieces of a few bytes, or kept parsed; and that the verdict is the lower of its two readings.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct question question;
	enum verdict verdict;

	question_init(&question, data, size);
	verdict = decide(&question);
	question.ask.feed_bytes = 3;
	if (decide(&question) != verdict)
		abort();
	question.ask.keep = true;
	if (decide(&question) != verdict)
		abort();
	return 0;
}
