/*
 * NAME     miss - near misses
 * PURPOSE  A word that was not meant as it reads is spelled as it was perhaps meant, and tried.
 * INVARIANTS  Told is only what the matcher says would match. Nothing is looked up.
 * LIMITS   WORDS_TRIED of a rule: those who keep lists of thousands generate them. SPELLED_MAX.
 * SEE      miss.def
 */
#include "cmd/tcpwrap/explain/miss.h"

#include <stdio.h>
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "policy/lexer.h"
#include "policy/net.h"

enum {
	WORDS_TRIED = 64,
	SPELLED_MAX = 300,
	DAEMON_MIN = 3, /* shorter names are all alike */
};

/* A word at hand. */
struct attempt {
	struct trace *trace;
	struct matcher *matcher;
	const struct trace_step *step;
	const struct list *list;
	matchset missed;
	const char *word;
	size_t len;
};

/* A spelling that may have been meant. False: the word is none of the kind. */
typedef bool speller(const struct attempt *, char ret[SPELLED_MAX]);

static void
tell(const struct attempt *attempt, enum miss_kind kind, const char *better, matchset already)
{
	const struct trace_miss miss = {.kind = kind,
	    .table = attempt->step->table,
	    .line = attempt->step->rule->line,
	    .ways = match_ways(already)};

	trace_miss(attempt->trace, &miss, attempt->word, attempt->len, better);
}

/* ---- spellings ---- */

static bool
around(const struct attempt *attempt, const char *before, const char *behind, char *ret)
{
	int len = snprintf(
	    ret, SPELLED_MAX, "%s%.*s%s", before, (int)attempt->len, attempt->word, behind);

	return len > 0 && len < SPELLED_MAX;
}

static unsigned
bits_of(uint32_t mask)
{
	unsigned bits = 0;

	for (; mask != 0; mask <<= 1)
		bits++;
	return bits;
}

static bool
spell_host_bits(const struct attempt *attempt, char ret[SPELLED_MAX])
{
	uint32_t net, mask;

	if (!net_parse_v4(attempt->word, attempt->len, &net, &mask) || mask == 0)
		return false;
	snprintf(ret, SPELLED_MAX, "%u.%u.%u.%u/%u", net >> 24, net >> 16 & 255, net >> 8 & 255,
	    net & 255, bits_of(mask));
	return !str_is(attempt->word, attempt->len, ret);
}

static bool
spell_zero(const struct attempt *attempt, char ret[SPELLED_MAX])
{
	uint32_t net, mask;

	if (!net_parse_v4(attempt->word, attempt->len, &net, &mask) || mask != 0)
		return false;
	memcpy(ret, "0.0.0.0/0.0.0.0", sizeof "0.0.0.0/0.0.0.0");
	return true;
}

static bool
spell_dot(const struct attempt *attempt, char ret[SPELLED_MAX])
{
	return attempt->word[0] != '.' && pattern_is_name(attempt->word, attempt->len) &&
	    around(attempt, ".", "", ret);
}

static bool
spell_prefix(const struct attempt *attempt, char ret[SPELLED_MAX])
{
	return str_consists_of(attempt->word, attempt->len, "0123456789.") &&
	    attempt->word[attempt->len - 1] != '.' && around(attempt, "", ".", ret);
}

/* A network keeps its length outside the brackets, where both ways read it. */
static bool
spell_brackets(const struct attempt *attempt, char ret[SPELLED_MAX])
{
	const char *slash = memchr(attempt->word, '/', attempt->len);
	size_t len = slash != NULL ? (size_t)(slash - attempt->word) : attempt->len;
	int made;

	if (!net_is_bare_v6(attempt->word, attempt->len))
		return false;
	made = snprintf(ret, SPELLED_MAX, "[%.*s]%.*s", (int)len, attempt->word,
	    (int)(attempt->len - len), attempt->word + len);
	return made > 0 && made < SPELLED_MAX;
}

/* user@host without its user */
static bool
spell_user(const struct attempt *attempt, char ret[SPELLED_MAX])
{
	const char *at = memchr(attempt->word, '@', attempt->len);
	size_t rest = at != NULL ? attempt->len - (size_t)(at + 1 - attempt->word) : 0;

	if (at == NULL || at == attempt->word || rest == 0 || rest >= SPELLED_MAX)
		return false;
	memcpy(ret, at + 1, rest);
	ret[rest] = '\0';
	return true;
}

static const struct {
	enum miss_kind kind;
	speller *spell;
} spellings[] = {
    {MISS_HOST_BITS, spell_host_bits},
    {MISS_ZERO, spell_zero},
    {MISS_DOT, spell_dot},
    {MISS_PREFIX, spell_prefix},
    {MISS_BRACKETS, spell_brackets},
    {MISS_USER, spell_user},
};

/* ---- words of a client list ---- */

/* What the word is in a way that its line, or the reading that passed it, does not have. */
static matchset
in_other_way(const struct attempt *attempt)
{
	struct list list = *attempt->list;

	list.ways = WAY_BOTH;
	return trace_word(attempt->matcher, &list, attempt->word, attempt->len,
	    match_of_ways((ways)(WAY_BOTH & ~match_ways(attempt->missed))));
}

static bool
try_spellings(const struct attempt *attempt, matchset already)
{
	char better[SPELLED_MAX];

	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
		if (!spellings[i].spell(attempt, better) ||
		    trace_word(attempt->matcher, attempt->list, better, strlen(better),
		        attempt->missed) == MATCH_NONE)
			continue;
		tell(attempt, spellings[i].kind, better, already);
		return true;
	}
	return false;
}

/* Does it match the name that nobody vouches for? */
static bool
try_name(const struct attempt *attempt)
{
	struct asked *asked = attempt->trace->asked;
	const struct peer_name *found = &asked->found[END_CLIENT];
	struct name_fact *name = &asked->names[END_CLIENT], is = *name;
	const char *text;
	matchset matches;

	if (asked_source(asked, ASKED_CLIENT_NAME) != ASKED_LOOKED_UP ||
	    is.state != NAME_PARANOID || found->doubt < PEER_DOUBT_FORWARD)
		return false;
	text = found->doubt == PEER_DOUBT_ADDRESS ? found->second : found->first;
	*name = (struct name_fact){NAME_KNOWN, text, strlen(text)};
	matches = trace_word(
	    attempt->matcher, attempt->list, attempt->word, attempt->len, attempt->missed);
	*name = is;
	if (matches != MATCH_NONE)
		tell(attempt, MISS_NAME, text, MATCH_NONE);
	return matches != MATCH_NONE;
}

static void
try_word(const struct attempt *attempt)
{
	matchset already = in_other_way(attempt);

	if (trace_word(attempt->matcher, attempt->list, attempt->word, attempt->len,
	        attempt->missed) != MATCH_NONE ||
	    try_spellings(attempt, already) || try_name(attempt))
		return;
	if (already != MATCH_NONE)
		tell(attempt, MISS_READING, "", already);
}

/* The classic way ends a client list at an address's first colon: it goes on in the options. */
static void
try_cut_address(struct attempt attempt)
{
	const struct rule *rule = attempt.step->rule;
	size_t start = rule->clients.len, end = 0;

	if (!rule->has_tail || rule->clients.text + rule->clients.len + 1 != rule->tail)
		return;
	while (start > 0 && !lexer_is_separator(rule->clients.text[start - 1]))
		start--;
	while (end < rule->tail_len && !lexer_is_separator(rule->tail[end]))
		end++;
	attempt.word = rule->clients.text + start;
	attempt.len = rule->clients.len - start + 1 + end;
	if (net_is_bare_v6(attempt.word, attempt.len))
		try_spellings(&attempt, MATCH_NONE);
}

static void
try_clients(struct attempt *attempt)
{
	const struct list *list = attempt->list;
	size_t at = 0;

	attempt->matcher->end = END_CLIENT;
	for (unsigned i = 0;
	     i < WORDS_TRIED && list_next_word(list, &at, &attempt->word, &attempt->len); i++) {
		if (str_is(attempt->word, attempt->len, "EXCEPT"))
			break;
		try_word(attempt);
	}
	try_cut_address(*attempt);
}

/* ---- words of a daemon list ---- */

static bool
has_server(const struct attempt *attempt, char ret[SPELLED_MAX])
{
	const char *at = memchr(attempt->word, '@', attempt->len);
	size_t len = at != NULL ? (size_t)(at - attempt->word) : 0;

	if (len == 0 || len >= SPELLED_MAX)
		return false;
	memcpy(ret, attempt->word, len);
	ret[len] = '\0';
	return true;
}

/* One slip away, or the same but for the "in." that servers of inetd have. */
static bool
is_nearly(const struct attempt *attempt, const char *daemon)
{
	static const char prefix[] = "in.";
	size_t len = strlen(daemon), skip = sizeof prefix - 1;
	char word[SPELLED_MAX];

	if (len < DAEMON_MIN || attempt->len < DAEMON_MIN || attempt->len >= sizeof word)
		return false;
	memcpy(word, attempt->word, attempt->len);
	word[attempt->len] = '\0';
	return near_is(daemon, len, word) ||
	    (strncmp(word, prefix, skip) == 0 && strcmp(word + skip, daemon) == 0) ||
	    (strncmp(daemon, prefix, skip) == 0 && strcmp(daemon + skip, word) == 0);
}

static void
try_daemon(const struct attempt *attempt)
{
	const char *daemon = attempt->trace->asked->daemon;
	char better[SPELLED_MAX];

	if (has_server(attempt, better) &&
	    trace_word(attempt->matcher, attempt->list, better, strlen(better), attempt->missed) !=
	        MATCH_NONE)
		tell(attempt, MISS_SERVER, better, MATCH_NONE);
	else if (is_nearly(attempt, daemon))
		tell(attempt, MISS_DAEMON, daemon, MATCH_NONE);
}

static void
try_daemons(struct attempt *attempt)
{
	size_t at = 0;

	attempt->matcher->end = END_CLIENT;
	if (list_match(attempt->matcher, &attempt->step->rule->clients, attempt->missed) ==
	    MATCH_NONE)
		return;
	attempt->matcher->end = END_SERVER;
	attempt->list = &attempt->step->rule->daemons;
	for (unsigned i = 0;
	     i < WORDS_TRIED && list_next_word(attempt->list, &at, &attempt->word, &attempt->len);
	     i++) {
		if (str_is(attempt->word, attempt->len, "EXCEPT"))
			break;
		try_daemon(attempt);
	}
}

void
miss_find(struct trace *trace, struct matcher *matcher, const struct trace_step *step,
    const struct trace_rule *rule, matchset missed)
{
	struct attempt attempt = {.trace = trace,
	    .matcher = matcher,
	    .step = step,
	    .list = &step->rule->clients,
	    .missed = missed};

	switch (rule->kind) {
	case TRACE_DAEMON:
		try_daemons(&attempt);
		break;
	case TRACE_EXCEPT:
		attempt.word = rule->client != NULL ? rule->client : "";
		attempt.len = strlen(attempt.word);
		tell(&attempt, MISS_EXCEPT, "", MATCH_NONE);
		break;
	case TRACE_CLIENT:
	case TRACE_MATCH:
	case TRACE_UNKNOWN:
		try_clients(&attempt);
		break;
	case TRACE_FINDING:
		break;
	}
}
