/*
 * Sorted rows: where in a text the places of a key are.
 *
 * A row is a key, a class and an item, big-endian and without gaps, so that rows compare as bytes.
 */
#ifndef IMAGE_ROWS_H
#define IMAGE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ROW_KEY_MAX = 17,
	ROW_CLASS_BYTES = 2,
	ROW_ITEM_BYTES = 4,
	/* Of rows in pages: what the first rows of a level's pages begin with is the next level. Four of
	 * them are more than UINT32_MAX rows need. */
	ROW_LEVELS_MAX = 5,
};

struct image; /* image.h */

/* All zero but for key_bytes: none. */
struct rows {
	unsigned char *bytes; /* NULL: they are in pages of an image: */
	size_t count, size; /* rows; there is room for */
	unsigned key_bytes; /* 0 to ROW_KEY_MAX */
	unsigned edge_bytes; /* of a row, in the levels above the rows */
	uint64_t classes; /* a bit for each that some row has: rows_class_bit */
	struct image *image;
	unsigned level_count;
	/* Of each level; the rows themselves are the first. */
	uint32_t first_page[ROW_LEVELS_MAX];
	size_t counts[ROW_LEVELS_MAX];
	size_t top_at; /* the highest of them, in the first page */
};

/* Of one row, key and all. */
static inline size_t
rows_width(const struct rows *rows)
{
	return rows->key_bytes + ROW_CLASS_BYTES + ROW_ITEM_BYTES;
}

/* Several classes have the same. */
static inline uint64_t
rows_class_bit(uint16_t class)
{
	return UINT64_C(1) << class % 64;
}

/* Add a row behind all others. False: out of memory, or more than a uint32_t can count. */
bool rows_add(struct rows *, const unsigned char *key, uint16_t class, uint32_t item);

/* Sort by key and class; rows that agree in both keep their order. False: out of memory. */
bool rows_sort(struct rows *);
/* Give back what no row needs. */
void rows_trim(struct rows *);
void rows_release(struct rows *);

/* The number of rows whose first len bytes are below those, or also equal to them. */
size_t rows_below(const struct rows *, const unsigned char *bytes, size_t len, bool or_equal);

/* A row, until another one is asked for. */
const unsigned char *rows_at(const struct rows *, size_t row);
uint32_t rows_item(const struct rows *, size_t row);

#endif
