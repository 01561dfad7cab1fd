/*
 * NAME     shape_limit - limits: rates, sources, load
 * INVARIANTS  No number stands for "no limit" but UNLIMITED.
 * SEE      data/attributes.def
 */
#include <string.h>

#include "base/str.h"
#include "cmd/inetd/conf/shape.h"

static const struct {
	const char *name;
	unsigned per_ms;
} units[] = {{"second", CONF_SECOND_MS}, {"minute", CONF_MINUTE_MS}, {"hour", CONF_HOUR_MS}};

enum { UNITS = sizeof units / sizeof units[0] };

static bool
parse_rate(const struct value *value, struct conf_rate *ret)
{
	const char *text;
	size_t len;
	unsigned count;

	if (!shape_has(value, 1))
		return false;
	text = value->items[0].text;
	len = strcspn(text, "/");
	if (!shape_count(text, len, (unsigned long)value->attribute->most, &count) ||
	    (count == 0) != (text[len] == '\0'))
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	if (count == 0) {
		*ret = (struct conf_rate){0};
		return true;
	}
	for (size_t i = 0; i < UNITS; i++) {
		if (str_is(text + len + 1, strlen(text + len + 1), units[i].name)) {
			*ret = (struct conf_rate){count, units[i].per_ms};
			return true;
		}
	}
	return attribute_bad(value, CONF_BAD_VALUE, value->items);
}

static void
add_rate(struct buf *buf, const struct conf_rate *rate)
{
	if (rate->count == 0) {
		buf_add_str(buf, "UNLIMITED");
		return;
	}
	buf_add_number(buf, rate->count);
	for (size_t i = 0; i < UNITS; i++) {
		if (rate->per_ms == units[i].per_ms) {
			buf_add_char(buf, '/');
			buf_add_str(buf, units[i].name);
		}
	}
}

/* cps says the same: of the two, too, the first holds. */
static bool
is_first_rate(const struct value *value, enum attribute_id other)
{
	if (value->builder->is_seen[other])
		conf_note(value->builder->conf, CONF_TWICE, value->name);
	return !value->builder->is_seen[other];
}

bool
read_rate(const struct value *value)
{
	if (!is_first_rate(value, A_cps) || !parse_rate(value, shape_member(value)))
		return false;
	value->builder->entry.has_rate = true;
	return true;
}

bool
write_rate(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)attribute;
	add_rate(buf, &entry->rate);
	return entry->has_rate;
}

bool
read_source_rate(const struct value *value)
{
	return parse_rate(value, shape_member(value));
}

bool
write_source_rate(
    const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)attribute;
	add_rate(buf, &entry->source_rate);
	return entry->source_rate.count > 0;
}

bool
read_cps(const struct value *value)
{
	struct conf_entry *entry = &value->builder->entry;
	unsigned count = 0;
	unsigned long pause_s;

	if (!shape_has(value, 2) || !is_first_rate(value, A_rate))
		return false;
	if (!shape_count(value->items[0].text, strlen(value->items[0].text),
	        (unsigned long)value->attribute->most, &count))
		return attribute_bad(value, CONF_BAD_VALUE, &value->items[0]);
	if (!str_number(
	        value->items[1].text, strlen(value->items[1].text), CONF_RATE_MAX, &pause_s))
		return attribute_bad(value, CONF_BAD_VALUE, &value->items[1]);
	entry->rate = (struct conf_rate){count, count > 0 ? CONF_SECOND_MS : 0};
	entry->has_rate = true;
	return true;
}

/* Said as a rate. */
bool
write_cps(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)entry;
	(void)attribute;
	(void)buf;
	return false;
}

bool
read_per_source(const struct value *value)
{
	if (!read_count(value))
		return false;
	value->builder->entry.has_per_source = true;
	return true;
}

bool
write_per_source(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)attribute;
	if (entry->per_source > 0)
		buf_add_number(buf, entry->per_source);
	else
		buf_add_str(buf, "UNLIMITED");
	return entry->has_per_source;
}

enum { V4_BITS = 32, V6_BITS = 128, V6_SOURCE_BITS = 64 };

static bool
parse_bits(const struct value *value, size_t item, unsigned long most, unsigned *ret)
{
	const struct conf_word *word = &value->items[item];
	unsigned long bits;

	if (!str_number(word->text, strlen(word->text), most, &bits) || bits == 0)
		return attribute_bad(value, CONF_BAD_VALUE, word);
	*ret = (unsigned)bits;
	return true;
}

bool
read_prefix(const struct value *value)
{
	struct conf_entry *entry = &value->builder->entry;

	return shape_has(value, 2) && parse_bits(value, 0, V4_BITS, &entry->prefix4_bits) &&
	    parse_bits(value, 1, V6_BITS, &entry->prefix6_bits);
}

bool
write_prefix(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)attribute;
	buf_add_number(buf, entry->prefix4_bits > 0 ? entry->prefix4_bits : V4_BITS);
	buf_add_char(buf, ' ');
	buf_add_number(buf, entry->prefix6_bits > 0 ? entry->prefix6_bits : V6_SOURCE_BITS);
	return entry->prefix4_bits > 0 || entry->prefix6_bits > 0;
}

bool
read_over(const struct value *value)
{
	struct conf_entry *entry = &value->builder->entry;

	if (!shape_has(value, 1))
		return false;
	if (shape_is(value->items, "wait"))
		entry->over_limit = CONF_OVER_WAIT;
	else if (shape_is(value->items, "close"))
		entry->over_limit = CONF_OVER_CLOSE;
	else
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	return true;
}

bool
write_over(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)attribute;
	buf_add_str(buf, entry->over_limit == CONF_OVER_CLOSE ? "close" : "wait");
	return entry->over_limit != CONF_OVER_DEFAULT;
}

/* ---- load ---- */

enum { THOUSAND = 1000, FRACTION_DIGITS = 3 };

/* "2.5" in thousandths; what is finer is cut off. */
static bool
parse_milli(const char *text, unsigned long most, unsigned *ret)
{
	size_t len = strcspn(text, "."), digits = 0;
	unsigned long whole, milli = 0;

	if (!str_number(text, len, most / THOUSAND - 1, &whole))
		return false;
	if (text[len] == '.') {
		const char *fraction = text + len + 1;

		digits = strlen(fraction);
		if (digits == 0 || strspn(fraction, "0123456789") != digits)
			return false;
		for (size_t i = 0; i < FRACTION_DIGITS; i++)
			milli = milli * 10 + (i < digits ? (unsigned long)(fraction[i] - '0') : 0);
	}
	*ret = (unsigned)(whole * THOUSAND + milli);
	return *ret > 0;
}

bool
read_load(const struct value *value)
{
	if (!shape_has(value, 1))
		return false;
	if (!parse_milli(
	        value->items[0].text, (unsigned long)value->attribute->most, shape_member(value)))
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	return true;
}

bool
write_load(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	unsigned milli = entry->max_load_milli % THOUSAND;

	(void)attribute;
	buf_add_number(buf, entry->max_load_milli / THOUSAND);
	if (milli > 0) {
		buf_add_str(buf, milli < 10 ? ".00" : milli < 100 ? ".0" : ".");
		buf_add_number(buf, milli);
	}
	return entry->max_load_milli > 0;
}
