/*
 * NAME     build - drafts to entries
 * PURPOSE  The defaults are a builder; each service is a copy of it with its own settings, or with
 *          the fields of its line. Then which of them are off, and whether ids are unique.
 * INVARIANTS  Without sure defaults there is no service: they may have kept clients out.
 * LIMITS   A builder is on the stack: nothing is kept of a service that is lost.
 * SEE      inetd.conf(5)
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/inetd/conf/field.h"
#include "cmd/inetd/conf/where.h"
#include "cmd/inetd/conf/whole.h"

static void
read_defaults(struct builder *defaults)
{
	struct conf *conf = defaults->conf;

	defaults->is_defaults = true;
	defaults->entry.umask = -1;
	defaults->entry.addresses = where_everywhere;
	for (const struct conf_draft *draft = conf->drafts; draft != NULL; draft = draft->next) {
		if (draft->kind != DRAFT_DEFAULTS)
			continue;
		for (const struct setting *setting = draft->settings; setting != NULL;
		     setting = setting->next)
			attribute_set(defaults, setting);
	}
}

static bool
are_defaults_lost(const struct conf *conf, unsigned errors_before)
{
	bool is_lost =
	    conf->errors != errors_before || (conf->lacks_something && !conf->has_defaults);

	for (const struct conf_draft *draft = conf->drafts; draft != NULL; draft = draft->next)
		is_lost |= draft->kind == DRAFT_DEFAULTS && draft->is_bad;
	return is_lost;
}

static void
fill_block(struct builder *builder, const struct conf_draft *draft)
{
	const struct conf_entry *entry = &builder->entry;

	builder->entry.service = conf_keep(builder->conf, &draft->name);
	builder->entry.is_xinetd = true;
	for (const struct setting *setting = draft->settings; setting != NULL;
	     setting = setting->next)
		attribute_set(builder, setting);
	if (draft->is_bad)
		return; /* what it seems to lack may be there, but for its shape */
	whole_complete(builder);
	whole_check(builder, &entry->protocol);
}

static void
fill_line(struct builder *builder, const struct conf_draft *draft)
{
	field_fill(builder, draft);
	if (builder->entry.server.text != NULL)
		whole_check(
		    builder, &draft->words.items[2]); /* its protocol with all that is behind it */
}

static void
build(const struct builder *defaults, const struct conf_draft *draft, bool is_lost)
{
	struct conf *conf = defaults->conf;
	const struct conf_word *at =
	    draft->kind == DRAFT_LINE ? &draft->words.items[0] : &draft->name;
	struct builder builder = *defaults;
	struct conf_note **here = conf->notes_end;
	unsigned errors = conf->errors;
	struct conf_entry *entry;
	bool is_good;

	builder.is_defaults = false;
	memset(builder.is_seen, 0, sizeof builder.is_seen);
	builder.entry.file = conf_file(conf, at);
	if (is_lost)
		conf_note(conf, CONF_LOST_DEFAULTS, at);
	if (draft->kind == DRAFT_LINE)
		fill_line(&builder, draft);
	else
		fill_block(&builder, draft);
	is_good = !draft->is_bad && conf->errors == errors && !conf->failed;
	if (builder.entry.is_off)
		conf_soften(conf, here, errors);
	if (!is_good)
		return;
	entry = arena_alloc(&conf->entry_arena, sizeof *entry);
	conf->failed |= entry == NULL;
	if (entry == NULL)
		return;
	*entry = builder.entry;
	*conf->entries_end = entry;
	conf->entries_end = &entry->next;
}

/* ---- by id ---- */

struct entries {
	struct conf_entry **items; /* by id; of equal ones the first in the files first */
	size_t count;
};

static int
by_id(const void *a, const void *b)
{
	const struct conf_entry *x = *(struct conf_entry *const *)a;
	const struct conf_entry *y = *(struct conf_entry *const *)b;
	int order = strcmp(conf_id(x), conf_id(y));

	if (order != 0)
		return order;
	if (x->service.file != y->service.file)
		return x->service.file < y->service.file ? -1 : 1;
	return (x->service.line > y->service.line) - (x->service.line < y->service.line);
}

static void
sort_entries(struct conf *conf, struct entries *entries)
{
	size_t count = 0;

	for (const struct conf_entry *entry = conf->entries; entry != NULL; entry = entry->next)
		count++;
	entries->items = arena_alloc(&conf->scratch, (count + 1) * sizeof *entries->items);
	conf->failed |= entries->items == NULL;
	if (entries->items == NULL)
		return;
	for (struct conf_entry *entry = conf->entries; entry != NULL; entry = entry->next)
		entries->items[entries->count++] = entry;
	qsort(entries->items, entries->count, sizeof *entries->items, by_id);
}

/* The first that is not before id. */
static size_t
find(const struct entries *entries, const char *id)
{
	size_t from = 0, until = entries->count;

	while (from < until) {
		size_t middle = from + (until - from) / 2;

		if (strcmp(conf_id(entries->items[middle]), id) < 0)
			from = middle + 1;
		else
			until = middle;
	}
	return from;
}

static bool
is_there(const struct entries *entries, size_t at, const char *id)
{
	return at < entries->count && strcmp(conf_id(entries->items[at]), id) == 0;
}

/* Those that are named become off, or on. */
static void
turn(struct conf *conf, const struct entries *entries, const struct conf_words *ids, bool is_off)
{
	for (size_t i = 0; i < ids->count; i++) {
		size_t at = find(entries, ids->items[i].text);

		if (!is_there(entries, at, ids->items[i].text))
			conf_note(conf, CONF_UNKNOWN_ID, &ids->items[i]);
		for (; is_there(entries, at, ids->items[i].text); at++)
			entries->items[at]->is_off = is_off;
	}
}

/* "enabled" turns off all but those that it names, and does not turn on what is off by itself. */
static void
settle_enabled(const struct builder *defaults, const struct entries *entries)
{
	bool *was_off;

	if (!defaults->is_given[A_enabled])
		return;
	was_off = arena_alloc(&defaults->conf->scratch, entries->count * sizeof *was_off);
	defaults->conf->failed |= was_off == NULL;
	for (size_t i = 0; i < entries->count && was_off != NULL; i++) {
		was_off[i] = entries->items[i]->is_off;
		entries->items[i]->is_off = true;
	}
	turn(defaults->conf, entries, &defaults->enabled, false);
	for (size_t i = 0; i < entries->count && was_off != NULL; i++)
		entries->items[i]->is_off |= was_off[i];
}

/* An id that another service has already, in a file before or further up, as id or as name: the
 * later is lost, unless one of them is off. An entry without a file is out of the list. */
static void
drop_twins(struct conf *conf, const struct entries *entries)
{
	struct conf_entry **at = &conf->entries;
	bool is_taken = false;

	for (size_t i = 0; i < entries->count; i++) {
		struct conf_entry *entry = entries->items[i];

		is_taken = is_taken && is_there(entries, i - 1, conf_id(entry));
		if (is_taken && !entry->is_off && entry->id.text != NULL) {
			conf_note(conf, CONF_ID_TWICE, &entry->id);
			entry->file = NULL;
		}
		is_taken |= !entry->is_off;
	}
	while (*at != NULL) {
		if ((*at)->file == NULL)
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
	conf->entries_end = at;
}

/* Does anything depend on ids? In inetd.conf's notation hardly ever. */
static bool
has_ids(const struct conf *conf, const struct builder *defaults)
{
	bool has_any = defaults->is_given[A_enabled] || defaults->disabled.count > 0;

	for (const struct conf_entry *entry = conf->entries; entry != NULL && !has_any;
	     entry = entry->next)
		has_any = entry->id.text != NULL;
	return has_any;
}

void
build_entries(struct conf *conf)
{
	struct builder defaults = {.conf = conf};
	unsigned errors = conf->errors;
	struct entries entries = {0};
	bool is_lost;

	read_defaults(&defaults);
	is_lost = are_defaults_lost(conf, errors);
	for (const struct conf_draft *draft = conf->drafts; draft != NULL; draft = draft->next)
		if (draft->kind != DRAFT_DEFAULTS)
			build(&defaults, draft, is_lost);
	if (!has_ids(conf, &defaults))
		return;
	sort_entries(conf, &entries);
	settle_enabled(&defaults, &entries);
	turn(conf, &entries, &defaults.disabled, true);
	drop_twins(conf, &entries);
}
