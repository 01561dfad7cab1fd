/*
 * Between the modules of this room.
 */
#ifndef LINT_INSIDE_H
#define LINT_INSIDE_H

#include "base/buf.h"
#include "lint/lint.h"
#include "policy/rule.h"

/* The line being looked at, and what is known of the text that it stands in. */
struct place {
	struct lint *lint;
	const char *file;
	enum table table;
	enum lines_mode mode;
	unsigned first_line, line;
	const char *text; /* the logical line; of a list, the physical one; NULL: none */
	size_t len;
	bool grants; /* the rule lets in whom it matches */
	bool is_excepted; /* the word at hand stands behind an EXCEPT */
	bool has_nul; /* in its physical lines: what it hides cannot be mended */
	bool failed; /* out of memory */
};

/* How the two readings of something compare: EFFECT of lints.def. SAME: its LINT says what comes of
 * it, whatever the table's mode. */
enum relation { RELATION_SAME, RELATION_NARROWER, RELATION_WIDER, RELATION_EITHER, RELATION_DEAD };

/* What is to be told; texts are borrowed. */
struct remark {
	enum lint_id id;
	enum relation relation;
	bool differs;
	const char *at; /* in place->text; NULL: the whole line */
	const char *subject;
	size_t subject_len;
	const char *debian, *plain; /* for %m; NULL: there is no %m */
	/* Mending is to put `by` in the place of the cut_len bytes at `cut`; NULL: not to be mended. */
	const char *cut;
	size_t cut_len;
	const char *by;
	size_t by_len;
};

/* It is mended by putting `by` there. */
void tell_mend(struct remark *, const char *from, const char *to, const char *by);

/* Hand a finding over. */
void tell(struct place *, const struct remark *);

/* A whole file in memory, to be freed. NULL: *ret_state and *ret_error as of stamp_open(), or there
 * is not enough memory (FILE_BAD, ENOMEM). */
char *file_read(const char *path, size_t *ret_len, int *ret_state, int *ret_error);

/* One physical line, by number from 1; the whole text is looked through once if the numbers rise. */
struct physical {
	const char *bytes;
	size_t len;
	unsigned line; /* where it stands; 0: before the first */
	size_t at, next;
};
void physical_init(struct physical *, const char *bytes, size_t len);
const char *physical_line(struct physical *, unsigned line, size_t *ret_len);
/* The first physical line of the logical one that ends with this. The classic way also goes on behind a
 * NUL byte. */
unsigned physical_first(struct physical *, unsigned line, enum way);
/* Is there a NUL byte in these lines? */
bool physical_has_nul(struct physical *, unsigned first, unsigned last);

/* What the two ways make of the same place: a line and a rule each, NULL where a way has none. */
struct sides {
	const struct line *classic_line, *plain_line;
	const struct rule *classic, *plain;
};

/* What is wrong with how the place divides, if anything is. */
void divide_check(struct place *, struct physical *, const struct sides *);

/* Both lists of a rule; which: the ways to look at. */
void word_check_rule(struct place *, const struct rule *, ways which);
/* One word. at points into place->text. */
void word_check(struct place *, enum role, ways which, const char *at, size_t len);

/* What is wrong with a test: its LINT, or LINT_IDS if nothing is. Both are of the same member of
 * a word. */
enum lint_id kind_of(const struct test *classic, const struct test *plain);
/* Does it match nobody, whoever he is? */
bool kind_is_void(const struct test *);
/* "the network 10.0.0.0/8". */
void kind_describe(const struct test *, struct buf *);
/* The same meaning in words that both readings take alike; false: there are none. */
bool kind_mend(enum lint_id, const struct test *classic, const struct test *plain, struct buf *);

/* A list that a word names. at points into place->text. */
void list_check(struct place *, const char *at, size_t len);

/* The options of a rule. */
void tail_check(struct place *, const struct rule *);
/* Does a rule let in whom it matches? */
bool tail_grants(struct place *, const struct rule *);

#endif
