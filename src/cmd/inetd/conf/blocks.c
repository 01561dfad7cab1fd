/*
 * NAME     blocks - xinetd.conf: text to drafts
 * PURPOSE  "service NAME", "defaults", their braces, the settings within, includes. What a setting
 *          means is attribute.c's.
 * INVARIANTS  Linear in the text. A block with a fault in its shape is lost and no other one is; a
 *          fault outside of blocks may have hidden the defaults, and is told to conf_miss().
 * LIMITS   CONF_ENTRY_MAX bytes a line, CONF_WORDS_MAX words: an error, never a silent cut.
 * SEE      inetd.conf(5), xinetd.conf(5)
 */
#include <string.h>

#include "base/str.h"
#include "cmd/inetd/conf/draft.h"

enum place { OUTSIDE, BEFORE_BRACE, INSIDE };

struct reader {
	struct conf *conf;
	struct conf_word at; /* the line */
	enum place place;
	struct conf_draft *block; /* the last one; NULL outside: a brace without a head */
	struct words words;
};

/* Is the first word this one, in any case? */
static bool
is_first(const struct reader *reader, const char *word)
{
	const char *first = reader->words.items[0].text;

	return str_is(first, strlen(first), word);
}

/* A fault; the block it is in is lost. */
static void
spoil(struct reader *reader, enum conf_code code, const struct conf_word *at)
{
	conf_note(reader->conf, code, at);
	if (reader->place != OUTSIDE && reader->block != NULL)
		reader->block->is_bad = true;
	else
		conf_miss(reader->conf);
}

static enum sign
sign_of(const struct reader *reader)
{
	static const char *const signs[] = {
	    [SIGN_SET] = "=", [SIGN_ADD] = "+=", [SIGN_TAKE] = "-="};

	for (size_t i = 0; i < SIGN_NONE && reader->words.count > 1; i++)
		if (strcmp(reader->words.items[1].text, signs[i]) == 0)
			return (enum sign)i;
	return SIGN_NONE;
}

static bool
is_head(const struct reader *reader)
{
	static const char *const names[] = {"service", "defaults", "include", "includedir"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (is_first(reader, names[i]))
			return sign_of(reader) == SIGN_NONE;
	return false;
}

/* "service ftp {": the brace is understood, and yet the block is lost: xinetd would lose it too. */
static void
check_end(struct reader *reader, size_t count)
{
	const struct conf_word *word = &reader->words.items[count];

	if (reader->words.count <= count)
		return;
	if (strcmp(word->text, "{") == 0)
		reader->place = INSIDE;
	spoil(reader, strcmp(word->text, "{") == 0 ? CONF_BRACE_LINE : CONF_EXTRA_WORD, word);
}

static void
begin(struct reader *reader, enum draft_kind kind)
{
	const struct words *words = &reader->words;
	size_t count = kind == DRAFT_SERVICE ? 2 : 1;

	reader->place = BEFORE_BRACE;
	reader->block = draft_add(reader->conf, kind);
	if (reader->block == NULL)
		return;
	if (kind == DRAFT_DEFAULTS && reader->conf->has_defaults)
		spoil(reader, CONF_DEFAULTS_TWICE, &words->items[0]);
	reader->conf->has_defaults |= kind == DRAFT_DEFAULTS;
	reader->block->name = words->items[0];
	if (words->count < count) {
		spoil(reader, CONF_NO_NAME, &words->items[0]);
		return;
	}
	reader->block->name = words->items[count - 1];
	check_end(reader, count);
}

static void
include(struct reader *reader, bool is_folder)
{
	struct conf *conf = reader->conf;
	struct conf_request *request = conf_alloc(conf, sizeof *request);

	if (request == NULL)
		return;
	if (reader->words.count != 2) {
		spoil(reader, reader->words.count < 2 ? CONF_NO_PATH : CONF_EXTRA_WORD,
		    &reader->words.items[reader->words.count < 2 ? 0 : 2]);
		return;
	}
	request->path = conf_keep(conf, &reader->words.items[1]);
	request->is_folder = is_folder;
	request->depth = conf->depth + 1;
	*conf->requests_end = request;
	conf->requests_end = &request->next;
}

static void
take_outside(struct reader *reader)
{
	reader->block = NULL;
	if (is_first(reader, "service"))
		begin(reader, DRAFT_SERVICE);
	else if (is_first(reader, "defaults"))
		begin(reader, DRAFT_DEFAULTS);
	else if (is_first(reader, "include"))
		include(reader, false);
	else if (is_first(reader, "includedir"))
		include(reader, true);
	else
		spoil(reader,
		    strchr("{}", reader->words.items[0].text[0]) != NULL ? CONF_BRACE_STRAY
		                                                         : CONF_NO_KEYWORD,
		    &reader->words.items[0]);
	if (is_first(reader, "{"))
		reader->place = INSIDE; /* of a block without a head: its settings are no heads */
}

static void
take_setting(struct reader *reader)
{
	struct conf *conf = reader->conf;
	enum sign sign = sign_of(reader);
	struct setting *setting;

	if (sign == SIGN_NONE) {
		spoil(reader, CONF_NO_SIGN, &reader->words.items[0]);
		return;
	}
	if (reader->block == NULL)
		return;
	setting = arena_alloc(&conf->scratch, sizeof *setting);
	conf->failed |= setting == NULL;
	if (setting == NULL)
		return;
	setting->name = reader->words.items[0];
	setting->sign = sign;
	setting->values = draft_words(conf, reader->words.items + 2, reader->words.count - 2);
	*reader->block->settings_end = setting;
	reader->block->settings_end = &setting->next;
}

/* The block has no end, and another begins. */
static void
tell_open(struct reader *reader, const struct conf_word *at)
{
	struct conf_word place = *at;

	place.text = reader->block != NULL ? reader->block->name.text : NULL;
	spoil(reader, CONF_BRACE_MISSING, &place);
	reader->place = OUTSIDE;
}

static void
take_inside(struct reader *reader)
{
	const struct words *words = &reader->words;

	if (is_first(reader, "}")) {
		if (words->count > 1)
			spoil(reader, CONF_BRACE_LINE, &words->items[1]);
		reader->place = OUTSIDE;
	} else if (is_head(reader)) {
		tell_open(reader, &words->items[0]);
		take_outside(reader);
	} else {
		take_setting(reader);
	}
}

/* A setting here says that the brace was forgotten; anything else, that the whole block was. */
static void
take_brace(struct reader *reader)
{
	const struct words *words = &reader->words;

	if (is_first(reader, "{")) {
		if (words->count > 1)
			spoil(reader, CONF_BRACE_LINE, &words->items[1]);
		reader->place = INSIDE;
		return;
	}
	spoil(reader, CONF_NO_BRACE, &words->items[0]);
	reader->place = INSIDE;
	if (is_head(reader)) {
		reader->place = OUTSIDE;
		take_outside(reader);
	} else {
		take_inside(reader);
	}
}

static void
take_line(struct reader *reader, const char *text, size_t len)
{
	size_t column = 1, blanks = 0;
	enum words_end end = WORDS_DONE;

	reader->words.count = 0;
	while (blanks < len && (text[blanks] == ' ' || text[blanks] == '\t'))
		blanks++;
	if (blanks == len || text[blanks] == '#')
		return;
	if (len - blanks <= CONF_ENTRY_MAX)
		end = words_add(reader->conf, &reader->words, text, len, &reader->at, &column);
	if (len - blanks > CONF_ENTRY_MAX || end != WORDS_DONE) {
		struct conf_word at = reader->at;

		at.column = column < UINT16_MAX ? (uint16_t)column : UINT16_MAX;
		spoil(reader, end == WORDS_DONE ? CONF_ENTRY_LONG : words_fault(end), &at);
		return;
	}
	if (reader->words.count == 0)
		return; /* out of memory */
	if (reader->place == OUTSIDE)
		take_outside(reader);
	else if (reader->place == BEFORE_BRACE)
		take_brace(reader);
	else
		take_inside(reader);
}

/* Take the next line off the text, without its end. */
static size_t
next_line(const char *text, size_t len, size_t *at)
{
	const char *newline = memchr(text + *at, '\n', len - *at);
	size_t end = newline != NULL ? (size_t)(newline - text) : len, from = *at;

	*at = end + 1;
	while (end > from && text[end - 1] == '\r')
		end--;
	return end - from;
}

void
blocks_read(struct conf *conf, uint16_t file, const char *text, size_t len)
{
	struct reader reader = {.conf = conf, .at = {.column = 1, .file = file}};

	for (size_t at = 0; at < len && !conf->failed;) {
		const char *line = text + at;
		size_t line_len = next_line(text, len, &at);

		reader.at.line++;
		take_line(&reader, line, line_len);
	}
	if (reader.place != OUTSIDE)
		tell_open(&reader, reader.block != NULL ? &reader.block->name : &reader.at);
}

/* ---- which notation? ---- */

static size_t
word_at(const char *text, size_t len, size_t *at, const char **ret)
{
	while (*at < len && (text[*at] == ' ' || text[*at] == '\t'))
		++*at;
	*ret = text + *at;
	while (*at < len && text[*at] != ' ' && text[*at] != '\t')
		++*at;
	return (size_t)(text + *at - *ret);
}

static bool
is_one_of(const char *text, size_t len, const char *const *names)
{
	for (; *names != NULL; names++)
		if (str_is(text, len, *names))
			return true;
	return false;
}

/* Of the first line that is no comment; a service of inetd.conf may be called "service". */
enum conf_notation
blocks_notation(const char *text, size_t len)
{
	static const char *const heads[] = {
	    "service", "defaults", "include", "includedir", "{", NULL};
	static const char *const types[] = {"stream", "dgram", "seqpacket", "raw", "rdm", NULL};

	for (size_t at = 0; at < len;) {
		const char *line = text + at, *word, *second;
		size_t line_len = next_line(text, len, &at), in_line = 0;
		size_t word_len = word_at(line, line_len, &in_line, &word);
		size_t second_len = word_at(line, line_len, &in_line, &second);

		if (word_len == 0 || word[0] == '#')
			continue;
		if (is_one_of(second, second_len, types) || word[word_len - 1] == ':')
			return CONF_LINES;
		return is_one_of(word, word_len, heads) ? CONF_BLOCKS : CONF_UNCLEAR;
	}
	return CONF_UNCLEAR;
}
