/*
 * Two tables, a /file list and a request, cut from a fuzzer's input at lines of "--".
 */
#ifndef FUZZ_QUESTION_H
#define FUZZ_QUESTION_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ask.h"

enum { QUESTION_PARTS = 4, QUESTION_FACT_MAX = 128 };

struct question_part {
	const char *text;
	size_t len;
};

/* Not to be moved. */
struct question {
	struct question_part parts[QUESTION_PARTS];
	char facts[5][QUESTION_FACT_MAX];
	struct ask_list list;
	struct ask ask;
};

static inline void
question_cut(const char *text, size_t len, struct question_part parts[QUESTION_PARTS])
{
	static const char mark[] = "\n--\n";

	for (int i = 0; i < QUESTION_PARTS; i++) {
		const char *end =
		    i == QUESTION_PARTS - 1 ? NULL : memmem(text, len, mark, sizeof mark - 1);
		size_t part = end != NULL ? (size_t)(end - text) + 1 : len;

		parts[i] = (struct question_part){text, part};
		text += end != NULL ? part + 3 : part;
		len -= end != NULL ? part + 3 : part;
	}
}

/* One line of the request: daemon, address, name, user, server address. */
static inline const char *
question_fact(struct question_part *request, char *storage)
{
	const char *newline = memchr(request->text, '\n', request->len);
	size_t len = newline != NULL ? (size_t)(newline - request->text) : request->len;
	size_t copy = len < QUESTION_FACT_MAX - 1 ? len : QUESTION_FACT_MAX - 1;

	memcpy(storage, request->text, copy);
	storage[copy] = '\0';
	len += newline != NULL;
	request->text += len;
	request->len -= len;
	return storage[0] != '\0' ? storage : NULL;
}

static inline void
question_init(struct question *question, const uint8_t *data, size_t size)
{
	struct question_part *request = &question->parts[3];

	question_cut((const char *)data, size, question->parts);
	question->ask = (struct ask){.server_port = 22, .netgroup = "good"};
	question->ask.daemon = question_fact(request, question->facts[0]);
	question->ask.addr = question_fact(request, question->facts[1]);
	question->ask.name = question_fact(request, question->facts[2]);
	question->ask.user = question_fact(request, question->facts[3]);
	question->ask.server_addr = question_fact(request, question->facts[4]);
	question->list = (struct ask_list){.path = "/l",
	    .text = question->parts[2].text,
	    .len = question->parts[2].len,
	    .status = LIST_OK};
	question->ask.lists = &question->list;
	question->ask.list_count = 1;
}

static inline void
question_ask(const struct question *question, struct answer *ret)
{
	const struct question_part *parts = question->parts;

	ask(&question->ask, parts[0].text, parts[0].len, parts[1].text, parts[1].len, ret);
}

#endif
