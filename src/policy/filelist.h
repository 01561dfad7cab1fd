/*
 * The words of a /file list, and its kept form.
 */
#ifndef POLICY_FILELIST_H
#define POLICY_FILELIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "policy/pattern.h"

/* The original overran its stack at 8192 bytes; here a longer word makes the list unreadable. */
enum { WORDS_MAX = 8191 };

struct facts;
struct words;

enum words_step {
	WORDS_TEST,
	WORDS_NO_MORE,
	WORDS_FAILED, /* the index counts for nothing: the source is read from its beginning */
};

/* Whoever has an index of a long list knows which of its words a request has to be shown. */
struct words_index {
	/* Begin anew, about one end; enum end. */
	void (*begin)(const struct words *, const struct facts *, unsigned end, void *cursor);
	/* The next test, until another is asked for. A name is not asked for, but may be known by now. */
	enum words_step (*next)(
	    const struct words *, const struct facts *, void *cursor, const struct test **ret_test);
};

enum { WORDS_CURSOR_BYTES = 13312 }; /* of that memory, aligned for any object */

/* A list kept parsed: tests of hosts, both ways. Or one with an index of its text. Immutable. */
struct words {
	const struct test *tests;
	size_t count;
	const struct words_index *index; /* NULL: the tests are tried, in their order */
	void *owner; /* the index's */
};

enum words_status { WORDS_WORD, WORDS_MORE, WORDS_END, WORDS_TOO_LONG };

/* A list's bytes, divided into words. The classic way divides at blanks only and knows no comments;
 * the plain way also divides at commas, and skips comments. */
struct word_reader {
	const char *bytes;
	size_t len, at;
	/* The plain words of the chunk before `at` that are still to come. */
	size_t chunk_end, plain_at;
	size_t chunk; /* where it begins, */
	bool chunk_commented; /* and what commented was then */
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
/* The bytes from the beginning of a chunk on: its words alone are read. False: they do not hold its end. */
bool words_feed_chunk(
    struct word_reader *, const char *bytes, size_t len, bool eof, bool commented);
enum words_status words_next(struct word_reader *, struct word *ret);

/* A number for the chunk that the word read last is in: twice its place, and whether it is in a comment. */
static inline uint32_t
words_item(const struct word_reader *reader)
{
	return (uint32_t)(reader->chunk * 2 + reader->chunk_commented);
}

/* Parse a whole list; the tests borrow bytes and arena. 0, or -1: out of memory, or a word that is
 * too long. */
int words_keep(struct words *ret, struct arena *, const char *bytes, size_t len);

#endif
