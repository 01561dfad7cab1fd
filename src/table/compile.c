/*
 * NAME     compile - the image of a table or list
 * INVARIANTS  An image is published only if its table was the same before and after. One that is of no use any
 *          more is removed, or replaced at once.
 * LIMITS   TRIES: who keeps writing has no image, and is told.
 * SEE      folder.c, docs/decisions/any-size.md
 */
#include "table/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/scrub.h"
#include "table/inside.h"
#include "table/open.h"
#include "table/words.h"

enum { TRIES = 5 };

/* A table or list on its way to an image. */
struct compiling {
	const struct table_compile *how;
	const struct folder *folder;
	struct table_compiled *result;
	const char *name; /* of the image, in the folder */
	struct whole whole;
	struct generation *generation;
};

/* ---- rules ---- */

static bool
take_rules(void *ctx, const struct line *line, const struct rule *rules, unsigned count,
    struct lines *behind)
{
	static const struct skim_client nobody = {.addr = NULL};

	if (!generation_add(ctx, line, rules, count))
		return false;
	generation_skim(ctx, behind, &nobody);
	return true;
}

static bool
take_lines(struct compiling *compiling)
{
	struct whole *whole = &compiling->whole;
	struct generation *generation = compiling->generation;
	struct table_fault *fault = &compiling->result->fault;

	return whole_lines(whole, compiling->how->progress, generation, take_rules, fault) &&
	    (generation_finish(generation, whole->size) ||
	        table_fault(fault, TABLE_CANNOT_MEMORY, 0));
}

static bool
take_words(struct compiling *compiling)
{
	struct generation *generation = compiling->generation;
	size_t size = compiling->whole.size;

	generation->is_list = true;
	if (size > WORDS_TEXT_MAX)
		return table_fault(&compiling->result->fault, TABLE_CANNOT_TABLE_LARGE, 0);
	return generation_keep_words(generation, size) ||
	    table_fault(&compiling->result->fault,
	        generation->index.failed ? TABLE_CANNOT_MEMORY : TABLE_CANNOT_WORD_OVER_LIMIT, 0);
}

static bool
parse(struct compiling *compiling)
{
	struct table_compiled *result = compiling->result;
	struct whole *whole = &compiling->whole;
	struct generation *generation = generation_new(&whole->stamp);

	compiling->generation = generation;
	if (generation == NULL)
		return table_fault(&result->fault, TABLE_CANNOT_MEMORY, 0);
	generation->bytes = whole->bytes; /* its own from now on */
	generation->is_indexed = true;
	if (!(compiling->how->owner.is_list ? take_words(compiling) : take_lines(compiling)))
		return false;
	result->rules = generation->rule_count;
	for (unsigned key = 0; key < INDEX_KEYS; key++)
		result->rows[key] = generation->index.rows[key].count;
	return true;
}

/* ---- the image ---- */

/* Who may read the table may read its image, but for an owner that is not root. */
static bool
begin(const struct compiling *compiling, int *ret_fd)
{
	const struct whole *whole = &compiling->whole;
	mode_t mode = S_IRUSR | S_IWUSR | (whole->stamp.mode & (S_IRGRP | S_IROTH));

	return folder_begin(compiling->folder, compiling->name, mode, whole->group, ret_fd,
	    &compiling->result->fault);
}

static bool
write_image(struct compiling *compiling, int fd)
{
	const struct generation *generation = compiling->generation;
	struct image_facts facts = {.text_bytes = compiling->whole.size,
	    .mode = compiling->whole.mode,
	    .error_at = generation->ends_in_error ? generation->error_at : UINT64_MAX,
	    .is_list = generation->is_list,
	    .newlines = generation->newlines};
	struct stat st;

	image_file_stamp(&compiling->whole.stamp, facts.stamp);
	if (!image_write(fd, &generation->index, &facts) || fstat(fd, &st) != 0)
		return table_fault(&compiling->result->fault, TABLE_CANNOT_IMAGE_WRITE, errno);
	compiling->result->image_bytes = (uint64_t)st.st_size;
	return true;
}

/* False with TABLE_CANNOT_TABLE_UNSTABLE: again. */
static bool
publish(struct compiling *compiling)
{
	struct table_fault *fault = &compiling->result->fault;
	int fd;

	if (!begin(compiling, &fd))
		return false;
	if (!write_image(compiling, fd) ||
	    (!whole_holds(&compiling->whole) &&
	        !table_fault(fault, TABLE_CANNOT_TABLE_UNSTABLE, 0))) {
		folder_abandon(compiling->folder, compiling->name, fd);
		return false;
	}
	/* Whoever watches the table has perhaps not noticed what came after he started this. */
	return folder_commit(compiling->folder, compiling->name, fd, fault) &&
	    (whole_holds(&compiling->whole) || table_fault(fault, TABLE_CANNOT_TABLE_UNSTABLE, 0));
}

/* ---- a table ---- */

static void
drop_image(struct compiling *compiling)
{
	struct table_compiled *result = compiling->result;
	struct table_fault fault;

	if (folder_remove(compiling->folder, compiling->name, &result->removed, &fault))
		return;
	if (result->fault.problem == TABLE_FINE)
		result->fault = fault;
	result->outcome = TABLE_FAILED;
}

/* Is there an image of this very text, and all of it sound? */
static bool
is_current(const struct image_owner *owner, const struct whole *whole)
{
	struct image *image = malloc(sizeof *image);
	bool is_sound = false;
	uint32_t page;
	int fd;

	if (image != NULL &&
	    image_file_open(owner, &whole->stamp, image, &fd) == IMAGE_FILE_READY) {
		is_sound = scrub_pages(image, &page) == SCRUB_SOUND;
		close(fd);
	}
	free(image);
	return is_sound;
}

/* Is there no image to be made? */
static bool
is_settled(struct compiling *compiling)
{
	struct table_compiled *result = compiling->result;
	const struct whole *whole = &compiling->whole;

	result->text_bytes = whole->size;
	if (whole->fd >= 0 && whole->size >= IMAGE_FILE_FROM_BYTES) {
		if (compiling->how->is_forced || !is_current(&compiling->how->owner, whole))
			return false;
		result->outcome = TABLE_CURRENT;
		return true;
	}
	result->outcome = whole->fd < 0 ? TABLE_ABSENT : TABLE_SMALL;
	drop_image(compiling);
	return true;
}

static void
make(struct compiling *compiling)
{
	struct table_compiled *result = compiling->result;
	const struct table_compile *how = compiling->how;
	struct whole *whole = &compiling->whole;
	enum table_outcome outcome = TABLE_COMPILED;
	bool is_due;

	result->outcome = TABLE_FAILED;
	if (!whole_open(whole, how->owner.path, &result->fault))
		return;
	is_due = !is_settled(compiling);
	if (whole->fd < 0)
		return;
	if (!is_due)
		outcome = result->outcome;
	result->outcome = TABLE_FAILED;
	if (whole_read(whole, how->progress, &result->fault) &&
	    named_tell(&how->named, whole, how->owner.is_list, &result->lists, &result->fault) &&
	    (!is_due || (parse(compiling) && publish(compiling))))
		result->outcome = outcome;
}

static void
attempt(struct compiling *compiling)
{
	compiling->generation = NULL;
	compiling->result->fault = (struct table_fault){.problem = TABLE_FINE};
	make(compiling);
	if (compiling->generation != NULL)
		compiling->whole.bytes = NULL;
	generation_release(compiling->generation);
	whole_release(&compiling->whole);
}

void
table_compile(
    const struct table_compile *how, const struct folder *folder, struct table_compiled *ret)
{
	struct compiling compiling = {
	    .how = how, .folder = folder, .result = ret, .whole = {.fd = -1}};

	*ret = (struct table_compiled){.outcome = TABLE_FAILED};
	if (!image_file_path(&how->owner, ret->image)) {
		table_fault(&ret->fault, TABLE_CANNOT_PATH, 0);
		return;
	}
	compiling.name = strrchr(ret->image, '/') + 1;
	for (unsigned tries = 0; tries < TRIES; tries++) {
		if (tries > 0)
			open_pause();
		attempt(&compiling);
		if (ret->fault.problem != TABLE_CANNOT_TABLE_UNSTABLE)
			break;
	}
	/* One that could be had before is of an earlier text. */
	if (ret->fault.problem == TABLE_CANNOT_LINE_OVER_LIMIT ||
	    ret->fault.problem == TABLE_CANNOT_WORD_OVER_LIMIT)
		drop_image(&compiling);
}
