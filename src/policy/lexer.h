/*
 * Where a rule divides, the plain way: a scanner that goes on when a continued line brings more
 * text, so that a comment can end a line before its backslash is looked at.
 */
#ifndef POLICY_LEXER_H
#define POLICY_LEXER_H

#include <stdbool.h>
#include <stddef.h>

/* Separators of words in the two lists, both ways. */
static inline bool
lexer_is_separator(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',';
}

enum lexer_region { LEXER_DAEMONS, LEXER_CLIENTS, LEXER_TAIL };

struct lexer {
	enum lexer_region region;
	size_t at; /* scanned so far */
	size_t word; /* start of the word at hand; == at between words */
	size_t colon; /* first colon outside brackets in that word, if has_colon */
	bool has_colon;
	long depth; /* of brackets */
	size_t bracket; /* where depth left 0 */
	size_t daemons_end, clients_end; /* where the regions behind these begin, less the colon */
	bool commented; /* a comment begins at `at`; nothing more is scanned */
};

/* Scan text[at..len): all that is known of the logical line so far. */
void lexer_feed(struct lexer *, const char *text, size_t len);
/* The line ends at len (or at the comment). */
void lexer_finish(struct lexer *, const char *text, size_t len);

#endif
