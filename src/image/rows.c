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

enum { ROWS_FIRST = 256 };

static size_t
width_of(const struct rows *rows)
{
	return rows->key_bytes + ROW_CLASS_BYTES + ROW_ITEM_BYTES;
}

const unsigned char *
rows_at(const struct rows *rows, size_t row)
{
	return rows->bytes + row * width_of(rows);
}

static void
put32(unsigned char *bytes, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(value >> (24 - 8 * i));
}

uint32_t
rows_item(const struct rows *rows, size_t row)
{
	const unsigned char *bytes = rows_at(rows, row) + rows->key_bytes + ROW_CLASS_BYTES;

	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	    bytes[3];
}

bool
rows_add(struct rows *rows, const unsigned char *key, uint32_t class, uint32_t item)
{
	unsigned char *row;

	if (rows->count == rows->size) {
		size_t size = rows->size == 0 ? ROWS_FIRST : rows->size * 2;
		unsigned char *bytes =
		    size < UINT32_MAX ? realloc(rows->bytes, size * width_of(rows)) : NULL;

		if (bytes == NULL)
			return false;
		rows->bytes = bytes;
		rows->size = size;
	}
	row = rows->bytes + rows->count++ * width_of(rows);
	if (rows->key_bytes > 0)
		memcpy(row, key, rows->key_bytes);
	put32(row + rows->key_bytes, class);
	put32(row + rows->key_bytes + ROW_CLASS_BYTES, item);
	return true;
}

/* Where the rows with each value of that byte begin. False: they all have the same. */
static bool
count_byte(const struct rows *rows, size_t at, size_t ret_begins[256])
{
	size_t width = width_of(rows), sum = 0;
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
	size_t width = width_of(rows), begins[256];
	unsigned char *other;

	if (rows->count < 2)
		return true;
	other = malloc(rows->count * width);
	if (other == NULL)
		return false;
	for (size_t at = rows->key_bytes + ROW_CLASS_BYTES; at-- > 0;) {
		const unsigned char *row = rows->bytes;
		unsigned char *sorted = other;

		if (!count_byte(rows, at, begins))
			continue;
		for (size_t i = 0; i < rows->count; i++, row += width)
			memcpy(sorted + begins[row[at]]++ * width, row, width);
		other = rows->bytes;
		rows->bytes = sorted;
		rows->size = rows->count;
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
	bytes = rows->count > 0 ? realloc(rows->bytes, rows->count * width_of(rows)) : NULL;
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

size_t
rows_below(const struct rows *rows, const unsigned char *bytes, size_t len, bool or_equal)
{
	size_t low = 0, high = rows->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = len > 0 ? memcmp(rows_at(rows, middle), bytes, len) : 0;

		if (order < 0 || (order == 0 && or_equal))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
