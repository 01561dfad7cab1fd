/*
 * NAME     divide - lines that the two ways divide differently, or that are no rule
 * PURPOSE  Which finding it is: comments, bare IPv6 addresses, brackets, NUL bytes, a byte order
 *          mark, continuations.
 * INVARIANTS  Whatever differs is told, once for each place.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lint/inside.h"
#include "base/near.h"
#include "policy/lexer.h"

static const char bom[] = "\xef\xbb\xbf";

enum { BOM_LEN = sizeof bom - 1, DIRECTIVE_LEN = sizeof "#!tcpwrap" - 1 };

/* ---- what a line has in it ---- */

static const char *
skip_separators(const char *at, const char *end)
{
	while (at < end && lexer_is_separator(*at))
		at++;
	return at;
}

static const char *
trim_back(const char *from, const char *end)
{
	while (end > from && lexer_is_separator(end[-1]))
		end--;
	return end;
}

static bool
is_rule(const struct rule *rule)
{
	return rule != NULL && rule->code == DIAG_NONE;
}

static bool
has_code(const struct rule *rule, enum diag_code code)
{
	return rule != NULL && rule->code == code;
}

static bool
begins_with_comment(const struct line *line)
{
	const char *end = line->text + line->len, *first = skip_separators(line->text, end);

	return first < end && *first == '#';
}

/* Where a comment begins, the plain way; a joined line ends before it, so that it has none. */
static bool
find_comment(const struct line *line, const char **ret)
{
	struct lexer lexer = {.at = 0};

	lexer_feed(&lexer, line->text, line->len);
	*ret = line->text + (lexer.commented ? lexer.at : line->len);
	return lexer.commented;
}

/* ---- mended ---- */

/* A word that is an IPv6 address as a whole, with brackets where both ways want them. */
static bool
add_bracketed(struct buf *buf, const char *word, size_t len)
{
	struct pattern pattern;

	if (!net_is_bare_v6(word, len))
		return false;
	pattern_read(&pattern, ROLE_CLIENTS, WAY_PLAIN, word, len);
	return kind_mend(LINT_BARE_IPV6, &pattern.tests[0], &pattern.tests[0], buf);
}

/* All of the client list, since one word makes the line what it is, and all such words have to go. */
static void
bracket_clients(struct remark *remark, const struct list *clients, struct buf *buf)
{
	const char *at = clients->text, *end = clients->text + clients->len;

	while (at < end) {
		const char *word = skip_separators(at, end), *word_end = word;

		buf_add(buf, at, (size_t)(word - at));
		while (word_end < end && !lexer_is_separator(*word_end))
			word_end++;
		if (add_bracketed(buf, word, (size_t)(word_end - word)) && remark->at == NULL) {
			remark->at = remark->subject = word;
			remark->subject_len = (size_t)(word_end - word);
		} else if (!net_is_bare_v6(word, (size_t)(word_end - word))) {
			buf_add(buf, word, (size_t)(word_end - word));
		}
		at = word_end;
	}
	if (remark->at != NULL && !buf->failed) {
		tell_mend(remark, clients->text, end, "");
		remark->by = buf->bytes;
		remark->by_len = buf->len;
	}
}

/* The directive that was meant. */
static const char *
meant_directive(const char *text, size_t len)
{
	if (len < DIRECTIVE_LEN)
		return NULL;
	text += DIRECTIVE_LEN;
	len -= DIRECTIVE_LEN;
	while (len > 0 && text[len - 1] == '\\')
		len--;
	str_trim(&text, &len);
	if (near_is(text, len, "modern"))
		return "#!tcpwrap modern";
	return near_is(text, len, "classic") ? "#!tcpwrap classic" : NULL;
}

/* ---- findings ---- */

/* No rule, the plain way; but the next line may be part of it, the classic way. */
static void
tell_nul(struct place *place, struct remark *remark)
{
	remark->id = LINT_NUL_BYTE;
	remark->differs = place->mode == LINES_TWO_WAYS;
	remark->at = memchr(place->text, '\0', place->len);
	tell(place, remark);
}

static void
tell_no_rule(struct place *place, enum lint_id id, const char *at)
{
	struct remark remark = {.id = id, .at = at};

	tell(place, &remark);
}

static void
tell_directive(struct place *place, struct physical *text, const struct line *line)
{
	struct remark remark = {
	    .id = LINT_BAD_DIRECTIVE, .subject = line->text, .subject_len = line->len};
	const char *meant = meant_directive(line->text, line->len);

	place->text = physical_line(text, 1, &place->len);
	if (meant != NULL)
		tell_mend(&remark, place->text, place->text + place->len, meant);
	tell(place, &remark);
}

static void
tell_bracket(struct place *place, const struct line *line, struct remark *remark)
{
	struct lexer lexer = {.at = 0};

	lexer_feed(&lexer, line->text, line->len);
	remark->id = LINT_OPEN_BRACKET;
	remark->at = line->text + lexer.bracket;
	tell(place, remark);
}

/* Behind a rule, what goes on is part of that rule, though it looks like a comment. */
static bool
is_comment_all(const struct physical *text, unsigned line)
{
	struct physical lines = *text;
	size_t len;
	const char *first = physical_line(&lines, physical_first(&lines, line, WAY_CLASSIC), &len);

	return len > 0 && *first == '#';
}

/* The line before has taken this one away from the classic way: a comment that goes on, or a NUL byte.
 * False: it has not. */
static bool
tell_swallowed(struct place *place, struct physical *text, struct remark *remark)
{
	size_t len = 0;
	const char *before = NULL, *end, *nul;

	if (place->first_line > 1)
		before = physical_line(text, place->first_line - 1, &len);
	nul = len > 0 ? memchr(before, '\0', len) : NULL;
	if (nul == NULL && (len == 0 || before[len - 1] != '\\'))
		return false;
	if (nul != NULL && *before != '#')
		return true; /* that line is told for itself */
	place->line = place->first_line = place->first_line - 1;
	place->text = before;
	place->len = len;
	place->has_nul = nul != NULL;
	remark->id = nul != NULL ? LINT_NUL_BYTE : LINT_CONTINUED_COMMENT;
	remark->at = nul;
	if (nul == NULL) {
		for (end = before + len; end > before && end[-1] == '\\';)
			end--;
		remark->at = end;
		tell_mend(remark, trim_back(before, end), before + len, "");
		remark->is_doubtful = remark->is_doubtful || !is_comment_all(text, place->line);
	}
	tell(place, remark);
	return true;
}

static bool
has_except(const struct rule *rule)
{
	const struct list *lists[] = {&rule->daemons, &rule->clients};

	for (unsigned i = 0; i < 2; i++) {
		size_t at = 0, len;
		const char *word;

		while (list_next_word(lists[i], &at, &word, &len)) {
			if (str_is(word, len, "EXCEPT"))
				return true;
		}
	}
	return false;
}

/* The classic way has the beginning of the address as the last client, and refuses whom it matches for an
 * option that there is not: does it match nobody, as digits do? */
static bool
is_head_void(const struct rule *classic)
{
	const char *end = classic->clients.text + classic->clients.len, *word = end;
	struct pattern pattern;

	while (word > classic->clients.text && !lexer_is_separator(word[-1]))
		word--;
	if (word == end)
		return true;
	pattern_read(&pattern, ROLE_CLIENTS, WAY_CLASSIC, word, (size_t)(end - word));
	return pattern.count == 1 && kind_is_void(&pattern.tests[0]);
}

static void
tell_bare(struct place *place, const struct sides *sides, struct remark *remark)
{
	struct buf buf;

	buf_init(&buf, NULL, 0, 4 * LINES_MAX);
	remark->id = LINT_BARE_IPV6;
	remark->debian = "the client list ends at its first colon";
	bracket_clients(remark, &sides->plain->clients, &buf);
	if (remark->at == NULL)
		remark->id = LINT_READINGS_DIFFER;
	remark->is_doubtful =
	    !is_rule(sides->classic) || has_except(sides->plain) || !is_head_void(sides->classic);
	place->failed = place->failed || buf.failed;
	tell(place, remark);
	buf_release(&buf);
}

/* Does a comment end the line, the plain way? *ret receives where; a joined line ends before it. */
static bool
is_commented(struct physical *text, const struct line *line, const char **ret)
{
	const char *last;
	size_t len;

	if (find_comment(line, ret))
		return true;
	last = physical_line(text, line->number, &len);
	return line->joined && memchr(last, '#', len) != NULL;
}

/* Without its comment the classic rule lets in fewer than before, and is otherwise the same. */
static bool
is_comment_cut_safe(struct place *place, const struct sides *sides)
{
	bool ignored;

	return is_rule(sides->classic) && is_rule(sides->plain) &&
	    sides->classic_line->number == sides->plain_line->number &&
	    !has_except(sides->classic) &&
	    tail_outcome(place, sides->classic, &ignored) == OUTCOME_GRANTS;
}

/* Both ways have a line here. */
static void
tell_both(
    struct place *place, struct physical *text, const struct sides *sides, struct remark *remark)
{
	const struct line *line = sides->plain_line;
	bool same_text = sides->classic_line->len == line->len;
	const char *sign;
	bool commented = is_commented(text, line, &sign);

	if (has_code(sides->plain, DIAG_OPEN_BRACKET)) {
		tell_bracket(place, line, remark);
	} else if (begins_with_comment(sides->classic_line)) {
		remark->id = LINT_INDENTED_COMMENT;
		tell(place, remark);
	} else if (commented && (!same_text || sign < line->text + line->len)) {
		remark->id = LINT_TRAILING_COMMENT;
		remark->at = sign;
		if (is_rule(sides->plain))
			tell_mend(remark, trim_back(line->text, sign), line->text + line->len, "");
		remark->is_doubtful = !is_comment_cut_safe(place, sides);
		tell(place, remark);
	} else if (same_text) {
		tell_bare(place, sides, remark);
	} else {
		remark->is_doubtful = true;
		if (!tell_swallowed(place, text, remark))
			tell(place, remark);
	}
}

/* The classic way alone has something here. */
static void
tell_classic(struct place *place, const struct sides *sides, struct remark *remark)
{
	const struct line *line = sides->classic_line;

	if (line != NULL && begins_with_comment(line)) {
		remark->id = is_rule(sides->classic) ? LINT_INDENTED_COMMENT : LINT_INDENTED_REMARK;
		remark->at = skip_separators(line->text, line->text + line->len);
		tell_mend(remark, line->text, remark->at, "");
		/* The plain way has the next line for itself. */
		remark->is_doubtful = line->joined;
	}
	tell(place, remark);
}

static enum relation
relation_of(const struct sides *sides)
{
	if (is_rule(sides->classic))
		return is_rule(sides->plain) ? RELATION_EITHER : RELATION_WIDER;
	return is_rule(sides->plain) ? RELATION_NARROWER : RELATION_DEAD;
}

static bool
has_bom(const struct physical *text, const struct line *classic)
{
	return classic != NULL && classic->len >= BOM_LEN && text->len >= BOM_LEN &&
	    memcmp(text->bytes, bom, BOM_LEN) == 0 && memcmp(classic->text, bom, BOM_LEN) == 0;
}

/* Several of them go at once. */
static void
tell_bom(
    struct place *place, struct physical *text, const struct sides *sides, struct remark *remark)
{
	const char *end;

	remark->id = LINT_BOM;
	place->line = place->first_line = 1;
	place->text = end = physical_line(text, 1, &place->len);
	while (place->text + place->len - end >= BOM_LEN && memcmp(end, bom, BOM_LEN) == 0)
		end += BOM_LEN;
	tell_mend(remark, place->text, end, "");
	/* A daemon whose name begins with one is lost to the rule: there is no such program. */
	remark->is_doubtful = sides->plain == NULL;
	tell(place, remark);
}

static void
tell_divided(struct place *place, struct physical *text, const struct sides *sides)
{
	struct remark remark = {.id = LINT_READINGS_DIFFER, .relation = relation_of(sides)};

	remark.differs = remark.relation != RELATION_DEAD;
	remark.debian = is_rule(sides->classic) ? "a rule" : "no rule";
	remark.plain = is_rule(sides->plain) ? "a rule" : "no rule";
	if (has_bom(text, sides->classic_line)) {
		tell_bom(place, text, sides, &remark);
	} else if (has_code(sides->plain, DIAG_NUL_BYTE)) {
		tell_nul(place, &remark);
	} else if (sides->classic == NULL) {
		if (!tell_swallowed(place, text, &remark))
			tell(place, &remark);
	} else if (sides->plain == NULL) {
		tell_classic(place, sides, &remark);
	} else {
		tell_both(place, text, sides, &remark);
	}
}

/* No rule, whichever way: or the table has one way only. */
static void
tell_error(struct place *place, struct physical *text, const struct sides *sides)
{
	const struct rule *rule = sides->plain != NULL ? sides->plain : sides->classic;
	const struct line *line =
	    sides->plain_line != NULL ? sides->plain_line : sides->classic_line;
	struct remark remark = {.relation = RELATION_DEAD};

	switch ((int)rule->code) {
	case DIAG_BAD_DIRECTIVE:
		tell_directive(place, text, line);
		break;
	case DIAG_NO_COLON:
		tell_no_rule(place, LINT_NO_COLON, NULL);
		break;
	case DIAG_NUL_BYTE:
		tell_nul(place, &remark);
		break;
	case DIAG_OPEN_BRACKET:
		tell_bracket(place, line, &remark);
		break;
	default:
		break;
	}
}

void
divide_check(struct place *place, struct physical *text, const struct sides *sides)
{
	if (sides->classic != sides->plain && place->mode == LINES_TWO_WAYS &&
	    (sides->plain_line == NULL || sides->classic_line == NULL || is_rule(sides->plain) ||
	        is_rule(sides->classic)))
		tell_divided(place, text, sides);
	else
		tell_error(place, text, sides);
}
