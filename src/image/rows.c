/*
 * NAME     rows - sorted rows of bytes
 * PURPOSE  One form for addresses, networks and names: 13 bytes for an IPv4 address.
 * INVARIANTS  Sorting takes time in proportion to the rows, whatever is in them: a radix sort, from the last
 *          byte of the class to the first of the key. A byte that is the same everywhere costs a
 *          look.
 * LIMITS   UINT32_MAX rows: they are numbered with 32 bits.
 */
#include "image/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "image/image.h"

enum { ROWS_FIRST = 256 };

const unsigned char *
rows_at(const struct rows *rows, size_t row)
{
	if (rows->image != NULL)
		return image_row(rows, 0, row);
	return rows->bytes + row * rows_width(rows);
}

uint32_t
rows_item(const struct rows *rows, size_t row)
{
	const unsigned char *bytes = rows_at(rows, row) + rows->key_bytes + ROW_CLASS_BYTES;

	return bytes_get32(bytes);
}

bool
rows_add(struct rows *rows, const unsigned char *key, uint16_t class, uint32_t item)
{
	unsigned char *row;

	if (rows->count == rows->size) {
		size_t size = rows->size == 0 ? ROWS_FIRST : rows->size * 2;
		unsigned char *bytes =
		    size < UINT32_MAX ? realloc(rows->bytes, size * rows_width(rows)) : NULL;

		if (bytes == NULL)
			return false;
		rows->bytes = bytes;
		rows->size = size;
	}
	row = rows->bytes + rows->count++ * rows_width(rows);
	if (rows->key_bytes > 0)
		memcpy(row, key, rows->key_bytes);
	bytes_put16(row + rows->key_bytes, class);
	bytes_put32(row + rows->key_bytes + ROW_CLASS_BYTES, item);
	return true;
}

/* Where the rows with each value of that byte begin. False: they all have the same. */
static bool
count_byte(const struct rows *rows, size_t at, size_t ret_begins[256])
{
	size_t width = rows_width(rows), sum = 0;
	const unsigned char *byte = rows->bytes + at;

	memset(ret_begins, 0, 256 * sizeof *ret_begins);
	for (size_t i = 0; i < rows->count; i++, byte += width)
		ret_begins[*byte]++;
	if (ret_begins[rows->bytes[at]] == rows->count)
		return false;
	for (unsigned value = 0; value < 256; value++) {
		size_t count = ret_begins[value];

		ret_begins[value] = sum;
		sum += count;
	}
	return true;
}

bool
rows_sort(struct rows *rows)
{
	size_t width = rows_width(rows), other_size = rows->count, begins[256];
	unsigned char *other;

	if (rows->count < 2)
		return true;
	other = malloc(rows->count * width);
	if (other == NULL)
		return false;
	for (size_t at = rows->key_bytes + ROW_CLASS_BYTES; at-- > 0;) {
		const unsigned char *row = rows->bytes;
		unsigned char *sorted = other;
		size_t size = other_size;

		if (!count_byte(rows, at, begins))
			continue;
		for (size_t i = 0; i < rows->count; i++, row += width)
			memcpy(sorted + begins[row[at]]++ * width, row, width);
		other = rows->bytes;
		other_size = rows->size;
		rows->bytes = sorted;
		rows->size = size;
	}
	free(other);
	return true;
}

void
rows_trim(struct rows *rows)
{
	unsigned char *bytes;

	if (rows->size == rows->count)
		return;
	bytes = rows->count > 0 ? realloc(rows->bytes, rows->count * rows_width(rows)) : NULL;
	if (rows->count == 0)
		free(rows->bytes);
	if (rows->count > 0 && bytes == NULL)
		return;
	rows->bytes = bytes;
	rows->size = rows->count;
}

void
rows_release(struct rows *rows)
{
	free(rows->bytes);
	rows->bytes = NULL;
	rows->count = rows->size = 0;
}

/* The first row of a level's range that is not below those bytes; range.high: none. */
static size_t
search(const struct rows *rows, unsigned level, struct image_range range,
    const unsigned char *bytes, size_t len, bool or_equal)
{
	while (range.low < range.high) {
		size_t middle = range.low + (range.high - range.low) / 2;
		const unsigned char *row =
		    level > 0 ? image_row(rows, level, middle) : rows_at(rows, middle);
		int order = len > 0 ? memcmp(row, bytes, len) : 0;

		if (order < 0 || (order == 0 && or_equal))
			range.low = middle + 1;
		else
			range.high = middle;
	}
	return range.low;
}

size_t
rows_below(const struct rows *rows, const unsigned char *bytes, size_t len, bool or_equal)
{
	struct image_range range = {0, rows->count};

	/* The page that begins last before them. */
	for (unsigned level = rows->level_count; level-- > 1;) {
		size_t found;

		if (level + 1 == rows->level_count)
			range = image_level(rows, level);
		found = search(rows, level, range, bytes, len, or_equal);
		if (found == 0)
			return 0;
		range = image_page(rows, level - 1, found - 1);
	}
	return search(rows, 0, range, bytes, len, or_equal);
}
