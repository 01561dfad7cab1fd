/*
 * NAME     write - an index into pages
 * INVARIANTS  Pages are written once and in their order, the first one last: a file that was not written to
 *          its end is no image.
 * SEE      image.h
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "image/pages.h"

enum { BATCH_PAGES = 64 }; /* in one write */

struct writer {
	int fd;
	uint32_t next; /* page */
	size_t filled; /* pages of the batch */
	bool failed; /* errno says why */
	unsigned char batch[BATCH_PAGES][IMAGE_PAGE_BYTES];
};

static void
flush(struct writer *writer)
{
	size_t size = writer->filled * IMAGE_PAGE_BYTES, done = 0;
	off_t at = (off_t)(writer->next - writer->filled) * IMAGE_PAGE_BYTES;

	while (done < size && !writer->failed) {
		ssize_t put =
		    pwrite(writer->fd, &writer->batch[0][0] + done, size - done, at + (off_t)done);

		if (put > 0)
			done += (size_t)put;
		else if (put == 0 || errno != EINTR)
			writer->failed = true;
		if (put == 0)
			errno = EIO;
	}
	writer->filled = 0;
}

/* A page of zeros to be filled in, until the next one is begun. */
static unsigned char *
begin_page(struct writer *writer)
{
	if (writer->filled == BATCH_PAGES)
		flush(writer);
	return memset(writer->batch[writer->filled], 0, IMAGE_PAGE_BYTES);
}

static void
end_page(struct writer *writer)
{
	unsigned char *page = writer->batch[writer->filled++];

	bytes_put64(page + IMAGE_ROOM_BYTES, page_sum(page, writer->next));
	writer->next++;
}

/* ---- rows ---- */

/* How many rows each level has, and which is the highest: that one is in the first page. */
struct plan {
	const struct rows *rows;
	size_t counts[ROW_LEVELS_MAX];
	unsigned top;
	unsigned char *head; /* where that is told */
};

static size_t
level_bytes(const struct plan *plan, unsigned level)
{
	return plan->counts[level] * level_width(plan->rows, level);
}

/* The first page has room for a small level of each key; what that leaves, larger ones may have. */
static void
plan_levels(struct plan plans[INDEX_KEYS])
{
	size_t left = HEAD_TOPS_BYTES;

	for (struct plan *plan = plans; plan < plans + INDEX_KEYS; plan++) {
		plan->counts[0] = plan->rows->count;
		for (; level_bytes(plan, plan->top) > HEAD_TOPS_BYTES / INDEX_KEYS; plan->top++)
			plan->counts[plan->top + 1] = pages_for(
			    plan->counts[plan->top], level_per_page(plan->rows, plan->top));
		left -= level_bytes(plan, plan->top);
	}
	for (struct plan *plan = plans; plan < plans + INDEX_KEYS; plan++) {
		size_t room = left + level_bytes(plan, plan->top);

		if (plan->top > 0 && level_bytes(plan, plan->top - 1) <= room)
			left = room - level_bytes(plan, --plan->top);
	}
}

/* So many of a level's rows: what every so-many-th row begins with. */
static void
put_rows(unsigned char *page, const struct plan *plan, unsigned level, size_t from, size_t count)
{
	size_t width = level_width(plan->rows, level), step = 1;

	for (unsigned below = 0; below < level; below++)
		step *= level_per_page(plan->rows, below);
	for (size_t i = 0; i < count; i++)
		memcpy(page + i * width, rows_at(plan->rows, (from + i) * step), width);
}

static void
write_level(struct writer *writer, const struct plan *plan, unsigned level)
{
	size_t per_page = level_per_page(plan->rows, level), count = plan->counts[level];

	bytes_put32(plan->head + HEAD_ROWS_PAGES + 4 * level, writer->next);
	for (size_t row = 0; row < count; row += per_page) {
		size_t left = count - row;

		put_rows(begin_page(writer), plan, level, row, left < per_page ? left : per_page);
		end_page(writer);
	}
}

/* Their levels above the rows. */
static size_t
pages_above(const struct plan *plan)
{
	return plan->top > 1 ? pages_for(plan->counts[1], level_per_page(plan->rows, 1)) : 0;
}

/* Who has a name, or none, needs few of those without a key. */
static int
compare_plans(const void *a, const void *b)
{
	const struct plan *left = a, *right = b;
	size_t left_pages = pages_above(left), right_pages = pages_above(right);
	bool left_has_key = left->rows->key_bytes > 0, right_has_key = right->rows->key_bytes > 0;

	if (left_has_key != right_has_key)
		return left_has_key ? -1 : 1;
	return (left_pages > right_pages) - (left_pages < right_pages);
}

static void
write_rows(struct writer *writer, const struct index *index, unsigned char *head)
{
	struct plan plans[INDEX_KEYS] = {0};
	unsigned char *top = head + HEAD_TOPS;

	for (unsigned key = 0; key < INDEX_KEYS; key++) {
		plans[key].rows = &index->rows[key];
		plans[key].head = head + HEAD_ROWS + key * HEAD_ROWS_BYTES;
	}
	plan_levels(plans);
	for (const struct plan *plan = plans; plan < plans + INDEX_KEYS; plan++) {
		put_rows(top, plan, plan->top, 0, plan->counts[plan->top]);
		top += level_bytes(plan, plan->top);
		bytes_put32(plan->head + HEAD_ROWS_COUNT, (uint32_t)plan->rows->count);
		bytes_put32(plan->head + HEAD_ROWS_LEVELS, plan->top + 1);
		bytes_put64(plan->head + HEAD_ROWS_CLASSES, plan->rows->classes);
	}
	qsort(plans, INDEX_KEYS, sizeof *plans, compare_plans);
	for (const struct plan *plan = plans; plan < plans + INDEX_KEYS; plan++)
		for (unsigned level = plan->top; level-- > 1;)
			write_level(writer, plan, level);
	for (const struct plan *plan = plans; plan < plans + INDEX_KEYS; plan++)
		if (plan->top > 0)
			write_level(writer, plan, 0);
}

/* The first page. */
static uint32_t
write_numbers(struct writer *writer, const uint32_t *numbers, size_t count)
{
	uint32_t first = writer->next;

	for (size_t at = 0; at < count; at += NUMBERS_PER_PAGE) {
		unsigned char *page = begin_page(writer);

		for (size_t i = 0; i < NUMBERS_PER_PAGE && at + i < count; i++)
			bytes_put32(page + 4 * i, numbers[at + i]);
		end_page(writer);
	}
	return first;
}

static uint32_t
write_parents(struct writer *writer, const struct index *index, enum index_key key)
{
	if (index->parents[key] == NULL)
		return 0;
	return write_numbers(writer, index->parents[key], index->rows[key].count);
}

static void
write_head(struct writer *writer, const struct image_facts *facts, unsigned char *head)
{
	memcpy(head + HEAD_MAGIC, IMAGE_MAGIC, sizeof IMAGE_MAGIC - 1);
	bytes_put32(head + HEAD_FORMAT, IMAGE_FORMAT);
	bytes_put32(head + HEAD_MODE, facts->mode | (facts->is_list ? MODE_LIST : 0));
	bytes_put32(head + HEAD_PAGES, writer->next);
	bytes_put64(head + HEAD_TEXT, facts->text_bytes);
	bytes_put64(head + HEAD_ERROR, facts->error_at);
	for (unsigned i = 0; i < IMAGE_STAMP_WORDS; i++)
		bytes_put64(head + HEAD_STAMP + 8 * i, facts->stamp[i]);
	flush(writer);
	writer->next = 0;
	memcpy(begin_page(writer), head, IMAGE_ROOM_BYTES);
	end_page(writer);
	flush(writer);
}

bool
image_write(int fd, const struct index *index, const struct image_facts *facts)
{
	struct writer *writer = calloc(1, sizeof *writer);
	unsigned char head[IMAGE_ROOM_BYTES] = {0};
	bool is_written;

	if (writer == NULL)
		return false;
	writer->fd = fd;
	writer->next = 1;
	write_rows(writer, index, head);
	for (unsigned key = INDEX_V4; key <= INDEX_V6; key++)
		bytes_put32(head + HEAD_PARENTS + 4 * key,
		    write_parents(writer, index, (enum index_key)key));
	if (!facts->is_list)
		bytes_put32(head + HEAD_NEWLINES,
		    write_numbers(writer, facts->newlines,
		        (size_t)(facts->text_bytes / IMAGE_PIECE_BYTES + 1)));
	bytes_put64(head + HEAD_SHAPES, index->name_shapes);
	write_head(writer, facts, head);
	is_written = !writer->failed;
	free(writer);
	return is_written;
}
