/*
 * NAME     scrub - an image, page by page
 * LIMITS   BATCH_PAGES in a read: a quarter of a MiB.
 * SEE      image.h
 */
#include "image/scrub.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH_PAGES = 64 };

/* How many sound pages there are, from that one on. */
static uint32_t
read_pages(int fd, uint32_t page, unsigned char *pages, uint32_t count)
{
	size_t done = image_read_at(
	    fd, pages, (size_t)count * IMAGE_PAGE_BYTES, (uint64_t)page * IMAGE_PAGE_BYTES);
	uint32_t sound = 0;

	while (sound < done / IMAGE_PAGE_BYTES &&
	    image_page_is_sound(pages + (size_t)sound * IMAGE_PAGE_BYTES, page + sound))
		sound++;
	return sound;
}

enum scrub_status
scrub_pages(const struct image *image, uint32_t *ret_page)
{
	unsigned char *batch = malloc((size_t)BATCH_PAGES * IMAGE_PAGE_BYTES);
	uint32_t page = 0, want, sound = 0;

	if (batch == NULL)
		return SCRUB_NO_MEMORY;
	do {
		uint32_t left = image->page_count - page;

		want = left < BATCH_PAGES ? left : BATCH_PAGES;
		sound = read_pages(image->fd, page, batch, want);
		page += sound;
	} while (sound == want && page < image->page_count);
	free(batch);
	*ret_page = page;
	return page == image->page_count ? SCRUB_SOUND : SCRUB_DAMAGED;
}

enum scrub_status
scrub_load(struct image *image, unsigned char **ret_all, uint32_t *ret_page)
{
	unsigned char *all = malloc((size_t)image->page_count * IMAGE_PAGE_BYTES);

	if (all == NULL)
		return SCRUB_NO_MEMORY;
	*ret_page = read_pages(image->fd, 0, all, image->page_count);
	if (*ret_page < image->page_count) {
		free(all);
		return SCRUB_DAMAGED;
	}
	image->all = *ret_all = all;
	return SCRUB_SOUND;
}

/* Does a level have what the first row of each page of the level below it begins with? */
static bool
check_level(const struct rows *rows, unsigned level, size_t *ret_row)
{
	unsigned char row[ROW_KEY_MAX + ROW_CLASS_BYTES + ROW_ITEM_BYTES];
	size_t width = rows->edge_bytes;

	for (size_t at = 0; at < rows->counts[level]; at++) {
		struct image_range page = image_page(rows, level - 1, at);

		memcpy(row, image_row(rows, level, at), width);
		if (memcmp(row, image_row(rows, level - 1, page.low), width) != 0) {
			*ret_row = page.low;
			return false;
		}
	}
	return true;
}

bool
scrub_rows(struct image *image, enum index_key key, size_t *ret_row)
{
	const struct rows *rows = &image->index.rows[key];
	unsigned char before[ROW_KEY_MAX + ROW_CLASS_BYTES + ROW_ITEM_BYTES] = {0};
	size_t width = rows_width(rows);

	for (size_t row = 0; row < rows->count && !image->failed; row++) {
		const unsigned char *now = image_row(rows, 0, row);

		if (memcmp(before, now, width) > 0) {
			*ret_row = row;
			return false;
		}
		memcpy(before, now, width);
	}
	for (unsigned level = 1; level < rows->level_count && !image->failed; level++)
		if (!check_level(rows, level, ret_row))
			return false;
	return !image->failed;
}
