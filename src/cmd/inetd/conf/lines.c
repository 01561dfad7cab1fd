/*
 * NAME     lines - inetd.conf: text to drafts
 * PURPOSE  Divides the text into entries with their continuation lines, and into words. The fields
 *          are field.c's.
 * INVARIANTS  Linear in the text. A line that has no shape loses its entry and nothing else; a bad
 *          address line loses those that rely on it.
 * LIMITS   CONF_ENTRY_MAX, CONF_WORDS_MAX: an error for the entry, never a silent cut.
 * SEE      inetd.conf(5)
 */
#include <string.h>

#include "cmd/inetd/conf/draft.h"
#include "cmd/inetd/conf/where.h"

/* The entry that is being collected. */
struct collector {
	struct conf *conf;
	struct conf_word place; /* of the line */
	struct conf_words *addresses; /* of the last "address:" line; NULL: none yet */
	struct words words;
	size_t len_bytes;
	bool is_open; /* an indented line continues it */
	bool is_spoilt; /* reported already; its fields are not looked at */
	bool is_warned; /* about a comment among the arguments: once an entry */
	bool is_quoted; /* the same about quotes */
};

/* The entry has no shape. */
static void
spoil(struct collector *collector, enum conf_code code, size_t column)
{
	struct conf_word at = collector->place;

	at.column = column < UINT16_MAX ? (uint16_t)column : UINT16_MAX;
	if (!collector->is_spoilt)
		conf_note(collector->conf, code, &at);
	collector->is_spoilt = true;
}

/* What other servers take for a comment or a quote, and this one for bytes. */
static void
warn_of_word(struct collector *collector, const struct conf_word *word)
{
	if (word->text[0] == '#' && !collector->is_warned) {
		conf_note(collector->conf, CONF_COMMENT_ARGUMENT, word);
		collector->is_warned = true;
	}
	if ((word->text[0] == '"' || word->text[0] == '\'') && !collector->is_quoted) {
		conf_note(collector->conf, CONF_QUOTE, word);
		collector->is_quoted = true;
	}
}

static void
add_line(struct collector *collector, const char *text, size_t len)
{
	size_t had = collector->words.count, column = 1;
	enum words_end end = WORDS_DONE;

	collector->is_open = true;
	collector->len_bytes += len;
	if (collector->len_bytes > CONF_ENTRY_MAX)
		spoil(collector, CONF_ENTRY_LONG, 1);
	if (!collector->is_spoilt)
		end = words_add(
		    collector->conf, &collector->words, text, len, &collector->place, &column);
	if (end != WORDS_DONE)
		spoil(collector, words_fault(end), column);
	for (size_t i = had > 0 ? had : 1; i < collector->words.count; i++)
		warn_of_word(collector, &collector->words.items[i]);
}

/* "address:" alone holds for the lines that follow. A bad one must not: they would listen on the
 * addresses of an earlier line, which may be more than was meant. */
static void
set_addresses(struct collector *collector)
{
	struct conf *conf = collector->conf;
	const struct conf_word *word = &collector->words.items[0];
	struct conf_word list = conf_part(conf, word, 0, strlen(word->text) - 1);

	collector->addresses = conf_alloc(conf, sizeof *collector->addresses);
	if (collector->addresses != NULL)
		where_addresses(conf, &list, collector->addresses);
}

static bool
is_address_line(const struct collector *collector)
{
	const char *text = collector->words.items[0].text;
	size_t len = strlen(text);

	return collector->words.count == 1 && text[0] != '#' && len > 0 && text[len - 1] == ':';
}

static void
add_draft(struct collector *collector)
{
	struct conf *conf = collector->conf;
	struct conf_draft *draft = draft_add(conf, DRAFT_LINE);

	if (draft == NULL)
		return;
	draft->words = draft_words(conf, collector->words.items, collector->words.count);
	draft->addresses = collector->addresses;
	draft->is_bad = draft->words.count == 0; /* out of memory */
}

static void
finish_entry(struct collector *collector)
{
	if (collector->words.count > 0 && !collector->is_spoilt) {
		if (is_address_line(collector))
			set_addresses(collector);
		else
			add_draft(collector);
	}
	collector->is_open = collector->is_spoilt = false;
	collector->is_warned = collector->is_quoted = false;
	collector->words.count = collector->len_bytes = 0;
}

static void
take_line(struct collector *collector, const char *text, size_t len)
{
	bool is_indented = len > 0 && (text[0] == ' ' || text[0] == '\t');

	collector->place.line++;
	while (len > 0 && text[len - 1] == '\r')
		len--;
	if (!is_indented || !collector->is_open)
		finish_entry(collector);
	if (len > 0 && text[0] != '#')
		add_line(collector, text, len);
}

void
lines_read(struct conf *conf, uint16_t file, const char *text, size_t len)
{
	struct collector collector = {.conf = conf, .place.file = file};
	size_t end;

	for (size_t at = 0; at < len && !conf->failed; at = end + 1) {
		const char *newline = memchr(text + at, '\n', len - at);

		end = newline != NULL ? (size_t)(newline - text) : len;
		take_line(&collector, text + at, end - at);
	}
	finish_entry(&collector);
}
