/*
 * Drafts: what was read, word by word, until every file has been and the defaults are known. For
 * the parts of conf/ only; the words live in conf->scratch.
 */
#ifndef INETD_DRAFT_H
#define INETD_DRAFT_H

#include "cmd/inetd/conf/conf.h"

enum draft_kind { DRAFT_LINE, DRAFT_SERVICE, DRAFT_DEFAULTS };

enum sign { SIGN_SET, SIGN_ADD, SIGN_TAKE, SIGN_NONE };

struct setting {
	struct setting *next;
	struct conf_word name;
	enum sign sign;
	struct conf_words values;
};

struct conf_draft {
	struct conf_draft *next;
	enum draft_kind kind;
	bool is_bad; /* reported: no entry comes of it */
	struct conf_word name; /* behind "service", or "defaults" itself */
	struct setting *settings, **settings_end;
	/* of a line */
	struct conf_words words;
	const struct conf_words *addresses; /* of the address line before it; NULL: none;
	                                     * count 0: that line was bad */
};

/* Words of a line, divided by blanks and tabs. */
struct words {
	struct conf_word items[CONF_WORDS_MAX];
	size_t count;
};

enum words_end { WORDS_DONE, WORDS_NUL, WORDS_CR, WORDS_MANY };

/* The finding that tells of it. */
enum conf_code words_fault(enum words_end);

/* Add the words of a line; *ret_column: where they could not go on. */
enum words_end words_add(struct conf *, struct words *, const char *text, size_t len,
    const struct conf_word *place, size_t *ret_column);

/* Put a draft in the list; NULL: out of memory. */
struct conf_draft *draft_add(struct conf *, enum draft_kind);

/* A copy of items in scratch memory. */
struct conf_words draft_words(struct conf *, const struct conf_word *items, size_t count);

/* ---- the two notations ---- */

enum conf_notation blocks_notation(const char *text, size_t len);
void blocks_read(struct conf *, uint16_t file, const char *text, size_t len);
void lines_read(struct conf *, uint16_t file, const char *text, size_t len);

/* ---- drafts to entries ---- */

void build_entries(struct conf *);

#endif
