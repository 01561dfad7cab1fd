/*
 * NAME     conf - inetd.conf: text to entries
 * PURPOSE  Divides the text into entries and words, keeps their places, collects findings. The
 *          fields of an entry are field.c's.
 * INVARIANTS  Linear in the text. An entry with an error is not in the list; all others are.
 *          No system call, no name lookup, no log.
 * LIMITS   CONF_ENTRY_MAX, CONF_WORDS_MAX: an error for the entry, never a silent cut.
 * SEE      inetd.conf(5)
 */
#include "cmd/inetd/conf/conf.h"

#include <string.h>

#include "cmd/inetd/conf/field.h"

static const struct {
	enum conf_severity severity;
	const char *text, *remedy;
} notes[] = {
#define WARNING CONF_WARNING
#define ERROR CONF_ERROR
#define NOTE(id, severity, text, remedy) {severity, text, remedy},
#include "cmd/inetd/conf/notes.def"
#undef NOTE
#undef WARNING
#undef ERROR
};

/* The entry that is being collected. */
struct collector {
	struct conf *conf;
	struct conf_words addresses; /* of the last "address:" line */
	struct conf_word words[CONF_WORDS_MAX];
	size_t count;
	size_t len_bytes;
	bool is_open; /* an indented line continues it */
	bool is_spoilt; /* reported already; its fields are not looked at */
	bool is_warned; /* about a comment among the arguments: once an entry */
};

void *
conf_alloc(struct conf *conf, size_t size_bytes)
{
	void *memory = arena_alloc(&conf->arena, size_bytes);

	if (memory == NULL)
		conf->failed = true;
	return memory;
}

char *
conf_text(struct conf *conf, const char *text)
{
	char *copy = arena_copy(&conf->arena, text, strlen(text));

	conf->failed |= copy == NULL;
	return copy;
}

struct conf_word
conf_part(struct conf *conf, const struct conf_word *word, size_t from, size_t len)
{
	const char *text = arena_copy(&conf->arena, word->text + from, len);

	conf->failed |= text == NULL;
	return (struct conf_word){.text = text != NULL ? text : "",
	    .line = word->line,
	    .column = word->column + (unsigned)from};
}

void
conf_note(struct conf *conf, enum conf_code code, const struct conf_word *at)
{
	struct conf_note *note = conf_alloc(conf, sizeof *note);

	if (note == NULL)
		return;
	note->code = code;
	note->at = *at;
	*conf->notes_end = note;
	conf->notes_end = &note->next;
	if (conf_severity(code) == CONF_ERROR)
		conf->errors++;
	else
		conf->warnings++;
}

enum conf_severity
conf_severity(enum conf_code code)
{
	return notes[code].severity;
}

bool
conf_note_format(const struct conf_note *note, const char *file, struct buf *buf)
{
	bool is_error = conf_severity(note->code) == CONF_ERROR;

	buf_add_escaped(buf, file, strlen(file));
	buf_add_char(buf, ':');
	buf_add_number(buf, note->at.line);
	buf_add_char(buf, ':');
	buf_add_number(buf, note->at.column);
	buf_add_str(buf, is_error ? ": error: " : ": warning: ");
	buf_add_str(buf, notes[note->code].text);
	if (note->at.text != NULL) {
		buf_add_str(buf, " '");
		buf_add_escaped(buf, note->at.text, strlen(note->at.text));
		buf_add_char(buf, '\'');
	}
	buf_add_str(buf, " (");
	buf_add_str(buf, notes[note->code].remedy);
	buf_add_char(buf, ')');
	return !buf->failed;
}

/* The entry has no shape. */
static void
spoil(struct collector *collector, enum conf_code code, unsigned line, size_t at)
{
	if (!collector->is_spoilt)
		conf_note(collector->conf, code,
		    &(struct conf_word){.line = line, .column = (unsigned)at + 1});
	collector->is_spoilt = true;
}

static void
add_word(struct collector *collector, struct conf_word word)
{
	if (collector->count == CONF_WORDS_MAX) {
		spoil(collector, CONF_MANY_WORDS, word.line, word.column - 1);
		return;
	}
	if (word.text[0] == '#' && collector->count > 0 && !collector->is_warned) {
		conf_note(collector->conf, CONF_COMMENT_ARGUMENT, &word);
		collector->is_warned = true;
	}
	collector->words[collector->count++] = word;
}

static void
add_line(struct collector *collector, const char *text, size_t len, unsigned line)
{
	const char *nul = memchr(text, '\0', len);
	size_t end;

	collector->is_open = true;
	collector->len_bytes += len;
	if (nul != NULL)
		spoil(collector, CONF_NUL, line, (size_t)(nul - text));
	if (collector->len_bytes > CONF_ENTRY_MAX)
		spoil(collector, CONF_ENTRY_LONG, line, 0);
	for (size_t at = 0; at < len && !collector->is_spoilt; at = end) {
		while (at < len && (text[at] == ' ' || text[at] == '\t'))
			at++;
		for (end = at; end < len && text[end] != ' ' && text[end] != '\t';)
			end++;
		if (end > at)
			add_word(collector,
			    conf_part(collector->conf,
			        &(struct conf_word){.text = text, .line = line, .column = 1}, at,
			        end - at));
	}
}

/* "address:" alone holds for the lines that follow. A bad one must not: they would listen on the
 * addresses of an earlier line, which may be more than was meant. */
static void
set_addresses(struct collector *collector)
{
	const struct conf_word *word = &collector->words[0];
	struct conf_word list = conf_part(collector->conf, word, 0, strlen(word->text) - 1);

	collector->addresses.count = 0;
	field_addresses(collector->conf, &list, &collector->addresses);
}

static bool
is_address_line(const struct collector *collector)
{
	const char *text = collector->words[0].text;
	size_t len = strlen(text);

	return collector->count == 1 && text[0] != '#' && len > 0 && text[len - 1] == ':';
}

static void
finish_entry(struct collector *collector)
{
	struct conf *conf = collector->conf;

	if (collector->count > 0 && !collector->is_spoilt) {
		if (is_address_line(collector)) {
			set_addresses(collector);
		} else if ((*conf->entries_end = field_entry(conf, collector->words,
		                collector->count, &collector->addresses)) != NULL) {
			conf->entries_end = &(*conf->entries_end)->next;
		}
	}
	collector->is_open = collector->is_spoilt = collector->is_warned = false;
	collector->count = collector->len_bytes = 0;
}

static void
take_line(struct collector *collector, const char *text, size_t len, unsigned line)
{
	bool is_indented = len > 0 && (text[0] == ' ' || text[0] == '\t');

	while (len > 0 && text[len - 1] == '\r')
		len--;
	if (!is_indented || !collector->is_open)
		finish_entry(collector);
	if (len > 0 && text[0] != '#')
		add_line(collector, text, len, line);
}

bool
conf_parse(struct conf *conf, const char *text, size_t len)
{
	static const char bom[3] = {'\xef', '\xbb', '\xbf'};
	static struct conf_word everywhere = {.text = "*"};
	struct collector collector = {.conf = conf, .addresses = {&everywhere, 1}};
	unsigned line = 0;
	size_t end;

	*conf = (struct conf){.entries_end = &conf->entries, .notes_end = &conf->notes};
	if (len > CONF_TEXT_MAX)
		return false;
	for (size_t at = len >= 3 && memcmp(text, bom, 3) == 0 ? 3 : 0; at < len; at = end + 1) {
		const char *newline = memchr(text + at, '\n', len - at);

		end = newline != NULL ? (size_t)(newline - text) : len;
		take_line(&collector, text + at, end - at, ++line);
	}
	finish_entry(&collector);
	return !conf->failed;
}

void
conf_release(struct conf *conf)
{
	arena_release(&conf->arena);
	*conf = (struct conf){0};
}
