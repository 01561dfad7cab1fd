/*
 * NAME     shape_set - several values: sets with "+=" and "-=", hours, resource limits
 * INVARIANTS  A set of the defaults is never changed by a service: its first setting makes a copy.
 * LIMITS   CONF_SET_MAX values a set.
 * SEE      data/attributes.def
 */
#include <limits.h>
#include <string.h>

#include "base/str.h"
#include "cmd/inetd/conf/shape.h"

/* ---- sets of words ---- */

/* Arrays have room for the next power of two. */
static bool
grow(struct conf *conf, struct conf_words *set)
{
	size_t room = 1;
	struct conf_word *items;

	while (room < set->count + 1)
		room *= 2;
	items = conf_alloc(conf, room * sizeof *items);
	if (items == NULL)
		return false;
	if (set->count > 0)
		memcpy(items, set->items, set->count * sizeof *items);
	set->items = items;
	return true;
}

static bool
add(const struct value *value, struct conf_words *set, const struct conf_word *word)
{
	struct conf *conf = value->builder->conf;

	if (set->count == CONF_SET_MAX) {
		conf_note(conf, CONF_SET_LONG, word);
		return false;
	}
	if ((set->count & (set->count - 1)) == 0 && !grow(conf, set))
		return false;
	set->items[set->count++] = conf_keep(conf, word);
	return true;
}

static void
take(const struct value *value, struct conf_words *set, const struct conf_word *word)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->items[i].text, word->text) != 0)
			set->items[kept++] = set->items[i];
	if (kept == set->count)
		conf_note(value->builder->conf, CONF_NOT_THERE, word);
	set->count = kept;
}

/* Does "=" begin anew? In the defaults it adds: xinetd.conf(5). */
static bool
begins(const struct value *value)
{
	return value->sign == SIGN_SET && !value->builder->is_defaults;
}

static bool
change(const struct value *value, struct conf_words *set, bool (*is_good)(const char *))
{
	bool ok = true;

	if (begins(value))
		*set = (struct conf_words){0};
	else if (!value->builder->is_seen[value->attribute - attributes] && set->count > 0 &&
	    !grow(value->builder->conf, set))
		return false;
	for (size_t i = 0; i < value->count; i++) {
		const struct conf_word *word = &value->items[i];

		if (is_good != NULL && !is_good(word->text))
			ok = attribute_bad(value, CONF_BAD_VALUE, word);
		else if (value->sign == SIGN_TAKE)
			take(value, set, word);
		else
			ok &= add(value, set, word);
	}
	return ok;
}

static bool
write_set(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	const struct conf_words *set = shape_of(entry, attribute);

	shape_add_words(buf, set);
	return set->count > 0;
}

/* ---- clients: access/origin.c knows what they may be ---- */

bool
read_clients(const struct value *value)
{
	return change(value, shape_member(value), NULL);
}

bool
write_clients(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	return write_set(entry, attribute, buf);
}

bool
read_only_from(const struct value *value)
{
	value->builder->entry.has_only_from = true;
	return read_clients(value);
}

bool
write_only_from(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	return write_set(entry, attribute, buf) || entry->has_only_from;
}

/* ---- environment, services ---- */

static bool
is_variable(const char *text)
{
	return text[0] != '=' && strchr(text, '=') != NULL;
}

static bool
is_variable_name(const char *text)
{
	return strchr(text, '=') == NULL;
}

bool
read_env(const struct value *value)
{
	return change(value, shape_member(value), is_variable);
}

bool
write_env(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	return write_set(entry, attribute, buf);
}

bool
read_passenv(const struct value *value)
{
	value->builder->entry.is_passenv = true;
	return change(value, shape_member(value), is_variable_name);
}

bool
write_passenv(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	return write_set(entry, attribute, buf) || entry->is_passenv;
}

bool
read_enabled(const struct value *value)
{
	return change(value, &value->builder->enabled, NULL);
}

bool
read_disabled(const struct value *value)
{
	return change(value, &value->builder->disabled, NULL);
}

/* Each service says it of itself: disable. */
bool
write_enabled(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)entry;
	(void)attribute;
	(void)buf;
	return false;
}

bool
write_disabled(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	return write_enabled(entry, attribute, buf);
}

/* ---- what a record says ---- */

static const struct {
	const char *name;
	unsigned bit;
	bool of_success, of_failure;
} details[] = {
    {"PID", CONF_LOG_PID, true, false},
    {"HOST", CONF_LOG_HOST, true, true},
    {"USERID", CONF_LOG_USERID, true, true},
    {"EXIT", CONF_LOG_EXIT, true, false},
    {"DURATION", CONF_LOG_DURATION, true, false},
    {"TRAFFIC", CONF_LOG_TRAFFIC, true, false},
    {"ATTEMPT", CONF_LOG_ATTEMPT, false, true},
};

enum { DETAILS = sizeof details / sizeof details[0] };

bool
read_log(const struct value *value)
{
	unsigned *bits = shape_member(value);
	bool is_success = value->attribute->least > 0, ok = true;

	if (begins(value))
		*bits = 0;
	for (size_t i = 0; i < value->count; i++) {
		size_t k = 0;

		while (k < DETAILS &&
		    (!shape_is(&value->items[i], details[k].name) ||
		        !(is_success ? details[k].of_success : details[k].of_failure)))
			k++;
		if (k == DETAILS)
			ok = attribute_bad(value, CONF_BAD_VALUE, &value->items[i]);
		else if (value->sign == SIGN_TAKE)
			*bits &= ~details[k].bit;
		else
			*bits |= details[k].bit;
	}
	return ok;
}

bool
write_log(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	const unsigned *bits = shape_of(entry, attribute);
	bool is_first = true;

	for (size_t i = 0; i < DETAILS; i++) {
		if ((*bits & details[i].bit) == 0)
			continue;
		buf_add_str(buf, is_first ? "" : " ");
		buf_add_str(buf, details[i].name);
		is_first = false;
	}
	return *bits != 0;
}

/* ---- hours ---- */

/* "8:30" at the start of a text into minutes of the day. */
static bool
take_time(const char **text, char end, unsigned *ret)
{
	size_t hour_len = strspn(*text, "0123456789"), minute_len;
	const char *minute = *text + hour_len + 1;
	unsigned long hours, minutes;

	if ((*text)[hour_len] != ':')
		return false;
	minute_len = strspn(minute, "0123456789");
	if (!str_number(*text, hour_len, 23, &hours) ||
	    !str_number(minute, minute_len, 59, &minutes) || minute[minute_len] != end)
		return false;
	*text = minute + minute_len + (end != '\0');
	*ret = (unsigned)(hours * 60 + minutes);
	return true;
}

bool
read_hours(const struct value *value)
{
	struct conf_entry *entry = &value->builder->entry;
	struct conf_hours *hours;

	if (value->count == 0)
		return attribute_bad(value, CONF_NO_VALUE, value->name);
	hours = conf_alloc(value->builder->conf, value->count * sizeof *hours);
	if (hours == NULL)
		return false;
	for (size_t i = 0; i < value->count; i++) {
		const char *text = value->items[i].text;

		if (!take_time(&text, '-', &hours[i].from_minute) ||
		    !take_time(&text, '\0', &hours[i].until_minute))
			return attribute_bad(value, CONF_BAD_VALUE, &value->items[i]);
	}
	entry->hours = hours;
	entry->hours_count = value->count;
	return true;
}

static void
add_time(struct buf *buf, unsigned minute)
{
	buf_add_number(buf, minute / 60);
	buf_add_str(buf, minute % 60 < 10 ? ":0" : ":");
	buf_add_number(buf, minute % 60);
}

bool
write_hours(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	(void)attribute;
	for (size_t i = 0; i < entry->hours_count; i++) {
		buf_add_str(buf, i > 0 ? " " : "");
		add_time(buf, entry->hours[i].from_minute);
		buf_add_char(buf, '-');
		add_time(buf, entry->hours[i].until_minute);
	}
	return entry->hours_count > 0;
}

/* ---- resource limits ---- */

/* A number of bytes may have a unit. */
static bool
parse_limit(const char *text, size_t len, bool has_unit, uint64_t *ret)
{
	static const struct {
		char letter;
		unsigned long unit;
	} units[] = {{'k', 1UL << 10}, {'m', 1UL << 20}, {'g', 1UL << 30}};
	unsigned long unit = 1, number;

	if (str_is(text, len, "UNLIMITED")) {
		*ret = UINT64_MAX;
		return true;
	}
	for (size_t i = 0; i < sizeof units / sizeof units[0] && has_unit && len > 0; i++)
		if (str_lower(text[len - 1]) == units[i].letter)
			unit = units[i].unit;
	if (!str_number(text, len - (unit > 1), (ULONG_MAX - 1) / unit, &number))
		return false;
	*ret = (uint64_t)number * unit;
	return true;
}

bool
read_rlimit(const struct value *value)
{
	struct conf_entry *entry = &value->builder->entry;
	bool has_unit = value->attribute->argument[0] == 'b';
	struct conf_rlimit limit = {.resource = (int)value->attribute->least}, *limits;
	const char *text;
	size_t len, kept = 0;

	if (!shape_has(value, 1))
		return false;
	text = value->items[0].text;
	len = strcspn(text, ":");
	if (!parse_limit(text, len, has_unit, &limit.soft))
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	limit.hard = limit.soft;
	if ((text[len] == ':' &&
	        !parse_limit(text + len + 1, strlen(text + len + 1), has_unit, &limit.hard)) ||
	    limit.soft > limit.hard)
		return attribute_bad(value, CONF_BAD_VALUE, value->items);
	limits = conf_alloc(value->builder->conf, (entry->rlimit_count + 1) * sizeof *limits);
	if (limits == NULL)
		return false;
	for (size_t i = 0; i < entry->rlimit_count; i++)
		if (entry->rlimits[i].resource != limit.resource)
			limits[kept++] = entry->rlimits[i];
	limits[kept++] = limit;
	entry->rlimits = limits;
	entry->rlimit_count = kept;
	return true;
}

static void
add_limit(struct buf *buf, uint64_t limit)
{
	if (limit == UINT64_MAX)
		buf_add_str(buf, "UNLIMITED");
	else
		buf_add_number(buf, (unsigned long)limit);
}

bool
write_rlimit(const struct conf_entry *entry, const struct attribute *attribute, struct buf *buf)
{
	for (size_t i = 0; i < entry->rlimit_count; i++) {
		const struct conf_rlimit *limit = &entry->rlimits[i];

		if (limit->resource != (int)attribute->least)
			continue;
		add_limit(buf, limit->soft);
		if (limit->hard != limit->soft) {
			buf_add_char(buf, ':');
			add_limit(buf, limit->hard);
		}
		return true;
	}
	return false;
}
