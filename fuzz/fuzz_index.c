/*
 * Fuzz target: two tables, a /file list and a request (question.h), with an index from the first rule on.
 *
 * Beside crashes it checks that an answer by the index in memory, and by its image, is the answer without, in
 * all its parts, whether the client's name is known from the beginning, when it is asked for, or never.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask_index.h"
#include "question.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
compare(const struct question *question, const struct indexed *indexed)
{
	struct answer without, with;
	const char *difference;

	question_ask(question, &without);
	indexed_ask(indexed, &question->ask, &with);
	difference = indexed_difference(&without, &with);
	if (difference == NULL && indexed_ask_images(indexed, &question->ask, &with))
		difference = indexed_difference(&without, &with);
	if (difference == NULL)
		return;
	fprintf(stderr, "%s differs\n", difference);
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct question question;
	struct indexed indexed;
	enum diag_code code;

	question_init(&question, data, size);
	if (!indexed_init(&indexed,
	        (const char *const[2]){question.parts[0].text, question.parts[1].text},
	        (const size_t[2]){question.parts[0].len, question.parts[1].len}, &code)) {
		if (code != DIAG_LINE_OVER_LIMIT)
			abort();
		return 0;
	}
	if (!indexed_keep_lists(&indexed, &question.list, 1)) {
		indexed_release(&indexed); /* of a word that is too long */
		return 0;
	}
	if (!indexed_write(&indexed))
		abort();
	question.ask.keeps_text = true;
	compare(&question, &indexed);
	question.ask.name_is_late = true;
	compare(&question, &indexed);
	question.ask.name_fails = true;
	compare(&question, &indexed);
	indexed_release(&indexed);
	return 0;
}
