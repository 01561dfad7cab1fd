/*
 * NAME     lines - bytes into logical lines, two ways
 * PURPOSE  The only place that knows continuations, line limits, NUL, BOM and the directive.
 * INVARIANTS  Every classic line ends where a plain line ends too (the plain way continues a line
 *          only where the classic way does), so a "block" is one classic line and the one or more
 *          plain lines in it. Nothing is consumed by a call that answers LINES_MORE.
 * LIMITS   LINES_CLASSIC_MAX, LINES_MAX (lines.h).
 * SEE      docs/decisions/two-readings.md
 */
#include "policy/lines.h"

#include <string.h>

#include "base/str.h"
#include "policy/lexer.h"

static const char bom[] = "\xef\xbb\xbf";
static const char directive[] = "#!tcpwrap";

void
lines_init(struct lines *lines)
{
	memset(lines, 0, offsetof(struct lines, classic));
	buf_init(&lines->plain, NULL, 0, LINES_MAX);
}

void
lines_release(struct lines *lines)
{
	buf_release(&lines->plain);
}

void
lines_feed(struct lines *lines, const char *bytes, size_t len, bool eof)
{
	/* Where only the plain way goes on, it leaves the last block behind. */
	lines->block_end = lines->block_end > lines->at ? lines->block_end - lines->at : 0;
	lines->at = 0;
	lines->bytes = bytes;
	lines->len = len;
	lines->eof = eof;
}

size_t
lines_consumed(const struct lines *lines)
{
	return lines->at;
}

/* A line that says nothing, both ways: empty, blank, or a comment from its first byte. */
static bool
is_idle(const char *text, size_t len)
{
	size_t i = 0;

	if (len > 0 && text[0] == '#')
		return true;
	while (i < len && lexer_is_separator(text[i]) && text[i] != ',')
		i++;
	return i == len;
}

/* ---- the classic way ---- */

/* Read a logical line from block_end as the original's bounded reader does. *ret_end receives where
 * it stopped, *ret_newlines how many newlines it counted on the way. */
static enum lines_status
classic_line(struct lines *lines, struct line *ret, size_t *ret_end, unsigned *ret_newlines)
{
	size_t at = lines->block_end, got = 0, room = sizeof lines->classic;

	*ret_newlines = 0;
	*ret = (struct line){.text = lines->classic, .ways = WAY_CLASSIC, .joined = true};
	while (room > 1) {
		size_t take = lines->len - at < room - 1 ? lines->len - at : room - 1;
		const char *newline = memchr(lines->bytes + at, '\n', take);

		/* Continuations of nothing but backslashes take no room, and would never end. */
		if (at - lines->block_end > LINES_MAX)
			return LINES_TOO_LONG;
		if (newline != NULL)
			take = (size_t)(newline - (lines->bytes + at)) + 1;
		else if (take < room - 1 && !lines->eof)
			return LINES_MORE;
		if (take == 0)
			break;
		memcpy(lines->classic + got, lines->bytes + at, take);
		at += take;
		take = strnlen(lines->classic + got, take); /* a NUL hides the rest of its line */
		got += take;
		room -= take;
		*ret_newlines += newline != NULL;
		if (take == 0 || lines->classic[got - 1] != '\n')
			continue;
		if (take == 1 || lines->classic[got - 2] != '\\') {
			ret->len = got - 1;
			*ret_end = at;
			return LINES_LINE;
		}
		got -= 2;
		room += 2;
	}
	ret->fault = got > 0 ? LINE_INCOMPLETE : LINE_FINE;
	ret->len = got;
	*ret_end = at;
	return got > 0 ? LINES_LINE : LINES_END;
}

/* ---- the plain way ---- */

/* One physical line from at: *ret_len without its newline, *ret_next behind it. */
static enum lines_status
physical_line(const struct lines *lines, size_t at, size_t limit, size_t *ret_len, size_t *ret_next)
{
	const char *newline = memchr(lines->bytes + at, '\n', limit - at);

	if (newline == NULL && !lines->eof)
		return limit - at > LINES_MAX ? LINES_TOO_LONG : LINES_MORE;
	*ret_len = newline != NULL ? (size_t)(newline - (lines->bytes + at)) : limit - at;
	*ret_next = at + *ret_len + (newline != NULL);
	return *ret_len > LINES_MAX ? LINES_TOO_LONG : LINES_LINE;
}

/* Read a logical line from lines->at; limit ends the block it belongs to. */
static enum lines_status
plain_line(struct lines *lines, size_t limit, struct line *ret)
{
	struct lexer lexer = {.at = 0};
	size_t at = lines->at, len, next;
	unsigned pieces = 0;
	bool nul = false, more = true;

	buf_clear(&lines->plain);
	*ret = (struct line){.ways = WAY_PLAIN};
	while (more && at < limit) {
		const char *piece = lines->bytes + at;
		enum lines_status status = physical_line(lines, at, limit, &len, &next);

		if (status != LINES_LINE)
			return status;
		if (next - lines->at > LINES_MAX)
			return LINES_TOO_LONG;
		if (at == 0 && !lines->started && len >= 3 && memcmp(piece, bom, 3) == 0) {
			piece += 3;
			len -= 3;
		}
		nul = nul || memchr(piece, '\0', len) != NULL;
		pieces++;
		at = next;
		more = len > 0 && piece[len - 1] == '\\' && lines->bytes[next - 1] == '\n';
		if (!more && pieces == 1) {
			ret->text = piece;
			ret->len = len;
			break;
		}
		if (!buf_add(&lines->plain, piece, len - more))
			return LINES_NO_MEMORY; /* the length was looked at above */
		lexer_feed(&lexer, lines->plain.bytes, lines->plain.len);
		more = more && !lexer.commented;
		ret->joined = true;
		ret->text = lines->plain.bytes;
		ret->len = lexer.commented ? lexer.at : lines->plain.len;
	}
	if (more && !lines->eof && at == lines->len)
		return LINES_MORE;
	lines->at = at;
	lines->number += pieces;
	ret->number = lines->number;
	if (nul && ret->len > 0 && ret->text[0] != '#')
		ret->fault = LINE_NUL;
	return LINES_LINE;
}

/* ---- both ---- */

/* The directive is the whole first line, from byte 0; anything that only looks like it is said. */
static bool
take_directive(struct lines *lines, const char *text, size_t len, bool continued)
{
	size_t word = sizeof directive - 1;

	if (len < word || memcmp(text, directive, word) != 0)
		return false;
	text += word;
	len -= word;
	if (continued || text != lines->bytes + word || len == 0 || !str_is_space(*text))
		return true;
	str_trim(&text, &len);
	if (len == 6 && memcmp(text, "modern", 6) == 0)
		lines->mode = LINES_MODERN;
	else if (len == 7 && memcmp(text, "classic", 7) == 0)
		lines->mode = LINES_CLASSIC;
	return lines->mode == LINES_TWO_WAYS;
}

/* Look at the first line for a directive. True: there is a line to give that says it is none. */
static bool
start(struct lines *lines, struct line *ret)
{
	const char *text = lines->bytes, *newline = memchr(text, '\n', lines->len);
	size_t len = newline != NULL ? (size_t)(newline - text) : lines->len;
	bool continued = newline != NULL && len > 0 && text[len - 1] == '\\';

	if (len >= 3 && memcmp(text, bom, 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (!take_directive(lines, text, len, continued))
		return false;
	*ret = (struct line){.text = text,
	    .len = len,
	    .begin = lines->bytes,
	    .number = 1,
	    .ways = WAY_BOTH,
	    .fault = LINE_DIRECTIVE};
	return true;
}

/* A physical line that is the same line both ways; most are. */
static bool
simple_line(struct lines *lines, struct line *ret)
{
	const char *text = lines->bytes + lines->at;
	size_t left = lines->len - lines->at;
	const char *newline =
	    memchr(text, '\n', left < LINES_CLASSIC_MAX ? left : LINES_CLASSIC_MAX);
	size_t len = newline != NULL ? (size_t)(newline - text) : 0;

	if (newline == NULL || (len > 0 && text[len - 1] == '\\') ||
	    memchr(text, '\0', len) != NULL)
		return false;
	if (lines->at == 0 && !lines->started && text[0] == bom[0])
		return false;
	lines->at += len + 1;
	lines->block_end = lines->at;
	lines->number++;
	*ret = (struct line){.text = text, .len = len, .number = lines->number, .ways = WAY_BOTH};
	return true;
}

/* The classic way gives up at LINES_CLASSIC_MAX. Where it is the only one, is the line within
 * LINES_MAX, too? */
static enum lines_status
check_rest(const struct lines *lines, size_t end)
{
	size_t len, next;
	enum lines_status status = physical_line(lines, end, lines->len, &len, &next);

	if (status == LINES_LINE && next - lines->at > LINES_MAX)
		return LINES_TOO_LONG;
	return status;
}

/* Begin a block that the two ways see differently: its classic line. */
static enum lines_status
begin_block(struct lines *lines, struct line *ret)
{
	size_t end;
	unsigned newlines;
	enum lines_status status = classic_line(lines, ret, &end, &newlines);

	if (status == LINES_MORE || status == LINES_TOO_LONG)
		return status;
	if (lines->mode == LINES_CLASSIC && ret->fault == LINE_INCOMPLETE && end < lines->len) {
		enum lines_status rest = check_rest(lines, end);

		if (rest != LINES_LINE)
			return rest;
	}
	ret->number = lines->number + newlines;
	lines->block_end = end;
	if (lines->mode == LINES_CLASSIC) {
		lines->at = end;
		lines->number += newlines;
	}
	if (status == LINES_END || ret->fault == LINE_INCOMPLETE)
		lines->classic_ended = true;
	return LINES_LINE;
}

/* Are there plain lines left of the classic line before? */
static bool
is_in_block(const struct lines *lines)
{
	return lines->mode == LINES_TWO_WAYS && !lines->classic_ended &&
	    lines->at < lines->block_end;
}

/* Only the plain way goes on. */
static bool
is_plain_only(const struct lines *lines)
{
	return lines->mode == LINES_MODERN || lines->classic_ended;
}

/* Any line, idle ones too. */
static enum lines_status
next_line(struct lines *lines, struct line *ret)
{
	bool plain_only = is_plain_only(lines);

	if (lines->mode == LINES_CLASSIC && lines->classic_ended)
		return LINES_END;
	if (lines->at == lines->len && (plain_only || lines->at == lines->block_end))
		return lines->eof ? LINES_END : LINES_MORE;
	if (is_in_block(lines))
		return plain_line(lines, lines->block_end, ret);
	if (plain_only)
		return plain_line(lines, lines->len, ret);
	if (simple_line(lines, ret)) {
		ret->ways = lines->mode == LINES_CLASSIC ? WAY_CLASSIC : WAY_BOTH;
		return LINES_LINE;
	}
	return begin_block(lines, ret);
}

enum lines_status
lines_next(struct lines *lines, struct line *ret)
{
	const char *begin = NULL; /* that of a block whose first line is idle is the next line's */
	enum lines_status status;

	if (!lines->checked) {
		bool whole = lines->len > 0 && memchr(lines->bytes, '\n', lines->len) != NULL;

		if (!whole && !lines->eof && lines->len <= LINES_MAX)
			return LINES_MORE;
		lines->checked = true;
		if (lines->len > 0 && start(lines, ret))
			return LINES_LINE;
	}
	do {
		if (!is_in_block(lines))
			begin = lines->bytes + lines->at;
		status = next_line(lines, ret);
		ret->begin = begin;
		lines->started = lines->started || lines->at > 0;
	} while (status == LINES_LINE && ret->fault == LINE_FINE && is_idle(ret->text, ret->len));
	return status;
}

const char *
lines_ahead(const struct lines *lines, size_t *ret_len)
{
	if (!lines->started || (!is_plain_only(lines) && lines->at != lines->block_end) ||
	    (lines->mode == LINES_CLASSIC && lines->classic_ended))
		return NULL;
	*ret_len = lines->len - lines->at;
	return lines->bytes + lines->at;
}

void
lines_skip(struct lines *lines, size_t bytes, unsigned count)
{
	lines->at += bytes;
	lines->number += count;
	if (!is_plain_only(lines))
		lines->block_end = lines->at;
}

void
lines_seek(struct lines *lines, size_t at, unsigned number)
{
	lines->at = lines->block_end = at;
	lines->number = number;
	lines->checked = lines->started = at > 0 || number > 0;
}
