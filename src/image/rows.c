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
	rows->classes |= rows_class_bit(class);
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

/* What rows are compared with. */
struct bound {
	const unsigned char *bytes;
	size_t len;
	bool or_equal; /* what is equal is below it */
};

/* Of those, which are in one page: the first that is not below the bound; count: none. */
static size_t
search_page(
    const unsigned char *rows, size_t width, size_t count, struct bound bound, bool *ret_equals)
{
	size_t low = 0;

	while (low < count) {
		size_t middle = low + (count - low) / 2;
		int order = bytes_compare(rows + middle * width, bound.bytes, bound.len);

		if (order < 0 || (order == 0 && bound.or_equal)) {
			low = middle + 1;
		} else {
			count = middle;
			*ret_equals = order == 0;
		}
	}
	return low;
}

/* The first row of a level's range that is not below the bound; range.high: none. *ret_equals: it equals it. */
static size_t
search(const struct rows *rows, unsigned level, struct image_range range, struct bound bound,
    bool *ret_equals)
{
	size_t width = level > 0 ? rows->edge_bytes : rows_width(rows);
	const unsigned char *all;

	*ret_equals = false;
	if (range.low >= range.high)
		return range.low;
	all =
	    rows->image == NULL ? rows->bytes + range.low * width : image_rows(rows, level, range);
	if (all != NULL)
		return range.low +
		    search_page(all, width, range.high - range.low, bound, ret_equals);
	while (range.low < range.high) {
		size_t middle = range.low + (range.high - range.low) / 2;

		if (search_page(image_row(rows, level, middle), width, 1, bound, ret_equals) > 0)
			range.low = middle + 1;
		else
			range.high = middle;
	}
	return range.low;
}

/* The rows of the level below, among which the first is that is not below the bound: those of the page that
 * begins last before it; and of all that may, as a level does not have the whole of a row. */
static struct image_range
narrow(const struct rows *rows, unsigned level, struct image_range range, struct bound bound)
{
	size_t first, last;
	struct bound edge = bound;
	bool may_begin_more;

	if (bound.len > rows->edge_bytes)
		edge = (struct bound){bound.bytes, rows->edge_bytes, false};
	first = last = search(rows, level, range, edge, &may_begin_more);
	if (may_begin_more && bound.len > rows->edge_bytes) {
		edge.or_equal = true;
		range.low = first;
		last = search(rows, level, range, edge, &may_begin_more);
	}
	if (last == 0)
		return (struct image_range){0, 0};
	return (struct image_range){
	    first > 0 ? image_page(rows, level - 1, first - 1).low : 0,
	    image_page(rows, level - 1, last - 1).high,
	};
}

size_t
rows_below(const struct rows *rows, const unsigned char *bytes, size_t len, bool or_equal)
{
	struct bound bound = {bytes, len, or_equal};
	struct image_range range = {0, rows->count};
	bool equals;

	if (rows->level_count > 1)
		range.high = rows->counts[rows->level_count - 1];
	for (unsigned level = rows->level_count; level-- > 1;)
		range = narrow(rows, level, range, bound);
	return search(rows, 0, range, bound, &equals);
}
