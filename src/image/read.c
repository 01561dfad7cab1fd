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
	enum { WORD = sizeof(uint64_t), LAST = IMAGE_ROOM_BYTES - WORD };
	const uint64_t odd = UINT64_C(0xff51afd7ed558ccd);
	uint64_t sum = UINT64_C(0x9e3779b97f4a7c15) + number;

#pragma GCC unroll 16
	for (size_t at = 0; at < LAST; at += (size_t)2 * WORD)
		sum = rotate((sum ^ word_at(page + at)) * odd + word_at(page + at + WORD));
	return rotate((sum ^ word_at(page + LAST)) * odd);
}
_Static_assert(IMAGE_ROOM_BYTES / sizeof(uint64_t) % 2 == 1, "pairs of words, and the last");

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
	    IMAGE_PAGE_BYTES;
}

/* The first page, and those behind it, at once. */
static bool
read_first(struct image *image)
{
	ssize_t got;

	do
		got = pread(
		    image->fd, image->pages, (size_t)(1 + IMAGE_AHEAD_PAGES) * IMAGE_PAGE_BYTES, 0);
	while (got < 0 && errno == EINTR);
	if (got < IMAGE_PAGE_BYTES)
		return false;
	image->ahead_count = (unsigned)(got / IMAGE_PAGE_BYTES) - 1;
	image->next_slot = IMAGE_AHEAD_PAGES;
	return image_page_is_sound(image->pages, 0);
}

static const unsigned char *
fail(struct image *image)
{
	static const unsigned char nothing[IMAGE_PAGE_BYTES];

	image->failed = true;
	return nothing;
}

/* The slot that has the page, or may have it. */
static unsigned
find_slot(struct image *image, uint32_t number)
{
	unsigned slot = IMAGE_AHEAD_PAGES;

	if (number <= image->ahead_count)
		return number - 1;
	while (slot < IMAGE_CACHE_PAGES && image->cached[slot] != number)
		slot++;
	if (slot < IMAGE_CACHE_PAGES)
		return slot;
	slot = image->next_slot++;
	if (image->next_slot == IMAGE_CACHE_PAGES)
		image->next_slot = IMAGE_AHEAD_PAGES;
	return slot;
}

static const unsigned char *
get_page(struct image *image, uint64_t wanted)
{
	uint32_t number = (uint32_t)wanted;
	unsigned char *page;
	unsigned slot;

	if (wanted == image->last && wanted != 0 && !image->failed)
		return image->last_page;
	if (image->failed || wanted == 0 || wanted >= image->page_count)
		return fail(image);
	if (image->all != NULL)
		return image->all + wanted * IMAGE_PAGE_BYTES;
	slot = find_slot(image, number);
	page = image->pages + (1 + slot) * (size_t)IMAGE_PAGE_BYTES;
	image->last = 0;
	if (image->cached[slot] != number) {
		image->cached[slot] = 0;
		if ((number > image->ahead_count && !read_page(image->fd, number, page)) ||
		    !image_page_is_sound(page, number))
			return fail(image);
		image->cached[slot] = number;
	}
	image->last = number;
	return image->last_page = page;
}

static uint32_t
get_number(struct image *image, uint32_t first_page, uint64_t index)
{
	const unsigned char *page = get_page(image, first_page + index / NUMBERS_PER_PAGE);

	return bytes_get32(page + 4 * (index % NUMBERS_PER_PAGE));
}

/* ---- rows ---- */

const unsigned char *
image_row(const struct rows *rows, unsigned level, size_t row)
{
	size_t per_page = level_per_page(rows, level), width = level_width(rows, level);

	if (row >= rows->counts[level])
		return fail(rows->image);
	if (level + 1 == rows->level_count)
		return rows->image->pages + rows->top_at + row * width;
	return get_page(rows->image, (uint64_t)rows->first_page[level] + row / per_page) +
	    row % per_page * width;
}

const unsigned char *
image_rows(const struct rows *rows, unsigned level, struct image_range range)
{
	size_t per_page = level_per_page(rows, level);

	if (range.low >= range.high || range.high > rows->counts[level] ||
	    (level + 1 < rows->level_count && range.low / per_page != (range.high - 1) / per_page))
		return NULL;
	return image_row(rows, level, range.low);
}

struct image_range
image_page(const struct rows *rows, unsigned level, size_t page)
{
	size_t per_page = level_per_page(rows, level), count = rows->counts[level];
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

/* *top_at is where the highest level is, and then the next key's. False: that is not in the page. */
static bool
read_rows(struct image *image, unsigned key, size_t *top_at)
{
	const unsigned char *head = image->pages + HEAD_ROWS + key * HEAD_ROWS_BYTES;
	struct rows *rows = &image->index.rows[key];
	unsigned top;

	rows->image = image;
	rows->count = bytes_get32(head + HEAD_ROWS_COUNT);
	rows->level_count = bytes_get32(head + HEAD_ROWS_LEVELS);
	rows->classes = bytes_get64(head + HEAD_ROWS_CLASSES);
	rows->counts[0] = rows->count;
	if (rows->level_count == 0 || rows->level_count > ROW_LEVELS_MAX)
		return false;
	top = rows->level_count - 1;
	for (unsigned level = 0; level < top; level++) {
		rows->first_page[level] = bytes_get32(head + HEAD_ROWS_PAGES + 4 * level);
		rows->counts[level + 1] =
		    pages_for(rows->counts[level], level_per_page(rows, level));
	}
	rows->top_at = *top_at;
	*top_at += rows->counts[top] * level_width(rows, top);
	return *top_at <= IMAGE_ROOM_BYTES;
}

bool
image_read(struct image *image, int fd)
{
	const unsigned char *head = image->pages;
	struct image_facts *facts = &image->facts;
	size_t top_at = HEAD_TOPS;
	bool is_fine;

	memset(image, 0, offsetof(struct image, pages));
	image->fd = fd;
	if (!read_first(image) ||
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
		is_fine = is_fine && read_rows(image, key, &top_at);
	return is_fine;
}

bool
image_has_failed(const struct image *image)
{
	return image->failed;
}
