/*
 * NAME     inetd_conf - lines of inetd.conf, whoever's
 * PURPOSE  The fields behind the user are looked for by what they look like, because the dialects do
 *          not agree on those before: a service without a socket type (rpc entries in two lines), a
 *          line without a user, versions before the path, a count of arguments behind it.
 * INVARIANTS  Total, and linear in the text.
 * LIMITS   INETD_CONF_LINE_MAX: a longer line is told as incomplete. WORDS_MAX words are looked at.
 * SEE      inetd.conf(5)
 */
#include "services/inetd_conf.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"

/* service socktype protocol wait user versions path count argv[0] argv[1] */
enum { WORDS_MAX = 10 };

struct words {
	const char *at[WORDS_MAX + 1]; /* NULL behind the last */
	size_t count;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Divide a line in place. */
static void
divide(struct words *words, char *line)
{
	words->count = 0;
	while (words->count < WORDS_MAX) {
		while (is_blank(*line))
			line++;
		if (*line == '\0')
			break;
		words->at[words->count++] = line;
		while (*line != '\0' && !is_blank(*line))
			line++;
		if (*line != '\0')
			*line++ = '\0';
	}
	words->at[words->count] = NULL;
}

/* "100003-2" or "1-3": versions of an RPC program, or a number of arguments. */
static bool
is_number(const char *word)
{
	return word != NULL && word[strspn(word, "0123456789-")] == '\0';
}

static bool
is_socktype(const char *word)
{
	return strcmp(word, "stream") == 0 || strcmp(word, "dgram") == 0;
}

/* The line without its first words, up to the path. NULL: it has none. */
static const char *const *
find_path(const struct words *words, struct inetd_conf_line *line)
{
	const char *const *word = words->at;
	bool has_service = words->count > 0 && !is_socktype(word[0]);

	line->service = has_service ? word[0] : "";
	if (words->count < 4U + has_service)
		return NULL;
	line->is_stream = strcmp(word[has_service], "stream") == 0;
	line->protocol = word[1 + has_service];
	line->wait = word[2 + has_service];
	word += 3 + has_service;
	if (**word != '/')
		word++;
	return is_number(*word) ? word + 1 : word;
}

static void
read_fields(const struct words *words, struct inetd_conf_line *line)
{
	const char *const *word = find_path(words, line);

	if (word == NULL || *word == NULL)
		return;
	line->path = *word + (**word == '?');
	line->is_internal = strcmp(line->path, "internal") == 0;
	word++;
	if (is_number(*word))
		word++;
	if (*word == NULL || line->is_internal)
		return;
	line->name = *word;
	line->argument = word[1];
	line->is_complete = line->path[0] != '\0';
}

/* ---- lines ---- */

struct reader {
	const char *text;
	size_t start; /* of the line, in text */
	struct buf line; /* its bytes at their places; what is no part of a word is blank */
	unsigned number;
	bool is_long, is_lost; /* over the limit; without memory */
	void (*tell)(void *ctx, const struct inetd_conf_line *);
	void *ctx;
};

static void
tell_words(struct reader *reader, const struct words *words, struct inetd_conf_line *line)
{
	if (words->count == 0 || words->at[0][0] == '#')
		return;
	read_fields(words, line);
	if (line->is_complete) {
		line->path_at = reader->start + (size_t)(line->path - reader->line.bytes);
		line->name_at = reader->start + (size_t)(line->name - reader->line.bytes);
	}
	reader->tell(reader->ctx, line);
}

static void
finish(struct reader *reader)
{
	struct inetd_conf_line line = {.number = reader->number};
	struct words words;

	if (reader->is_long) {
		reader->tell(reader->ctx, &line);
	} else if (reader->line.len > 0) {
		divide(&words, reader->line.bytes);
		tell_words(reader, &words, &line);
	}
	buf_clear(&reader->line);
	reader->is_long = false;
}

/* Does the line at hand lack its server, so that an indented line can only continue it? */
static bool
is_open(const struct reader *reader)
{
	struct inetd_conf_line line = {.number = 0};
	char copy[1024];
	struct words words;

	if (reader->line.len == 0 || reader->line.len >= sizeof copy)
		return false;
	memcpy(copy, reader->line.bytes, reader->line.len + 1);
	divide(&words, copy);
	if (words.count == 0 || words.at[0][0] == '#')
		return false;
	read_fields(&words, &line);
	return !line.is_complete && !line.is_internal;
}

/* Blanks up to where at is. */
static bool
pad(struct reader *reader, size_t at)
{
	while (reader->start + reader->line.len < at) {
		if (!buf_add_char(&reader->line, ' '))
			return false;
	}
	return true;
}

/* Append a physical line. True: its last byte is a backslash, and the next one belongs to it. */
static bool
take(struct reader *reader, size_t at, size_t len)
{
	const char *text = reader->text + at;
	bool goes_on;

	if (reader->line.len == 0)
		reader->start = at;
	while (len > 0 && text[len - 1] == '\r')
		len--;
	goes_on = len > 0 && text[len - 1] == '\\' && text[0] != '#';
	len = strnlen(text, len - goes_on);
	if (at + len + goes_on - reader->start > INETD_CONF_LINE_MAX)
		reader->is_long = true;
	else if (!pad(reader, at) || !buf_add(&reader->line, text, len) ||
	    !pad(reader, at + len + goes_on))
		reader->is_lost = true;
	reader->number++;
	return goes_on;
}

bool
inetd_conf_read(const char *text, size_t len,
    void (*tell)(void *ctx, const struct inetd_conf_line *), void *ctx)
{
	struct reader reader = {.text = text, .tell = tell, .ctx = ctx};
	bool goes_on = false;
	size_t end;

	buf_init(&reader.line, NULL, 0, INETD_CONF_LINE_MAX);
	for (size_t at = 0; at < len; at = end + 1) {
		const char *newline = memchr(text + at, '\n', len - at);

		end = newline != NULL ? (size_t)(newline - text) : len;
		if (!goes_on && !(is_blank(text[at]) && is_open(&reader)))
			finish(&reader);
		goes_on = take(&reader, at, end - at);
	}
	finish(&reader);
	buf_release(&reader.line);
	return !reader.is_lost;
}
