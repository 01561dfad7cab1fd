/*
 * NAME     check - tcpwrap check
 * PURPOSE  Looks at tables and says what is wrong with them. Nothing is looked up but netgroups, and
 *          nothing is written.
 * SEE      tcpwrap(1), lint/lint.h
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/tcpwrap/command.h"
#include "cmd/tcpwrap/options.h"
#include "cmd/tcpwrap/show.h"
#include "peer/name.h"
#include "tool/end.h"

enum { EXIT_CLEAN, EXIT_WARNINGS, EXIT_ERRORS };

struct check {
	const struct options *options;
	struct counts counts;
	struct json json;
	bool failed;
};

static void
take(void *ctx, const struct finding *finding)
{
	struct check *check = ctx;
	enum lint_severity severity = lint_specs[finding->id].severity;

	if (check->options->is_differences && !finding->differs)
		return;
	check->counts.of[severity]++;
	if (check->options->is_json)
		json_finding(&check->json, finding);
	else if (severity != LINT_NOTE || check->options->shows_notes)
		show_finding(finding);
}

static void
complain(struct check *check, const char *path, const char *what)
{
	fprintf(stderr, "tcpwrap check: %s: %s\n", path, what);
	check->failed = true;
}

static enum table
table_of(const struct input *input)
{
	return input->is_deny ? TABLE_DENY : TABLE_ALLOW;
}

/* Present: it could be looked at. /dev/null is there, and empty. */
static bool
look_at(struct check *check, struct lint *lint, const struct input *input)
{
	enum lint_status status = lint_file(lint, table_of(input), input->path);

	if (status == LINT_NO_MEMORY)
		complain(check, input->path, "out of memory: not everything was looked at");
	if (status != LINT_ABSENT || access(input->path, F_OK) == 0)
		return true;
	if (!input->may_be_absent)
		complain(check, input->path, "there is no such file");
	return false;
}

static void
look_at_all(struct check *check)
{
	const struct options *options = check->options;
	struct lint lint = {.ctx = check, .take = take, .netgroup = peer_netgroup};
	bool *present = calloc(options->count, sizeof *present);

	if (present == NULL) {
		complain(check, options->inputs[0].path, "out of memory");
		return;
	}
	if (options->is_json)
		json_start();
	for (size_t i = 0; i < options->count; i++)
		present[i] = look_at(check, &lint, &options->inputs[i]);
	lint_release(&lint);
	if (options->is_json) {
		json_middle();
		for (size_t i = 0; i < options->count; i++)
			json_table(i == 0, options->inputs[i].path, table_of(&options->inputs[i]),
			    present[i]);
		json_end(&check->counts);
	} else {
		show_counts(&check->counts, options->shows_notes);
	}
	free(present);
}

/* ---- one kind of finding ---- */

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

static int
explain(const char *name)
{
	enum lint_id id = lint_find(name);

	if (id == LINT_IDS) {
		fprintf(stderr, "tcpwrap check: there is no finding '%s' (man tcpwrap)\n", name);
		return EXIT_TROUBLE;
	}
	show_meaning(id);
	return show_example(id) ? EXIT_CLEAN : EXIT_TROUBLE;
}

static int
run(const struct options *options)
{
	struct check check = {.options = options};

	if (options->is_done)
		return EXIT_CLEAN;
	if (options->explain != NULL)
		return explain(options->explain);
	look_at_all(&check);
	if (check.failed)
		return EXIT_TROUBLE;
	if (check.counts.of[LINT_ERROR] > 0)
		return EXIT_ERRORS;
	return check.counts.of[LINT_WARNING] > 0 ? EXIT_WARNINGS : EXIT_CLEAN;
}

int
command_check(int argc, char **argv)
{
	struct options options;
	int status = options_parse(&options, argc, argv) ? run(&options) : EXIT_TROUBLE;

	free(options.inputs);
	return end_status("tcpwrap check", status, EXIT_TROUBLE);
}
