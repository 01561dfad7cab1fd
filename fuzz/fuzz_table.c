/*
 * Fuzz target: two tables, a /file list and a request, cut from the input at lines of "--".
 *
 * Beside crashes it checks that a decision does not depend on how the text arrives: at once, in
 * pieces of a few bytes, or kept parsed; and that the verdict is the lower of its two readings.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARTS = 4, FACT_MAX = 128 };

struct part {
	const char *text;
	size_t len;
};

static void
cut(const char *text, size_t len, struct part parts[PARTS])
{
	static const char mark[] = "\n--\n";

	for (int i = 0; i < PARTS; i++) {
		const char *end = i == PARTS - 1 ? NULL : memmem(text, len, mark, sizeof mark - 1);
		size_t part = end != NULL ? (size_t)(end - text) + 1 : len;

		parts[i] = (struct part){text, part};
		text += end != NULL ? part + 3 : part;
		len -= end != NULL ? part + 3 : part;
	}
}

/* One line of the request: daemon, address, name, user, server address. */
static const char *
take_fact(struct part *request, char *storage)
{
	const char *newline = memchr(request->text, '\n', request->len);
	size_t len = newline != NULL ? (size_t)(newline - request->text) : request->len;
	size_t copy = len < FACT_MAX - 1 ? len : FACT_MAX - 1;

	memcpy(storage, request->text, copy);
	storage[copy] = '\0';
	len += newline != NULL;
	request->text += len;
	request->len -= len;
	return storage[0] != '\0' ? storage : NULL;
}

static enum verdict
decide(const struct ask *question, const struct part *parts)
{
	struct answer answer;

	ask(question, parts[0].text, parts[0].len, parts[1].text, parts[1].len, &answer);
	if (answer.verdict > answer.readings[READING_CLASSIC] ||
	    answer.verdict > answer.readings[READING_PLAIN])
		abort();
	return answer.verdict;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct part parts[PARTS];
	char facts[5][FACT_MAX];
	struct ask question = {.server_port = 22, .netgroup = "good"};
	struct ask_list list = {.path = "/l", .status = LIST_OK};
	enum verdict verdict;

	cut((const char *)data, size, parts);
	question.daemon = take_fact(&parts[3], facts[0]);
	question.addr = take_fact(&parts[3], facts[1]);
	question.name = take_fact(&parts[3], facts[2]);
	question.user = take_fact(&parts[3], facts[3]);
	question.server_addr = take_fact(&parts[3], facts[4]);
	list.text = parts[2].text;
	list.len = parts[2].len;
	question.lists = &list;
	question.list_count = 1;
	verdict = decide(&question, parts);
	question.feed_bytes = 3;
	if (decide(&question, parts) != verdict)
		abort();
	question.keep = true;
	if (decide(&question, parts) != verdict)
		abort();
	return 0;
}
