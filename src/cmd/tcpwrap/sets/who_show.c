/*
 * NAME     who_show - what becomes of all addresses, as lines or JSON
 * SEE      tcpwrap-who(1)
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/tcpwrap/show.h"
#include "cmd/tcpwrap/sets/who.h"

enum { JSON_VERSION = 1 };

/* ---- text ---- */

static const enum reach_outcome order[REACH_OUTCOMES] = {
    REACH_ADMITTED, REACH_DEPENDS, REACH_TWISTED, REACH_REFUSED};
static const char *const families[] = {"IPv4", "IPv6"};

static void
print_total(const struct answer *answer, enum reach_outcome outcome)
{
	const char *unit = answer->who->has_ranges ? "range" : "prefix";
	const char *units = answer->who->has_ranges ? "ranges" : "prefixes";
	bool is_any = false;

	printf("%-9s", sets_outcomes[outcome]);
	for (unsigned f = 0; f < 2; f++) {
		const struct total *total = &answer->totals[outcome][f];

		if (total->parts == 0)
			continue;
		fputs(is_any ? ", " : "", stdout);
		sets_print_count(&total->addresses);
		printf(" of %s in %lu %s", families[f], total->parts,
		    total->parts == 1 ? unit : units);
		is_any = true;
	}
	puts(is_any ? "" : "none");
}

/* A line of a part but for its prefix, as most are: there may be millions, so not by printf. */
struct printer {
	const struct answer *answer;
	char *paths[2]; /* by enum table, as they are printed; heap; NULL: out of memory */
	char head[16], rest[256]; /* the kind, and what stands behind the prefix */
	size_t head_len, rest_len;
	bool is_slow; /* the rest is printed by sets.c */
};

static char *
printed_path(const char *path)
{
	size_t len;
	char *ret = NULL;
	FILE *out = open_memstream(&ret, &len);

	if (out == NULL)
		return NULL;
	images_print_path(out, path);
	if (fclose(out) == 0)
		return ret;
	free(ret);
	return NULL;
}

static void
printer_init(struct printer *printer, const struct answer *answer, enum reach_outcome outcome)
{
	enum { KIND_WIDTH = 8 };
	const struct who *who = answer->who;

	*printer = (struct printer){.answer = answer};
	for (unsigned t = 0; t < 2; t++)
		printer->paths[t] = printed_path(who->paths[t]);
	if (!who->is_quiet)
		snprintf(printer->head, sizeof printer->head, "%-*s ", KIND_WIDTH,
		    sets_outcomes[outcome]);
	else if (who->only_outcome == REACH_OUTCOMES)
		snprintf(printer->head, sizeof printer->head, "%s ", sets_outcomes[outcome]);
	printer->head_len = strlen(printer->head);
}

static void
printer_release(struct printer *printer)
{
	for (unsigned t = 0; t < 2; t++)
		free(printer->paths[t]);
}

static void
printer_begin(struct printer *printer, const struct part *part)
{
	const char *more = part->is_mixed ? " and others" : "";
	uint32_t number = part->run->rule;
	struct reach_rule rule = {.is_end = true};
	int len = -1;

	if (part->run->outcome == REACH_DEPENDS || part->run->is_fault)
		number = REACH_NO_RULE;
	else if (number == REACH_NO_RULE)
		len = snprintf(printer->rest, sizeof printer->rest, "no rule%s\n", more);
	if (number != REACH_NO_RULE)
		rule = reach_rule(printer->answer->reach, number);
	if (!rule.is_end && printer->paths[rule.table] != NULL)
		len = snprintf(printer->rest, sizeof printer->rest, "%s:%u%s\n",
		    printer->paths[rule.table], rule.line, more);
	printer->rest_len = (size_t)len;
	printer->is_slow = len < 0 || (size_t)len >= sizeof printer->rest;
}

static void
print_slow(const struct answer *answer, const struct part *part)
{
	if (part->run->outcome == REACH_DEPENDS)
		sets_print_interval(answer->reach, &answer->open[part->run->conditions]);
	else
		sets_print_rule(answer->reach, part->run->rule, part->run->is_fault);
	fputs(part->is_mixed ? " and others\n" : "\n", stdout);
}

static void
print_line(const struct printer *printer, const struct part *part, const char *text, size_t len)
{
	enum { PREFIX_WIDTH = 20 };
	char line[sizeof printer->head + SETS_TEXT_MAX + PREFIX_WIDTH + 1 + sizeof printer->rest];
	bool is_quiet = printer->answer->who->is_quiet;
	size_t at = printer->head_len;

	memcpy(line, printer->head, at);
	memcpy(line + at, text, len);
	at += len;
	for (; !is_quiet && len < PREFIX_WIDTH; len++)
		line[at++] = ' ';
	line[at++] = is_quiet ? '\n' : ' ';
	if (!is_quiet && !printer->is_slow) {
		memcpy(line + at, printer->rest, printer->rest_len);
		at += printer->rest_len;
	}
	fwrite_unlocked(line, 1, at, stdout);
	if (!is_quiet && printer->is_slow)
		print_slow(printer->answer, part);
}

/* Those of one kind. */
static void
print_parts(const struct answer *answer, enum reach_outcome outcome)
{
	const struct total *totals = answer->totals[outcome];
	unsigned long left = answer->who->lines_max, all = totals[0].parts + totals[1].parts;
	char text[SETS_TEXT_MAX];
	struct printer printer;
	struct part part;
	size_t at = 0;

	printer_init(&printer, answer, outcome);
	while (left > 0 && answer_next(answer, &at, &part)) {
		struct sets_prefixes prefixes;
		struct point p;
		unsigned bits;

		if (part.run->outcome != (uint8_t)outcome)
			continue;
		printer_begin(&printer, &part);
		if (answer->who->has_ranges) {
			print_line(
			    &printer, &part, text, sets_range_text(part.first, part.last, text));
			left--;
			continue;
		}
		sets_prefixes_init(&prefixes, part.first, part.last);
		for (; left > 0 && sets_next(&prefixes, &p, &bits); left--) {
			print_line(&printer, &part, text, sets_prefix_text(p, bits, text));
		}
	}
	printer_release(&printer);
	if (all > answer->who->lines_max && !answer->who->is_quiet)
		printf("%-9sand %lu more\n", sets_outcomes[outcome], all - answer->who->lines_max);
}

void
who_print_text(const struct answer *answer)
{
	const struct who *who = answer->who;

	for (unsigned i = 0; i < REACH_OUTCOMES && !who->is_quiet; i++)
		if (who->only_outcome == REACH_OUTCOMES || who->only_outcome == order[i])
			print_total(answer, order[i]);
	if (!who->is_quiet)
		putchar('\n');
	for (unsigned i = 0; i < REACH_OUTCOMES; i++)
		if (who->only_outcome == REACH_OUTCOMES || who->only_outcome == order[i])
			print_parts(answer, order[i]);
}

/* ---- JSON ---- */

static bool
is_wanted(const struct answer *answer, const struct part *part)
{
	enum reach_outcome only = answer->who->only_outcome;

	return only == REACH_OUTCOMES || part->run->outcome == (uint8_t)only;
}

static void
print_json_totals(const struct answer *answer)
{
	fputs(",\"totals\":{", stdout);
	for (unsigned i = 0; i < REACH_OUTCOMES; i++) {
		printf("%s\"%s\":{", i > 0 ? "," : "", sets_outcomes[order[i]]);
		for (unsigned f = 0; f < 2; f++) {
			const struct total *total = &answer->totals[order[i]][f];

			/* As text: numbers of JSON end at 2 to the 53rd. */
			printf("%s\"%s\":{\"addresses\":\"", f > 0 ? "," : "",
			    f == 0 ? "ipv4" : "ipv6");
			sets_print_count(&total->addresses);
			printf("\",\"%s\":%lu}", answer->who->has_ranges ? "ranges" : "prefixes",
			    total->parts);
		}
		putchar('}');
	}
	putchar('}');
}

static void
print_json_part(const struct answer *answer, const struct part *part, bool is_first)
{
	const struct reach_interval *open =
	    part->run->conditions != NO_CONDITIONS ? &answer->open[part->run->conditions] : NULL;
	const struct reach_interval plain = {.outcome = (enum reach_outcome)part->run->outcome,
	    .otherwise = (enum reach_outcome)part->run->outcome,
	    .rule = part->run->rule,
	    .is_fault = part->run->is_fault};

	printf("%s\n{", is_first ? "" : ",");
	sets_print_json(answer->reach, open != NULL ? open : &plain);
	printf(",\"other_rules\":%s", part->is_mixed ? "true" : "false");
	sets_print_json_addresses(part->first, part->last, !answer->who->has_ranges);
	putchar('}');
}

void
who_print_json(const struct answer *answer, const char *daemon)
{
	unsigned long left = answer->who->lines_max;
	bool is_first = true;
	struct part part;
	size_t at = 0;

	printf("{\"version\":%d", JSON_VERSION);
	json_text("daemon", daemon);
	json_text("allow", answer->who->paths[TABLE_ALLOW]);
	json_text("deny", answer->who->paths[TABLE_DENY]);
	print_json_totals(answer);
	fputs(",\"intervals\":[", stdout);
	while (left > 0 && answer_next(answer, &at, &part)) {
		if (!is_wanted(answer, &part))
			continue;
		print_json_part(answer, &part, is_first);
		is_first = false;
		left--;
	}
	puts("\n]}");
}
