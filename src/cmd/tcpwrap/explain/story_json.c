/*
 * NAME     story_json - a case for scripts
 * INVARIANTS  Whatever the tables have in them, the document is valid: json.c. A member that has nothing to
 *          say is null, or an empty array.
 * SEE      tcpwrap-explain(1)
 */
#include <stdio.h>
#include <string.h>

#include "cmd/tcpwrap/explain/dry.h"
#include "cmd/tcpwrap/explain/story.h"
#include "cmd/tcpwrap/show.h"

enum { MESSAGE_MAX = 2048 };

/* A member that may be missing. */
static void
text_or_null(const char *name, const char *text)
{
	if (text != NULL)
		json_text(name, text);
	else
		printf(",\"%s\":null", name);
}

static void
name_state(const struct name_fact *name)
{
	static const char *const states[] = {
	    [NAME_UNKNOWN] = "unknown", [NAME_PARANOID] = "paranoid", [NAME_KNOWN] = "known"};

	json_text("name_state", states[name->state]);
	text_or_null("name", name->state == NAME_KNOWN ? name->text : NULL);
}

static void
who(const struct story *story)
{
	const struct asked *asked = &story->asked;

	printf("{\"port\":%d", asked->port);
	json_text("daemon", asked->daemon);
	for (unsigned end = 0; end < 2; end++) {
		printf(",\"%s\":{\"has_address\":%s", end == END_CLIENT ? "client" : "server",
		    asked->addrs[end].unknown ? "false" : "true");
		json_text("address", asked->ends[end].addr);
		name_state(&asked->names[end]);
		if (end == END_CLIENT)
			text_or_null("user", asked->user);
		putchar('}');
	}
}

static void
outcome(const struct story *story, const struct decision *decision)
{
	static const char *const causes[] = {
	    [BY_NO_MATCH] = "no-match", [BY_RULE] = "rule", [BY_FAULT] = "fault"};

	printf("{\"line\":%u", decision->line);
	json_text("verdict", verdict_text(decision->verdict));
	json_text("reading", verdict_reading(&story->found, decision));
	json_text("by", causes[decision->by]);
	text_or_null("fault", decision->by == BY_FAULT ? diag_name(decision->fault) : NULL);
	text_or_null("file", decision->file);
	text_or_null("text", story_rule(story, decision));
	putchar('}');
}

static void
verdict(const struct story *story)
{
	const struct verdict_found *found = &story->found;

	json_text("verdict", verdict_text(found->verdict));
	json_text(
	    "reading", verdict_is_both(found) ? "both" : verdict_reading(found, found->counts));
	fputs(",\"decided\":", stdout);
	outcome(story, found->counts);
	fputs(",\"readings\":[", stdout);
	for (unsigned r = 0; r < READINGS; r++) {
		fputs(r > 0 ? "," : "", stdout);
		outcome(story, &found->pass.decisions[r]);
	}
	putchar(']');
}

static void
place(const struct story *story, enum table table, unsigned line)
{
	printf("{\"line\":%u", line);
	json_text("file", story->paths[table]);
}

static void
rules(const struct story *story)
{
	const struct trace *trace = &story->trace;

	printf(",\"other_daemons\":%zu,\"not_shown\":%zu,\"index_left_out\":%lu,\"indexed\":%s",
	    trace->other_daemons, trace->dropped, trace->unread[0] + trace->unread[1],
	    trace->has_index[0] || trace->has_index[1] ? "true" : "false");
	printf(",\"complete\":%s,\"rules\":[", story->end == WALK_AGREES ? "true" : "false");
	for (size_t i = 0; i < trace->count; i++) {
		const struct trace_rule *rule = &trace->rules[i];

		fputs(i > 0 ? ",\n" : "\n", stdout);
		place(story, rule->table, rule->line);
		text_or_null("text", rule->text);
		json_text("outcome", story_kinds[rule->kind]);
		text_or_null("readings", story_ways(rule->ways));
		text_or_null("daemon_word", rule->daemon);
		text_or_null("client_word", rule->client);
		printf(",\"decides\":%s}", rule->decides != 0 ? "true" : "false");
	}
	putchar(']');
}

static void
lookup(struct story *story, enum asked_fact fact)
{
	static const char *const sources[] = {[ASKED_GIVEN] = "given",
	    [ASKED_LOOKED_UP] = "looked-up",
	    [ASKED_NOT] = "not-wanted",
	    [ASKED_IMPOSSIBLE] = "not-available"};
	const struct trace_want *want = &story->trace.wants[fact];

	printf("%s\n{\"wanted\":%s", fact > 0 ? "," : "",
	    story->wanted & 1U << fact ? "true" : "false");
	json_text("fact", story_facts[fact]);
	json_text("source", sources[asked_source(&story->asked, fact)]);
	json_text("value", asked_text(&story->asked, fact));
	fputs(",\"first_wanted\":", stdout);
	if (want->is_set) {
		place(story, want->table, want->line);
		text_or_null("word", want->word);
		putchar('}');
	} else {
		fputs("null", stdout);
	}
	putchar('}');
}

static void
near_misses(const struct story *story)
{
	static const char *const names[] = {
#define MISS(id, name, text) [MISS_##id] = (name),
#include "cmd/tcpwrap/explain/miss.def"
#undef MISS
	};
	const struct trace *trace = &story->trace;

	printf(",\"near_misses_lost\":%zu,\"near_misses\":[", trace->misses_lost);
	for (size_t i = 0; i < trace->miss_count; i++) {
		const struct trace_miss *miss = &trace->misses[i];

		fputs(i > 0 ? ",\n" : "\n", stdout);
		place(story, miss->table, miss->line);
		json_text("kind", names[miss->kind]);
		json_text("word", miss->word);
		json_text("better", miss->better);
		text_or_null("already", story_ways(miss->ways));
		putchar('}');
	}
	putchar(']');
}

static void
option(void *ctx, const struct option *of, const char *value)
{
	bool *has_any = ctx;

	printf("%s\n{\"has_value\":%s", *has_any ? "," : "", of->has_value ? "true" : "false");
	*has_any = true;
	json_text("option", option_specs[of->id].keyword);
	json_text("value", value);
	putchar('}');
}

static void
findings(const struct story *story)
{
	printf(",\"findings_lost\":%zu,\"findings\":[", story->findings_lost);
	for (size_t i = 0; i < story->finding_count; i++) {
		const struct diag *diag = &story->findings[i];
		char storage[MESSAGE_MAX];
		struct buf text;

		buf_init(&text, storage, sizeof storage, sizeof storage - 1);
		diag_format(diag, &text);
		printf("%s\n{\"line\":%u", i > 0 ? "," : "", diag->line);
		text_or_null("file", diag->file);
		json_text("id", diag_name(diag->code));
		json_text("message", text.len > 0 ? text.bytes : "");
		json_text("remedy", diag_remedy(diag->code));
		putchar('}');
		buf_release(&text);
	}
	putchar(']');
}

void
story_json(struct story *story)
{
	bool has_options = false;
	const struct dry_sink sink = {option, &has_options};

	who(story);
	verdict(story);
	rules(story);
	fputs(",\"lookups\":[", stdout);
	for (unsigned fact = 0; fact < ASKED_FACTS; fact++)
		lookup(story, (enum asked_fact)fact);
	fputs("],\"options\":[", stdout);
	dry_options(&story->asked, story->found.counts, &sink);
	putchar(']');
	near_misses(story);
	findings(story);
	putchar('}');
}
