/*
 * NAME     diff_tell - what an edit changes, as lines or JSON
 * INVARIANTS  Nothing is kept but the part at hand: there may be millions.
 * SEE      tcpwrap-diff(1)
 */
#include <string.h>

#include "base/str.h"
#include "cmd/tcpwrap/sets/diff.h"
#include "cmd/tcpwrap/show.h"

const char *const telling_changes[] = {[REACH_NOW_REFUSED] = "refused",
    [REACH_NOW_TWISTED] = "twisted",
    [REACH_NOW_ADMITTED] = "admitted",
    [REACH_NOW_OPTIONS] = "options",
    [REACH_MAY_CHANGE] = "may-change"};

static const char signs[] = {[REACH_NOW_REFUSED] = '-',
    [REACH_NOW_TWISTED] = '-',
    [REACH_NOW_ADMITTED] = '+',
    [REACH_NOW_OPTIONS] = '~',
    [REACH_MAY_CHANGE] = '?'};

void
telling_init(struct telling *telling, const struct diff *diff, const struct reach *const reaches[2])
{
	memset(telling, 0, sizeof *telling);
	telling->diff = diff;
	telling->reaches[0] = reaches[0];
	telling->reaches[1] = reaches[1];
}

/* ---- text ---- */

static void
print_options(const struct reach *reach, uint32_t number)
{
	enum { SHOWN_MAX = 60 };
	struct reach_rule rule = {.tail = NULL};
	char storage[4 * SHOWN_MAX + 1];
	const char *tail;
	struct buf buf;
	size_t len;

	if (number != REACH_NO_RULE)
		rule = reach_rule(reach, number);
	tail = rule.tail;
	len = rule.has_tail ? rule.tail_len : 0;
	str_trim(&tail, &len);
	if (len == 0) {
		fputs(" (no options)", stdout);
		return;
	}
	buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
	buf_add_escaped(&buf, tail, len < SHOWN_MAX ? len : SHOWN_MAX);
	printf(" (%s%s)", buf.bytes, len > SHOWN_MAX ? " ..." : "");
	buf_release(&buf);
}

static void
print_fates(const struct telling *telling, const struct reach_difference *difference)
{
	bool has_options = difference->change == REACH_NOW_OPTIONS;

	sets_print_fate(telling->reaches[0], &difference->before);
	if (has_options)
		print_options(telling->reaches[0], difference->before.rule);
	fputs(" -> ", stdout);
	sets_print_fate(telling->reaches[1], &difference->after);
	if (has_options)
		print_options(telling->reaches[1], difference->after.rule);
}

static void
print_line(const struct telling *telling, const struct part *part, const char *text)
{
	enum reach_change change = part->difference.change;

	printf("%c %-10s %-20s ", signs[change], telling_changes[change], text);
	print_fates(telling, &part->difference);
	puts(part->is_mixed ? " and others" : "");
}

/* ---- JSON ---- */

static void
print_json(struct telling *telling, const struct part *part)
{
	printf("%s\n{\"change\":\"%s\",\"before\":{", telling->has_told ? "," : "",
	    telling_changes[part->difference.change]);
	sets_print_json(telling->reaches[0], &part->difference.before);
	fputs("},\"after\":{", stdout);
	sets_print_json(telling->reaches[1], &part->difference.after);
	printf("},\"other_rules\":%s", part->is_mixed ? "true" : "false");
	sets_print_json_addresses(part->first, part->last, !telling->diff->has_ranges);
	putchar('}');
}

/* ---- parts ---- */

/* All but a network are some twenty prefixes, that nobody can read. */
static bool
is_range(const struct diff *diff, const struct part *part)
{
	enum { READ_WELL = 3 };
	struct sets_prefixes prefixes;
	struct point p;
	unsigned bits, count = 0;

	sets_prefixes_init(&prefixes, part->first, part->last);
	while (count <= READ_WELL && sets_next(&prefixes, &p, &bits))
		count++;
	return diff->has_ranges || (!diff->has_prefixes && count > READ_WELL);
}

static void
tell_lines(struct telling *telling, const struct part *part, unsigned long *told)
{
	struct sets_prefixes prefixes;
	char text[SETS_TEXT_MAX];
	struct point p;
	unsigned bits;

	if (is_range(telling->diff, part)) {
		sets_range_text(part->first, part->last, text);
		if ((*told)++ < telling->diff->lines_max)
			print_line(telling, part, text);
		return;
	}
	sets_prefixes_init(&prefixes, part->first, part->last);
	while (sets_next(&prefixes, &p, &bits)) {
		if ((*told)++ >= telling->diff->lines_max)
			continue;
		sets_prefix_text(p, bits, text);
		print_line(telling, part, text);
	}
}

static unsigned long
count_of(const struct telling *telling)
{
	unsigned long ret = 0;

	for (unsigned i = 0; i < REACH_CHANGES; i++)
		ret += telling->parts[i][0] + telling->parts[i][1];
	return ret;
}

static void
tell(struct telling *telling, const struct part *part)
{
	enum reach_change change = part->difference.change;
	unsigned family = point_is_v4(part->first) ? 0 : 1;
	unsigned long before = count_of(telling), told = before;

	sets_add(&telling->addresses[change][family], part->first, part->last);
	if (!telling->diff->is_json) {
		tell_lines(telling, part, &told);
	} else if (told++ < telling->diff->lines_max) {
		print_json(telling, part);
	}
	telling->parts[change][family] += told - before;
	telling->has_told = true;
}

static bool
is_alike(const struct reach_difference *a, const struct reach_difference *b)
{
	return a->change == b->change && sets_is_alike(&a->before, &b->before) &&
	    sets_is_alike(&a->after, &b->after);
}

/* Is it told in one with the part before it? Where it may change, only with the same lines. */
static bool
goes_on(const struct part *part, const struct reach_difference *next)
{
	const struct reach_difference *difference = &part->difference;

	if (difference->change == REACH_MAY_CHANGE || difference->change == REACH_NOW_OPTIONS)
		return is_alike(difference, next);
	return difference->change == next->change &&
	    difference->before.outcome == next->before.outcome &&
	    difference->after.outcome == next->after.outcome;
}

static void
flush(struct telling *telling)
{
	static const struct point none = {0, 0};
	struct point v4_before = point_before(point_of_v4(0));

	if (!telling->has_part)
		return;
	telling->has_part = false;
	/* No client is behind it, up to the end of the mapped ones. */
	if (point_eq(telling->part.last, v4_before) && !point_eq(telling->part.last, none)) {
		telling->held = telling->part;
		telling->held.last = point_of_v4(UINT32_MAX);
		telling->is_held = true;
		return;
	}
	tell(telling, &telling->part);
}

static void
flush_held(struct telling *telling)
{
	if (telling->is_held)
		tell(telling, &telling->held);
	telling->is_held = false;
}

void
telling_take(struct telling *telling, const struct reach_difference *difference)
{
	struct point first = point_of_addr(&difference->before.first);
	struct point last = point_of_addr(&difference->before.last);
	struct part *part = &telling->part;

	if (telling->has_part && point_eq(point_next(part->last), first) &&
	    point_is_v4(part->first) == point_is_v4(first) && goes_on(part, difference)) {
		part->is_mixed |= !is_alike(&part->difference, difference);
		part->last = last;
		return;
	}
	flush(telling);
	if (point_compare(first, point_of_v4(UINT32_MAX)) > 0 && telling->is_held) {
		if (point_eq(point_next(telling->held.last), first) &&
		    goes_on(&telling->held, difference)) {
			*part = telling->held;
			part->is_mixed |= !is_alike(&part->difference, difference);
			part->last = last;
			telling->has_part = true;
			telling->is_held = false;
			return;
		}
		flush_held(telling);
	}
	*part = (struct part){.difference = *difference, .first = first, .last = last};
	telling->has_part = true;
}

void
telling_end(struct telling *telling)
{
	unsigned long all;

	flush(telling);
	flush_held(telling);
	all = count_of(telling);
	if (!telling->diff->is_json && all > telling->diff->lines_max)
		printf("  and %lu more\n", all - telling->diff->lines_max);
}

static void
print_total(const struct telling *telling, enum reach_change change)
{
	static const char *const texts[] = {[REACH_NOW_REFUSED] = "newly refused",
	    [REACH_NOW_TWISTED] = "newly twisted",
	    [REACH_NOW_ADMITTED] = "newly admitted",
	    [REACH_NOW_OPTIONS] = "other options",
	    [REACH_MAY_CHANGE] = "may change"};
	static const char *const families[] = {"IPv4", "IPv6"};
	bool is_any = false;

	for (unsigned f = 0; f < 2; f++) {
		if (telling->parts[change][f] == 0)
			continue;
		printf("%s", is_any ? ", " : "  ");
		if (!is_any)
			printf("%s: ", texts[change]);
		sets_print_count(&telling->addresses[change][f]);
		printf(" of %s", families[f]);
		is_any = true;
	}
	if (is_any)
		putchar('\n');
}

void
telling_print_totals(const struct telling *telling)
{
	bool is_first = true;

	if (!telling->diff->is_json) {
		for (unsigned i = 0; i < REACH_CHANGES; i++)
			print_total(telling, (enum reach_change)i);
		return;
	}
	for (unsigned i = 0; i < REACH_CHANGES; i++) {
		printf("%s\"%s\":{\"ipv4\":\"", is_first ? "" : ",", telling_changes[i]);
		sets_print_count(&telling->addresses[i][0]);
		fputs("\",\"ipv6\":\"", stdout);
		sets_print_count(&telling->addresses[i][1]);
		fputs("\"}", stdout);
		is_first = false;
	}
}
