/*
 * NAME     ask_index - the engine on texts that are kept, with an index
 * INVARIANTS  Every part of an answer is compared. Lookups may be fewer, never more.
 */
#include "ask_index.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/image.h"
#include "table/inside.h"
#include "table/table.h"
#include "table/words.h"

static const char *const names[2] = {"A", "D"};

bool
indexed_init(struct indexed *indexed, const char *const texts[2], const size_t lens[2],
    enum diag_code *ret_code)
{
	*indexed = (struct indexed){.text_fds = {-1, -1}, .image_fds = {-1, -1}};
	for (unsigned t = 0; t < 2; t++) {
		indexed->texts[t] = table_text(texts[t], lens[t], ret_code);
		if (indexed->texts[t] == NULL) {
			indexed_release(indexed);
			return false;
		}
	}
	return true;
}

void
indexed_release(struct indexed *indexed)
{
	for (unsigned t = 0; t < 2; t++) {
		generation_release(indexed->texts[t]);
		if (indexed->text_fds[t] >= 0)
			close(indexed->text_fds[t]);
		if (indexed->image_fds[t] >= 0)
			close(indexed->image_fds[t]);
	}
	for (size_t i = 0; i < indexed->list_count; i++) {
		if (indexed->words[i] != NULL && indexed->words[i]->is_indexed) {
			close(indexed->list_fds[i]);
			close(indexed->list_image_fds[i]);
		}
		generation_release(indexed->words[i]);
	}
}

/* ---- lists ---- */

static struct generation *
keep_list(const struct ask_list *list)
{
	static const struct stamp everybody;
	struct generation *generation = generation_new(&everybody);

	if (generation == NULL)
		return NULL;
	generation->is_list = true;
	generation->bytes = malloc(list->len + 1);
	if (generation->bytes != NULL) {
		memcpy(generation->bytes, list->text, list->len);
		if (generation_keep_words(generation, list->len))
			return generation;
	}
	generation_release(generation);
	return NULL;
}

bool
indexed_keep_lists(struct indexed *indexed, const struct ask_list *lists, size_t count)
{
	indexed->lists = lists;
	for (size_t i = 0; i < count && i < INDEXED_LISTS_MAX; i++) {
		indexed->list_count = i + 1;
		if (lists[i].status != LIST_OK)
			continue;
		indexed->words[i] = keep_list(&lists[i]);
		if (indexed->words[i] == NULL)
			return false;
	}
	return count <= INDEXED_LISTS_MAX;
}

/* Whose question is being asked, */
static const struct indexed *asked;
static bool by_images;
static bool was_shown; /* by images alone */

/* A list that is open. */
struct list_source {
	struct words_file file;
	const struct ask_list *list;
	size_t read;
};

static int
open_list(void *ctx)
{
	const struct list_source *source = ctx;

	return asked->list_fds[source->list - asked->lists];
}

/* By its image, if it has one. */
static const struct words *
open_words(struct list_source *source, size_t i)
{
	if (!by_images || !asked->words[i]->is_indexed)
		return &asked->words[i]->words;
	if (!image_read(&source->file.image, asked->list_image_fds[i]))
		return NULL;
	words_file_init(&source->file, open_list, source);
	return &source->file.words;
}

static enum list_status
list_open(void *ctx, const char *path, struct list_source **ret_source,
    const struct words **ret_words, int *ret_error)
{
	struct list_source *source = calloc(1, sizeof *source);

	(void)ctx;
	*ret_source = source;
	*ret_words = NULL;
	*ret_error = 2;
	for (size_t i = 0; i < asked->list_count; i++) {
		if (strcmp(asked->lists[i].path, path) != 0)
			continue;
		*ret_error = 0;
		if (asked->words[i] == NULL || source == NULL) {
			free(source);
			return asked->lists[i].status;
		}
		source->list = &asked->lists[i];
		*ret_words = open_words(source, i);
		return LIST_OK;
	}
	free(source);
	return LIST_MISSING;
}

static enum list_status
list_read(void *ctx, struct list_source *source, char *buf, size_t size, size_t *ret_len)
{
	size_t left = source->list->len - source->read;

	(void)ctx;
	was_shown = false;
	*ret_len = size < left ? size : left;
	memcpy(buf, source->list->text + source->read, *ret_len);
	source->read += *ret_len;
	return *ret_len > 0 ? LIST_OK : LIST_END;
}

static void
list_close(void *ctx, struct list_source *source)
{
	(void)ctx;
	if (source->file.words.owner != NULL)
		window_release(&source->file.window);
	free(source);
}

static void
ask_kept(const struct indexed *indexed, const struct ask *ask,
    void (*show)(struct pass *, const void *), struct answer *ret)
{
	static const struct facts_ops lists = {
	    .list_open = list_open, .list_read = list_read, .list_close = list_close};
	struct ask question = *ask;

	if (indexed->list_count > 0)
		question.list_ops = &lists;
	asked = indexed;
	ask_with(&question, show, indexed, ret);
}

/* ---- texts ---- */

static void
show(struct pass *pass, const void *arg)
{
	const struct indexed *indexed = arg;
	const struct generation *const texts[2] = {indexed->texts[0], indexed->texts[1]};

	table_decide_texts(pass, names, texts);
}

void
indexed_ask(const struct indexed *indexed, const struct ask *ask, struct answer *ret)
{
	by_images = false;
	ask_kept(indexed, ask, show, ret);
}

/* ---- images ---- */

static bool
write_image(const struct generation *generation, int text_fd, int image_fd)
{
	const struct image_facts facts = {.text_bytes = generation->size,
	    .error_at = generation->ends_in_error ? generation->error_at : UINT64_MAX,
	    .mode = generation->mode,
	    .is_list = generation->is_list,
	    .newlines = generation->newlines};

	return text_fd >= 0 && image_fd >= 0 &&
	    write(text_fd, generation->bytes, generation->size) == (ssize_t)generation->size &&
	    image_write(image_fd, &generation->index, &facts);
}

bool
indexed_write(struct indexed *indexed)
{
	for (unsigned t = 0; t < 2; t++) {
		if (!indexed->texts[t]->is_indexed)
			continue;
		indexed->text_fds[t] = memfd_create(names[t], MFD_CLOEXEC);
		indexed->image_fds[t] = memfd_create("image", MFD_CLOEXEC);
		if (!write_image(indexed->texts[t], indexed->text_fds[t], indexed->image_fds[t]))
			return false;
	}
	for (size_t i = 0; i < indexed->list_count; i++) {
		if (indexed->words[i] == NULL || !indexed->words[i]->is_indexed)
			continue;
		indexed->list_fds[i] = memfd_create("list", MFD_CLOEXEC);
		indexed->list_image_fds[i] = memfd_create("list image", MFD_CLOEXEC);
		if (!write_image(
		        indexed->words[i], indexed->list_fds[i], indexed->list_image_fds[i]))
			return false;
	}
	return true;
}

static void
show_images(struct pass *pass, const void *arg)
{
	const struct indexed *indexed = arg;
	struct image image;
	size_t shown;

	was_shown = true;
	for (unsigned t = 0; t < 2 && pass->open != 0; t++) {
		if (indexed->image_fds[t] >= 0 && image_read(&image, indexed->image_fds[t]) &&
		    table_show_image(pass, (enum table)t, names[t], &image, indexed->text_fds[t]))
			continue;
		was_shown &= indexed->image_fds[t] < 0;
		table_show(pass, (enum table)t, names[t], indexed->texts[t], SIZE_MAX, &shown);
	}
}

bool
indexed_ask_images(const struct indexed *indexed, const struct ask *ask, struct answer *ret)
{
	by_images = true;
	ask_kept(indexed, ask, show_images, ret);
	return was_shown;
}

/* ---- comparing ---- */

static const char *
decisions_differ(const struct decision *a, const struct decision *b)
{
	if (a->verdict != b->verdict)
		return "verdict of a reading";
	if (a->by != b->by || a->fault != b->fault || a->failed != b->failed)
		return "what decides a reading";
	if (a->by == BY_NO_MATCH)
		return NULL;
	if (a->table != b->table || a->line != b->line)
		return "rule";
	if (a->way != b->way)
		return "way";
	return a->has_tail != b->has_tail || a->tail_len != b->tail_len ? "tail" : NULL;
}

/* Files are called "A" and "D", or by a path. */
static bool
reports_differ(const struct diag *a, const struct diag *b)
{
	return a->code != b->code || a->error != b->error || a->line != b->line ||
	    a->column != b->column || (a->file == NULL) != (b->file == NULL) ||
	    strcmp(a->arg, b->arg) != 0;
}

static const char *
lookups_differ(const struct answer *without, const struct answer *with)
{
	if (with->names_looked_up > without->names_looked_up)
		return "names looked up";
	if (with->users_asked > without->users_asked)
		return "users asked for";
	if (with->commands_asked > without->commands_asked)
		return "commands asked";
	return with->netgroups_asked > without->netgroups_asked ||
	        with->scopes_asked > without->scopes_asked ||
	        with->lists_asked > without->lists_asked
	    ? "netgroups, scopes or lists asked"
	    : NULL;
}

const char *
indexed_decisions_differ(const struct answer *without, const struct answer *with)
{
	const char *difference = NULL;

	if (without->verdict != with->verdict)
		return "verdict";
	for (unsigned r = 0; r < READINGS && difference == NULL; r++) {
		difference = decisions_differ(&without->decisions[r], &with->decisions[r]);
		if (difference == NULL && without->texts[r] != with->texts[r])
			difference = "text of tail or rule";
	}
	return difference;
}

const char *
indexed_difference(const struct answer *without, const struct answer *with)
{
	const char *difference = indexed_decisions_differ(without, with);

	if (difference != NULL)
		return difference;
	if (without->report_count != with->report_count)
		return "number of reports";
	for (size_t i = 0; i < without->report_count; i++)
		if (reports_differ(&without->reports[i], &with->reports[i]))
			return "report";
	return lookups_differ(without, with);
}
