/*
 * NAME     skim - lines that do not concern a client
 * PURPOSE  Passes over a line of a large table in some tens of instructions.
 * INVARIANTS  Passed over is only what judging would come to nothing for, both ways: daemons are
 *          named in letters, so that their tests ask for nothing and find nothing. Clients are canonical quads,
 *          networks of such without host bits, IPv6 addresses and networks in groups, none of which holds the
 *          address, and, if the name is known, other names in plain letters. What comes behind them is an
 *          EXCEPT or options, which nobody looks at unless they match. Whatever is not of that form is judged.
 *          No byte beyond the end is read: a word's bytes are looked at unasked only if FOREIGN_AHEAD of
 *          them are there.
 * LIMITS   SKIM_PREFIX_MAX; LINES_CLASSIC_MAX bytes, as a longer line is not the same both ways; WORDS_MAX bytes of
 *          a list's word, as a longer one is a fault.
 * SEE      pattern.c and net.c, whose words these are; docs/decisions/any-size.md
 */
#include "policy/skim.h"

#include <string.h>

#include "base/bytes.h"
#include "base/str.h"
#include "policy/filelist.h"
#include "policy/foreign.h"
#include "policy/lexer.h"

enum { LOOK_BACK = 2 }; /* a number's end is where it is read from */

/* ---- the form ---- */

/* Words of letters, digits, dots, lines, that begin with a letter: names, wildcards and EXCEPT. */
static bool
is_plain_daemons(const struct list *daemons)
{
	bool in_word = false;

	for (size_t i = 0; i < daemons->len; i++) {
		char c = daemons->text[i], lower = str_lower(c);
		bool letter = lower >= 'a' && lower <= 'z';

		if (lexer_is_separator(c))
			in_word = false;
		else if (letter || (in_word && (str_is_digit(c) || memchr("._-", c, 3) != NULL)))
			in_word = true;
		else
			return false;
	}
	return true;
}

/* Of such a list: can it match the daemon that is asked for? */
static bool
names_daemon(const struct list *daemons, const char *daemon, size_t daemon_len)
{
	size_t at = 0, len;
	const char *word;

	while (list_next_word(daemons, &at, &word, &len)) {
		if (word[len - 1] == '.' || str_is(word, len, "ALL") ||
		    str_is(word, len, "KNOWN") || str_is(word, len, "EXCEPT") ||
		    str_eq_nocase(word, len, daemon, daemon_len))
			return true;
	}
	return false;
}

/* Is the line a rule each way? Then the daemon list is the same, and the line begins with it. */
static bool
are_rules(const struct rule *rules, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (rules[i].code != DIAG_NONE)
			return false;
	}
	return count > 0;
}

static bool
has_prefix(const struct skim_form *form, const char *at)
{
	uint64_t head;

	memcpy(&head, at, sizeof head);
	return ((head ^ form->head) & form->head_mask) == 0 &&
	    (form->len <= sizeof head || memcmp(at, form->prefix, form->len) == 0);
}

static void
set_prefix(struct skim_form *form, const char *text, size_t len)
{
	size_t head = len < sizeof form->head ? len : sizeof form->head;

	form->len = len;
	memcpy(form->prefix, text, len);
	memset(&form->head_mask, 0xff, head);
	memcpy(&form->head, text, head);
}

/* How many bytes do lines of its form begin with? 0: it has none. */
static size_t
prefix_len(const struct line *line, const struct rule *rule, bool is_others)
{
	size_t len = rule->daemons.len + 1;

	while (!is_others && len < line->len && lexer_is_separator(line->text[len]))
		len++;
	return len < LOOK_BACK || len > SKIM_PREFIX_MAX || len >= line->len ? 0 : len;
}

const struct skim_form *
skim_learn(struct skim *skim, const struct line *line, const struct rule *rules, unsigned count)
{
	struct skim_form form = {.len = 0};
	size_t len;

	/* A finding has no daemons: who asks for those of a known form must not be given it. */
	if (line->joined || !are_rules(rules, count))
		return NULL;
	for (unsigned i = 0; i < skim->count; i++) {
		const struct skim_form *known = &skim->forms[i];

		if (line->len > known->len && memcmp(line->text, known->prefix, known->len) == 0)
			return known;
	}
	if (!is_plain_daemons(&rules->daemons))
		return NULL;
	form.is_others =
	    skim->daemon != NULL && !names_daemon(&rules->daemons, skim->daemon, skim->daemon_len);
	len = prefix_len(line, rules, form.is_others);
	if (len == 0)
		return NULL;
	set_prefix(&form, line->text, len);
	if (skim->count < SKIM_FORMS)
		skim->next = skim->count++;
	else
		skim->next = (skim->next + 1) % SKIM_FORMS;
	skim->forms[skim->next] = form;
	return &skim->forms[skim->next];
}

/* ---- the client ---- */

bool
skim_client_init(
    struct skim_client *client, const struct addr_fact *addr, const struct name_fact *name)
{
	if (addr == NULL || !addr->agrees || addr->addr.scope != 0)
		return false;
	*client = (struct skim_client){.addr = addr, .name = ""};
	client->high = bytes_get64(addr->addr.bytes);
	client->low = bytes_get64(addr->addr.bytes + sizeof client->high);
	client->may_be_net6 = name != NULL && memchr(name->text, ':', name->len) != NULL;
	/* No name with a dot is equal to what stands for an unknown one. */
	client->has_name = name != NULL &&
	    (name->state != NAME_KNOWN || memchr(name->text, '.', name->len) == NULL ||
	        (pattern_is_name(name->text, name->len) && name->text[name->len - 1] != '.'));
	if (client->has_name && name->state == NAME_KNOWN) {
		client->name = name->text;
		client->name_len = name->len;
	}
	return true;
}

/* ---- lines ---- */

/* Options: nobody looks at them, but the line has to end the same both ways. */
static const char *
pass_tail(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	if (newline == NULL || newline[-1] == '\\' ||
	    memchr(at, '\0', (size_t)(newline - at)) != NULL)
		return NULL;
	return newline + 1;
}

/* The client list's colon, if both ways take it for that: no IPv6 address has it in the same word. */
static const char *
pass_colon(const char *at, const char *end)
{
	return end - at > 1 && (at[1] == ' ' || at[1] == '\t') ? pass_tail(at, end) : NULL;
}

/* Clients that nobody looks at: what does not change where the line divides. */
static const char *
pass_rest(const char *at, const char *end)
{
	for (; at < end; at++) {
		char lower = str_lower(*at);

		if (*at == '\n')
			return at + 1;
		if (*at == ':')
			return pass_colon(at, end);
		if (!(lower >= 'a' && lower <= 'z') && !str_is_digit(lower) &&
		    !lexer_is_separator(lower) && lower != '.' && lower != '/' && lower != '-' &&
		    lower != '_')
			return NULL;
	}
	return NULL;
}

static inline bool
is_except(const char *at)
{
	return str_is(at, 6, "EXCEPT") && (at[6] == ' ' || at[6] == '\t');
}

/* Where a word of the client list ends, the line may, too. *ret: behind it, or NULL: it has to be judged. False:
 * another word stands at *ret. */
static inline bool
ends_line(const char *at, const char *end, const char **ret)
{
	while (lexer_is_separator(*at)) {
		if (*at++ == '\n') {
			*ret = at;
			return true;
		}
		if (at == end) {
			*ret = NULL;
			return true;
		}
	}
	*ret = at;
	if (*at != ':')
		return false;
	at = pass_colon(at, end);
	if (at != NULL)
		*ret = at;
	return at != NULL;
}

/* From a line's first word to behind its newline. NULL: it may concern the client. */
static inline const char *
foreign_line(const char *at, const char *end, const struct skim_client *client)
{
	const char *next;

	while (end - at >= FOREIGN_AHEAD) {
		next = foreign_word(at, end, client);
		if (next == NULL) {
			if (is_except(at))
				return pass_rest(at, end);
			next = foreign_bare(at, client);
			if (next == NULL || *next == ':')
				return NULL;
		}
		if (*next == '\n')
			return next + 1;
		if (*next != ':' && !lexer_is_separator(*next))
			return NULL;
		if (ends_line(next, end, &at))
			return at;
		if (at == next)
			return NULL; /* a colon with something behind it */
	}
	return NULL;
}

/* Of the last one's form, or of which? */
static inline const struct skim_form *
form_of(const struct skim *skim, const struct skim_form *last, const char *at, const char *end)
{
	if ((size_t)(end - at) >= last->len + FOREIGN_AHEAD && has_prefix(last, at))
		return last;
	for (unsigned i = 0; i < skim->count; i++) {
		const struct skim_form *form = &skim->forms[i];

		if ((size_t)(end - at) >= form->len + FOREIGN_AHEAD && has_prefix(form, at))
			return form;
	}
	return NULL;
}

struct skim_run
skim_pass(const struct skim *skim, const struct skim_client *client, const char *bytes, size_t len)
{
	const char *at = bytes, *end = bytes + len, *next;
	const struct skim_form *form = skim->forms;
	struct skim_run run = {.len = 0};

	if (skim->count == 0)
		return run;
	while ((form = form_of(skim, form, at, end)) != NULL) {
		next = form->is_others ? pass_rest(at + form->len, end)
		                       : foreign_line(at + form->len, end, client);
		if (next == NULL || next - at > LINES_CLASSIC_MAX)
			break;
		at = next;
		run.lines++;
	}
	run.len = (size_t)(at - bytes);
	return run;
}

size_t
skim_net(const struct skim_form *form, const struct skim_client *client, const char *bytes,
    size_t len, struct skim_net *ret)
{
	const char *at;

	if (len < form->len + FOREIGN_AHEAD || !has_prefix(form, bytes))
		return 0;
	at = bytes + form->len;
	ret->is_v6 = false;
	at = *at == '[' ? foreign_bracketed(at, client, ret) : foreign_net(at, client, ret);
	return at != NULL && *at == '\n' ? (size_t)(at - bytes) + 1 : 0;
}

struct addr
skim_addr(const struct skim_net *net)
{
	unsigned char bytes[2 * sizeof net->high];

	bytes_put64(bytes, net->high);
	bytes_put64(bytes + sizeof net->high, net->low);
	return addr_from_v6(bytes, 0);
}

size_t
skim_words(const struct skim_client *client, const char *bytes, size_t from, size_t len)
{
	const char *at = bytes + from, *end = bytes + len, *next;

	for (;;) {
		while (end - at >= FOREIGN_AHEAD && str_is_space(*at))
			at++;
		if (end - at < FOREIGN_AHEAD || at - bytes < LOOK_BACK)
			return from;
		next = foreign_word(at, end, client);
		if (next == NULL)
			next = foreign_in_list(at, client);
		if (next == NULL || !str_is_space(*next) || next - at > WORDS_MAX)
			return from;
		at = next;
		from = (size_t)(at - bytes);
	}
}
