/*
 * NAME     story - a client's case
 * PURPOSE  The decision, and the way to it, until both are of one text.
 * LIMITS   TRIES: tables may be written meanwhile. STORY_FINDINGS_MAX.
 */
#include "cmd/tcpwrap/explain/story.h"

#include <string.h>

enum { TRIES = 3 };

const char *const story_facts[] = {
    [ASKED_CLIENT_NAME] = "client-name",
    [ASKED_SERVER_NAME] = "server-name",
    [ASKED_USER] = "user",
};
const char *const story_kinds[] = {
    [TRACE_DAEMON] = "other-daemon",
    [TRACE_CLIENT] = "other-client",
    [TRACE_EXCEPT] = "excepted",
    [TRACE_MATCH] = "matches",
    [TRACE_UNKNOWN] = "unknown",
    [TRACE_FINDING] = "no-rule",
};

const char *
story_ways(ways which)
{
	static const char *const names[] = {
	    [WAY_CLASSIC] = "classic", [WAY_PLAIN] = "plain", [WAY_BOTH] = "both"};

	return names[which & WAY_BOTH];
}

const char *
story_rule(const struct story *story, const struct decision *decision)
{
	unsigned reading = decision == &story->found.pass.decisions[READING_PLAIN]
	    ? READING_PLAIN
	    : READING_CLASSIC;

	for (size_t i = 0; i < story->trace.count; i++)
		if (story->trace.rules[i].decides & 1U << reading)
			return story->trace.rules[i].text;
	return NULL;
}

static bool
is_told(const struct story *story, const struct diag *diag)
{
	for (size_t i = 0; i < story->finding_count; i++) {
		const struct diag *told = &story->findings[i];

		if (told->code == diag->code && told->file == diag->file &&
		    told->line == diag->line && strcmp(told->arg, diag->arg) == 0)
			return true;
	}
	return false;
}

static void
take_finding(void *ctx, const struct diag *diag)
{
	struct story *story = ctx;

	if (is_told(story, diag))
		return;
	if (story->finding_count == STORY_FINDINGS_MAX)
		story->findings_lost++;
	else
		story->findings[story->finding_count++] = *diag;
}

static void
decide(struct story *story)
{
	struct asked *asked = &story->asked;

	story->finding_count = story->findings_lost = 0;
	asked->report = take_finding;
	asked->ctx = story;
	asked_begin(asked);
	verdict_find(&story->found, asked, story->paths, NULL);
	story->wanted = asked->wanted;
	if (story->found.option.code != DIAG_NONE)
		take_finding(story, &story->found.option);
}

void
story_begin(struct story *story, const char *const paths[2], bool is_all)
{
	struct asked *asked = &story->asked;
	bool looks_up = asked->looks_up;

	story->paths = paths;
	story->trace = (struct trace){.asked = asked, .is_all = is_all};
	for (unsigned i = 0;; i++) {
		decide(story);
		asked_is_over(asked);
		story->end = walk_again(&story->trace, &story->found, paths);
		if (story->end != WALK_DISAGREES || i + 1 == TRIES)
			break;
		story_end(story);
		asked->looks_up = looks_up;
	}
	asked->wanted = story->wanted;
}

void
story_end(struct story *story)
{
	trace_release(&story->trace);
	verdict_release(&story->found);
	asked_end(&story->asked);
}
