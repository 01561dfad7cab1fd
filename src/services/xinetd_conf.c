/*
 * NAME     xinetd_conf - entries of xinetd.conf
 * PURPOSE  What an inventory asks of an entry: its server, its name, and who judges its clients.
 * INVARIANTS  Total, and linear in the text. An entry without its closing brace is told all the same.
 * LIMITS   XINETD_CONF_LINE_MAX: the rest of a longer line is not looked at; XINETD_CONF_WORD_MAX.
 * SEE      xinetd.conf(5)
 */
#include "services/xinetd_conf.h"

#include <stddef.h>
#include <string.h>

#include "base/str.h"

/* What is left of a line. */
struct text {
	const char *at;
	size_t len;
};

/* Take the next word. False: there is none. */
static bool
next(struct text *text, struct text *ret)
{
	while (text->len > 0 && str_is_space(*text->at)) {
		text->at++;
		text->len--;
	}
	ret->at = text->at;
	while (text->len > 0 && !str_is_space(*text->at)) {
		text->at++;
		text->len--;
	}
	ret->len = (size_t)(text->at - ret->at);
	return ret->len > 0;
}

static bool
is(const struct text *word, const char *name)
{
	return word->len == strlen(name) && memcmp(word->at, name, word->len) == 0;
}

/* A word too long, or with a NUL in it, names nothing. */
static void
keep(char to[XINETD_CONF_WORD_MAX], const struct text *word)
{
	bool fits = word->len < XINETD_CONF_WORD_MAX && memchr(word->at, '\0', word->len) == NULL;
	size_t len = fits ? word->len : 0;

	memcpy(to, word->at, len);
	to[len] = '\0';
}

static bool
next_line(struct text *text, struct text *ret)
{
	const char *newline;

	if (text->len == 0)
		return false;
	newline = memchr(text->at, '\n', text->len);
	ret->at = text->at;
	ret->len = newline != NULL ? (size_t)(newline - text->at) : text->len;
	text->len -= ret->len + (newline != NULL);
	text->at += ret->len + (newline != NULL);
	if (ret->len > XINETD_CONF_LINE_MAX)
		ret->len = XINETD_CONF_LINE_MAX;
	return true;
}

/* ---- attributes: what stands behind the sign ---- */

/* member: of the entry, that takes a word. */
typedef void attribute(struct xinetd_conf_entry *, struct text *values, size_t member);

static void
take_word(struct xinetd_conf_entry *entry, struct text *values, size_t member)
{
	struct text word;

	if (next(values, &word))
		keep((char *)entry + member, &word);
}

static void
take_arguments(struct xinetd_conf_entry *entry, struct text *values, size_t member)
{
	take_word(entry, values, member);
	take_word(entry, values, offsetof(struct xinetd_conf_entry, second));
}

static void
take_disable(struct xinetd_conf_entry *entry, struct text *values, size_t member)
{
	struct text word;

	(void)member;
	entry->is_off = next(values, &word) && str_is(word.at, word.len, "yes");
}

static void
take_words(struct xinetd_conf_entry *entry, struct text *values, size_t member)
{
	struct text word;

	(void)member;
	while (next(values, &word)) {
		entry->is_internal |= is(&word, "INTERNAL");
		entry->skips_tables |= is(&word, "NOLIBWRAP");
		entry->has_name |= is(&word, "NAMEINARGS");
	}
}

static void
take_wait(struct xinetd_conf_entry *entry, struct text *values, size_t member)
{
	struct text word;

	(void)member;
	entry->is_wait = next(values, &word) && str_is(word.at, word.len, "yes");
}

static void
take_socket_type(struct xinetd_conf_entry *entry, struct text *values, size_t member)
{
	struct text word;

	(void)member;
	entry->is_dgram = next(values, &word) && is(&word, "dgram");
}

/* To another host: no program serves. */
static void
take_redirect(struct xinetd_conf_entry *entry, struct text *values, size_t member)
{
	(void)values;
	(void)member;
	entry->is_internal = entry->is_redirect = true;
}

#define MEMBER(name) offsetof(struct xinetd_conf_entry, name)

static const struct {
	const char *name;
	attribute *take;
	size_t member;
	size_t span; /* in the entry; 0 = none is kept */
} attributes[] = {
    {"server", take_word, MEMBER(server), MEMBER(server_at)},
    {"server_args", take_arguments, MEMBER(first), MEMBER(arguments_at)},
    {"id", take_word, MEMBER(id), 0},
    {"libwrap", take_word, MEMBER(libwrap), 0},
    {"port", take_word, MEMBER(port), 0},
    {"disable", take_disable, 0, 0},
    {"wait", take_wait, 0, 0},
    {"socket_type", take_socket_type, 0, 0},
    {"type", take_words, 0, 0},
    {"redirect", take_redirect, 0, 0},
    {"flags", take_words, 0, MEMBER(flags_at)},
};

/* ---- entries ---- */

struct state {
	const struct xinetd_conf_reader *reader;
	const char *text;
	unsigned line;
	bool has_entry, is_open;
	struct xinetd_conf_entry entry;
};

static void
keep_span(struct state *state, struct text values, size_t offset)
{
	struct xinetd_conf_span *span = (void *)((char *)&state->entry + offset);

	str_trim(&values.at, &values.len);
	/* Where nothing is given, what was given before stays. */
	if (values.len > 0)
		*span = (struct xinetd_conf_span){(size_t)(values.at - state->text), values.len};
}

static void
take_attribute(struct state *state, const struct text *name, struct text *rest)
{
	struct text sign;

	if (!next(rest, &sign) || (!is(&sign, "=") && !is(&sign, "+=")))
		return;
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
		if (!is(name, attributes[i].name))
			continue;
		if (attributes[i].span != 0)
			keep_span(state, *rest, attributes[i].span);
		attributes[i].take(&state->entry, rest, attributes[i].member);
	}
}

static void
finish(struct state *state)
{
	if (state->has_entry)
		state->reader->entry(state->reader->ctx, &state->entry);
	state->has_entry = state->is_open = false;
}

static void
begin(struct state *state, struct text *rest)
{
	struct text name;

	finish(state);
	if (!next(rest, &name))
		return;
	memset(&state->entry, 0, sizeof state->entry);
	state->entry.number = state->line;
	keep(state->entry.service, &name);
	state->has_entry = true;
}

static void
include(struct state *state, struct text *rest, bool is_folder)
{
	char path[XINETD_CONF_WORD_MAX];
	struct text word;

	if (!next(rest, &word))
		return;
	keep(path, &word);
	if (path[0] != '\0')
		state->reader->include(state->reader->ctx, path, is_folder, state->line);
}

static void
take_line(struct state *state, struct text line)
{
	struct text word;

	if (!next(&line, &word) || word.at[0] == '#')
		return;
	if (is(&word, "{"))
		state->is_open = true;
	else if (is(&word, "}"))
		finish(state);
	else if (state->is_open && state->has_entry)
		take_attribute(state, &word, &line);
	else if (state->is_open)
		return; /* the defaults */
	else if (is(&word, "service"))
		begin(state, &line);
	else if (is(&word, "include") || is(&word, "includedir"))
		include(state, &line, is(&word, "includedir"));
}

void
xinetd_conf_read(const char *text, size_t len, const struct xinetd_conf_reader *reader)
{
	struct state state = {.reader = reader, .text = text};
	struct text left = {text, len}, line;

	while (next_line(&left, &line)) {
		state.line++;
		take_line(&state, line);
	}
	finish(&state);
}

bool
xinetd_conf_is(const char *text, size_t len)
{
	struct text left = {text, len}, line, word, second;

	while (next_line(&left, &line)) {
		if (!next(&line, &word) || word.at[0] == '#')
			continue;
		return is(&word, "defaults") || is(&word, "include") || is(&word, "includedir") ||
		    (is(&word, "service") && next(&line, &second) && !next(&line, &word));
	}
	return false;
}
