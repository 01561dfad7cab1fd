/*
 * NAME     sets - what is said of intervals of addresses
 * SEE      tcpwrap-who(1), tcpwrap-diff(1), reach/reach.h
 */
#include "cmd/tcpwrap/sets/sets.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cmd/tcpwrap/show.h"

const char *const sets_outcomes[] = {[REACH_REFUSED] = "refused",
    [REACH_TWISTED] = "twisted",
    [REACH_ADMITTED] = "admitted",
    [REACH_DEPENDS] = "depends"};

/* ---- policies ---- */

struct opening {
	const char *const *paths; /* by enum table */
	bool is_quiet;
	struct reach *reach; /* NULL: fault */
	struct reach_fault fault;
};

/* As a thread begins. */
static void *
open_policy(void *argument)
{
	struct opening *opening = argument;
	const struct reach_input inputs[2] = {
	    {.path = opening->paths[0]}, {.path = opening->paths[1]}};
	struct bar bar;
	const struct progress progress = {&bar, bar_step};

	bar_begin(&bar, opening->is_quiet, opening->paths[TABLE_DENY]);
	opening->reach = reach_open(inputs, NULL, &progress, &opening->fault);
	bar_end(&bar);
	return NULL;
}

static bool
is_open(const char *command, const struct opening *opening)
{
	const struct reach_fault *fault = &opening->fault;

	if (opening->reach != NULL)
		return true;
	if (fault->is_large)
		fprintf(stderr, "%s: the tables are more than %d intervals of addresses\n", command,
		    REACH_PIECES_MAX);
	else
		images_complain(command, opening->paths[fault->table], &fault->fault);
	return false;
}

struct reach *
sets_open(const char *command, const char *const paths[2], bool is_quiet)
{
	struct opening opening = {.paths = paths, .is_quiet = is_quiet};

	open_policy(&opening);
	return is_open(command, &opening) ? opening.reach : NULL;
}

/* One of them in a thread of its own, where there can be one; progress is told of the other. */
bool
sets_open_both(const char *command, const char *const before[2], const char *const after[2],
    bool is_quiet, struct reach *ret[2])
{
	struct opening openings[2] = {
	    {.paths = before, .is_quiet = is_quiet}, {.paths = after, .is_quiet = true}};
	bool has_thread, is_done;
	pthread_t thread;

	has_thread = pthread_create(&thread, NULL, open_policy, &openings[1]) == 0;
	open_policy(&openings[0]);
	if (has_thread)
		pthread_join(thread, NULL);
	else
		open_policy(&openings[1]);
	is_done = is_open(command, &openings[0]) && is_open(command, &openings[1]);
	for (unsigned i = 0; i < 2; i++) {
		if (!is_done)
			reach_close(openings[i].reach);
		ret[i] = is_done ? openings[i].reach : NULL;
	}
	return is_done;
}

bool
sets_port(const char *command, const char *text, int *ret)
{
	unsigned long port = 0;

	if (text != NULL && (!str_number(text, strlen(text), 65535, &port) || port == 0)) {
		fprintf(stderr, "%s: a port is a number from 1 to 65535\n", command);
		return false;
	}
	*ret = (int)port;
	return true;
}

bool
sets_server(const char *command, const char *text)
{
	const char *scope;
	size_t scope_len;
	struct addr addr;

	if (text == NULL ||
	    (addr_parse(text, strlen(text), &addr, &scope, &scope_len) && scope_len == 0))
		return true;
	fprintf(stderr,
	    "%s: the server is no address: give one of this host's, without an interface\n",
	    command);
	return false;
}

/* ---- counts ---- */

#define MAPPED (UINT64_C(1) << 32)

void
sets_add(struct sets_count *count, struct point first, struct point last)
{
	uint64_t low = last.low - first.low, high = last.high - first.high - (last.low < first.low);

	high += ++low == 0;
	if (!point_is_v4(first) && point_compare(first, point_of_v4(0)) < 0 &&
	    point_compare(last, point_of_v4(0)) >= 0) {
		high -= low < MAPPED;
		low -= MAPPED;
	}
	count->number.low += low;
	count->number.high += high + (count->number.low < low);
}

/* In decimal: nine digits at a time, of four words. */
void
sets_print_count(const struct sets_count *count)
{
	enum { WORDS = 4, STEP = 1000000000, STEPS = 5 };
	uint32_t words[WORDS] = {(uint32_t)(count->number.high >> 32), (uint32_t)count->number.high,
	    (uint32_t)(count->number.low >> 32), (uint32_t)count->number.low};
	uint32_t digits[STEPS];
	unsigned used = 0;

	do {
		uint64_t rest = 0;

		for (unsigned i = 0; i < WORDS; i++) {
			rest = rest << 32 | words[i];
			words[i] = (uint32_t)(rest / STEP);
			rest %= STEP;
		}
		digits[used++] = (uint32_t)rest;
	} while ((words[0] | words[1] | words[2] | words[3]) != 0);
	printf("%u", digits[--used]);
	while (used > 0)
		printf("%09u", digits[--used]);
}

/* ---- prefixes ---- */

void
sets_prefixes_init(struct sets_prefixes *prefixes, struct point first, struct point last)
{
	*prefixes = (struct sets_prefixes){first, last, point_is_v4(first), false};
}

bool
sets_next(struct sets_prefixes *prefixes, struct point *ret, unsigned *ret_bits)
{
	struct point at = prefixes->at, end;
	unsigned bits;

	if (prefixes->is_over || point_is_v4(at) != prefixes->is_v4)
		return false;
	if (at.low != 0)
		bits = ADDR_BITS - (unsigned)__builtin_ctzll(at.low);
	else
		bits = at.high != 0 ? ADDR_BITS / 2 - (unsigned)__builtin_ctzll(at.high) : 0;
	while (point_compare(end = point_net_last(at, bits), prefixes->last) > 0)
		bits++;
	prefixes->is_over = point_eq(end, prefixes->last);
	prefixes->at = point_next(end);
	*ret = at;
	*ret_bits = bits;
	return true;
}

static size_t
address_text(struct point p, char *ret)
{
	struct addr addr = point_addr(p);

	return addr_format(&addr, ret);
}

size_t
sets_prefix_text(struct point p, unsigned bits, char *ret)
{
	size_t len = address_text(p, ret);

	if (bits == ADDR_BITS)
		return len;
	if (point_is_v4(p))
		bits -= ADDR_V4_PREFIX_BITS;
	ret[len++] = '/';
	if (bits >= 100)
		ret[len++] = '1';
	if (bits >= 10)
		ret[len++] = (char)('0' + bits / 10 % 10);
	ret[len++] = (char)('0' + bits % 10);
	ret[len] = '\0';
	return len;
}

size_t
sets_end_text(struct point first, struct point last, char *ret)
{
	if (point_is_v4(last) && !point_is_v4(first))
		last = point_before(point_of_v4(0));
	return address_text(last, ret);
}

size_t
sets_range_text(struct point first, struct point last, char *ret)
{
	size_t len = address_text(first, ret);

	if (point_eq(first, last))
		return len;
	ret[len++] = '-';
	return len + sets_end_text(first, last, ret + len);
}

/* ---- rules ---- */

bool
sets_is_alike(const struct reach_interval *a, const struct reach_interval *b)
{
	size_t shown = a->condition_count < REACH_SHOWN_MAX ? a->condition_count : REACH_SHOWN_MAX;

	return a->outcome == b->outcome && a->otherwise == b->otherwise && a->rule == b->rule &&
	    a->is_fault == b->is_fault && a->condition_count == b->condition_count &&
	    memcmp(a->conditions, b->conditions, shown * sizeof *a->conditions) == 0;
}

void
sets_print_rule(const struct reach *reach, uint32_t number, bool is_fault)
{
	struct reach_rule rule;

	if (number == REACH_NO_RULE) {
		fputs("no rule", stdout);
		return;
	}
	rule = reach_rule(reach, number);
	images_print_path(stdout, rule.file);
	printf(":%u", rule.line);
	if (is_fault)
		fputs(" (a list cannot be read)", stdout);
	else if (rule.is_end)
		fputs(" (the table ends there, in error)", stdout);
}

/* Lines of one table stand together. */
static void
print_conditions(const struct reach *reach, const struct reach_interval *interval)
{
	size_t all = interval->condition_count;
	size_t shown = all < REACH_SHOWN_MAX ? all : REACH_SHOWN_MAX;
	const char *file = NULL;
	unsigned line = 0;

	for (size_t i = 0; i < shown; i++) {
		struct reach_rule rule = reach_rule(reach, interval->conditions[i]);

		if (file == rule.file && line == rule.line)
			continue;
		if (i > 0)
			fputs(", ", stdout);
		if (file != rule.file)
			images_print_path(stdout, rule.file);
		printf("%s%u", file != rule.file ? ":" : "", rule.line);
		file = rule.file;
		line = rule.line;
	}
	if (all > shown)
		printf(" or %zu more", all - shown);
}

void
sets_print_interval(const struct reach *reach, const struct reach_interval *interval)
{
	if (interval->outcome != REACH_DEPENDS) {
		sets_print_rule(reach, interval->rule, interval->is_fault);
		return;
	}
	if (interval->otherwise == REACH_DEPENDS)
		fputs("as a command says, ", stdout);
	else
		printf("%s by ", sets_outcomes[interval->otherwise]);
	sets_print_rule(reach, interval->rule, interval->is_fault);
	if (interval->condition_count == 0)
		return;
	fputs(interval->condition_count > 1 ? ", unless one of " : ", unless ", stdout);
	print_conditions(reach, interval);
	fputs(" matches", stdout);
}

void
sets_print_fate(const struct reach *reach, const struct reach_interval *interval)
{
	if (interval->outcome != REACH_DEPENDS)
		printf("%s by ", sets_outcomes[interval->outcome]);
	sets_print_interval(reach, interval);
}

static void
print_json_rule(const struct reach *reach, uint32_t number)
{
	struct reach_rule rule = reach_rule(reach, number);

	printf("{\"table\":\"%s\",\"line\":%u", show_tables[rule.table], rule.line);
	json_text("file", rule.file);
	putchar('}');
}

void
sets_print_json(const struct reach *reach, const struct reach_interval *interval)
{
	size_t all = interval->condition_count;

	printf("\"outcome\":\"%s\",\"otherwise\":\"%s\",\"fault\":%s,\"rule\":",
	    sets_outcomes[interval->outcome], sets_outcomes[interval->otherwise],
	    interval->is_fault ? "true" : "false");
	if (interval->rule == REACH_NO_RULE)
		fputs("null", stdout);
	else
		print_json_rule(reach, interval->rule);
	printf(",\"condition_count\":%zu,\"conditions\":[", all);
	for (size_t i = 0; i < all && i < REACH_SHOWN_MAX; i++) {
		fputs(i > 0 ? "," : "", stdout);
		print_json_rule(reach, interval->conditions[i]);
	}
	putchar(']');
}

void
sets_print_json_addresses(struct point first, struct point last, bool has_prefixes)
{
	char text[SETS_TEXT_MAX];
	struct sets_prefixes prefixes;
	struct point p;
	unsigned bits;

	sets_range_text(first, first, text);
	json_text("first", text);
	sets_end_text(first, last, text);
	json_text("last", text);
	fputs(",\"prefixes\":[", stdout);
	sets_prefixes_init(&prefixes, first, last);
	for (bool more = false; has_prefixes && sets_next(&prefixes, &p, &bits); more = true) {
		sets_prefix_text(p, bits, text);
		printf("%s\"%s\"", more ? "," : "", text);
	}
	putchar(']');
}
