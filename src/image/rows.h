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

enum { ROW_KEY_MAX = 17, ROW_CLASS_BYTES = 4, ROW_ITEM_BYTES = 4 };

/* All zero but for key_bytes: none. */
struct rows {
	unsigned char *bytes;
	size_t count, size; /* rows; there is room for */
	unsigned key_bytes; /* 0 to ROW_KEY_MAX */
};

/* Add a row behind all others. False: out of memory, or more than a uint32_t can count. */
bool rows_add(struct rows *, const unsigned char *key, uint32_t class, uint32_t item);

/* Sort by key and class; rows that agree in both keep their order. False: out of memory. */
bool rows_sort(struct rows *);
/* Give back what no row needs. */
void rows_trim(struct rows *);
void rows_release(struct rows *);

/* The number of rows whose first len bytes are below those, or also equal to them. */
size_t rows_below(const struct rows *, const unsigned char *bytes, size_t len, bool or_equal);

const unsigned char *rows_at(const struct rows *, size_t row);
uint32_t rows_item(const struct rows *, size_t row);

#endif
