/*
 * NAME     limits - may this client be served now?
 * INVARIANTS  running is the number of tickets that are out, of a service and of each source. Nothing is
 *          taken but by limits_take. Each condition ends by itself: by time, or when a server ends.
 * SEE      docs/decisions/inetd-limits.md
 */
#include "cmd/inetd/limit/limits.h"

#include <stddef.h>

#include "cmd/inetd/limit/hours.h"

void
limits_init(struct limits *limits, struct limits_world *world)
{
	limits->world = world;
	limits->row = 1;
	sources_share_init(&world->sources, &limits->share);
}

void
limits_release(struct limits *limits)
{
	sources_share_release(&limits->world->sources, &limits->share);
}

/* ---- conditions of the service: each says until when it holds, or 0 ---- */

static int64_t
until_hours(const struct conf_entry *rules, struct limits *limits, int64_t now_ms)
{
	unsigned minutes;

	if (rules->hours_count == 0)
		return 0;
	minutes = hours_until_open(rules->hours, rules->hours_count, limits->world->minute());
	return minutes > 0 ? now_ms + (int64_t)minutes * CONF_MINUTE_MS : 0;
}

static int64_t
until_load(const struct conf_entry *rules, struct limits *limits, int64_t now_ms)
{
	if (rules->max_load_milli == 0 ||
	    average_milli(&limits->world->average, now_ms) < rules->max_load_milli)
		return 0;
	return now_ms + AVERAGE_AGE_MS;
}

/* After a pause one is tried, alone, until it has lived long enough. */
static int64_t
until_crashes(const struct conf_entry *rules, struct limits *limits, int64_t now_ms)
{
	(void)rules;
	if (limits->crashes.pause_ms == 0)
		return 0;
	if (limits->trial_ms != 0)
		return limits->trial_ms + CRASHES_SOON_MS;
	return limits->crashes.until_ms > now_ms ? limits->crashes.until_ms : 0;
}

static int64_t
until_instances(const struct conf_entry *rules, struct limits *limits, int64_t now_ms)
{
	(void)now_ms;
	if (rules->instances == 0 || limits->running < rules->instances)
		return 0;
	return LIMITS_UNTIL_GIVEN;
}

static int64_t
until_rate(const struct conf_entry *rules, struct limits *limits, int64_t now_ms)
{
	if (bucket_has(&limits->bucket, &rules->rate, now_ms))
		return 0;
	return bucket_next_ms(&limits->bucket, now_ms);
}

static int64_t (*const until[LIMITS_OF_SOURCE])(
    const struct conf_entry *, struct limits *, int64_t) = {
    [LIMITS_HOURS] = until_hours,
    [LIMITS_LOAD] = until_load,
    [LIMITS_CRASHES] = until_crashes,
    [LIMITS_INSTANCES] = until_instances,
    [LIMITS_RATE] = until_rate,
};

bool
limits_closes(const struct conf_entry *rules, enum limits_why why)
{
	if (why == LIMITS_HOURS) /* nobody waits until tomorrow */
		return true;
	if (why >= LIMITS_OF_SOURCE)
		return rules->over_limit != CONF_OVER_WAIT;
	return rules->over_limit == CONF_OVER_CLOSE;
}

static struct limits_answer
ask_service(const struct conf_entry *rules, struct limits *limits, int64_t now_ms)
{
	for (enum limits_why why = 0; why < LIMITS_OF_SOURCE; why++) {
		int64_t until_ms = until[why](rules, limits, now_ms);

		if (until_ms == 0)
			continue;
		return (struct limits_answer){
		    .say = limits_closes(rules, why) ? LIMITS_CLOSE : LIMITS_WAIT,
		    .why = why,
		    .until_ms = until_ms,
		};
	}
	return (struct limits_answer){.say = LIMITS_GO};
}

/* ---- of a source ---- */

static struct source_key
key_of(const struct conf_entry *rules, const struct limits *limits, const struct addr *addr)
{
	return sources_key(&limits->share, addr, rules->prefix4_bits, rules->prefix6_bits);
}

static struct limits_answer
ask_source(const struct conf_entry *rules, struct source *source, int64_t now_ms)
{
	struct limits_answer answer = {.say = LIMITS_GO};

	if (source->crashes.until_ms > now_ms) {
		answer.why = LIMITS_SOURCE_CRASHES;
		answer.until_ms = source->crashes.until_ms;
	} else if (rules->per_source > 0 && source->running >= rules->per_source) {
		answer.why = LIMITS_PER_SOURCE;
		answer.until_ms = LIMITS_UNTIL_GIVEN;
	} else if (!bucket_has(&source->bucket, &rules->source_rate, now_ms)) {
		answer.why = LIMITS_SOURCE_RATE;
		answer.until_ms = bucket_next_ms(&source->bucket, now_ms);
	} else {
		return answer;
	}
	answer.say = limits_closes(rules, answer.why) ? LIMITS_CLOSE_SOURCE : LIMITS_HOLD_SOURCE;
	return answer;
}

/* ---- the question ---- */

/* A client met a condition. key is NULL if it has no source. */
static void
note(struct limits *limits, const struct limits_answer *answer, const struct source_key *key,
    int64_t now_ms)
{
	struct limits_count *count = &limits->counts[answer->why];
	unsigned bit = 1U << answer->why;

	if ((limits->begun & bit) == 0) {
		*count = (struct limits_count){.from = limits->served};
		limits->begun |= bit;
		if (key != NULL)
			limits->source = *key;
	}
	count->last_s = (uint32_t)(now_ms / CONF_SECOND_MS) + 1;
	count->upto = limits->served;
	if (answer->say == LIMITS_CLOSE || answer->say == LIMITS_CLOSE_SOURCE)
		count->closed = count->closed < UINT32_MAX ? count->closed + 1 : UINT32_MAX;
	if (limits->news_ms == 0)
		limits->news_ms = now_ms + LIMITS_QUIET_MS;
}

/* The service works again when what was tried has lived long enough, though it has not ended. */
static void
look_at_trial(struct limits *limits, int64_t now_ms)
{
	if (limits->trial_ms == 0 || now_ms - limits->trial_ms < CRASHES_SOON_MS)
		return;
	if (crashes_heal(&limits->crashes, limits->trial_ms))
		limits->row++;
	limits->trial_ms = 0;
}

bool
limits_is_over(
    const struct conf_entry *rules, struct limits *limits, enum limits_why why, int64_t now_ms)
{
	look_at_trial(limits, now_ms);
	if (why == LIMITS_CRASHES) /* a pause that is over has healed nothing */
		return limits->crashes.pause_ms > 0;
	return why < LIMITS_OF_SOURCE && until[why](rules, limits, now_ms) != 0;
}

struct limits_answer
limits_door(const struct conf_entry *rules, struct limits *limits, int64_t now_ms)
{
	struct limits_answer answer;

	look_at_trial(limits, now_ms);
	answer = ask_service(rules, limits, now_ms);
	if (answer.say == LIMITS_WAIT)
		note(limits, &answer, NULL, now_ms);
	else
		answer.say = LIMITS_GO;
	return answer;
}

bool
limits_may_follow(const struct conf_entry *rules, struct limits *limits, int64_t now_ms)
{
	look_at_trial(limits, now_ms);
	return ask_service(rules, limits, now_ms).say != LIMITS_WAIT;
}

struct limits_answer
limits_ask(
    const struct conf_entry *rules, struct limits *limits, const struct addr *addr, int64_t now_ms)
{
	struct limits_answer answer = {.say = LIMITS_GO};
	struct source_key key;
	struct source *source = NULL;

	look_at_trial(limits, now_ms);
	if (addr != NULL) {
		key = key_of(rules, limits, addr);
		source = sources_find(&limits->world->sources, &key);
	}
	if (source != NULL)
		answer = ask_source(rules, source, now_ms);
	if (answer.say == LIMITS_GO)
		answer = ask_service(rules, limits, now_ms);
	if (answer.say != LIMITS_GO)
		note(limits, &answer, addr != NULL ? &key : NULL, now_ms);
	return answer;
}

struct limits_ticket
limits_take(
    const struct conf_entry *rules, struct limits *limits, const struct addr *addr, int64_t now_ms)
{
	struct limits_ticket ticket = {.started_ms = now_ms};
	struct source_key key;

	if (addr != NULL) {
		key = key_of(rules, limits, addr);
		ticket.source = sources_take(&limits->world->sources, &limits->share, &key, now_ms);
		if (ticket.source == NULL)
			return ticket;
		if (bucket_has(&ticket.source->bucket, &rules->source_rate, now_ms))
			bucket_take(&ticket.source->bucket);
	}
	if (bucket_has(&limits->bucket, &rules->rate, now_ms))
		bucket_take(&limits->bucket);
	limits->running++;
	limits->served++;
	ticket.limits = limits;
	if (limits->crashes.pause_ms > 0 && limits->trial_ms == 0) {
		limits->trial_ms = now_ms;
		ticket.is_trial = true;
	}
	return ticket;
}

/* ---- the end ---- */

/* Each source counts once in a row, so that one alone, or a few, cannot have the service paused. */
static void
has_crashed(struct limits *limits, const struct limits_ticket *ticket, int64_t now_ms)
{
	struct source *source = ticket->source;

	if (crashes_is_quiet(&limits->crashes, now_ms))
		limits->row++;
	if (source == NULL || source->row != limits->row || ticket->is_trial)
		crashes_add(&limits->crashes, ticket->started_ms, now_ms);
	if (source == NULL)
		return;
	source->row = limits->row;
	crashes_add(&source->crashes, ticket->started_ms, now_ms);
}

static void
has_worked(struct limits *limits, const struct limits_ticket *ticket)
{
	if (crashes_heal(&limits->crashes, ticket->started_ms))
		limits->row++;
	if (ticket->source != NULL)
		crashes_heal(&ticket->source->crashes, ticket->started_ms);
}

static int64_t
rest_ms(const struct source *source, int64_t now_ms)
{
	int64_t bucket_ms = bucket_rest_ms(&source->bucket, now_ms);
	int64_t crashes_ms = crashes_rest_ms(&source->crashes);

	return bucket_ms > crashes_ms ? bucket_ms : crashes_ms;
}

bool
limits_give(struct limits_ticket *ticket, enum limits_end end, int64_t now_ms)
{
	struct limits *limits = ticket->limits;

	if (limits == NULL)
		return false;
	if (end == LIMITS_ENDED_WELL || now_ms - ticket->started_ms >= CRASHES_SOON_MS)
		has_worked(limits, ticket);
	else if (end == LIMITS_ENDED_BADLY)
		has_crashed(limits, ticket, now_ms);
	if (ticket->is_trial)
		limits->trial_ms = 0;
	limits->running--;
	if (ticket->source != NULL)
		sources_give(&limits->world->sources, ticket->source,
		    rest_ms(ticket->source, now_ms), now_ms);
	*ticket = (struct limits_ticket){.limits = NULL};
	return limits->begun != 0;
}

const char *
limits_reason(enum limits_why why)
{
	static const char *const reasons[LIMITS_WHYS] = {
#define CONDITION(id, reason, end) [LIMITS_##id] = reason,
#include "cmd/inetd/limit/conditions.def"
#undef CONDITION
	};

	return reasons[why];
}
