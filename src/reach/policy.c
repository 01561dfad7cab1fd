/*
 * NAME     policy - two tables as rules, what they may come to, and where they match
 * SEE      pieces.c, for the last of these
 */
#include <stdlib.h>
#include <string.h>

#include "policy/option.h"
#include "reach/inside.h"

/* Tests that are tried for rules with many words: some seconds of them. */
#define WORK_MAX (UINT64_C(1) << 27)

struct reader {
	struct reach *reach;
	struct maker *maker;
	enum table table;
	enum made made;
	const struct lines *lines;
};

void *
reach_grow(void *items, size_t count, size_t *size, size_t item_bytes)
{
	size_t more = *size == 0 ? 16 : *size * 2;
	void *ret;

	if (count < *size)
		return items;
	ret = reallocarray(items, more, item_bytes);
	if (ret != NULL)
		*size = more;
	return ret;
}

/* ---- what options make of a rule ---- */

static enum command_status
answer(void *ctx, const struct tail *tail, unsigned number)
{
	(void)tail;
	(void)number;
	return *(const enum command_status *)ctx;
}

static void
report(void *ctx, const struct diag *diag)
{
	(void)ctx;
	(void)diag;
}

/* Whatever its commands say. */
static uint8_t
tail_can(const struct tail *tail, enum verdict by_default)
{
	static const struct facts_ops ops = {.aclexec = answer, .report = report};
	static const enum command_status all[] = {COMMAND_TRUE, COMMAND_FALSE, COMMAND_FAILED};
	const struct option_context context = {.resident = false};
	uint8_t can = 0;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		enum command_status says = all[i];
		const struct facts facts = {.ops = &ops, .ctx = &says};
		struct option_outcome outcome = option_verdict(tail, &facts, &context, by_default);

		can |= outcome.passes ? CAN_PASS : (uint8_t)(1 << outcome.verdict);
	}
	return can;
}

static void
set_can(struct entry *entry, const struct entry *before)
{
	enum verdict by_default = entry->table == TABLE_ALLOW ? VERDICT_GRANT : VERDICT_REFUSE;
	static const enum way all[READINGS] = {WAY_CLASSIC, WAY_PLAIN};

	if (before != NULL && before->table == entry->table && !before->is_end &&
	    before->has_tail == entry->has_tail && before->tail_len == entry->tail_len &&
	    (entry->tail_len == 0 || memcmp(before->tail, entry->tail, entry->tail_len) == 0)) {
		memcpy(entry->can, before->can, sizeof entry->can);
		return;
	}
	for (unsigned i = 0; i < READINGS; i++) {
		struct tail tail = {"", entry->line, all[i], entry->tail, entry->tail_len};

		entry->can[i] =
		    entry->has_tail ? tail_can(&tail, by_default) : (uint8_t)(1 << by_default);
	}
}

/* ---- rules ---- */

static const char *
kept(struct reach *reach, const struct line *line, const char *text, size_t len)
{
	return line->joined && len > 0 ? arena_copy(&reach->arena, text, len) : text;
}

/* NULL: out of memory. */
static struct entry *
new_entry(struct reach *reach, enum table table, const struct rule *rule)
{
	struct entry *rules =
	    reach_grow(reach->rules, reach->rule_count, &reach->rule_size, sizeof *reach->rules);
	struct entry *entry;

	if (rules == NULL)
		return NULL;
	reach->rules = rules;
	entry = &rules[reach->rule_count++];
	*entry = (struct entry){.line = rule->line,
	    .table = (uint8_t)table,
	    .ways = rule->ways,
	    .daemons = REACH_NO_RULE,
	    .first_piece = (uint32_t)reach->piece_count};
	return entry;
}

static bool
fill_in(struct reach *reach, struct entry *entry, const struct line *line, const struct rule *rule)
{
	struct list daemons = rule->daemons;

	entry->clients = kept(reach, line, rule->clients.text, rule->clients.len);
	entry->clients_len = (uint32_t)rule->clients.len;
	entry->has_tail = rule->has_tail;
	entry->tail = kept(reach, line, rule->tail, rule->tail_len);
	entry->tail_len = (uint32_t)rule->tail_len;
	daemons.text = kept(reach, line, daemons.text, daemons.len);
	set_can(entry, reach->rule_count > 1 ? entry - 1 : NULL);
	return entry->clients != NULL && (entry->tail != NULL || entry->tail_len == 0) &&
	    daemons.text != NULL && daemons_find(reach, &daemons, &entry->daemons);
}

/* The classic way's table ends here, in error: whoever comes here is refused, or goes on to the other table. */
static enum made
add_end(struct reader *reader, const struct rule *rule)
{
	struct entry *entry = new_entry(reader->reach, reader->table, rule);

	if (entry == NULL)
		return MADE_NO_MEMORY;
	entry->is_end = true;
	entry->can[READING_CLASSIC] = entry->can[READING_PLAIN] =
	    reader->table == TABLE_DENY ? CAN_REFUSE : CAN_PASS;
	return maker_add_all(reader->reach, rule->ways);
}

static enum made
add_rule(struct reader *reader, const struct line *line, const struct rule *rule)
{
	struct entry *entry;

	if (rule->code == DIAG_LINE_INCOMPLETE)
		return add_end(reader, rule);
	if (rule->code != DIAG_NONE)
		return MADE;
	entry = new_entry(reader->reach, reader->table, rule);
	if (entry == NULL || !fill_in(reader->reach, entry, line, rule))
		return MADE_NO_MEMORY;
	return maker_add(reader->maker, &rule->clients);
}

static bool
take(void *ctx, const struct line *line, const struct rule *rules, unsigned count,
    struct lines *behind)
{
	struct reader *reader = ctx;

	(void)behind;
	for (unsigned i = 0; i < count && reader->made == MADE; i++)
		reader->made = add_rule(reader, line, &rules[i]);
	return reader->made == MADE;
}

/* ---- tables ---- */

static bool
read_table(struct reader *reader, const struct reach_input *input, const struct progress *progress,
    struct reach_fault *ret)
{
	struct table_fault *fault = &ret->fault;
	struct whole *whole = &reader->reach->tables[reader->table];

	reader->reach->paths[reader->table] = input->path;
	if (input->bytes != NULL) {
		whole->bytes = malloc(input->len + 1);
		if (whole->bytes == NULL)
			return table_fault(fault, TABLE_CANNOT_MEMORY, 0);
		memcpy(whole->bytes, input->bytes, input->len);
		whole->size = input->len;
	} else if (!whole_open(whole, input->path, fault) || !whole_read(whole, progress, fault)) {
		return false;
	}
	if (whole_lines(whole, progress, reader, take, fault))
		return true;
	ret->is_large = reader->made == MADE_TOO_MANY;
	return ret->is_large && table_fault(fault, TABLE_FINE, 0);
}

static int
compare_marks(const void *a, const void *b)
{
	const struct mark *first = a, *second = b;

	return point_compare(first->at, second->at);
}

/* Feeds are often in order already. */
static void
sort(struct mark *marks, size_t count)
{
	size_t i = 1;

	while (i < count && compare_marks(&marks[i - 1], &marks[i]) <= 0)
		i++;
	if (i < count)
		qsort(marks, count, sizeof *marks, compare_marks);
}

static bool
mark(struct reach *reach)
{
	size_t count = reach->piece_count;

	reach->firsts = malloc((count + 1) * sizeof *reach->firsts);
	reach->lasts = malloc((count + 1) * sizeof *reach->lasts);
	if (reach->firsts == NULL || reach->lasts == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		reach->firsts[i] = (struct mark){reach->pieces[i].first, (uint32_t)i};
	sort(reach->firsts, count);
	/* Where pieces do not overlap, that is the order of their ends, too. */
	for (size_t i = 0; i < count; i++) {
		uint32_t piece = reach->firsts[i].piece;

		reach->lasts[i] = (struct mark){reach->pieces[piece].last, piece};
	}
	sort(reach->lasts, count);
	return true;
}

static bool
fill(struct reach *reach, const struct reach_input inputs[2], const struct progress *progress,
    struct reach_fault *fault)
{
	struct reader reader = {.reach = reach, .maker = maker_new(reach)};
	bool is_done = reader.maker != NULL;

	if (!is_done)
		table_fault(&fault->fault, TABLE_CANNOT_MEMORY, 0);
	for (unsigned t = 0; t < 2 && is_done; t++) {
		fault->table = reader.table = (enum table)t;
		if (t == TABLE_DENY)
			reach->deny_from = reach->rule_count;
		is_done = read_table(&reader, &inputs[t], progress, fault);
	}
	maker_free(reader.maker);
	if (is_done && (!mark(reach) || !daemons_collect(reach) || reach->lists.failed))
		is_done = table_fault(&fault->fault, TABLE_CANNOT_MEMORY, 0);
	return is_done;
}

struct reach *
reach_open(const struct reach_input inputs[2], const struct reach_lists *lists,
    const struct progress *progress, struct reach_fault *fault)
{
	struct reach *reach = calloc(1, sizeof *reach);

	*fault = (struct reach_fault){.table = TABLE_ALLOW};
	if (reach == NULL) {
		table_fault(&fault->fault, TABLE_CANNOT_MEMORY, 0);
		return NULL;
	}
	reach->tables[0].fd = reach->tables[1].fd = -1;
	reach->steps_left = REGION_STEPS;
	reach->work_left = WORK_MAX;
	reach->lists.source = lists != NULL ? *lists : (struct reach_lists){NULL, list_files_read};
	if (fill(reach, inputs, progress, fault))
		return reach;
	reach_close(reach);
	return NULL;
}

void
reach_close(struct reach *reach)
{
	if (reach == NULL)
		return;
	for (unsigned t = 0; t < 2; t++)
		whole_release(&reach->tables[t]);
	list_files_release(&reach->lists);
	residues_release(&reach->residues);
	arena_release(&reach->arena);
	free(reach->rules);
	free(reach->pieces);
	free(reach->firsts);
	free(reach->lasts);
	free(reach->daemon_lists);
	free(reach->buckets);
	free(reach->names);
	free(reach);
}

/* ---- what is told of them ---- */

size_t
reach_rule_count(const struct reach *reach)
{
	return reach->rule_count;
}

struct reach_rule
reach_rule(const struct reach *reach, uint32_t number)
{
	const struct entry *entry = &reach->rules[number];
	struct reach_rule ret = {.table = (enum table)entry->table,
	    .file = reach->paths[entry->table],
	    .line = entry->line,
	    .ways = entry->ways,
	    .clients = entry->clients,
	    .clients_len = entry->clients_len,
	    .has_tail = entry->has_tail,
	    .tail = entry->tail,
	    .tail_len = entry->tail_len,
	    .is_end = entry->is_end};

	if (!entry->is_end) {
		ret.daemons = reach->daemon_lists[entry->daemons].text;
		ret.daemons_len = reach->daemon_lists[entry->daemons].len;
	}
	return ret;
}

const char *
reach_daemon(const struct reach *reach, size_t number)
{
	return number < reach->name_count ? reach->names[number] : NULL;
}
