/*
 * NAME     check - tcpwrap check
 * PURPOSE  Looks at tables, says what is wrong with them, and mends what can be mended without letting
 *          anybody in. Nothing is looked up but netgroups.
 * LIMITS   SHOWN_MAX: of a feed's thousand mistakes a screenful is enough.
 * SEE      tcpwrap-check(1), lint/lint.h
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/tcpwrap/check/check.h"
#include "cmd/tcpwrap/command.h"
#include "cmd/tcpwrap/check/fix.h"
#include "cmd/tcpwrap/images/images.h"
#include "peer/name.h"
#include "tool/end.h"

enum { EXIT_CLEAN, EXIT_WARNINGS, EXIT_ERRORS, SHOWN_MAX = 20 };

struct check {
	const struct check_options *options;
	struct counts counts;
	struct json json;
	struct fixed *fixed; /* beside the inputs */
	bool failed;
};

bool
check_complain(const char *path, const char *what)
{
	fprintf(stderr, "tcpwrap check: %s%s%s\n", path, *path != '\0' ? ": " : "", what);
	return false;
}

static void
complain(struct check *check, const char *path, const char *what)
{
	check->failed = !check_complain(path, what);
}

/* Of too many of a kind the rest is counted. */
static bool
is_shown(struct check *check, enum lint_id id)
{
	if (lint_specs[id].severity == LINT_NOTE && !check->options->shows_notes)
		return false;
	if (check->options->shows_all || check->counts.shown[id]++ < SHOWN_MAX)
		return true;
	check->counts.left_out[id]++;
	return false;
}

static void
take(void *ctx, const struct finding *finding)
{
	struct check *check = ctx;

	if (check->options->is_differences && !finding->differs)
		return;
	check->counts.of[lint_specs[finding->id].severity]++;
	if (check->options->is_json)
		json_finding(&check->json, finding);
	else if (!check->options->is_quiet && is_shown(check, finding->id))
		show_finding(finding);
}

/* It could be looked at. /dev/null is there, and empty. */
static void
look_at(struct check *check, struct lint *lint, struct check_input *input)
{
	enum lint_status status = lint_file(lint, check_table(input), input->path);

	if (status == LINT_NO_MEMORY)
		complain(check, input->path, "out of memory: not everything was looked at");
	input->is_absent = status == LINT_ABSENT && access(input->path, F_OK) != 0;
	if (input->is_absent && !input->may_be_absent)
		complain(check, input->path, "there is no such file");
	else if (input->is_absent)
		lint_tell_file(lint, check_table(input), LINT_TABLE_ABSENT, input->path);
	else if (check->options->asks_host && check_host_lacks_image(input->path))
		lint_tell_file(lint, check_table(input), LINT_NO_IMAGE, input->path);
}

/* Rules that are never reached: of what a decision reads, or of a table by itself. */
static void
look_for_shadows(struct check *check, struct lint *lint, const char *const paths[2])
{
	struct bar bar;
	const struct progress progress = {&bar, bar_step};
	enum lint_status status;

	bar_begin(
	    &bar, check->options->is_quiet || check->options->is_json, paths[paths[0] == NULL]);
	status = lint_shadows(lint, paths, &progress);
	bar_end(&bar);
	if (status == LINT_NO_MEMORY)
		complain(check, "", "out of memory: rules that are never reached are not all told");
	if (status == LINT_TOO_LARGE)
		check_complain(
		    paths[paths[0] == NULL], "too large to say which rules are never reached");
}

static void
look_at_pair(struct check *check, struct lint *lint)
{
	const struct check_options *options = check->options;
	const struct check_input *inputs = options->inputs;
	bool is_pair = options->count == 2 && inputs[0].is_deny != inputs[1].is_deny;

	for (size_t i = 0; i < options->count && !is_pair; i++) {
		const char *paths[2] = {NULL, NULL};

		paths[inputs[i].is_deny] = inputs[i].path;
		look_for_shadows(check, lint, paths);
	}
	if (is_pair) {
		const char *const paths[2] = {
		    inputs[inputs[0].is_deny].path, inputs[inputs[1].is_deny].path};

		lint_pair(lint, paths[0], paths[1]);
		look_for_shadows(check, lint, paths);
	}
}

/* ---- mends ---- */

static void
fix(struct check *check, const struct check_input *input, struct fixed *fixed)
{
	const struct check_options *options = check->options;
	bool is_shown = !options->is_json && !options->is_quiet;

	if (access(input->path, F_OK) != 0)
		return; /* which is told */
	fix_table(check_table(input), input->path, options->is_dry, is_shown, fixed);
	if (fixed->fault != NULL)
		complain(check, input->path, fixed->fault);
	if (fixed->backup[0] == '\0' || !is_shown)
		return;
	show_escaped(input->path, strlen(input->path));
	fputs(": mended; the text that was is ", stdout);
	show_escaped(fixed->backup, strlen(fixed->backup));
	putchar('\n');
}

/* ---- all tables ---- */

static void
show_end(struct check *check)
{
	const struct check_options *options = check->options;

	if (!options->is_json && !options->is_quiet)
		show_counts(&check->counts, options->shows_notes);
	if (!options->is_json)
		return;
	json_middle();
	for (size_t i = 0; i < options->count; i++)
		json_table(i == 0, options->inputs[i].path, check_table(&options->inputs[i]),
		    !options->inputs[i].is_absent, options->fixes ? &check->fixed[i] : NULL);
	json_end(&check->counts);
}

static void
look_at_all(struct check *check)
{
	const struct check_options *options = check->options;
	struct lint lint = {.ctx = check, .take = take, .netgroup = peer_netgroup};
	struct check_host *host = NULL;

	if (options->asks_host && (host = check_host_begin(&lint)) == NULL)
		complain(check, "", "out of memory: this host is not asked");
	if (options->is_json)
		json_start();
	for (size_t i = 0; i < options->count && options->fixes; i++)
		fix(check, &options->inputs[i], &check->fixed[i]);
	for (size_t i = 0; i < options->count; i++)
		look_at(check, &lint, &options->inputs[i]);
	if (!options->is_differences)
		look_at_pair(check, &lint);
	lint_release(&lint);
	check_host_release(host);
	show_end(check);
}

static int
run(const struct check_options *options)
{
	struct check check = {.options = options};

	if (options->explains || options->lists)
		return check_explain(options);
	check.fixed = calloc(options->count, sizeof *check.fixed);
	if (check.fixed == NULL)
		return check_complain("", "out of memory") ? EXIT_CLEAN : EXIT_TROUBLE;
	look_at_all(&check);
	free(check.fixed);
	if (check.failed)
		return EXIT_TROUBLE;
	if (check.counts.of[LINT_ERROR] > 0)
		return EXIT_ERRORS;
	return check.counts.of[LINT_WARNING] > 0 ? EXIT_WARNINGS : EXIT_CLEAN;
}

int
command_check(int argc, char **argv)
{
	struct check_options options;
	int status;

	if (!check_parse(&options, argc, argv))
		return EXIT_TROUBLE;
	status = run(&options);
	check_options_release(&options);
	return end_status("tcpwrap check", status, EXIT_TROUBLE);
}
