/*
 * NAME     news - what the log should have of limits
 * INVARIANTS  told is a part of begun. Of a condition that has begun, one line is due now, or one at
 *          news_ms or later.
 * LIMITS   LIMITS_QUIET_MS: in it a condition is told at most once each way, whoever hits it and how often.
 */
#include "cmd/inetd/limit/news.h"

#include <string.h>

#include "cmd/inetd/limit/hours.h"

enum { DAY_MS = 24 * CONF_HOUR_MS };

/* ---- how a condition begins ---- */

static void
add_fraction(struct buf *text, unsigned milli)
{
	char digits[] = {'.', (char)('0' + milli / 100 % 10), (char)('0' + milli / 10 % 10),
	    (char)('0' + milli % 10), '\0'};

	buf_add_number(text, milli / 1000);
	for (size_t end = 3; end > 0 && digits[end] == '0'; end--)
		digits[end] = '\0';
	if (digits[1] != '\0')
		buf_add_str(text, digits);
}

static void
add_rate(struct buf *text, const struct conf_rate *rate)
{
	static const struct {
		unsigned per_ms;
		const char *name;
	} units[] = {{CONF_SECOND_MS, "a second"}, {CONF_MINUTE_MS, "a minute"},
	    {CONF_HOUR_MS, "an hour"}, {DAY_MS, "a day"}};

	buf_add_str(text, "more than ");
	buf_add_number(text, rate->count);
	buf_add_str(text, " starts ");
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (units[i].per_ms == rate->per_ms) {
			buf_add_str(text, units[i].name);
			return;
		}
	buf_add_str(text, "in ");
	add_fraction(text, rate->per_ms);
	buf_add_str(text, " s");
}

static void
add_running(struct buf *text, unsigned most)
{
	buf_add_str(text, "no more than ");
	buf_add_number(text, most);
	buf_add_str(text, " may run at a time");
}

static void
add_source(struct buf *text, const struct source_key *key)
{
	struct addr addr = {.scope = 0};
	char digits[ADDR_TEXT_MAX];
	bool is_v4;

	memcpy(addr.bytes, key->bytes, sizeof addr.bytes);
	is_v4 = key->bits >= ADDR_V4_PREFIX_BITS && addr_is_v4(&addr);
	addr_format(&addr, digits);
	buf_add_str(text, digits);
	if (key->bits < ADDR_BITS) {
		buf_add_char(text, '/');
		buf_add_number(text, is_v4 ? key->bits - ADDR_V4_PREFIX_BITS : key->bits);
	}
	buf_add_str(text, ": ");
}

static void
add_hour(struct buf *text, unsigned minute)
{
	char digits[] = {(char)('0' + minute / 600), (char)('0' + minute / 60 % 10), ':',
	    (char)('0' + minute % 60 / 10), (char)('0' + minute % 10), '\0'};

	buf_add_str(text, digits);
}

static void
begin_hours(const struct conf_entry *rules, const struct limits *limits, struct buf *text)
{
	unsigned minute = limits->world->minute();
	unsigned left = hours_until_open(rules->hours, rules->hours_count, minute);

	buf_add_str(text, "outside of its hours");
	if (left < HOURS_NEVER) {
		buf_add_str(text, "; opens at ");
		add_hour(text, (minute + left) % HOURS_DAY);
	}
}

static void
begin_load(const struct conf_entry *rules, const struct limits *limits, struct buf *text)
{
	(void)limits;
	buf_add_str(text, "load of the host is not below ");
	add_fraction(text, rules->max_load_milli);
}

static void
begin_crashes(const struct conf_entry *rules, const struct limits *limits, struct buf *text)
{
	(void)rules;
	(void)limits;
	buf_add_number(text, CRASHES_LOOP);
	buf_add_str(text, " servers in a row crashed; one at a time is tried");
}

static void
begin_instances(const struct conf_entry *rules, const struct limits *limits, struct buf *text)
{
	(void)limits;
	add_running(text, rules->instances);
}

static void
begin_rate(const struct conf_entry *rules, const struct limits *limits, struct buf *text)
{
	(void)limits;
	add_rate(text, &rules->rate);
}

static void
begin_source_crashes(const struct conf_entry *rules, const struct limits *limits, struct buf *text)
{
	(void)rules;
	add_source(text, &limits->source);
	buf_add_number(text, CRASHES_LOOP);
	buf_add_str(text, " servers in a row crashed");
}

static void
begin_per_source(const struct conf_entry *rules, const struct limits *limits, struct buf *text)
{
	add_source(text, &limits->source);
	add_running(text, rules->per_source);
}

static void
begin_source_rate(const struct conf_entry *rules, const struct limits *limits, struct buf *text)
{
	add_source(text, &limits->source);
	add_rate(text, &rules->source_rate);
}

static void
add_begin(const struct conf_entry *rules, const struct limits *limits, enum limits_why why,
    struct buf *text)
{
	static void (*const begin[LIMITS_WHYS])(
	    const struct conf_entry *, const struct limits *, struct buf *) = {
	    [LIMITS_HOURS] = begin_hours,
	    [LIMITS_LOAD] = begin_load,
	    [LIMITS_CRASHES] = begin_crashes,
	    [LIMITS_INSTANCES] = begin_instances,
	    [LIMITS_RATE] = begin_rate,
	    [LIMITS_SOURCE_CRASHES] = begin_source_crashes,
	    [LIMITS_PER_SOURCE] = begin_per_source,
	    [LIMITS_SOURCE_RATE] = begin_source_rate,
	};
	const char *closes = "clients are closed", *waits = "clients wait";

	if (why >= LIMITS_OF_SOURCE) {
		closes = "its clients are closed; others are served";
		waits = "its clients wait; others are served";
	}
	begin[why](rules, limits, text);
	buf_add_str(text, " (");
	buf_add_str(text, limits_closes(rules, why) ? closes : waits);
	buf_add_char(text, ')');
}

/* ---- how it ends ---- */

/* Who was served between the begin and when it was last met has waited; and one after that, for
 * there was somebody. */
static void
add_end(const struct limits *limits, enum limits_why why, struct buf *text)
{
	static const char *const ends[LIMITS_WHYS] = {
#define CONDITION(id, reason, end) [LIMITS_##id] = end,
#include "cmd/inetd/limit/conditions.def"
#undef CONDITION
	};
	const struct limits_count *count = &limits->counts[why];
	uint32_t waited = count->upto - count->from + (limits->served != count->upto);

	buf_add_str(text, ends[why]);
	if (count->closed == 0 && why >= LIMITS_OF_SOURCE)
		return;
	buf_add_str(text, count->closed > 0 ? " (clients closed: " : " (clients that waited: ");
	buf_add_number(text, count->closed > 0 ? count->closed : waited);
	buf_add_char(text, ')');
}

/* When it may have ended: at once, or at some time to come. */
static int64_t
end_ms(const struct conf_entry *rules, struct limits *limits, enum limits_why why, int64_t now_ms)
{
	int64_t quiet_ms = (int64_t)limits->counts[why].last_s * CONF_SECOND_MS + LIMITS_QUIET_MS;

	if (quiet_ms > now_ms)
		return quiet_ms;
	return limits_is_over(rules, limits, why, now_ms) ? now_ms + LIMITS_QUIET_MS : now_ms;
}

enum news
news_next(const struct conf_entry *rules, struct limits *limits, int64_t now_ms, struct buf *text)
{
	bool is_time = limits->news_ms != 0 && now_ms >= limits->news_ms;
	int64_t next_ms = 0;

	for (enum limits_why why = 0; why < LIMITS_WHYS; why++) {
		unsigned bit = 1U << why;
		int64_t ms;

		if ((limits->begun & ~limits->told & bit) != 0) {
			limits->told |= bit;
			add_begin(rules, limits, why, text);
			return NEWS_BEGINS;
		}
		if (!is_time || (limits->begun & bit) == 0)
			continue;
		ms = end_ms(rules, limits, why, now_ms);
		if (ms == now_ms) {
			add_end(limits, why, text);
			limits->told &= ~bit;
			limits->begun &= ~bit;
			return NEWS_ENDS;
		}
		if (next_ms == 0 || ms < next_ms)
			next_ms = ms;
	}
	if (is_time)
		limits->news_ms = next_ms;
	return NEWS_NONE;
}
