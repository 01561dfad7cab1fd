/*
 * NAME     store - generations kept in a process
 * INVARIANTS  Everything behind the lock is a few pointers; the lock is never waited for. A
 *          generation dies with its last reference, in whichever thread that is.
 * LIMITS   SLOTS paths: two tables and a handful of lists are usual; who names more has the least
 *          recently used one read again. A process that switches tables at run time stays bounded.
 * SEE      docs/decisions/freshness.md, docs/decisions/threads.md
 */
#include "table/store.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"

enum { SLOTS = 32, GROUPS_MAX = 256, SHORT_PATH = 48 };

/* Who has more groups than GROUPS_MAX shares nothing that is not public. */
static const uint64_t reader_nobody = UINT64_MAX;

struct slot {
	char *path; /* NULL: not used yet */
	/* Where a short path is: the heap is not needed for the usual ones. */
	char storage[SHORT_PATH];
	unsigned used; /* when, by the store's own count */
	bool was_read;
	struct stamp read_stamp; /* of the text that was read, or decided by its image: */
	unsigned image_uses;
	struct generation *generation;
};

static struct slot slots[SLOTS];
static size_t slots_used; /* the first ones; a slot is never given back */
static unsigned uses;
static atomic_flag busy = ATOMIC_FLAG_INIT;

static bool
enter(void)
{
	return !atomic_flag_test_and_set_explicit(&busy, memory_order_acquire);
}

static void
leave(void)
{
	atomic_flag_clear_explicit(&busy, memory_order_release);
}

uint64_t
store_reader(const struct stamp *stamp)
{
	gid_t ids[2 + GROUPS_MAX];
	int count;
	uint64_t hash;

	if (stamp_is_public(stamp))
		return 0;
	ids[0] = geteuid();
	ids[1] = getegid();
	count = getgroups(GROUPS_MAX, ids + 2);
	if (count < 0)
		return reader_nobody;
	/* Nobody can choose his own groups to collide. */
	hash = hash_add(HASH_INIT, ids, (2 + (size_t)count) * sizeof *ids);
	return hash == reader_nobody || hash == 0 ? 1 : hash;
}

struct generation *
generation_new(const struct stamp *stamp)
{
	struct generation *generation = calloc(1, sizeof *generation);

	if (generation != NULL) {
		generation->references = 1;
		generation->stamp = *stamp;
		generation->reader = store_reader(stamp);
		index_init(&generation->index);
	}
	return generation;
}

void
generation_release(struct generation *generation)
{
	if (generation == NULL ||
	    __atomic_sub_fetch(&generation->references, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	arena_release(&generation->arena);
	index_release(&generation->index);
	free(generation->newlines);
	free(generation->rules);
	free(generation->bytes);
	free(generation);
}

struct generation *
generation_if(struct generation *generation, bool is_list)
{
	if (generation == NULL || generation->is_list == is_list)
		return generation;
	generation_release(generation);
	return NULL;
}

static struct generation *
share(struct generation *generation)
{
	if (generation != NULL)
		__atomic_add_fetch(&generation->references, 1, __ATOMIC_RELAXED);
	return generation;
}

static struct slot *
find(const char *path)
{
	for (size_t i = 0; i < slots_used; i++) {
		if (strcmp(slots[i].path, path) == 0) {
			slots[i].used = ++uses;
			return &slots[i];
		}
	}
	return NULL;
}

/* The path's slot, or the least recently used one made over to it. *ret_old is to be released when
 * the lock is left. */
static struct slot *
claim(const char *path, struct generation **ret_old)
{
	struct slot *slot = find(path);
	char *copy = NULL;
	size_t len = strlen(path);

	*ret_old = NULL;
	if (slot != NULL)
		return slot;
	if (len >= SHORT_PATH && (copy = strdup(path)) == NULL)
		return NULL;
	slot = &slots[0];
	for (size_t i = 1; i < slots_used; i++) {
		if (slots[i].used < slot->used)
			slot = &slots[i];
	}
	if (slots_used < SLOTS)
		slot = &slots[slots_used++];
	*ret_old = slot->generation;
	if (slot->path != slot->storage)
		free(slot->path);
	*slot = (struct slot){.path = copy, .used = ++uses};
	if (copy == NULL)
		slot->path = memcpy(slot->storage, path, len + 1);
	return slot;
}

bool
store_keeps(const char *path)
{
	const struct slot *slot;
	bool keeps;

	if (!enter())
		return false;
	slot = find(path);
	keeps = slot != NULL && slot->generation != NULL;
	leave();
	return keeps;
}

struct generation *
store_get(const char *path, const struct stamp *stamp)
{
	struct generation *found = NULL;
	struct slot *slot;

	if (!enter())
		return NULL;
	slot = find(path);
	if (slot != NULL && slot->generation != NULL &&
	    (stamp == NULL || stamp_eq(&slot->generation->stamp, stamp)))
		found = share(slot->generation);
	leave();
	if (found != NULL &&
	    (found->reader == reader_nobody || found->reader != store_reader(&found->stamp))) {
		generation_release(found);
		return NULL;
	}
	return found;
}

struct generation *
store_get_last(const char *path)
{
	struct generation *last = store_get(path, NULL);

	/* The beginning of an earlier text is no earlier text. */
	if (last == NULL || !last->partial)
		return last;
	generation_release(last);
	return NULL;
}

bool
store_was_read(const char *path, const struct stamp *stamp)
{
	struct slot *slot;
	bool was_read;

	if (!enter())
		return false;
	slot = find(path);
	was_read = slot != NULL && slot->was_read && stamp_eq(&slot->read_stamp, stamp);
	leave();
	return was_read;
}

/* For so many bytes, reading and making an index costs what one decision costs more by an image (7 us, and 80 ns
 * a line): whoever has decided that often has paid for it, and pays twice at most. */
enum { IMAGE_USE_BYTES = 1600 };

static void
count_use(struct slot *slot, const struct stamp *stamp)
{
	if (!stamp_eq(&slot->read_stamp, stamp))
		slot->image_uses = 0;
	slot->image_uses++;
	slot->was_read = (off_t)slot->image_uses * IMAGE_USE_BYTES >= stamp->size;
}

/* NULL: there is no such file. */
static void
note(const char *path, const struct stamp *stamp, bool is_image)
{
	struct generation *old = NULL, *outdated = NULL;
	struct slot *slot;

	if (!enter())
		return;
	slot = stamp != NULL ? claim(path, &old) : find(path);
	if (slot != NULL) {
		slot->was_read = stamp != NULL;
		if (is_image)
			count_use(slot, stamp);
		if (stamp != NULL)
			slot->read_stamp = *stamp;
		if (slot->generation != NULL &&
		    (stamp == NULL || !stamp_eq(&slot->generation->stamp, stamp))) {
			outdated = slot->generation;
			slot->generation = NULL;
		}
	}
	leave();
	generation_release(old);
	generation_release(outdated);
}

void
store_note_read(const char *path, const struct stamp *stamp)
{
	note(path, stamp, false);
}

void
store_note_image(const char *path, const struct stamp *stamp)
{
	note(path, stamp, true);
}

bool
store_put(const char *path, struct generation *generation)
{
	struct generation *old = NULL, *replaced = NULL;
	struct slot *slot;

	if (!enter())
		return false;
	slot = claim(path, &old);
	if (slot != NULL) {
		replaced = slot->generation;
		slot->generation = share(generation);
		slot->was_read = true;
		slot->read_stamp = generation->stamp;
	}
	leave();
	generation_release(old);
	generation_release(replaced);
	return slot != NULL;
}
