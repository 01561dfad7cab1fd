/*
 * NAME     story_text - a case for people
 * PURPOSE  The verdict first, then the way to it, then what was nearly so.
 * INVARIANTS  What comes from files and networks is escaped. Colour repeats what words say.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/tcpwrap/explain/dry.h"
#include "cmd/tcpwrap/explain/story.h"
#include "cmd/tcpwrap/show.h"

enum { LINE_SHOWN = 100, MESSAGE_MAX = 2048 };

static void
put(const char *text)
{
	show_escaped(text, strlen(text));
}

static void
put_quoted(const char *text)
{
	putchar('\'');
	put(text);
	putchar('\'');
}

static void
put_place(const char *file, unsigned line)
{
	put(file);
	if (line > 0)
		printf(":%u", line);
}

static void
put_line(const char *text)
{
	size_t len = strlen(text);

	show_escaped(text, len < LINE_SHOWN ? len : LINE_SHOWN);
	if (len > LINE_SHOWN)
		fputs(" ...", stdout);
}

/* ---- who, and the verdict ---- */

static void
put_end(const struct asked_end *end, const struct name_fact *name)
{
	put(end->addr);
	if (name->state != NAME_UNKNOWN || end->has_name) {
		fputs(" (", stdout);
		put(name->text);
		putchar(')');
	}
}

static void
tell_who(const struct story *story)
{
	const struct asked *asked = &story->asked;
	const struct asked_end *server = &asked->ends[END_SERVER];

	fputs("client   ", stdout);
	if (asked->user != NULL) {
		put(asked->user);
		putchar('@');
	}
	put_end(&asked->ends[END_CLIENT], &asked->names[END_CLIENT]);
	fputs("\ndaemon   ", stdout);
	put(asked->daemon);
	if (strcmp(server->addr, "unknown") != 0 || server->has_name) {
		fputs(" at ", stdout);
		put_end(server, &asked->names[END_SERVER]);
	}
	if (asked->port >= 0)
		printf(" port %d", asked->port);
	putchar('\n');
}

static void
put_verdict(enum verdict verdict)
{
	static const char *const colours[] = {
	    [VERDICT_REFUSE] = "31", [VERDICT_TWIST] = "33", [VERDICT_GRANT] = "32"};

	if (show_is_coloured())
		printf("\033[1;%sm%s\033[0m", colours[verdict], verdict_text(verdict));
	else
		fputs(verdict_text(verdict), stdout);
}

/* " by FILE:LINE" */
static void
put_cause(const struct decision *decision)
{
	if (decision->by == BY_NO_MATCH) {
		fputs(", as no rule matches", stdout);
		return;
	}
	fputs(decision->by == BY_FAULT ? ", as something is wrong" : " by ", stdout);
	if (decision->file == NULL)
		return; /* a table that cannot be opened, which is among the findings */
	if (decision->by == BY_FAULT)
		fputs(": ", stdout);
	put_place(decision->file, decision->line);
}

static void
tell_verdict(const struct story *story)
{
	const struct verdict_found *found = &story->found;
	const struct decision *classic = &found->pass.decisions[READING_CLASSIC];
	const struct decision *other =
	    found->counts == classic ? &found->pass.decisions[READING_PLAIN] : classic;
	const char *text = story_rule(story, found->counts);

	fputs("verdict  ", stdout);
	put_verdict(found->verdict);
	put_cause(found->counts);
	putchar('\n');
	if (text != NULL) {
		fputs("rule     ", stdout);
		put_line(text);
		putchar('\n');
	}
	if (verdict_is_both(found)) {
		puts("reading  both");
		return;
	}
	printf("reading  %s; the %s one: %s", verdict_reading(found, found->counts),
	    verdict_reading(found, other), verdict_text(other->verdict));
	put_cause(other);
	putchar('\n');
}

/* ---- rules ---- */

static void
put_words(const struct trace_rule *rule)
{
	if (rule->daemon == NULL && rule->client == NULL)
		return;
	fputs(" by", stdout);
	if (rule->daemon != NULL) {
		putchar(' ');
		put_quoted(rule->daemon);
	}
	if (rule->client != NULL) {
		putchar(' ');
		put_quoted(rule->client);
	}
}

static void
put_outcome(const struct trace_rule *rule)
{
	switch (rule->kind) {
	case TRACE_DAEMON:
		fputs("for other daemons", stdout);
		return;
	case TRACE_CLIENT:
		fputs("for this daemon, and other clients", stdout);
		return;
	case TRACE_EXCEPT:
		fputs("the client is excepted", stdout);
		break;
	case TRACE_MATCH:
		fputs("matches", stdout);
		break;
	case TRACE_UNKNOWN:
		fputs("cannot be found out, so refuses", stdout);
		break;
	case TRACE_FINDING:
		fputs("no rule", stdout);
		return;
	}
	if (rule->kind == TRACE_EXCEPT && rule->client != NULL) {
		fputs(" by ", stdout);
		put_quoted(rule->client);
	} else {
		put_words(rule);
	}
}

static void
tell_rule(const struct story *story, const struct trace_rule *rule)
{
	fputs("  ", stdout);
	put_place(story->paths[rule->table], rule->line);
	fputs("  ", stdout);
	put_outcome(rule);
	if (rule->ways != WAY_BOTH)
		printf(" (%s reading)", story_ways(rule->ways));
	if (rule->decides != 0)
		fputs(", decides", stdout);
	fputs("\n      ", stdout);
	put_line(rule->text != NULL ? rule->text : "");
	putchar('\n');
}

static void
tell_rules(const struct story *story)
{
	const struct trace *trace = &story->trace;

	puts("\nrules on the way");
	if (trace->other_daemons > 0)
		printf("  %zu %s for other daemons\n", trace->other_daemons,
		    trace->other_daemons == 1 ? "rule" : "rules");
	for (unsigned t = 0; t < 2; t++)
		if (trace->has_index[t]) {
			printf("  %lu other lines of ", trace->unread[t]);
			put(story->paths[t]);
			puts(" are not about this client (index)");
		}
	if (trace->dropped > 0)
		printf("  %zu earlier %s (--all shows more)\n", trace->dropped,
		    trace->dropped == 1 ? "rule" : "rules");
	for (size_t i = 0; i < trace->count; i++)
		tell_rule(story, &trace->rules[i]);
	if (trace->count == 0)
		puts("  none for this daemon");
	if (story->end == WALK_CUT)
		puts("  a table could not be read to where it decides");
}

/* ---- lookups ---- */

static void
put_want(const struct story *story, enum asked_fact fact)
{
	const struct trace_want *want = &story->trace.wants[fact];

	if (!want->is_set) {
		fputs(story->wanted & 1U << fact ? "wanted by options"
		                                 : "no rule on the way wants it",
		    stdout);
		return;
	}
	fputs("first wanted by ", stdout);
	if (want->word != NULL) {
		put_quoted(want->word);
		fputs(", ", stdout);
	}
	put_place(story->paths[want->table], want->line);
}

static void
put_doubt(const struct peer_name *found)
{
	static const char *const texts[] = {
	    [PEER_DOUBT_NONE] = "",
	    [PEER_DOUBT_NUMERIC] = "; its name is spelled like an address: ",
	    [PEER_DOUBT_FORWARD] = "; its name has no address: ",
	    [PEER_DOUBT_ALIAS] = "; its name is an alias: ",
	    [PEER_DOUBT_ADDRESS] = "; not among the addresses of its name: ",
	};

	if (found->state == PEER_NAME_KNOWN || found->doubt == PEER_DOUBT_NONE)
		return;
	fputs(texts[found->doubt], stdout);
	put(found->doubt == PEER_DOUBT_ADDRESS ? found->second : found->first);
}

static void
tell_lookup(struct story *story, enum asked_fact fact)
{
	static const char *const sources[] = {[ASKED_GIVEN] = "given",
	    [ASKED_LOOKED_UP] = "looked up",
	    [ASKED_NOT] = "not looked up",
	    [ASKED_IMPOSSIBLE] = "unknown, and not looked up here"};
	struct asked *asked = &story->asked;
	enum asked_source source = asked_source(asked, fact);

	if (fact == ASKED_SERVER_NAME && source == ASKED_NOT)
		return;
	printf("  %s  %s", story_facts[fact], sources[source]);
	if (source == ASKED_GIVEN || source == ASKED_LOOKED_UP) {
		fputs(": ", stdout);
		put(asked_text(asked, fact));
	}
	if (source == ASKED_LOOKED_UP)
		put_doubt(&asked->found[fact]);
	fputs("; ", stdout);
	put_want(story, fact);
	putchar('\n');
}

/* ---- near misses, options, findings ---- */

static const char *const misses[] = {
#define MISS(id, name, text) [MISS_##id] = (text),
#include "cmd/tcpwrap/explain/miss.def"
#undef MISS
};

static void
tell_misses(const struct story *story)
{
	const struct trace *trace = &story->trace;

	if (trace->miss_count > 0)
		puts("\nnear misses");
	for (size_t i = 0; i < trace->miss_count; i++) {
		const struct trace_miss *miss = &trace->misses[i];
		const char *const args[] = {miss->word, miss->better};
		char storage[MESSAGE_MAX];
		struct buf text;

		buf_init(&text, storage, sizeof storage, 8 * MESSAGE_MAX);
		diag_fill(&text, misses[miss->kind], args, 0);
		fputs("  ", stdout);
		put_place(story->paths[miss->table], miss->line);
		printf("  %s", text.len > 0 ? text.bytes : "");
		if (miss->ways == WAY_CLASSIC || miss->ways == WAY_PLAIN)
			printf(" (the %s reading takes it so)", story_ways(miss->ways));
		putchar('\n');
		buf_release(&text);
	}
	if (trace->misses_lost > 0)
		printf("  and %zu more\n", trace->misses_lost);
}

static void
tell_option(void *ctx, const struct option *option, const char *value)
{
	bool *has_any = ctx;

	if (!*has_any)
		puts("\noptions that would run (nothing was run)");
	*has_any = true;
	printf("  %-9s ", option_specs[option->id].keyword);
	put(value);
	putchar('\n');
}

static void
tell_findings(const struct story *story)
{
	if (story->finding_count > 0)
		puts("\nfindings");
	for (size_t i = 0; i < story->finding_count; i++) {
		const struct diag *diag = &story->findings[i];
		char storage[MESSAGE_MAX];
		struct buf text;

		buf_init(&text, storage, sizeof storage, sizeof storage - 1);
		diag_format(diag, &text);
		fputs("  ", stdout);
		if (diag->file != NULL) {
			put_place(diag->file, diag->line);
			fputs(": ", stdout);
		}
		puts(text.len > 0 ? text.bytes : "");
		buf_release(&text);
	}
	if (story->findings_lost > 0)
		printf("  and %zu more\n", story->findings_lost);
}

void
story_text(struct story *story)
{
	bool has_options = false;
	const struct dry_sink sink = {tell_option, &has_options};

	tell_who(story);
	tell_verdict(story);
	tell_rules(story);
	puts("\nlookups");
	for (unsigned fact = 0; fact < ASKED_FACTS; fact++)
		tell_lookup(story, (enum asked_fact)fact);
	dry_options(&story->asked, story->found.counts, &sink);
	tell_misses(story);
	tell_findings(story);
}
