/*
 * NAME     shape - one value: words, numbers, switches
 * INVARIANTS  What is written is read as the same.
 * SEE      data/attributes.def
 */
#include "cmd/inetd/conf/shape.h"

#include <string.h>

#include "base/str.h"
#include "cmd/inetd/conf/where.h"

bool
shape_has(const struct value *value, size_t count)
{
	if (value->count < count)
		return attribute_bad(value, CONF_NO_VALUE, value->name);
	if (value->count > count)
		return attribute_bad(value, CONF_EXTRA_VALUE, &value->items[count]);
	return true;
}

void *
shape_member(const struct value *value)
{
	return (char *)&value->builder->entry + value->attribute->member;
}

const void *
shape_of(const struct conf_entry *entry, const struct attribute *attribute)
{
	return (const char *)entry + attribute->member;
}

bool
shape_is(const struct conf_word *word, const char *keyword)
{
	return str_is(word->text, strlen(word->text), keyword);
}

void
shape_add_words(struct buf *buf, const struct conf_words *words)
{
	for (size_t i = 0; i < words->count; i++) {
		buf_add_str(buf, i > 0 ? " " : "");
		buf_add_str(buf, words->items[i].text);
	}
}

/* ---- words ---- */

bool
read_word(const struct value *value)
{
	if (!shape_has(value, 1))
		return false;
	*(struct conf_word *)shape_member(value) = conf_keep(value->builder->conf, value->items);
	return true;
}

bool
write_word(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	const struct conf_word *word = shape_of(entry, attribute);

	if (word->text == NULL)
		return false;
	buf_add_str(buf, word->text);
	return true;
}

bool
read_path(const struct value *value)
{
	if (value->count == 1 && value->items[0].text[0] != '/')
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	return read_word(value);
}

bool
write_path(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	return write_word(entry, attribute, buf);
}

/* ---- switches ---- */

static bool
read_switch(const struct value *value, bool *ret)
{
	if (!shape_has(value, 1))
		return false;
	if (!shape_is(value->items, "yes") && !shape_is(value->items, "no"))
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	*ret = shape_is(value->items, "yes");
	return true;
}

bool
read_yesno(const struct value *value)
{
	return read_switch(value, shape_member(value));
}

bool
write_yesno(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	const bool *is_on = shape_of(entry, attribute);

	buf_add_str(buf, "yes");
	return *is_on;
}

bool
read_wait(const struct value *value)
{
	return read_yesno(value);
}

bool
write_wait(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)attribute;
	buf_add_str(buf, entry->is_wait ? "yes" : "no");
	return true;
}

bool
read_groups(const struct value *value)
{
	bool has_groups = false;

	if (!read_switch(value, &has_groups))
		return false;
	value->builder->entry.has_no_groups = !has_groups;
	return true;
}

bool
write_groups(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)attribute;
	buf_add_str(buf, entry->has_no_groups ? "no" : "yes");
	return entry->user.text != NULL;
}

bool
read_v6only(const struct value *value)
{
	return read_switch(value, &value->builder->is_v6only);
}

bool
write_v6only(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)attribute;
	buf_add_str(buf, "yes");
	return entry->families == CONF_V6;
}

/* ---- numbers ---- */

static bool
read_between(const struct value *value, unsigned long *ret)
{
	const char *text;

	if (!shape_has(value, 1))
		return false;
	text = value->items[0].text;
	if (!str_number(text, strlen(text), (unsigned long)value->attribute->most, ret) ||
	    *ret < (unsigned long)value->attribute->least)
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	return true;
}

bool
read_number(const struct value *value)
{
	unsigned long number;

	if (!read_between(value, &number))
		return false;
	*(int *)shape_member(value) = (int)number;
	return true;
}

bool
write_number(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	const int *number = shape_of(entry, attribute);

	buf_add_number(buf, (unsigned long)*number);
	return *number > 0;
}

bool
read_seconds(const struct value *value)
{
	unsigned long number;

	if (!read_between(value, &number))
		return false;
	*(unsigned *)shape_member(value) = (unsigned)number;
	return true;
}

bool
write_seconds(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	const unsigned *number = shape_of(entry, attribute);

	buf_add_number(buf, *number);
	return *number > 0;
}

bool
shape_count(const char *text, size_t len, unsigned long most, unsigned *ret)
{
	unsigned long number = 0;

	if (!str_is(text, len, "UNLIMITED") &&
	    (!str_number(text, len, most, &number) || number == 0))
		return false;
	*ret = (unsigned)number;
	return true;
}

bool
read_count(const struct value *value)
{
	if (!shape_has(value, 1))
		return false;
	if (!shape_count(value->items[0].text, strlen(value->items[0].text),
	        (unsigned long)value->attribute->most, shape_member(value)))
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	return true;
}

bool
write_count(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	return write_seconds(entry, attribute, buf);
}

bool
read_size(const struct value *value)
{
	if (!shape_has(value, 1))
		return false;
	if (!where_size(value->items[0].text, strlen(value->items[0].text), shape_member(value)))
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	return true;
}

bool
write_size(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	return write_number(entry, attribute, buf);
}

bool
read_nice(const struct value *value)
{
	enum { LOWEST = 20, HIGHEST = 19 };
	const char *text;
	unsigned long number;
	bool is_minus;

	if (!shape_has(value, 1))
		return false;
	text = value->items[0].text;
	is_minus = text[0] == '-';
	if (!str_number(
	        text + is_minus, strlen(text + is_minus), is_minus ? LOWEST : HIGHEST, &number))
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	value->builder->entry.nice = is_minus ? -(int)number : (int)number;
	value->builder->entry.has_nice = true;
	return true;
}

bool
write_nice(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)attribute;
	buf_add_str(buf, entry->nice < 0 ? "-" : "");
	buf_add_number(buf, (unsigned long)(entry->nice < 0 ? -entry->nice : entry->nice));
	return entry->has_nice;
}

/* ---- octal ---- */

static bool
read_octal(const struct value *value, int *ret)
{
	const char *text;
	long number = 0;

	if (!shape_has(value, 1))
		return false;
	text = value->items[0].text;
	for (; *text >= '0' && *text <= '7' && number <= value->attribute->most; text++)
		number = number * 8 + (*text - '0');
	if (text == value->items[0].text || *text != '\0' || number < value->attribute->least ||
	    number > value->attribute->most)
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	*ret = (int)number;
	return true;
}

static void
add_octal(struct buf *buf, int number)
{
	buf_add_char(buf, '0');
	for (int shift = 6; shift >= 0; shift -= 3)
		buf_add_char(buf, (char)('0' + (number >> shift & 7)));
}

bool
read_umask(const struct value *value)
{
	return read_octal(value, &value->builder->entry.umask);
}

bool
write_umask(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)attribute;
	if (entry->umask >= 0)
		add_octal(buf, entry->umask);
	return entry->umask >= 0;
}

/* ---- what only a unix socket has ---- */

bool
read_unix_word(const struct value *value)
{
	return read_word(value);
}

bool
write_unix_word(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	return entry->families == CONF_UNIX && write_word(entry, attribute, buf);
}

bool
read_unix_mode(const struct value *value)
{
	return read_octal(value, &value->builder->entry.socket_mode);
}

bool
write_unix_mode(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)attribute;
	add_octal(buf, entry->socket_mode);
	return entry->families == CONF_UNIX && entry->socket_mode > 0;
}
