/*
 * NAME     lexer - the plain way's division of a line
 * PURPOSE  Finds the colon behind the daemon list, the colon behind the client list, and the
 *          comment, if one begins in a list: design of the plain reading, points 1, 3 and 8.
 * INVARIANTS  One pass, linear, whatever the continuation lines; an IPv6 word is looked at once.
 * SEE      hosts_access(5), docs/decisions/two-readings.md
 */
#include "policy/lexer.h"

#include "policy/net.h"

/* A word of the client list is complete: does its first colon end the list? Not if the word is an
 * IPv6 address, as a whole or but for one final colon. */
static void
end_word(struct lexer *lexer, const char *text, size_t end)
{
	size_t len = end - lexer->word;
	const char *word = text + lexer->word;

	if (!lexer->has_colon)
		return;
	lexer->has_colon = false;
	if (net_is_bare_v6(word, len))
		return;
	lexer->region = LEXER_TAIL;
	lexer->clients_end = lexer->colon;
	if (word[len - 1] == ':' && net_is_bare_v6(word, len - 1))
		lexer->clients_end = end - 1;
}

static void
step(struct lexer *lexer, const char *text, size_t i)
{
	char c = text[i];

	if (c == '[') {
		if (lexer->depth++ == 0)
			lexer->bracket = i;
	} else if (c == ']') {
		if (lexer->depth-- == 0)
			lexer->bracket = i;
	} else if (c == ':' && lexer->depth == 0) {
		if (lexer->region == LEXER_DAEMONS) {
			lexer->region = LEXER_CLIENTS;
			lexer->daemons_end = i;
			lexer->word = i + 1;
		} else if (!lexer->has_colon) {
			lexer->has_colon = true;
			lexer->colon = i;
		}
	}
}

void
lexer_feed(struct lexer *lexer, const char *text, size_t len)
{
	for (size_t i = lexer->at; i < len && !lexer->commented; i++) {
		if (lexer_is_separator(text[i])) {
			if (lexer->region == LEXER_CLIENTS)
				end_word(lexer, text, i);
			lexer->word = i + 1;
		} else if (text[i] == '#' && lexer->word == i) {
			lexer->commented = true;
			lexer->at = i;
			return;
		} else {
			step(lexer, text, i);
		}
		lexer->at = i + 1;
		if (lexer->region == LEXER_TAIL)
			break;
	}
}

void
lexer_finish(struct lexer *lexer, const char *text, size_t len)
{
	size_t end = lexer->commented ? lexer->at : len;

	if (lexer->region == LEXER_CLIENTS) {
		end_word(lexer, text, end);
		if (lexer->region == LEXER_CLIENTS)
			lexer->clients_end = end;
	}
}
