/*
 * NAME     show - entries as xinetd.conf
 * INVARIANTS  What is written here is read as the same entry, and written as the same text.
 * LIMITS   Long sets are several lines: SET_VALUES values or SET_BYTES each.
 * SEE      inetd(8) --print, data/attributes.def
 */
#include "cmd/inetd/conf/show.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/inetd/conf/attribute.h"

enum {
	SET_VALUES = CONF_WORDS_MAX / 2,
	SET_BYTES = CONF_ENTRY_MAX / 2,
	VALUE_MAX = 64 << 20, /* CONF_SET_MAX of the longest there are */
};

/* ---- ids ---- */

struct name {
	const struct conf_entry *entry;
	size_t order; /* of the files */
	size_t twin; /* how many of the same id come before; 0: the first */
	bool is_shared; /* others have the id */
	bool is_first_of_protocol;
};

static int
by_id(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = strcmp(conf_id(x->entry), conf_id(y->entry));

	return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

static int
by_order(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

/* Which of those with the same id it is. */
static void
count_twins(struct name *names, size_t count)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < count; i++) {
		const struct conf_entry *entry = names[i].entry;
		bool is_twin = i > 0 && strcmp(conf_id(names[i - 1].entry), conf_id(entry)) == 0;
		uint64_t bit = UINT64_C(1) << (entry->families * 3 + entry->socktype);

		names[i].twin = is_twin ? names[i - 1].twin + 1 : 0;
		names[i].is_shared = is_twin;
		if (is_twin)
			names[i - 1].is_shared = true;
		else
			seen = 0;
		names[i].is_first_of_protocol = (seen & bit) == 0;
		seen |= bit;
	}
}

/* The names of all, by id. NULL: out of memory. */
static struct name *
list_names(const struct conf *conf, size_t *ret_count)
{
	struct name *names;
	size_t count = 0;

	for (const struct conf_entry *entry = conf->entries; entry != NULL; entry = entry->next)
		count++;
	names = calloc(count + 1, sizeof *names);
	if (names == NULL)
		return NULL;
	count = 0;
	for (const struct conf_entry *entry = conf->entries; entry != NULL; entry = entry->next) {
		names[count].entry = entry;
		names[count].order = count;
		count++;
	}
	qsort(names, count, sizeof *names, by_id);
	count_twins(names, count);
	*ret_count = count;
	return names;
}

/* Has any entry this id by itself? */
static bool
is_taken(const struct name *sorted, size_t count, const char *id)
{
	struct conf_entry entry = {.id.text = id};
	struct name key = {.entry = &entry};
	size_t from = 0, until = count;

	while (from < until) {
		size_t middle = from + (until - from) / 2;

		if (by_id(&sorted[middle], &key) < 0)
			from = middle + 1;
		else
			until = middle;
	}
	return from < count && strcmp(conf_id(sorted[from].entry), id) == 0;
}

/* "echo-udp", or "echo-udp-3" if that is not unique. */
static void
add_unique_id(struct buf *buf, const struct name *sorted, size_t count, const struct name *name)
{
	size_t number = name->is_first_of_protocol ? 0 : name->twin + 1;
	const struct conf_entry *entry = name->entry;

	do {
		buf_clear(buf);
		buf_add_str(buf, entry->service.text);
		buf_add_char(buf, '-');
		buf_add_str(buf, entry->protocol.text);
		if (number > 0) {
			buf_add_char(buf, '-');
			buf_add_number(buf, number);
		}
		number += number > 0 ? count : name->twin + 1;
	} while (!buf->failed && is_taken(sorted, count, buf->bytes));
}

/* ---- blocks ---- */

/* The end of what goes on a line: a blank, or the end of the text. */
static size_t
line_end(const char *text, size_t len)
{
	size_t values = 0, end = 0;

	for (size_t at = 0; at < len; at++) {
		if (text[at] != ' ')
			continue;
		if (++values >= SET_VALUES || at > SET_BYTES)
			return end > 0 && at > SET_BYTES ? end : at;
		end = at;
	}
	return len;
}

static void
add_setting(struct buf *buf, const struct attribute *attribute, const char *text, size_t len)
{
	const char *sign = " =";

	do {
		size_t end = attribute->signs == SIGNS_ONCE ? len : line_end(text, len);

		buf_add_char(buf, '\t');
		buf_add_str(buf, attribute->name);
		buf_add_str(buf, sign);
		buf_add_str(buf, end > 0 ? " " : "");
		buf_add(buf, text, end);
		buf_add_char(buf, '\n');
		sign = " +=";
		end += end < len;
		text += end;
		len -= end;
	} while (len > 0);
}

static bool
add_block(struct buf *buf, const struct conf_entry *entry)
{
	struct buf value;

	buf_add_str(buf, "service ");
	buf_add_str(buf, entry->service.text);
	buf_add_str(buf, "\n{\n");
	buf_init(&value, NULL, 0, VALUE_MAX);
	for (size_t i = 0; i < ATTRIBUTES && !buf->failed; i++) {
		buf_clear(&value);
		if (attributes[i].write(entry, &attributes[i], &value))
			add_setting(
			    buf, &attributes[i], value.len > 0 ? value.bytes : "", value.len);
		buf->failed |= value.failed;
	}
	buf_release(&value);
	return buf_add_str(buf, "}\n");
}

static bool
add_named_block(struct buf *buf, const struct name *sorted, size_t count, const struct name *name)
{
	struct conf_entry entry = *name->entry;
	struct buf id;
	bool ok;

	buf_init(&id, NULL, 0, 2 * CONF_ENTRY_MAX);
	if (name->is_shared && entry.id.text == NULL) {
		add_unique_id(&id, sorted, count, name);
		entry.id.text = id.bytes;
	}
	if (entry.id.text != NULL && strcmp(entry.id.text, entry.service.text) == 0)
		entry.id.text = NULL;
	ok = !id.failed && add_block(buf, &entry);
	buf_release(&id);
	return ok;
}

bool
show_blocks(const struct conf *conf, struct buf *buf)
{
	size_t count = 0;
	struct name *sorted = list_names(conf, &count), *names = calloc(count + 1, sizeof *names);
	bool ok = sorted != NULL && names != NULL;

	if (ok && count > 0) {
		memcpy(names, sorted, count * sizeof *names);
		qsort(names, count, sizeof *names, by_order);
	}
	for (size_t i = 0; i < count && ok; i++) {
		if (i > 0)
			buf_add_char(buf, '\n');
		ok = add_named_block(buf, sorted, count, &names[i]);
	}
	free(sorted);
	free(names);
	return ok && !buf->failed;
}
