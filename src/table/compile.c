/*
 * NAME     compile - the image of a table
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

enum { TRIES = 5 };

/* A table on its way to an image. */
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
names_list(const struct rule *rule)
{
	struct list_cursor cursor;
	const struct test *test;

	if (rule->code != DIAG_NONE || memchr(rule->clients.text, '/', rule->clients.len) == NULL)
		return false;
	list_cursor_init(&cursor, &rule->clients);
	while ((test = list_cursor_next(&cursor, false)) != NULL)
		if (test->kind == TEST_LIST)
			return true;
	return false;
}

static bool
take_rules(void *ctx, const struct line *line, const struct rule *rules, unsigned count,
    struct lines *behind)
{
	static const struct skim_client nobody = {.addr = NULL};
	struct compiling *compiling = ctx;
	bool has_list = false;

	for (unsigned i = 0; i < count; i++)
		has_list |= names_list(&rules[i]);
	compiling->result->lists += has_list;
	if (!generation_add(compiling->generation, line, rules, count))
		return false;
	generation_skim(compiling->generation, behind, &nobody);
	return true;
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
	if (!whole_lines(whole, compiling->how->progress, compiling, take_rules, &result->fault))
		return false;
	if (!generation_finish(generation, whole->size))
		return table_fault(&result->fault, TABLE_CANNOT_MEMORY, 0);
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
is_current(const char *folder, const struct whole *whole)
{
	struct image *image = malloc(sizeof *image);
	bool is_sound = false;
	uint32_t page;
	int fd;

	if (image != NULL &&
	    image_file_open(folder, whole->path, &whole->stamp, image, &fd) == IMAGE_FILE_READY) {
		is_sound = scrub_pages(image, &page) == SCRUB_SOUND;
		close(fd);
	}
	free(image);
	return is_sound;
}

/* Is there nothing to be read? */
static bool
is_settled(struct compiling *compiling)
{
	struct table_compiled *result = compiling->result;
	const struct whole *whole = &compiling->whole;

	result->text_bytes = whole->size;
	if (whole->fd >= 0 && whole->size >= IMAGE_FILE_FROM_BYTES) {
		if (compiling->how->is_forced || !is_current(compiling->how->folder, whole))
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
	const struct progress *progress = compiling->how->progress;

	result->lists = 0;
	result->outcome = TABLE_FAILED;
	if (!whole_open(&compiling->whole, compiling->whole.path, &result->fault) ||
	    is_settled(compiling) || !whole_read(&compiling->whole, progress, &result->fault) ||
	    !parse(compiling))
		return;
	if (publish(compiling))
		result->outcome = TABLE_COMPILED;
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
table_compile(const struct table_compile *how, const struct folder *folder, const char *table,
    struct table_compiled *ret)
{
	struct compiling compiling = {
	    .how = how, .folder = folder, .result = ret, .whole = {.path = table, .fd = -1}};

	*ret = (struct table_compiled){.outcome = TABLE_FAILED};
	if (!image_file_path(how->folder, table, ret->image)) {
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
	if (ret->fault.problem == TABLE_CANNOT_LINE_OVER_LIMIT)
		drop_image(&compiling);
}
