/*
 * NAME     needless - would anything change without a rule?
 * PURPOSE  The policy is worked out once more without the rule's lines, and compared: for each daemon that it
 *          names, and for any other.
 * INVARIANTS  Needless is proved; what depends on more than addresses is not.
 * SEE      reach/reach.h, docs/decisions/exact-sets.md
 */
#include <stdlib.h>
#include <string.h>

#include "lint/inside.h"

/* The table without its physical lines from first to last; NULL: no memory. */
static char *
cut_lines(const struct reach_input *text, unsigned first, unsigned last, size_t *ret_len)
{
	const char *at = text->bytes, *end = at + text->len;
	char *left = malloc(text->len + 1);
	unsigned number = 1;

	*ret_len = 0;
	while (left != NULL && at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *next = newline != NULL ? newline + 1 : end;

		if (number < first || number > last) {
			memcpy(left + *ret_len, at, (size_t)(next - at));
			*ret_len += (size_t)(next - at);
		}
		at = next;
		number++;
	}
	return left;
}

/* False: something changes, or may; or no memory. */
static bool
is_same(const struct reach *before, const struct reach *after, const char *daemon)
{
	const struct reach_question question = {.daemon = daemon};
	struct reach_diff *diff = reach_diff_open(before, after, &question);
	struct reach_difference difference;
	bool same = diff != NULL && !reach_diff_next(diff, &difference);

	if (diff != NULL)
		reach_diff_close(diff);
	return same;
}

bool
needless_is(const struct reach *whole, const struct reach_input texts[2], enum table table,
    unsigned first, unsigned last)
{
	struct reach_input inputs[2] = {texts[0], texts[1]};
	struct reach_fault fault;
	struct reach *after = NULL;
	const char *daemon = NULL;
	size_t number = 0;
	bool same = false;
	char *left = cut_lines(&texts[table], first, last, &inputs[table].len);

	inputs[table].bytes = left;
	if (left != NULL)
		after = reach_open(inputs, NULL, NULL, &fault);
	if (after != NULL) {
		do
			same = is_same(whole, after, daemon);
		while (same && (daemon = reach_daemon(whole, number++)) != NULL);
	}
	reach_close(after);
	free(left);
	return same;
}
