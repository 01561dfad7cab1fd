/*
 * The words of a /file list, and its kept form.
 */
#ifndef POLICY_FILELIST_H
#define POLICY_FILELIST_H

#include "base/arena.h"
#include "policy/pattern.h"

/* The original overran its stack at 8192 bytes; here a longer word makes the list unreadable. */
enum { WORDS_MAX = 8191 };

/* A list kept parsed: tests of hosts, both ways. Immutable. */
struct words {
	const struct test *tests;
	size_t count;
};

enum words_status { WORDS_WORD, WORDS_MORE, WORDS_END, WORDS_TOO_LONG };

/* A list's bytes, divided into words. The classic way divides at blanks only and knows no comments;
 * the plain way also divides at commas, and skips comments. */
struct word_reader {
	const char *bytes;
	size_t len, at;
	/* The plain words of the chunk before `at` that are still to come. */
	size_t chunk_end, plain_at;
	bool eof;
	bool commented; /* the plain way skips the rest of the line */
};

struct word {
	const char *text;
	size_t len;
	ways ways;
};

/* As lines_feed and lines_consumed. */
void words_feed(struct word_reader *, const char *bytes, size_t len, bool eof);
size_t words_consumed(const struct word_reader *);
enum words_status words_next(struct word_reader *, struct word *ret);

/* Parse a whole list; the tests borrow bytes and arena. 0, or -1: out of memory, or a word that is
 * too long. */
int words_keep(struct words *ret, struct arena *, const char *bytes, size_t len);

#endif
