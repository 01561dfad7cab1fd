/*
 * NAME     index - from a request to what it has to be shown
 * PURPOSE  The networks that hold an address are the one that begins last before it, or networks around
 *          that one: one search, and a way up.
 * INVARIANTS  Nothing is left out that could match: what the index cannot tell is INDEX_ALL.
 *          A name is not asked for. As long as it is not known, whatever could ask is named; from
 *          then on only what the name can match.
 * LIMITS   INDEX_RUNS_MAX, INDEX_LABELS_MAX
 * SEE      file.c, docs/decisions/any-size.md
 */
#include "image/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "image/image.h"
#include "image/keys.h"

#define NO_PARENT UINT32_MAX

/* Few rows agree in their edge and differ behind it. */
static const struct {
	uint8_t key_bytes, edge_bytes;
} widths[INDEX_KEYS] = {
    [INDEX_V4] = {NET4_KEY_BYTES, NET4_KEY_BYTES - 1},
    [INDEX_V6] = {NET6_KEY_BYTES, NET6_KEY_BYTES - 1},
    [INDEX_NAME] = {NAME_KEY_BYTES, NAME_KEY_BYTES - 2},
    [INDEX_PENDING] = {0, ROW_CLASS_BYTES + ROW_ITEM_BYTES},
    [INDEX_ALWAYS] = {0, ROW_CLASS_BYTES + ROW_ITEM_BYTES},
};

/* ---- making ---- */

void
index_init(struct index *index)
{
	*index = (struct index){.failed = false};
	for (unsigned key = 0; key < INDEX_KEYS; key++) {
		index->rows[key].key_bytes = widths[key].key_bytes;
		index->rows[key].edge_bytes = widths[key].edge_bytes;
	}
}

void
index_release(struct index *index)
{
	for (unsigned key = 0; key < INDEX_KEYS; key++)
		rows_release(&index->rows[key]);
	free(index->parents[INDEX_V4]);
	free(index->parents[INDEX_V6]);
	index->parents[INDEX_V4] = index->parents[INDEX_V6] = NULL;
}

/* Is the address that a row's key begins with in the network of another's? */
static bool
is_within(const unsigned char *address, const unsigned char *net, size_t address_bytes)
{
	unsigned bits = net[address_bytes], whole = bits / 8, rest = bits % 8;

	return bits <= 8 * address_bytes && memcmp(address, net, whole) == 0 &&
	    (rest == 0 || ((address[whole] ^ net[whole]) & (0xff00 >> rest) & 0xff) == 0);
}

/* A larger network stands before the smaller ones in it, as its length is less. */
static bool
find_parents(const struct rows *rows, uint32_t **ret_parents)
{
	size_t key_len = rows->key_bytes, address_len = key_len - 1;
	uint32_t *parents = rows->count > 0 ? malloc(rows->count * sizeof *parents) : NULL;
	uint32_t first = NO_PARENT; /* of the network at hand */
	bool is_nested = false;

	*ret_parents = parents;
	for (size_t i = 0; i < rows->count && parents != NULL; i++) {
		const unsigned char *row = rows_at(rows, i);

		if (first == NO_PARENT || memcmp(row, rows_at(rows, first), key_len) != 0) {
			while (first != NO_PARENT &&
			    !is_within(row, rows_at(rows, first), address_len))
				first = parents[first];
			parents[i] = first;
			is_nested |= first != NO_PARENT;
			first = (uint32_t)i;
		} else {
			parents[i] = parents[first];
		}
	}
	if (parents == NULL && rows->count > 0)
		return false;
	if (!is_nested) {
		free(parents);
		*ret_parents = NULL;
	}
	return true;
}

bool
index_finish(struct index *index)
{
	for (unsigned key = 0; key < INDEX_KEYS; key++) {
		index->failed = index->failed || !rows_sort(&index->rows[key]);
		rows_trim(&index->rows[key]);
	}
	for (unsigned key = INDEX_V4; key <= INDEX_V6; key++)
		index->failed =
		    index->failed || !find_parents(&index->rows[key], &index->parents[key]);
	return !index->failed;
}

/* ---- walking ---- */

/* No sound index has more of them than there is room for: with one that has, all is shown. */
static void
put_run(struct index_cursor *cursor, enum index_key kind, size_t at, size_t end, uint32_t item)
{
	if (cursor->run_count == INDEX_RUNS_MAX)
		cursor->shows_all = true;
	else
		cursor->runs[cursor->run_count++] =
		    (struct index_run){(uint32_t)at, (uint32_t)end, item, (uint8_t)kind};
}

/* Most have one row: that needs no second search. */
static size_t
end_of_run(const struct rows *rows, size_t at, const unsigned char *bytes, size_t len)
{
	if (at == rows->count || bytes_compare(rows_at(rows, at), bytes, len) != 0)
		return at;
	if (at + 1 == rows->count || bytes_compare(rows_at(rows, at + 1), bytes, len) != 0)
		return at + 1;
	return rows_below(rows, bytes, len, true);
}

/* The rows of one key and class from the item on that has not passed. */
static void
add_run(struct index_cursor *cursor, enum index_key kind, const unsigned char *key, uint16_t class)
{
	const struct rows *rows = &cursor->index->rows[kind];
	unsigned char bytes[ROW_KEY_MAX + ROW_CLASS_BYTES + ROW_ITEM_BYTES];
	size_t len = rows->key_bytes + ROW_CLASS_BYTES, at, end;

	if ((rows->classes & rows_class_bit(class)) == 0 || cursor->from > UINT32_MAX)
		return;
	if (rows->key_bytes > 0)
		memcpy(bytes, key, rows->key_bytes);
	bytes_put16(bytes + rows->key_bytes, class);
	bytes_put32(bytes + len, (uint32_t)cursor->from);
	at = rows_below(rows, bytes, len + ROW_ITEM_BYTES, false);
	end = end_of_run(rows, at, bytes, len);
	if (at < end)
		put_run(cursor, kind, at, end, rows_item(rows, at));
}

static void
add_runs(struct index_cursor *cursor, enum index_key kind, const unsigned char *key)
{
	add_run(cursor, kind, key, CLASS_ANY);
	add_run(cursor, kind, key, cursor->class);
}

static bool
has_key(const struct rows *rows, size_t row, const unsigned char *key)
{
	return row < rows->count && bytes_compare(rows_at(rows, row), key, rows->key_bytes) == 0;
}

/* Most networks stand in one rule: that needs no search. */
static bool
is_alone(const struct rows *rows, size_t row, const unsigned char *key)
{
	return !has_key(rows, row + 1, key) && (row == 0 || !has_key(rows, row - 1, key));
}

/* bytes: the row's. */
static void
add_row(struct index_cursor *cursor, enum index_key kind, uint32_t row, const unsigned char *bytes)
{
	const unsigned char *class = bytes + cursor->index->rows[kind].key_bytes;
	unsigned char own[ROW_CLASS_BYTES], any[ROW_CLASS_BYTES];

	bytes_put16(own, cursor->class);
	bytes_put16(any, CLASS_ANY);
	if (memcmp(class, own, sizeof own) == 0 || memcmp(class, any, sizeof any) == 0)
		put_run(cursor, kind, row, (size_t)row + 1, bytes_get32(class + ROW_CLASS_BYTES));
}

static uint32_t
parent_of(const struct index *index, enum index_key kind, uint32_t row)
{
	const struct rows *rows = &index->rows[kind];

	if (rows->image != NULL)
		return image_parent(rows, kind, row);
	return index->parents[kind] != NULL ? index->parents[kind][row] : NO_PARENT;
}

/* Every network that the address is in. */
static void
add_networks(struct index_cursor *cursor, enum index_key kind, const unsigned char *address)
{
	const struct rows *rows = &cursor->index->rows[kind];
	size_t address_len = (size_t)rows->key_bytes - 1;
	unsigned char key[ROW_KEY_MAX + ROW_CLASS_BYTES + ROW_ITEM_BYTES];
	uint32_t row;

	if (rows->count == 0)
		return;
	memcpy(key, address, address_len);
	key[address_len] = ADDR_BITS; /* as long as any */
	row = (uint32_t)rows_below(rows, key, rows->key_bytes, true);
	row = row > 0 ? row - 1 : NO_PARENT;
	for (; row != NO_PARENT; row = parent_of(cursor->index, kind, row)) {
		memcpy(key, rows_at(rows, row), rows_width(rows));
		if (!is_within(address, key, address_len))
			continue;
		if (is_alone(rows, row, key))
			add_row(cursor, kind, row, key);
		else
			add_runs(cursor, kind, key);
	}
}

void
index_begin(struct index_cursor *cursor, const struct index *index, const struct addr_fact *client,
    const char *daemon, size_t daemon_len)
{
	unsigned char v4[4];

	cursor->index = index;
	cursor->class = class_of(daemon, daemon_len);
	cursor->from = 0;
	cursor->has_name = cursor->has_pending = false;
	cursor->run_count = 0;
	cursor->shows_all = !index_tells(client);
	if (cursor->shows_all)
		return;
	if (client->is_v4) {
		memcpy(v4, client->addr.bytes + sizeof client->addr.bytes - sizeof v4, sizeof v4);
		add_networks(cursor, INDEX_V4, v4);
	} else {
		add_networks(cursor, INDEX_V6, client->addr.bytes);
	}
	add_runs(cursor, INDEX_ALWAYS, NULL);
}

void
index_add_pending(struct index_cursor *cursor)
{
	if (!cursor->has_pending && !cursor->shows_all)
		add_runs(cursor, INDEX_PENDING, NULL);
	cursor->has_pending = true;
}

static void
add_name(struct index_cursor *cursor, const char *text, size_t len)
{
	unsigned char key[NAME_KEY_BYTES];

	if ((cursor->index->name_shapes & name_shape(text, len)) == 0)
		return;
	name_key(text, len, key);
	add_runs(cursor, INDEX_NAME, key);
}

/* All that a text is and ends in. */
static void
add_names(struct index_cursor *cursor, const char *text, size_t len)
{
	add_name(cursor, text, len);
	for (size_t i = 1; i < len; i++)
		if (text[i] == '.')
			add_name(cursor, text + i, len - i);
}

static void
drop_pending(struct index_cursor *cursor)
{
	size_t kept = 0;

	for (size_t i = 0; i < cursor->run_count; i++)
		if (cursor->runs[i].key != INDEX_PENDING)
			cursor->runs[kept++] = cursor->runs[i];
	cursor->run_count = kept;
}

/* A name with a colon is an address that a caller has put in its place. */
static bool
can_tell(const struct name_fact *name)
{
	size_t labels = 1;

	for (size_t i = 0; i < name->len; i++)
		labels += name->text[i] == '.';
	return labels <= INDEX_LABELS_MAX && memchr(name->text, ':', name->len) == NULL;
}

/* The plain way takes no notice of a final dot. */
static void
take_name(struct index_cursor *cursor, const struct name_fact *name)
{
	cursor->has_name = true;
	cursor->shows_all = !can_tell(name);
	if (cursor->shows_all)
		return;
	if (cursor->has_pending)
		drop_pending(cursor);
	add_names(cursor, name->text, name->len);
	if (name->len > 1 && name->text[name->len - 1] == '.')
		add_names(cursor, name->text, name->len - 1);
}

/* A damaged page may be missing in any run. */
static bool
has_failed(const struct index *index)
{
	const struct image *image = index->rows[INDEX_V4].image;

	return image != NULL && image_has_failed(image);
}

/* To the run's first row whose item has not passed. */
static void
advance(const struct index_cursor *cursor, struct index_run *run)
{
	const struct rows *rows = &cursor->index->rows[run->key];

	while (run->at < run->end && run->item < cursor->from)
		if (++run->at < run->end)
			run->item = rows_item(rows, run->at);
}

enum index_step
index_next(struct index_cursor *cursor, const struct name_fact *name, uint32_t *ret_item)
{
	uint64_t next = UINT64_MAX;

	if (!cursor->shows_all && !cursor->has_name && name != NULL)
		take_name(cursor, name);
	if (!cursor->has_name)
		index_add_pending(cursor);
	if (cursor->shows_all)
		return INDEX_ALL;
	for (size_t i = 0; i < cursor->run_count; i++) {
		struct index_run *run = &cursor->runs[i];

		advance(cursor, run);
		if (run->at < run->end && run->item < next)
			next = run->item;
	}
	if (has_failed(cursor->index)) {
		cursor->shows_all = true;
		return INDEX_ALL;
	}
	if (next == UINT64_MAX)
		return INDEX_END;
	*ret_item = (uint32_t)next;
	cursor->from = next + 1;
	return INDEX_ITEM;
}
