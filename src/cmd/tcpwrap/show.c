/*
 * NAME     show - findings for people
 * PURPOSE  FILE:LINE:COLUMN: SEVERITY: MESSAGE [ID], the line, what it means, the line mended. All
 *          that comes from a file is escaped.
 * LIMITS   SHOWN_MAX: of a line, its beginning is enough to recognise it; a mended one is shown whole
 *          up to MENDED_MAX, which is what the original reads of a line.
 */
#include "cmd/tcpwrap/show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/tcpwrap/images/images.h"

enum { SHOWN_MAX = 160, MENDED_MAX = 2047 };

const char *const show_severities[] = {
    [LINT_NOTE] = "note", [LINT_WARNING] = "warning", [LINT_ERROR] = "error"};
const char *const show_tables[] = {[TABLE_ALLOW] = "allow", [TABLE_DENY] = "deny"};

void
show_absent(const char *command, const char *const paths[2])
{
	static const char *const usual[] = {
	    [TABLE_ALLOW] = "/etc/hosts.allow", [TABLE_DENY] = "/etc/hosts.deny"};

	for (unsigned i = 0; i < 2; i++) {
		if (paths[i] == NULL || strcmp(paths[i], usual[i]) == 0 ||
		    access(paths[i], F_OK) == 0 || errno != ENOENT)
			continue;
		fprintf(stderr, "%s: note: ", command);
		images_print_path(stderr, paths[i]);
		fputs(": there is no such table, and it is taken as empty\n", stderr);
	}
}

bool
show_is_coloured(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return (no_color == NULL || *no_color == '\0') && term != NULL &&
	    strcmp(term, "dumb") != 0 && isatty(STDOUT_FILENO) == 1;
}

/* A backslash stays one, as the line is there to be copied. */
void
show_escaped(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\t' || (c >= 0x20 && c < 0x7f))
			putchar(c);
		else
			printf("\\x%02x", c);
	}
}

static void
print_place(const struct finding *finding)
{
	show_escaped(finding->file, strlen(finding->file));
	if (finding->line > 0)
		printf(":%u", finding->line);
	if (finding->column > 0)
		printf(":%zu", finding->column);
}

static void
print_severity(enum lint_severity severity)
{
	static const char *const colours[] = {
	    [LINT_NOTE] = "36", [LINT_WARNING] = "33", [LINT_ERROR] = "31"};

	if (show_is_coloured())
		printf("\033[1;%sm%s\033[0m", colours[severity], show_severities[severity]);
	else
		fputs(show_severities[severity], stdout);
}

static void
print_part(const char *label, const char *text)
{
	if (*text != '\0')
		printf("\t%-8s%s\n", label, text);
}

static void
print_line(const struct finding *finding)
{
	size_t shown = finding->len < SHOWN_MAX ? finding->len : SHOWN_MAX;

	if (finding->text == NULL)
		return;
	putchar('\t');
	show_escaped(finding->text, shown);
	puts(shown < finding->len ? " ..." : "");
}

static void
print_mended(const struct finding *finding)
{
	if (finding->mended == NULL)
		return;
	if (finding->mended_len == 0) {
		print_part("mended:", "(take the line out)");
	} else if (finding->mended_len > MENDED_MAX) {
		print_part("mended:", "(too long to be shown: see --json)");
	} else {
		printf("\t%-8s", "mended:");
		show_escaped(finding->mended, finding->mended_len);
		putchar('\n');
	}
}

void
show_finding(const struct finding *finding)
{
	const struct lint_spec *spec = &lint_specs[finding->id];

	print_place(finding);
	fputs(": ", stdout);
	print_severity(spec->severity);
	printf(": %s [%s]\n", finding->message, spec->name);
	print_line(finding);
	print_part("Debian:", finding->debian);
	print_part("plain:", finding->plain);
	print_part("so:", finding->effect);
	print_mended(finding);
	print_part("remedy:", finding->remedy);
}

static void
print_count(unsigned long count, const char *what, const char *behind)
{
	printf("%lu %s%s%s", count, what, count == 1 ? "" : "s", behind);
}

void
show_counts(const struct counts *counts, bool notes_were_shown)
{
	if (counts->of[LINT_ERROR] + counts->of[LINT_WARNING] == 0 && !notes_were_shown)
		return;
	for (unsigned id = 0; id < LINT_IDS; id++) {
		if (counts->left_out[id] > 0)
			printf("%lu more of %s (see --all)\n", counts->left_out[id],
			    lint_specs[id].name);
	}
	print_count(counts->of[LINT_ERROR], "error", ", ");
	print_count(counts->of[LINT_WARNING], "warning", ", ");
	print_count(counts->of[LINT_NOTE], "note",
	    counts->of[LINT_NOTE] > 0 && !notes_were_shown ? " (see --notes)\n" : "\n");
}

/* ---- one kind of finding ---- */

static const char *const mends[LINT_MENDS] = {
    [LINT_MEND_NONE] = "nothing: there is no mended line",
    [LINT_MEND_SHOWN] =
        "nothing: the mended line may let somebody in, is a guess, or has a command run",
    [LINT_MEND_SAME] = "writes the mended line, which says the same",
    [LINT_MEND_MORE] = "writes the mended line where it can only keep more clients out",
    [LINT_MEND_LESS] = "writes the mended line where it can only let fewer clients in",
    [LINT_MEND_REFUSES] = "writes the mended line if the rule still keeps out whom it matches",
};

/* A text of lints.def, with dots where a finding has something of its own. */
static void
print_general(const char *label, const char *text)
{
	if (*text == '\0')
		return;
	printf("\t%-16s", label);
	for (; *text != '\0'; text++) {
		if (text[0] == '%' && (text[1] == 's' || text[1] == 'm')) {
			fputs("...", stdout);
			text++;
		} else {
			putchar(*text);
		}
	}
	putchar('\n');
}

void
show_name(enum lint_id id)
{
	const struct lint_spec *spec = &lint_specs[id];
	int width = (int)(LINT_NAME_MAX - strlen(spec->name) + strlen("warning") -
	    strlen(show_severities[spec->severity]));

	printf("%s (%s)%*s", spec->name, show_severities[spec->severity], width, "");
	for (const char *text = spec->message; *text != '\0'; text++) {
		if (text[0] == '%' && text[1] == 's') {
			fputs("...", stdout);
			text++;
		} else {
			putchar(*text);
		}
	}
	putchar('\n');
}

void
show_meaning(enum lint_id id)
{
	static const char *const severities[] = {[LINT_NOTE] = "worth knowing",
	    [LINT_WARNING] = "it is taken in two ways, or means what hardly anybody means",
	    [LINT_ERROR] = "the line does not do what it is there for"};
	const struct lint_spec *spec = &lint_specs[id];

	printf("%s (%s)\n", spec->name, show_severities[spec->severity]);
	print_general("what:", spec->message);
	print_general("why it is told:", severities[spec->severity]);
	print_general("Debian:", spec->debian);
	print_general("plain:", spec->plain);
	print_general("in hosts.allow:", spec->effects[TABLE_ALLOW]);
	print_general("in hosts.deny:", spec->effects[TABLE_DENY]);
	print_general("remedy:", spec->remedy);
	print_general("--fix:", mends[spec->mend]);
}
