/*
 * What writer and reader of an image agree on. For write.c and read.c only.
 */
#ifndef IMAGE_PAGES_H
#define IMAGE_PAGES_H

#include "image/image.h"

/* Where things are in page 0. */
enum {
	HEAD_MAGIC = 0, /* 8 bytes */
	HEAD_FORMAT = 8,
	HEAD_MODE = 12,
	HEAD_PAGES = 16,
	HEAD_NEWLINES = 20, /* first page */
	HEAD_TEXT = 24, /* bytes; 8 */
	HEAD_ERROR = 32, /* 8 */
	HEAD_SHAPES = 40, /* 8 */
	HEAD_STAMP = 48,
	HEAD_PARENTS = HEAD_STAMP + 8 * IMAGE_STAMP_WORDS, /* two first pages; 0: none */
	HEAD_ROWS = HEAD_PARENTS + 8,
	/* of each key: */
	HEAD_ROWS_COUNT = 0,
	HEAD_ROWS_LEVELS = 4,
	HEAD_ROWS_CLASSES = 8, /* 8 */
	HEAD_ROWS_PAGES = 16, /* first ones, of the levels but the highest */
	HEAD_ROWS_BYTES = HEAD_ROWS_PAGES + 4 * ROW_LEVELS_MAX,
	/* The highest levels of each key's rows, without gaps: that is a page less to be read. */
	HEAD_TOPS = HEAD_ROWS + INDEX_KEYS * HEAD_ROWS_BYTES,
	HEAD_TOPS_BYTES = IMAGE_ROOM_BYTES - HEAD_TOPS,
};

#define IMAGE_MAGIC "tcpwrap\n"

/* Beside the mode. */
enum { MODE_LIST = 0x100 };

/* Numbers in pages of numbers. */
enum { NUMBERS_PER_PAGE = IMAGE_ROOM_BYTES / 4 };

static inline size_t
pages_for(size_t count, size_t per_page)
{
	return (count + per_page - 1) / per_page;
}

static inline size_t
level_width(const struct rows *rows, unsigned level)
{
	return level > 0 ? rows->edge_bytes : rows_width(rows);
}

static inline size_t
level_per_page(const struct rows *rows, unsigned level)
{
	return IMAGE_ROOM_BYTES / level_width(rows, level);
}

/* Of a page and its number: every change of one word shows, and of others all but one in 2^64. */
uint64_t page_sum(const unsigned char *page, uint32_t number);

#endif
