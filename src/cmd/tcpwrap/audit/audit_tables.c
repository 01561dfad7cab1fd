/*
 * NAME     audit_tables - the tables of an audit
 * PURPOSE  The daemons that they name, for rules that nobody reads; and the sets of addresses that they
 *          admit.
 */
#include "cmd/tcpwrap/audit/audit_tables.h"

#include <stdio.h>
#include <string.h>

#include "table/whole.h"

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
		to->tables->has_ports |= test->kind == TEST_PORT;
		to->tables->has_servers |= test->subject == SUBJECT_HOST;
		if (test->kind == TEST_EXACT && test->subject == SUBJECT_DAEMON)
			add_name(to, test, rule->line);
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
		if (rules[i].code == DIAG_NONE)
			take_daemons(to, &rules[i]);
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

static void
open_reach(struct audit *audit, struct audit_tables *tables)
{
	const struct reach_input inputs[] = {[TABLE_ALLOW] = {.path = tables->paths[TABLE_ALLOW]},
	    [TABLE_DENY] = {.path = tables->paths[TABLE_DENY]}};
	struct reach_fault fault;

	tables->reach = reach_open(inputs, NULL, NULL, &fault);
	audit->failed |= tables->reach == NULL && fault.fault.problem == TABLE_CANNOT_MEMORY;
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
	open_reach(audit, tables);
	return tables;
}

void
audit_tables_release(struct audit *audit)
{
	for (struct audit_tables *tables = audit->tables; tables != NULL; tables = tables->next)
		reach_close(tables->reach);
	audit->tables = NULL;
}
