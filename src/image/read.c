/*
 * NAME     read - an index in pages
 * PURPOSE  The few pages that a search needs, each read when it is needed.
 * INVARIANTS  A page counts only if it is there as a whole and its check sum holds. A number that is read is
 *          compared with what it must be below before it is used. What fails is zeros and a mark:
 *          nobody stops in the middle. No mapping: a file that is cut is a short read, not a signal.
 * SEE      image.h
 */
#include <string.h>
#include <unistd.h>

#include <errno.h>

#include "base/bytes.h"
#include "image/keys.h"
#include "image/pages.h"

static uint64_t
word_at(const unsigned char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof word);
	return word;
}

/* So that also the highest bits come to all others. */
static uint64_t
rotate(uint64_t word)
{
	return word << 29 | word >> 35;
}

/* Each step can be undone, so two pages that differ in one word never have the same sum. */
uint64_t
page_sum(const unsigned char *page, uint32_t number)
{
	uint64_t sum = UINT64_C(0x9e3779b97f4a7c15) + number;

#pragma GCC unroll 7
	for (size_t at = 0; at < IMAGE_ROOM_BYTES; at += sizeof(uint64_t))
		sum = rotate((sum ^ word_at(page + at)) * UINT64_C(0xff51afd7ed558ccd));
	return sum;
}

bool
image_page_is_sound(const unsigned char page[IMAGE_PAGE_BYTES], uint32_t number)
{
	return bytes_get64(page + IMAGE_ROOM_BYTES) == page_sum(page, number);
}

size_t
image_read_at(int fd, void *bytes, size_t size, uint64_t at)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = pread(fd, (char *)bytes + done, size - done, (off_t)(at + done));

		if (got > 0)
			done += (size_t)got;
		else if (got == 0 || errno != EINTR)
			break;
	}
	return done;
}

static bool
read_page(int fd, uint32_t number, unsigned char *page)
{
	return image_read_at(fd, page, IMAGE_PAGE_BYTES, (uint64_t)number * IMAGE_PAGE_BYTES) ==
	    IMAGE_PAGE_BYTES &&
	    image_page_is_sound(page, number);
}

static const unsigned char *
fail(struct image *image)
{
	static const unsigned char nothing[IMAGE_PAGE_BYTES];

	image->failed = true;
	return nothing;
}

static const unsigned char *
get_page(struct image *image, uint64_t number)
{
	unsigned slot = 0;

	if (image->failed || number == 0 || number >= image->page_count)
		return fail(image);
	if (image->all != NULL)
		return image->all + number * IMAGE_PAGE_BYTES;
	while (slot < IMAGE_CACHE_PAGES && image->cached[slot] != number)
		slot++;
	if (slot < IMAGE_CACHE_PAGES)
		return image->pages[slot];
	slot = image->next_slot;
	image->next_slot = (slot + 1) % IMAGE_CACHE_PAGES;
	image->cached[slot] = 0;
	if (!read_page(image->fd, (uint32_t)number, image->pages[slot]))
		return fail(image);
	image->cached[slot] = (uint32_t)number;
	return image->pages[slot];
}

static uint32_t
get_number(struct image *image, uint32_t first_page, uint64_t index)
{
	const unsigned char *page = get_page(image, first_page + index / NUMBERS_PER_PAGE);

	return bytes_get32(page + 4 * (index % NUMBERS_PER_PAGE));
}

/* ---- rows ---- */

/* The highest level: it is in the first page. */
static const unsigned char *
top_of(const struct rows *rows)
{
	const struct image *image = rows->image;

	return image->head + HEAD_TOPS + (size_t)(rows - image->index.rows) * HEAD_TOP_BYTES;
}

const unsigned char *
image_row(const struct rows *rows, unsigned level, size_t row)
{
	size_t per_page = rows_per_page(rows);

	if (row >= rows->counts[level])
		return fail(rows->image);
	if (level + 1 == rows->level_count)
		return top_of(rows) + row * rows_width(rows);
	return get_page(rows->image, (uint64_t)rows->first_page[level] + row / per_page) +
	    row % per_page * rows_width(rows);
}

struct image_range
image_level(const struct rows *rows, unsigned level)
{
	return (struct image_range){0, rows->counts[level]};
}

struct image_range
image_page(const struct rows *rows, unsigned level, size_t page)
{
	size_t per_page = rows_per_page(rows), count = rows->counts[level];
	size_t low = page * per_page, high = low + per_page;

	if (low >= count) {
		fail(rows->image);
		return (struct image_range){0, 0};
	}
	return (struct image_range){low, high < count ? high : count};
}

uint32_t
image_parent(const struct rows *rows, enum index_key key, uint32_t row)
{
	struct image *image = rows->image;
	uint32_t parent;

	if (image->parents_page[key] == 0)
		return UINT32_MAX;
	parent = get_number(image, image->parents_page[key], row);
	if (image->failed || parent == UINT32_MAX)
		return UINT32_MAX;
	if (parent >= row) {
		fail(image);
		return UINT32_MAX;
	}
	return parent;
}

uint32_t
image_newlines(struct image *image, uint64_t at)
{
	if (at >= image->facts.text_bytes) {
		fail(image);
		return 0;
	}
	return get_number(image, image->newlines_page, at / IMAGE_PIECE_BYTES);
}

/* ---- the first page ---- */

/* False: levels are not what that many rows need. */
static bool
read_rows(struct image *image, unsigned key)
{
	const unsigned char *head = image->head + HEAD_ROWS + key * HEAD_ROWS_BYTES;
	struct rows *rows = &image->index.rows[key];
	unsigned level = 0;

	rows->image = image;
	rows->count = bytes_get32(head + HEAD_ROWS_COUNT);
	rows->level_count = bytes_get32(head + HEAD_ROWS_LEVELS);
	rows->counts[0] = rows->count;
	for (; rows->counts[level] > rows_in_head(rows); level++) {
		if (level + 1 == ROW_LEVELS_MAX)
			return false;
		rows->first_page[level] = bytes_get32(head + HEAD_ROWS_PAGES + 4 * level);
		rows->counts[level + 1] = pages_for(rows->counts[level], rows_per_page(rows));
	}
	return rows->level_count == level + 1;
}

bool
image_read(struct image *image, int fd)
{
	const unsigned char *head = image->head;
	struct image_facts *facts = &image->facts;
	bool is_fine;

	memset(image, 0, offsetof(struct image, head));
	image->fd = fd;
	if (!read_page(fd, 0, image->head) ||
	    memcmp(head + HEAD_MAGIC, IMAGE_MAGIC, sizeof IMAGE_MAGIC - 1) != 0 ||
	    bytes_get32(head + HEAD_FORMAT) != IMAGE_FORMAT)
		return false;
	facts->is_list = (bytes_get32(head + HEAD_MODE) & MODE_LIST) != 0;
	facts->mode = (enum lines_mode)(bytes_get32(head + HEAD_MODE) & ~(uint32_t)MODE_LIST);
	facts->text_bytes = bytes_get64(head + HEAD_TEXT);
	facts->error_at = bytes_get64(head + HEAD_ERROR);
	for (unsigned i = 0; i < IMAGE_STAMP_WORDS; i++)
		facts->stamp[i] = bytes_get64(head + HEAD_STAMP + 8 * i);
	image->page_count = bytes_get32(head + HEAD_PAGES);
	image->newlines_page = bytes_get32(head + HEAD_NEWLINES);
	image->parents_page[INDEX_V4] = bytes_get32(head + HEAD_PARENTS);
	image->parents_page[INDEX_V6] = bytes_get32(head + HEAD_PARENTS + 4);
	index_init(&image->index);
	image->index.name_shapes = bytes_get64(head + HEAD_SHAPES);
	is_fine = facts->mode <= LINES_MODERN;
	for (unsigned key = 0; key < INDEX_KEYS; key++)
		is_fine = read_rows(image, key) && is_fine;
	return is_fine;
}

bool
image_has_failed(const struct image *image)
{
	return image->failed;
}
