/*
 * NAME     rule - a line divided
 * PURPOSE  Where the two ways divide a line differently, it becomes two rules at one place.
 * INVARIANTS  A line without a rule in it becomes a finding in the same sequence, so that passing
 *          it says the same whether the table is read or kept.
 */
#include "policy/rule.h"

#include <string.h>

#include "policy/classic.h"
#include "policy/lexer.h"

/* Ends of the two lists in a line. */
struct division {
	enum diag_code code;
	bool empty; /* nothing but a comment */
	size_t daemons_end, clients_end, end;
};

static struct division
divide_classic(const char *text, size_t len)
{
	size_t first = classic_find(text, len, ':'), second;

	if (first == len)
		return (struct division){.code = DIAG_NO_COLON};
	second = first + 1 + classic_find(text + first + 1, len - first - 1, ':');
	return (struct division){.daemons_end = first, .clients_end = second, .end = len};
}

static struct division
divide_plain(const char *text, size_t len)
{
	struct lexer lexer = {.at = 0};
	size_t end, i = 0;

	lexer_feed(&lexer, text, len);
	lexer_finish(&lexer, text, len);
	end = lexer.commented ? lexer.at : len;
	while (i < end && lexer_is_separator(text[i]))
		i++;
	if (i == end)
		return (struct division){.empty = true};
	if (lexer.depth != 0)
		return (struct division){.code = DIAG_OPEN_BRACKET};
	if (lexer.region == LEXER_DAEMONS)
		return (struct division){.code = DIAG_NO_COLON};
	return (struct division){
	    .daemons_end = lexer.daemons_end, .clients_end = lexer.clients_end, .end = end};
}

/*
 * Most lines divide the same both ways, and one look tells: there is no comment sign and no bracket
 * before the second colon, and the word with that colon has no further one, so it is no IPv6
 * address.
 */
static bool
divide_common(const char *text, size_t len, struct division *ret)
{
	size_t colons = 0, at[2] = {len, len}, i;

	for (i = 0; i < len && colons < 2; i++) {
		if (text[i] == ':')
			at[colons++] = i;
		else if (text[i] == '#' || text[i] == '[' || text[i] == ']')
			return false;
	}
	if (colons == 0)
		return false;
	for (; i < len && !lexer_is_separator(text[i]); i++) {
		if (text[i] == ':')
			return false;
	}
	*ret = (struct division){.daemons_end = at[0], .clients_end = at[1], .end = len};
	return true;
}

static bool
same_division(const struct division *a, const struct division *b)
{
	return a->code == b->code && a->empty == b->empty && a->daemons_end == b->daemons_end &&
	    a->clients_end == b->clients_end && a->end == b->end;
}

static struct rule
make_rule(const struct line *line, const struct division *at, ways which)
{
	struct rule rule = {.line = line->number, .ways = which, .code = at->code};
	const char *clients = line->text + at->daemons_end + 1;

	if (at->code != DIAG_NONE) {
		rule.tail = line->text;
		rule.tail_len = line->len;
		return rule;
	}
	rule.daemons = (struct list){
	    .text = line->text, .len = at->daemons_end, .ways = which, .role = ROLE_DAEMONS};
	rule.clients = (struct list){.text = clients,
	    .len = at->clients_end - at->daemons_end - 1,
	    .ways = which,
	    .role = ROLE_CLIENTS};
	rule.has_tail = at->clients_end < at->end;
	if (rule.has_tail) {
		rule.tail = line->text + at->clients_end + 1;
		rule.tail_len = at->end - at->clients_end - 1;
	}
	return rule;
}

static unsigned
finding(struct rule *ret, const struct line *line)
{
	static const enum diag_code codes[] = {
	    [LINE_INCOMPLETE] = DIAG_LINE_INCOMPLETE,
	    [LINE_NUL] = DIAG_NUL_BYTE,
	    [LINE_DIRECTIVE] = DIAG_BAD_DIRECTIVE,
	};
	struct division none = {.code = codes[line->fault]};

	*ret = make_rule(line, &none, line->ways);
	return 1;
}

unsigned
rule_read(struct rule ret[RULES_MAX], const struct line *line)
{
	struct division classic, plain;
	unsigned count = 0;

	if (line->fault != LINE_FINE)
		return finding(ret, line);
	if (divide_common(line->text, line->len, &classic)) {
		ret[0] = make_rule(line, &classic, line->ways);
		return 1;
	}
	if (line->ways & WAY_CLASSIC)
		classic = divide_classic(line->text, line->len);
	if (line->ways & WAY_PLAIN)
		plain = divide_plain(line->text, line->len);
	if (line->ways == WAY_BOTH && same_division(&classic, &plain)) {
		ret[0] = make_rule(line, &classic, WAY_BOTH);
		return 1;
	}
	if (line->ways & WAY_CLASSIC)
		ret[count++] = make_rule(line, &classic, WAY_CLASSIC);
	if (line->ways & WAY_PLAIN && !plain.empty)
		ret[count++] = make_rule(line, &plain, WAY_PLAIN);
	return count;
}

bool
rule_keep(struct rule *rule, struct arena *arena, bool copy_text)
{
	struct list *lists[] = {&rule->daemons, &rule->clients};

	if (copy_text && rule->tail_len > 0)
		rule->tail = arena_copy(arena, rule->tail, rule->tail_len);
	if (rule->tail_len > 0 && rule->tail == NULL)
		return false;
	for (size_t i = 0; i < sizeof lists / sizeof *lists && rule->code == DIAG_NONE; i++) {
		if (copy_text)
			lists[i]->text = arena_copy(arena, lists[i]->text, lists[i]->len);
		if (lists[i]->text == NULL || !list_keep(lists[i], arena))
			return false;
	}
	return true;
}

const char *
rule_text(const struct rule *rule, struct arena *arena)
{
	const struct {
		const char *text;
		size_t len;
	} parts[] = {{rule->daemons.text, rule->daemons.len},
	    {rule->clients.text, rule->clients.len}, {rule->tail, rule->tail_len}};
	size_t count = rule->has_tail ? 3 : 2, len = 0;
	char *text = arena_alloc(arena, parts[0].len + parts[1].len + parts[2].len + 3);

	for (size_t i = 0; i < count && text != NULL; i++) {
		if (i > 0)
			text[len++] = ':';
		if (parts[i].len > 0)
			memcpy(text + len, parts[i].text, parts[i].len);
		len += parts[i].len;
	}
	return text;
}
