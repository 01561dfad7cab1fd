/*
 * NAME     who - tcpwrap who
 * PURPOSE  The addresses that a daemon's tables admit, refuse or leave open: all of them, as the fewest
 *          prefixes, with the rules that decide.
 * LIMITS   REACH_PIECES_MAX; some 40 bytes for each interval beside that.
 * SEE      tcpwrap-who(1)
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "cmd/tcpwrap/command.h"
#include "cmd/tcpwrap/sets/sets.h"
#include "cmd/tcpwrap/show.h"
#include "tool/end.h"

enum { EXIT_TOLD, JSON_VERSION = 1, NO_CONDITIONS = -1, OUTPUT_BYTES = 1 << 16 };

struct who {
	const char *paths[2]; /* by enum table */
	const char *limit, *only, *port, *server;
	bool is_json, is_quiet, has_ranges, is_by_rule;
	/* What they come to: */
	struct reach_question question;
	unsigned long lines_max;
	enum reach_outcome only_outcome; /* REACH_OUTCOMES: all */
};

static const struct flag table[] = {
#define FLAG(letter, name, argument, member, help)                                                 \
	{letter, name, argument, offsetof(struct who, member), help},
#include "cmd/tcpwrap/sets/who.def"
#undef FLAG
};

static const struct flags flags = {
    .program = "tcpwrap who",
    .usage = "[option ...] DAEMON",
    .hints = "tcpwrap who --help says more\n",
    .about =
        "Which addresses can reach DAEMON? All of them are told, IPv4 and IPv6, as the fewest\n"
        "prefixes: those that are admitted whatever else is known of a client, those that are\n"
        "refused, and those where it depends on a name, a user or a command. Nothing is\n"
        "looked up, and no client is tried: it is worked out from the rules.\n",
    .statuses = "Exit status: 0 it is told; 2 bad usage, or a table that cannot be read.\n",
    .flags = table,
    .count = sizeof table / sizeof *table,
    .usage_status = EXIT_TROUBLE,
};

/* ---- intervals, as they are kept ---- */

/* Those of IPv4 come first. */
struct run {
	struct point first; /* the last is before that of the next one of the family */
	uint32_t rule;
	int32_t conditions; /* in struct answer; NO_CONDITIONS */
	uint8_t outcome;
	bool is_fault;
};

/* Addresses and prefixes of a kind, of one family. */
struct total {
	struct sets_count addresses;
	unsigned long parts;
};

struct answer {
	const struct who *who;
	const struct reach *reach;
	struct run *runs; /* heap, as is the other */
	size_t count, size;
	struct reach_interval *open; /* those that have conditions */
	size_t open_count, open_size;
	struct total totals[REACH_OUTCOMES][2]; /* IPv4, IPv6 */
};

static void *
grow(void *items, size_t count, size_t *size, size_t item_bytes)
{
	size_t more = *size == 0 ? 64 : *size * 2;
	void *ret = count < *size ? items : reallocarray(items, more, item_bytes);

	if (ret != NULL && count >= *size)
		*size = more;
	return ret;
}

/* A few turn up again and again. False: out of memory. */
static bool
keep_open(struct answer *answer, const struct reach_interval *interval, int32_t *ret)
{
	enum { AGAIN = 8 };
	struct reach_interval *open;

	for (size_t i = answer->open_count; i > 0 && i + AGAIN > answer->open_count; i--) {
		if (sets_is_alike(&answer->open[i - 1], interval)) {
			*ret = (int32_t)(i - 1);
			return true;
		}
	}
	open = grow(answer->open, answer->open_count, &answer->open_size, sizeof *open);
	if (open == NULL)
		return false;
	answer->open = open;
	*ret = (int32_t)answer->open_count;
	open[answer->open_count++] = *interval;
	return true;
}

static bool
keep(struct answer *answer, const struct reach_interval *interval)
{
	struct run *runs = grow(answer->runs, answer->count, &answer->size, sizeof *runs), *run;

	if (runs == NULL)
		return false;
	answer->runs = runs;
	run = &runs[answer->count++];
	*run = (struct run){.first = point_of_addr(&interval->first),
	    .rule = interval->rule,
	    .conditions = NO_CONDITIONS,
	    .outcome = (uint8_t)interval->outcome,
	    .is_fault = interval->is_fault};
	return interval->outcome != REACH_DEPENDS || keep_open(answer, interval, &run->conditions);
}

static void
turn(struct run *runs, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct run run = runs[i];

		runs[i] = runs[count - 1 - i];
		runs[count - 1 - i] = run;
	}
}

/* IPv4 lies in the midst of IPv6: exchange what stands before it, and it. */
static void
arrange(struct answer *answer)
{
	size_t v4 = 0, end;

	while (v4 < answer->count && !point_is_v4(answer->runs[v4].first))
		v4++;
	for (end = v4; end < answer->count && point_is_v4(answer->runs[end].first);)
		end++;
	turn(answer->runs, v4);
	turn(answer->runs + v4, end - v4);
	turn(answer->runs, end);
}

static bool
collect(struct answer *answer)
{
	struct reach_sweep *sweep = reach_sweep_open(answer->reach, &answer->who->question);
	struct reach_interval interval;
	bool is_done = sweep != NULL;

	while (is_done && reach_sweep_next(sweep, &interval))
		is_done = keep(answer, &interval);
	reach_sweep_close(sweep);
	arrange(answer);
	return is_done;
}

/* ---- runs that are told as one ---- */

struct part {
	const struct run *run; /* the first one */
	struct point first, last;
	bool is_mixed; /* other rules decide in it, too */
};

static bool
goes_on(const struct answer *answer, const struct part *part, const struct run *next)
{
	const struct run *run = part->run;

	if (next->outcome != run->outcome || point_is_v4(next->first) != point_is_v4(part->first))
		return false;
	if (run->outcome == REACH_DEPENDS || answer->who->is_by_rule)
		return next->conditions == run->conditions && next->rule == run->rule &&
		    next->is_fault == run->is_fault;
	return true;
}

static struct point
last_of(const struct answer *answer, size_t at)
{
	const struct run *run = &answer->runs[at];
	bool is_v4 = point_is_v4(run->first);

	if (at + 1 < answer->count && point_is_v4(run[1].first) == is_v4)
		return point_before(run[1].first);
	return is_v4 ? point_of_v4(UINT32_MAX) : point_last;
}

/* The next one from *at on; false: there is none. */
static bool
next_part(const struct answer *answer, size_t *at, struct part *ret)
{
	const struct run *run = &answer->runs[*at];

	if (*at >= answer->count)
		return false;
	*ret = (struct part){.run = run, .first = run->first};
	do {
		ret->is_mixed |= answer->runs[*at].rule != run->rule;
		ret->last = last_of(answer, *at);
		++*at;
	} while (*at < answer->count && goes_on(answer, ret, &answer->runs[*at]));
	return true;
}

static bool
is_wanted(const struct answer *answer, const struct part *part)
{
	enum reach_outcome only = answer->who->only_outcome;

	return only == REACH_OUTCOMES || part->run->outcome == (uint8_t)only;
}

static void
add_up(struct answer *answer)
{
	struct part part;
	size_t at = 0;

	while (next_part(answer, &at, &part)) {
		struct total *total =
		    &answer->totals[part.run->outcome][point_is_v4(part.first) ? 0 : 1];
		struct sets_prefixes prefixes;
		struct point p;
		unsigned bits;

		sets_add(&total->addresses, part.first, part.last);
		total->parts += answer->who->has_ranges;
		sets_prefixes_init(&prefixes, part.first, part.last);
		while (!answer->who->has_ranges && sets_next(&prefixes, &p, &bits))
			total->parts++;
	}
}

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

/* In columns: there may be millions, so not by printf. */
static void
print_padded(const char *text, size_t len, size_t width)
{
	static const char blanks[] = "                    ";

	fwrite(text, 1, len, stdout);
	if (len < width)
		fwrite(blanks, 1, width - len, stdout);
	putchar(' ');
}

static void
print_line(const struct answer *answer, const struct part *part, const char *text, size_t len)
{
	enum { KIND_WIDTH = 8, PREFIX_WIDTH = 20 };
	const struct who *who = answer->who;
	enum reach_outcome outcome = (enum reach_outcome)part->run->outcome;
	const char *kind = sets_outcomes[outcome];

	if (!who->is_quiet || who->only_outcome == REACH_OUTCOMES)
		print_padded(kind, strlen(kind), who->is_quiet ? 0 : KIND_WIDTH);
	if (who->is_quiet) {
		puts(text);
		return;
	}
	print_padded(text, len, PREFIX_WIDTH);
	if (outcome == REACH_DEPENDS)
		sets_print_interval(answer->reach, &answer->open[part->run->conditions]);
	else
		sets_print_rule(answer->reach, part->run->rule, part->run->is_fault);
	fputs(part->is_mixed ? " and others\n" : "\n", stdout);
}

/* Those of one kind. */
static void
print_parts(const struct answer *answer, enum reach_outcome outcome)
{
	const struct total *totals = answer->totals[outcome];
	unsigned long left = answer->who->lines_max, all = totals[0].parts + totals[1].parts;
	char text[SETS_TEXT_MAX];
	struct part part;
	size_t at = 0;

	while (left > 0 && next_part(answer, &at, &part)) {
		struct sets_prefixes prefixes;
		struct point p;
		unsigned bits;

		if (part.run->outcome != (uint8_t)outcome)
			continue;
		if (answer->who->has_ranges) {
			print_line(
			    answer, &part, text, sets_range_text(part.first, part.last, text));
			left--;
			continue;
		}
		sets_prefixes_init(&prefixes, part.first, part.last);
		for (; left > 0 && sets_next(&prefixes, &p, &bits); left--) {
			print_line(answer, &part, text, sets_prefix_text(p, bits, text));
		}
	}
	if (all > answer->who->lines_max && !answer->who->is_quiet)
		printf("%-9sand %lu more\n", sets_outcomes[outcome], all - answer->who->lines_max);
}

static void
print_text(const struct answer *answer)
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

static void
print_json(const struct answer *answer, const char *daemon)
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
	while (left > 0 && next_part(answer, &at, &part)) {
		if (!is_wanted(answer, &part))
			continue;
		print_json_part(answer, &part, is_first);
		is_first = false;
		left--;
	}
	puts("\n]}");
}

/* ---- the command ---- */

static bool
read_only(struct who *who)
{
	who->only_outcome = REACH_OUTCOMES;
	if (who->only == NULL)
		return true;
	for (unsigned i = 0; i < REACH_OUTCOMES; i++)
		if (strcmp(who->only, sets_outcomes[i]) == 0)
			who->only_outcome = (enum reach_outcome)i;
	if (who->only_outcome != REACH_OUTCOMES)
		return true;
	fputs("tcpwrap who: --only takes admitted, depends, twisted or refused\n", stderr);
	return false;
}

static bool
read_options(struct who *who)
{
	who->lines_max = ULONG_MAX;
	if (who->limit != NULL &&
	    !str_number(who->limit, strlen(who->limit), UINT32_MAX, &who->lines_max)) {
		fputs("tcpwrap who: a limit is a number of lines\n", stderr);
		return false;
	}
	who->question.server = who->server;
	return read_only(who) && sets_port("tcpwrap who", who->port, &who->question.port) &&
	    sets_server("tcpwrap who", who->server);
}

/* A name that no rule spells out, and that is nearly one that some do, is probably a slip. */
static void
note_slip(const struct reach *reach, const char *daemon)
{
	const char *near = NULL, *name;

	for (size_t i = 0; (name = reach_daemon(reach, i)) != NULL; i++) {
		if (str_is(daemon, strlen(daemon), name))
			return;
		if (near_is(daemon, strlen(daemon), name))
			near = name;
	}
	if (near == NULL)
		return;
	fputs("tcpwrap who: note: no rule spells out this daemon; did you mean ", stderr);
	images_print_path(stderr, near);
	fputs("?\n", stderr);
}

static int
run(const struct who *who, const char *daemon)
{
	struct reach *reach = sets_open("tcpwrap who", who->paths, who->is_quiet);
	struct answer answer = {.who = who, .reach = reach};
	int status = EXIT_TOLD;

	if (reach == NULL)
		return EXIT_TROUBLE;
	if (!who->is_quiet)
		note_slip(reach, daemon);
	if (collect(&answer)) {
		add_up(&answer);
		if (who->is_json)
			print_json(&answer, daemon);
		else
			print_text(&answer);
	} else {
		fputs("tcpwrap who: out of memory\n", stderr);
		status = EXIT_TROUBLE;
	}
	free(answer.runs);
	free(answer.open);
	reach_close(reach);
	return status;
}

int
command_who(int argc, char **argv)
{
	struct who who = {.paths = {"/etc/hosts.allow", "/etc/hosts.deny"}};
	int at = flags_parse(&flags, argc, argv, &who);

	if (argc - at != 1)
		flags_usage(&flags, "tcpwrap who");
	if (!read_options(&who))
		return EXIT_TROUBLE;
	show_absent(flags.program, who.paths);
	who.question.daemon = argv[at];
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BYTES);
	return end_status(flags.program, run(&who, argv[at]), EXIT_TROUBLE);
}
