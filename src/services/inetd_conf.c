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
find_path(const struct words *words, const char **ret_protocol)
{
	const char *const *word = words->at;
	bool has_socktype = words->count > 0 && !is_socktype(word[0]);

	if (words->count < 4U + has_socktype)
		return NULL;
	*ret_protocol = word[1 + has_socktype];
	word += 3 + has_socktype;
	if (**word != '/')
		word++;
	return is_number(*word) ? word + 1 : word;
}

/* False: inetd does it itself. */
static bool
read_fields(const struct words *words, struct inetd_conf_line *line)
{
	const char *const *word = find_path(words, &line->protocol);

	if (word == NULL || *word == NULL)
		return true;
	line->path = *word + (**word == '?');
	if (strcmp(line->path, "internal") == 0)
		return false;
	word++;
	if (is_number(*word))
		word++;
	if (*word == NULL)
		return true;
	line->name = *word;
	line->argument = word[1];
	line->is_complete = line->path[0] != '\0';
	return true;
}

/* ---- lines ---- */

struct reader {
	struct buf line;
	unsigned number;
	bool is_long, is_lost; /* over the limit; without memory */
	void (*tell)(void *ctx, const struct inetd_conf_line *);
	void *ctx;
};

static void
finish(struct reader *reader)
{
	struct inetd_conf_line line = {.number = reader->number};
	struct words words;

	if (reader->is_long) {
		reader->tell(reader->ctx, &line);
	} else if (reader->line.len > 0) {
		divide(&words, reader->line.bytes);
		if (words.count > 0 && words.at[0][0] != '#' && read_fields(&words, &line))
			reader->tell(reader->ctx, &line);
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
	return words.count > 0 && words.at[0][0] != '#' && read_fields(&words, &line) &&
	    !line.is_complete;
}

/* Append a physical line. True: its last byte is a backslash, and the next one belongs to it. */
static bool
take(struct reader *reader, const char *text, size_t len)
{
	bool goes_on;

	while (len > 0 && text[len - 1] == '\r')
		len--;
	goes_on = len > 0 && text[len - 1] == '\\' && text[0] != '#';
	len = strnlen(text, len - goes_on);
	if (reader->line.len + len + goes_on > INETD_CONF_LINE_MAX)
		reader->is_long = true;
	else if (!buf_add(&reader->line, text, len) ||
	    (goes_on && !buf_add_char(&reader->line, ' ')))
		reader->is_lost = true;
	reader->number++;
	return goes_on;
}

bool
inetd_conf_read(const char *text, size_t len,
    void (*tell)(void *ctx, const struct inetd_conf_line *), void *ctx)
{
	struct reader reader = {.tell = tell, .ctx = ctx};
	bool goes_on = false;
	size_t end;

	buf_init(&reader.line, NULL, 0, INETD_CONF_LINE_MAX);
	for (size_t at = 0; at < len; at = end + 1) {
		const char *newline = memchr(text + at, '\n', len - at);

		end = newline != NULL ? (size_t)(newline - text) : len;
		if (!goes_on && !(is_blank(text[at]) && is_open(&reader)))
			finish(&reader);
		goes_on = take(&reader, text + at, end - at);
	}
	finish(&reader);
	buf_release(&reader.line);
	return !reader.is_lost;
}
