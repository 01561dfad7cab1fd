/*
 * NAME     audit_tables - what the tables name
 * PURPOSE  Daemons, for rules that nobody reads; addresses, so that "anybody" is somebody whom no rule
 *          names, and private networks are tried at each address where a verdict can change.
 * LIMITS   RANGES_MAX. What is behind it is not tried for itself. Lists in files are not looked into.
 */
#include "cmd/tcpwrap/audit_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "table/whole.h"

enum { RANGES_FIRST = 64, RANGES_MAX = 1 << 20 };

struct reader {
	struct audit *audit;
	struct audit_tables *tables;
	const char *path;
};

static void
add_name(struct reader *to, const struct test *test, unsigned line)
{
	struct arena *arena = &to->audit->arena;
	struct table_name *name = arena_alloc(arena, sizeof *name);

	if (name != NULL)
		*name = (struct table_name){
		    NULL, arena_copy(arena, test->text, test->len), to->path, line};
	if (name == NULL || name->name == NULL) {
		to->audit->failed = true;
		return;
	}
	*to->tables->names_end = name;
	to->tables->names_end = &name->next;
}

static void
take_daemons(struct reader *to, const struct rule *rule)
{
	struct list_cursor cursor;
	const struct test *test;

	list_cursor_init(&cursor, &rule->daemons);
	while ((test = list_cursor_next(&cursor, false)) != NULL) {
		if (test->kind == TEST_EXACT && test->subject == SUBJECT_DAEMON)
			add_name(to, test, rule->line);
	}
}

static void
add_range(struct reader *to, const struct addr *from, const struct addr *until)
{
	struct audit_tables *tables = to->tables;
	size_t size = tables->size > 0 ? 2 * tables->size : RANGES_FIRST;

	if (tables->count == tables->size) {
		struct table_range *ranges =
		    size <= RANGES_MAX ? realloc(tables->ranges, size * sizeof *ranges) : NULL;

		to->audit->failed |= ranges == NULL && size <= RANGES_MAX;
		if (ranges == NULL)
			return;
		tables->ranges = ranges;
		tables->size = size;
	}
	tables->ranges[tables->count++] = (struct table_range){*from, *until};
}

static void
add_v4(struct reader *to, uint32_t net, uint32_t mask)
{
	uint32_t ends[2] = {net & mask, net | ~mask};
	struct addr addrs[2];

	for (unsigned i = 0; i < 2; i++) {
		const uint8_t bytes[4] = {(uint8_t)(ends[i] >> 24), (uint8_t)(ends[i] >> 16),
		    (uint8_t)(ends[i] >> 8), (uint8_t)ends[i]};

		addrs[i] = addr_from_v4(bytes);
	}
	add_range(to, &addrs[0], &addrs[1]);
}

static void
add_v6(struct reader *to, const struct net6 *net)
{
	struct addr from = net->addr, until = net->addr;

	for (unsigned bit = net->len_bits; bit < ADDR_BITS; bit++) {
		from.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
		until.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	}
	add_range(to, &from, &until);
}

/* "10.1.": so many numbers, each with a dot behind it. */
static void
add_prefix(struct reader *to, const struct test *test)
{
	uint32_t net = 0, mask = 0;
	size_t at = 0;

	for (unsigned shift = 24; at < test->len && shift < 32; shift -= 8) {
		const char *dot = memchr(test->text + at, '.', test->len - at);
		unsigned long number;

		if (dot == NULL ||
		    !str_number(test->text + at, (size_t)(dot - test->text) - at, 255, &number))
			return;
		net |= (uint32_t)number << shift;
		mask |= UINT32_C(0xff) << shift;
		at = (size_t)(dot - test->text) + 1;
	}
	if (mask != 0)
		add_v4(to, net, mask);
}

static void
take_clients(struct reader *to, const struct rule *rule)
{
	struct list_cursor cursor;
	const struct test *test;

	list_cursor_init(&cursor, &rule->clients);
	while ((test = list_cursor_next(&cursor, false)) != NULL) {
		if (test->kind == TEST_ADDR4)
			add_v4(to, test->v4.net, UINT32_MAX);
		else if (test->kind == TEST_NET4)
			add_v4(to, test->v4.net, test->v4.mask);
		else if (test->kind == TEST_NET6)
			add_v6(to, test->v6);
		else if (test->kind == TEST_PREFIX)
			add_prefix(to, test);
	}
}

static bool
take_rules(void *ctx, const struct line *line, const struct rule *rules, unsigned count,
    struct lines *behind)
{
	struct reader *to = ctx;

	(void)line;
	(void)behind;
	for (unsigned i = 0; i < count; i++) {
		if (rules[i].code != DIAG_NONE)
			continue;
		take_daemons(to, &rules[i]);
		take_clients(to, &rules[i]);
	}
	return true;
}

/* A table that cannot be read names nobody: what is asked of it refuses, which is told there. */
static void
read_table(struct audit *audit, struct audit_tables *tables, const char *path)
{
	struct reader to = {audit, tables, path};
	struct table_fault fault;
	struct whole whole;

	if (whole_open(&whole, path, &fault) && whole_read(&whole, NULL, &fault) &&
	    !whole_lines(&whole, NULL, &to, take_rules, &fault))
		audit->failed |= fault.problem == TABLE_CANNOT_MEMORY;
	whole_release(&whole);
}

static const char *
path_of(struct audit *audit, const struct host_root *root, enum table table)
{
	static const char *const usual[] = {
	    [TABLE_ALLOW] = "/etc/hosts.allow", [TABLE_DENY] = "/etc/hosts.deny"};
	const char *own = table == TABLE_DENY ? audit->options.deny : audit->options.allow;
	char path[HOST_PATH_MAX];

	if (own != NULL)
		return own;
	snprintf(path, sizeof path, "%s%s", root->path, usual[table]);
	return arena_copy(&audit->arena, path, strlen(path));
}

struct audit_tables *
audit_tables_of(struct audit *audit, const struct host_root *root)
{
	struct audit_tables *tables = audit->tables;

	while (tables != NULL && tables->root != root)
		tables = tables->next;
	if (tables != NULL)
		return tables;
	tables = arena_alloc(&audit->arena, sizeof *tables);
	if (tables != NULL) {
		tables->root = root;
		tables->names_end = &tables->names;
		tables->paths[TABLE_ALLOW] = path_of(audit, root, TABLE_ALLOW);
		tables->paths[TABLE_DENY] = path_of(audit, root, TABLE_DENY);
	}
	if (tables == NULL || tables->paths[TABLE_ALLOW] == NULL ||
	    tables->paths[TABLE_DENY] == NULL) {
		audit->failed = true;
		return NULL;
	}
	tables->next = audit->tables;
	audit->tables = tables;
	read_table(audit, tables, tables->paths[TABLE_ALLOW]);
	read_table(audit, tables, tables->paths[TABLE_DENY]);
	return tables;
}

void
audit_tables_release(struct audit *audit)
{
	for (struct audit_tables *tables = audit->tables; tables != NULL; tables = tables->next)
		free(tables->ranges);
	audit->tables = NULL;
}
