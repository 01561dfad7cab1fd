/*
 * NAME     who_answer - what becomes of all addresses, kept
 * PURPOSE  Counts come before the lines, and IPv4 before IPv6: so all intervals are kept until they are known.
 * LIMITS   Some 40 bytes for each interval.
 */
#include <stdlib.h>

#include "cmd/tcpwrap/sets/who.h"

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

/* ---- runs that are told as one ---- */

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

bool
answer_next(const struct answer *answer, size_t *at, struct part *ret)
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

static void
add_up(struct answer *answer)
{
	struct part part;
	size_t at = 0;

	while (answer_next(answer, &at, &part)) {
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

bool
answer_collect(struct answer *answer)
{
	struct reach_sweep *sweep = reach_sweep_open(answer->reach, &answer->who->question);
	struct reach_interval interval;
	bool is_done = sweep != NULL;

	while (is_done && reach_sweep_next(sweep, &interval))
		is_done = keep(answer, &interval);
	reach_sweep_close(sweep);
	arrange(answer);
	if (is_done)
		add_up(answer);
	return is_done;
}

void
answer_release(struct answer *answer)
{
	free(answer->runs);
	free(answer->open);
}
