/*
 * NAME     wrapper_text - a text with some pieces replaced
 * LIMITS   A change is put in its place by walking there: most come in order, at the end.
 */
#include "services/wrapper_text.h"

#include <string.h>

struct change {
	struct change *next;
	size_t at, len;
	const char *with;
};

void
changes_add(struct changes *changes, size_t at, size_t len, const char *with)
{
	struct change *change = arena_alloc(&changes->arena, sizeof *change), **place;

	if (change != NULL)
		*change =
		    (struct change){NULL, at, len, arena_copy(&changes->arena, with, strlen(with))};
	if (change == NULL || change->with == NULL) {
		changes->failed = true;
		return;
	}
	/* What is put in stands in front of what is taken out at the same place. */
	for (place = &changes->first;
	     *place != NULL && ((*place)->at < at || ((*place)->at == at && (*place)->len == 0));)
		place = &(*place)->next;
	change->next = *place;
	*place = change;
}

bool
changes_apply(struct changes *changes, const char *text, size_t len, struct buf *ret)
{
	size_t done = 0;

	for (const struct change *change = changes->first; change != NULL; change = change->next) {
		changes->failed |= change->at < done;
		if (changes->failed)
			break;
		buf_add(ret, text + done, change->at - done);
		buf_add_str(ret, change->with);
		done = change->at + change->len;
	}
	if (!changes->failed)
		buf_add(ret, text + done, len - done);
	arena_release(&changes->arena);
	changes->first = NULL;
	return !changes->failed && !ret->failed;
}
