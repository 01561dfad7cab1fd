/*
 * NAME     check_explain - the manual of findings
 * PURPOSE  What lints.def says, and what check says of its example in either table.
 */
#include <stdio.h>
#include <string.h>

#include "base/near.h"
#include "cmd/tcpwrap/check/check.h"
#include "cmd/tcpwrap/command.h"

enum { EXIT_EXPLAINED };

static void
take_example(void *ctx, const struct finding *finding)
{
	const enum lint_id *id = ctx;

	if (finding->id == *id)
		show_finding(finding);
}

/* What is said about the example: it depends on the table that it stands in. */
static bool
show_example(enum lint_id id)
{
	struct lint lint = {.ctx = &id, .take = take_example, .is_text_only = true};
	const char *example = lint_specs[id].example;
	size_t len = strlen(example);

	return lint_text(&lint, TABLE_ALLOW, "hosts.allow", example, len) == LINT_DONE &&
	    lint_text(&lint, TABLE_DENY, "hosts.deny", example, len) == LINT_DONE;
}

static bool
explain(enum lint_id id)
{
	show_meaning(id);
	if (lint_specs[id].example[0] == '\0')
		return true;
	putchar('\n');
	return show_example(id);
}

static bool
complain_unknown(const char *name)
{
	fprintf(stderr, "tcpwrap check: there is no finding '%s'", name);
	for (unsigned id = 0; id < LINT_IDS; id++) {
		if (near_is(name, strlen(name), lint_specs[id].name))
			fprintf(stderr, "; did you mean %s?", lint_specs[id].name);
	}
	fputs(" (tcpwrap check --list)\n", stderr);
	return false;
}

int
check_explain(const struct check_options *options)
{
	bool ok = true;

	for (unsigned id = 0; id < LINT_IDS && options->lists; id++)
		show_name((enum lint_id)id);
	for (size_t i = 0; i < options->id_count; i++) {
		enum lint_id id = lint_find(options->ids[i]);

		if (i > 0)
			putchar('\n');
		ok = (id < LINT_IDS ? explain(id) : complain_unknown(options->ids[i])) && ok;
	}
	for (unsigned id = 0; id < LINT_IDS && options->explains && options->id_count == 0; id++) {
		if (id > 0)
			putchar('\n');
		ok = explain((enum lint_id)id) && ok;
	}
	return ok ? EXIT_EXPLAINED : EXIT_TROUBLE;
}
