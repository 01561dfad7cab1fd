/*
 * NAME     ask - the engine on texts
 * PURPOSE  A facts provider whose answers are in a struct, and a table that is a string.
 */
#include "ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "policy/skim.h"

struct asking {
	const struct ask *ask;
	struct answer *answer;
	struct facts facts;
	struct addr_fact addrs[2];
	struct name_fact names[2];
	bool is_named[2]; /* somebody has asked */
};

struct list_source {
	const struct ask_list *list;
	size_t at;
};

static const char *
or_unknown(const char *text)
{
	return text != NULL ? text : "unknown";
}

static const struct addr_fact *
addr(void *ctx, enum end end)
{
	struct asking *asking = ctx;

	return &asking->addrs[end];
}

static const struct name_fact *
known_name(void *ctx, enum end end)
{
	struct asking *asking = ctx;

	if ((asking->ask->name_is_late && !asking->is_named[end]) ||
	    (asking->ask->name_fails && end == END_CLIENT))
		return NULL;
	return &asking->names[end];
}

static const struct name_fact *
name(void *ctx, enum end end)
{
	struct asking *asking = ctx;

	asking->answer->names_asked++;
	asking->answer->names_looked_up += known_name(ctx, end) == NULL;
	asking->is_named[end] = true;
	return asking->ask->name_fails && end == END_CLIENT ? NULL : &asking->names[end];
}

static const char *
daemon_name(void *ctx)
{
	struct asking *asking = ctx;

	return asking->ask->daemon_fails ? NULL : or_unknown(asking->ask->daemon);
}

static const char *
user(void *ctx)
{
	struct asking *asking = ctx;

	asking->answer->users_asked++;
	return asking->ask->user_fails ? NULL : or_unknown(asking->ask->user);
}

static int
server_port(void *ctx, enum way way)
{
	struct asking *asking = ctx;

	(void)way;
	return asking->ask->server_port > 0 ? asking->ask->server_port : -1;
}

static int
netgroup(void *ctx, const char *group, const char *host)
{
	struct asking *asking = ctx;

	(void)host;
	asking->answer->netgroups_asked++;
	return asking->ask->netgroup != NULL && strcmp(asking->ask->netgroup, group) == 0;
}

static int
scope(void *ctx, const char *text, size_t len, const struct addr *a, uint32_t *ret)
{
	struct asking *asking = ctx;
	unsigned long number = 1;

	(void)a;
	asking->answer->scopes_asked++;
	if (!str_is(text, len, "lo") && !str_is(text, len, "br.com") &&
	    !str_number(text, len, 9, &number))
		return 0;
	*ret = (uint32_t)number;
	return 1;
}

static enum command_status
aclexec(void *ctx, const struct tail *tail, unsigned number)
{
	struct asking *asking = ctx;
	const char *says = asking->ask->commands;
	unsigned asked = asking->answer->commands_asked++;

	(void)tail;
	(void)number;
	if (says == NULL)
		return COMMAND_TRUE;
	if (asked >= strlen(says))
		abort();
	return says[asked] == 't' ? COMMAND_TRUE
	    : says[asked] == 'f'  ? COMMAND_FALSE
	                          : COMMAND_FAILED;
}

static enum list_status
list_open(void *ctx, const char *path, struct list_source **ret_source,
    const struct words **ret_words, int *ret_error)
{
	struct asking *asking = ctx;

	asking->answer->lists_asked++;
	*ret_words = NULL;
	*ret_error = 2;
	for (size_t i = 0; i < asking->ask->list_count; i++) {
		const struct ask_list *list = &asking->ask->lists[i];

		if (strcmp(list->path, path) != 0)
			continue;
		*ret_error = 0;
		if (list->status != LIST_OK)
			return list->status;
		*ret_source = calloc(1, sizeof **ret_source);
		(*ret_source)->list = list;
		return LIST_OK;
	}
	return LIST_MISSING;
}

static enum list_status
list_read(void *ctx, struct list_source *source, char *buf, size_t size, size_t *ret_len)
{
	struct asking *asking = ctx;
	size_t left = source->list->len - source->at;

	if (asking->ask->feed_bytes != 0 && size > asking->ask->feed_bytes)
		size = asking->ask->feed_bytes;
	*ret_len = left < size ? left : size;
	memcpy(buf, source->list->text + source->at, *ret_len);
	source->at += *ret_len;
	return left == 0 ? LIST_END : LIST_OK;
}

static void
list_close(void *ctx, struct list_source *source)
{
	(void)ctx;
	free(source);
}

static void
report(void *ctx, const struct diag *diag)
{
	struct answer *answer = ((struct asking *)ctx)->answer;

	if (answer->report_count < ASK_REPORTS_MAX)
		answer->reports[answer->report_count++] = *diag;
}

static const struct facts_ops ops = {addr, name, known_name, daemon_name, user, server_port,
    netgroup, scope, aclexec, list_open, list_read, list_close, report};

/* What a text is read by. */
struct reading_on {
	struct lines lines;
	struct skim skim;
	struct arena arena;
};

static bool
show(struct pass *pass, const struct ask *ask_, struct reading_on *on, const struct line *line)
{
	struct rule rules[RULES_MAX];
	unsigned count = rule_read(rules, line);
	bool more = true;

	for (unsigned i = 0; i < count; i++) {
		if (ask_->keep && !rule_keep(&rules[i], &on->arena, line->joined))
			abort();
		more = more && pass_rule(pass, &rules[i]);
	}
	skim_learn(&on->skim, line, rules, count);
	return more;
}

static void
skim(const struct pass *pass, struct reading_on *on)
{
	const struct matcher *matcher = &pass->matcher;
	const struct facts *facts = matcher->facts;
	struct skim_client client;
	struct skim_run run;
	const char *bytes;
	size_t len;

	bytes = lines_ahead(&on->lines, &len);
	if (bytes == NULL || matcher->addrs[END_CLIENT] == NULL ||
	    !skim_client_init(&client, matcher->addrs[END_CLIENT],
	        facts->ops->known_name(facts->ctx, END_CLIENT)))
		return;
	run = skim_pass(&on->skim, &client, bytes, len);
	lines_skip(&on->lines, run.len, run.lines);
}

static void
show_text(struct pass *pass, const struct ask *ask_, enum table table, const char *text, size_t len)
{
	size_t fed = ask_->feed_bytes == 0 || ask_->keep ? len : 0, dropped = 0;
	struct reading_on on = {.arena = {.max_bytes = 0}};
	struct lines *lines = &on.lines;
	struct line line;
	bool more = true;

	lines_init(lines);
	lines_feed(lines, text, fed, fed == len);
	pass_table(pass, table, table == TABLE_ALLOW ? "A" : "D", lines->mode);
	on.skim.daemon = pass->matcher.daemon;
	on.skim.daemon_len = pass->matcher.daemon_len;
	while (more) {
		if (ask_->skims)
			skim(pass, &on);
		switch (lines_next(lines, &line)) {
		case LINES_LINE:
			pass_mode(pass, lines->mode);
			more = show(pass, ask_, &on, &line);
			break;
		case LINES_MORE:
			dropped += lines_consumed(lines);
			fed = len - fed < ask_->feed_bytes ? len : fed + ask_->feed_bytes;
			lines_feed(lines, text + dropped, fed - dropped, fed == len);
			break;
		case LINES_NO_MEMORY:
			pass_fault(pass, DIAG_NO_MEMORY);
			more = false;
			break;
		case LINES_TOO_LONG:
			pass_fault(pass, DIAG_LINE_OVER_LIMIT);
			more = false;
			break;
		case LINES_END:
			more = false;
			break;
		}
	}
	lines_release(lines);
	arena_release(&on.arena);
}

static void
set_name(struct name_fact *fact, const char *text, bool is_spelled)
{
	fact->text = or_unknown(text);
	fact->len = strlen(fact->text);
	fact->state = is_spelled                  ? NAME_KNOWN
	    : strcmp(fact->text, "unknown") == 0  ? NAME_UNKNOWN
	    : strcmp(fact->text, "paranoid") == 0 ? NAME_PARANOID
	                                          : NAME_KNOWN;
}

static uint64_t
hash_of_texts(const struct decision *decision)
{
	uint64_t hash = HASH_INIT;

	if (decision->has_tail)
		hash = hash_add(hash, decision->tail, decision->tail_len);
	if (decision->text != NULL)
		hash = hash_add(hash, decision->text, strlen(decision->text) + 1);
	return hash;
}

void
ask_with(const struct ask *ask_, void (*show_rules)(struct pass *, const void *), const void *arg,
    struct answer *ret)
{
	struct asking asking = {.ask = ask_, .answer = ret};
	struct option_context context = {.resident = ask_->resident};
	struct facts_ops all = ops;
	struct pass pass;

	memset(ret, 0, sizeof *ret);
	if (ask_->list_ops != NULL) {
		all.list_open = ask_->list_ops->list_open;
		all.list_read = ask_->list_ops->list_read;
		all.list_close = ask_->list_ops->list_close;
	}
	asking.facts = (struct facts){.ops = &all, .ctx = &asking};
	addr_fact_init(&asking.addrs[END_CLIENT], or_unknown(ask_->addr), &asking.facts);
	addr_fact_init(&asking.addrs[END_SERVER], or_unknown(ask_->server_addr), &asking.facts);
	set_name(&asking.names[END_CLIENT], ask_->name, ask_->name_is_spelled);
	set_name(&asking.names[END_SERVER], ask_->server_name, false);
	pass_init(&pass, &asking.facts, &context);
	pass.keeps_text = ask_->keeps_text;
	show_rules(&pass, arg);
	ret->by = *pass_decide(&pass);
	ret->verdict = ret->by.verdict;
	for (unsigned r = 0; r < READINGS; r++) {
		ret->readings[r] = pass.decisions[r].verdict;
		ret->decisions[r] = pass.decisions[r];
		ret->texts[r] = hash_of_texts(&pass.decisions[r]);
	}
	pass_release(&pass);
}

struct texts {
	const struct ask *ask;
	const char *text[2];
	size_t len[2];
};

static void
show_texts(struct pass *pass, const void *arg)
{
	const struct texts *texts = arg;

	for (unsigned t = 0; t < 2 && pass->open != 0; t++) {
		if (texts->text[t] != NULL)
			show_text(pass, texts->ask, (enum table)t, texts->text[t], texts->len[t]);
	}
}

void
ask(const struct ask *ask_, const char *allow, size_t allow_len, const char *deny, size_t deny_len,
    struct answer *ret)
{
	struct texts texts = {ask_, {allow, deny}, {allow_len, deny_len}};

	ask_with(ask_, show_texts, &texts, ret);
}
