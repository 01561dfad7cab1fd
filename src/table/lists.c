/*
 * NAME     lists - /file lists from disk
 * PURPOSE  The list callbacks of struct facts_ops: a list is read when it is reached, piece by
 *          piece, or as its image says; and kept once it has been read to its end twice under one stamp.
 * INVARIANTS  A source is closed by whoever opened it; a change under the reader is noticed at the
 *          latest then.
 * LIMITS   STORE_BYTES_MAX.
 */
#include "table/lists.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table/image_file.h"
#include "table/open.h"
#include "table/words.h"

enum { INDEXED_COST = 64 }; /* of a list whose index names the words: more than it usually names */

struct list_source {
	int fd; /* -1: kept, or not needed so far */
	const char *path; /* borrowed from the caller, who closes before it dies */
	bool ended;
	off_t read_bytes;
	struct stamp stamp;
	struct generation *generation;
	bool has_image;
	struct words_file file; /* its image */
};

/* The usual process has one list open at a time: that one needs no heap. */
static struct list_source spare;
static atomic_flag spare_is_taken = ATOMIC_FLAG_INIT;

/* A change is found where no decision is at hand; it is left here for the table layer. */
static _Thread_local bool changed __attribute__((tls_model("initial-exec")));

bool
lists_changed(void)
{
	bool ret = changed;

	changed = false;
	return ret;
}

/* Read the whole list and keep it. NULL: not possible; read it piece by piece, from where the descriptor is. */
static struct generation *
keep(const char *path, int fd, const struct stamp *stamp)
{
	struct generation *generation;
	struct stamp after;
	int error;
	size_t size = (size_t)stamp->size;

	if (stamp->size < 0 || stamp->size > STORE_BYTES_MAX || !stamp_is_settled(stamp))
		return NULL;
	generation = generation_new(stamp);
	if (generation != NULL) {
		generation->is_list = true;
		generation->bytes = malloc(size + 1); /* an empty one is kept too */
	}
	if (generation != NULL && generation->bytes != NULL &&
	    image_read_at(fd, generation->bytes, size, 0) == size &&
	    generation_keep_words(generation, size) && stamp_fd(fd, &after, &error) == FILE_READY &&
	    stamp_eq(stamp, &after)) {
		store_put(path, generation);
		return generation;
	}
	generation_release(generation);
	return NULL;
}

/* From the store, if the file is still what it was. */
static struct generation *
find_kept(const char *path)
{
	struct stamp stamp;
	int error;

	if (!store_keeps(path) || stamp_path(path, &stamp, &error) != FILE_READY)
		return NULL;
	return generation_if(store_get(path, &stamp), true);
}

/* The text, if it is still what the image was made of: words are about to be read. */
static int
open_text(void *ctx)
{
	struct list_source *source = ctx;
	struct stamp now;
	int error;

	if (source->fd >= 0)
		return source->fd;
	if (stamp_open(source->path, &now, &source->fd, &error) != FILE_READY) {
		changed = true;
		return -1;
	}
	changed = changed || !stamp_eq(&source->stamp, &now);
	return stamp_eq(&source->stamp, &now) ? source->fd : -1;
}

/* False: there is no image of that very text. */
static bool
open_image(struct list_source *source)
{
	const struct image_owner owner = {
	    .folder = IMAGE_FOLDER, .path = source->path, .is_list = true};
	struct words_file *file = &source->file;
	int fd;

	source->has_image = source->stamp.size >= IMAGE_FILE_FROM_BYTES &&
	    image_file_open(&owner, &source->stamp, &file->image, &fd) == IMAGE_FILE_READY;
	if (source->has_image)
		words_file_init(file, open_text, source);
	return source->has_image;
}

/* By its image alone, unless the text may be in the middle of being written. */
static bool
need_no_text(struct list_source *source)
{
	int error;

	return stamp_path(source->path, &source->stamp, &error) == FILE_READY &&
	    stamp_age_ms(&source->stamp) >= STAMP_TORN_MS &&
	    !store_was_read(source->path, &source->stamp) && open_image(source);
}

/* What is kept of it, or is kept now, or its image. NULL: it is read. */
static const struct words *
find_words(struct list_source *source)
{
	if (source->generation == NULL && store_was_read(source->path, &source->stamp)) {
		source->generation = keep(source->path, source->fd, &source->stamp);
		if (source->generation != NULL) {
			close(source->fd);
			source->fd = -1;
		}
	}
	if (source->generation != NULL)
		return &source->generation->words;
	return open_image(source) ? &source->file.words : NULL;
}

static struct list_source *
new_source(const char *path)
{
	struct list_source *source = &spare;

	if (atomic_flag_test_and_set_explicit(&spare_is_taken, memory_order_acquire))
		source = malloc(sizeof *source);
	if (source == NULL)
		return NULL;
	memset(source, 0, offsetof(struct list_source, file));
	source->fd = -1;
	source->path = path;
	return source;
}

static void
free_source(struct list_source *source)
{
	if (source == &spare)
		atomic_flag_clear_explicit(&spare_is_taken, memory_order_release);
	else
		free(source);
}

/* What is kept, or the file. LIST_OK: source->generation, or source->fd. */
static enum list_status
open_source(struct list_source *source, struct generation *kept, int *ret_error)
{
	enum file_state state = FILE_READY;

	if (kept == NULL)
		state = open_whole(source->path, &source->stamp, &source->fd, &kept, ret_error);
	if (kept != NULL && !kept->is_list) { /* torn, and what is known of it is a table */
		generation_release(kept);
		*ret_error = EAGAIN;
		return LIST_BAD;
	}
	source->generation = kept;
	if (state == FILE_ABSENT)
		return LIST_MISSING;
	return state == FILE_READY ? LIST_OK : LIST_BAD;
}

enum list_status
table_list_open(void *ctx, const char *path, struct list_source **ret_source,
    const struct words **ret_words, int *ret_error)
{
	struct list_source *source = new_source(path);
	struct generation *kept;
	enum list_status status;

	(void)ctx;
	if (source == NULL) {
		*ret_error = ENOMEM;
		return LIST_BAD;
	}
	kept = find_kept(path);
	if (kept == NULL && need_no_text(source)) {
		*ret_source = source;
		*ret_words = &source->file.words;
		return LIST_OK;
	}
	status = open_source(source, kept, ret_error);
	if (status != LIST_OK) {
		free_source(source);
		return status;
	}
	*ret_source = source;
	*ret_words = find_words(source);
	return LIST_OK;
}

/* In words to be looked at. */
static size_t
cost_of(const struct generation *list, const struct table_kept *kept)
{
	if (list->words.index == NULL)
		return list->words.count;
	return kept->shows_all ? list->rule_count : INDEXED_COST;
}

enum list_status
table_list_kept(struct table_kept *kept, const char *path, struct list_source **ret_source,
    const struct words **ret_words, int *ret_error)
{
	enum file_state state;
	struct generation *found = kept_find(kept, path, true, &state, ret_error);
	struct list_source *source;

	if (found != NULL && cost_of(found, kept) > kept->left) {
		kept->is_long = true;
		generation_release(found);
		*ret_error = EFBIG;
		return LIST_BAD;
	}
	source = found != NULL ? new_source(path) : NULL;
	if (source != NULL) {
		kept->left -= cost_of(found, kept);
		source->generation = found;
		*ret_source = source;
		*ret_words = &found->words;
		return LIST_OK;
	}
	generation_release(found);
	if (state == FILE_ABSENT)
		return LIST_MISSING;
	kept_miss(kept, path, true);
	*ret_error = EAGAIN;
	return LIST_BAD;
}

bool
table_list_keep(const char *path)
{
	int saved_errno = errno, fd, error;
	struct generation *kept;
	struct stamp stamp;
	enum file_state state;
	bool ret;

	if (kept_is_there(path, true))
		return true;
	state = open_settled(path, &stamp, &fd, &error);
	ret = state == FILE_ABSENT;
	if (state == FILE_READY) {
		kept = keep(path, fd, &stamp);
		ret = kept != NULL;
		generation_release(kept);
		close(fd);
	}
	errno = saved_errno;
	return ret;
}

enum list_status
table_list_read(void *ctx, struct list_source *source, char *buf, size_t size, size_t *ret_len)
{
	ssize_t got;

	(void)ctx;
	if (source->has_image)
		open_text(
		    source); /* the image is damaged; what is not what it was counts for nothing */
	if (source->fd < 0)
		return LIST_BAD;
	do
		got = read(source->fd, buf, size);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return LIST_BAD;
	*ret_len = (size_t)got;
	source->ended = got == 0;
	source->read_bytes += got;
	return got == 0 ? LIST_END : LIST_OK;
}

void
table_list_close(void *ctx, struct list_source *source)
{
	struct stamp after;
	int error;

	(void)ctx;
	if (source->fd >= 0) {
		/* Shorter than it was: that was only for a moment, whatever its times say. */
		if (stamp_fd(source->fd, &after, &error) != FILE_READY ||
		    (source->ended && source->read_bytes < source->stamp.size))
			changed = true;
		else if (!stamp_eq(&source->stamp, &after))
			changed = changed || !stamp_is_replaced(&source->stamp, &after);
		else if (source->ended)
			store_note_read(source->path, &source->stamp);
		else if (source->has_image)
			store_note_image(source->path, &source->stamp);
		close(source->fd);
	} else if (source->has_image) {
		store_note_image(source->path, &source->stamp);
	}
	if (source->has_image) {
		window_release(&source->file.window);
		close(source->file.image.fd);
	}
	generation_release(source->generation);
	free_source(source);
}
