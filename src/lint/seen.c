/*
 * NAME     seen - which hashes were seen before
 * PURPOSE  Twins among a million lines in one pass. Two texts may have one hash: who asks compares.
 * LIMITS   Half of the places stay empty, so that a search ends soon.
 */
#include <stdlib.h>

#include "lint/inside.h"

enum { ENTRIES_FIRST = 256 };

static struct seen_entry *
find(struct seen_entry *entries, size_t size, uint64_t hash)
{
	size_t at = (size_t)hash & (size - 1);

	while (entries[at].hash != 0 && entries[at].hash != hash)
		at = (at + 1) & (size - 1);
	return &entries[at];
}

static bool
grow(struct seen *seen)
{
	size_t size = seen->size > 0 ? 2 * seen->size : ENTRIES_FIRST;
	struct seen_entry *entries = calloc(size, sizeof *entries);

	if (entries == NULL)
		return false;
	for (size_t i = 0; i < seen->size; i++) {
		if (seen->entries[i].hash != 0)
			*find(entries, size, seen->entries[i].hash) = seen->entries[i];
	}
	free(seen->entries);
	seen->entries = entries;
	seen->size = size;
	return true;
}

bool
seen_add(struct seen *seen, uint64_t hash, size_t value, size_t *ret_first)
{
	struct seen_entry *entry;

	hash += hash == 0; /* an empty place */
	if (2 * seen->count >= seen->size && !grow(seen))
		return false;
	entry = find(seen->entries, seen->size, hash);
	if (entry->hash == 0) {
		*entry = (struct seen_entry){hash, value};
		seen->count++;
	}
	*ret_first = entry->value;
	return true;
}

void
seen_release(struct seen *seen)
{
	free(seen->entries);
	*seen = (struct seen){.entries = NULL};
}
