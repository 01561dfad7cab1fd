/*
 * Between the modules of this room.
 */
#ifndef LINT_INSIDE_H
#define LINT_INSIDE_H

#include "base/buf.h"
#include "lint/lint.h"
#include "policy/option.h"
#include "policy/rule.h"
#include "reach/reach.h"

/* What a rule comes to for whom it matches. OPEN: a command has its say, or the readings differ. */
enum outcome { OUTCOME_REFUSES, OUTCOME_GRANTS, OUTCOME_OPEN };

/* Hashes that were seen, each with a number. */
struct seen {
	struct seen_entry {
		uint64_t hash;
		size_t value;
	} * entries;
	size_t count, size;
};
/* The number beside the hash: the given one if it is new. False: no memory. */
bool seen_add(struct seen *, uint64_t hash, size_t value, size_t *ret_first);
void seen_release(struct seen *);

/* The first and the last address of a test. */
struct range {
	uint8_t low[16], high[16];
};
enum {
#define NET(text, what) +1
	RANGE_SPECIALS = 0
#include "nets.def"
#undef NET
};

/* What is remembered of a table while its lines pass. */
struct overall {
	bool told[LINT_IDS]; /* of those that are told once a table */
	const char *bytes;
	size_t len;
	struct seen *twins;
	struct range special[RANGE_SPECIALS];
	unsigned long refusals, named_line;
	const char *named_daemons; /* of the first rule that needs a name, in line named_line */
	size_t named_len;
};

/* The line being looked at, and what is known of the text that it stands in. */
struct place {
	struct lint *lint;
	const char *file;
	enum table table;
	enum lines_mode mode;
	unsigned first_line, line;
	const char *text; /* the logical line; of a list, the physical one; NULL: none */
	size_t len;
	bool grants; /* the rule lets in whom it matches, as far as its options say */
	enum outcome outcome;
	bool is_bad; /* its options have an error, for which it refuses */
	bool is_partial; /* the other way has something else here */
	bool is_list; /* a list that other rules may name, too */
	bool is_feed; /* a long list of bans that others have made */
	bool is_excepted; /* the word at hand stands behind an EXCEPT */
	const struct list *list; /* the word at hand stands in it; NULL: in a file */
	struct overall *overall;
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
	bool is_doubtful; /* mended, it might let somebody in, whatever lints.def says */
};

/* It is mended by putting `by` there. */
void tell_mend(struct remark *, const char *from, const char *to, const char *by);

/* Hand a finding over. */
void tell(struct place *, const struct remark *);

/* A whole file in memory, to be freed. NULL: *ret_state and *ret_error as of stamp_open(), or there
 * is not enough memory (FILE_BAD, ENOMEM). */
char *file_read(const char *path, size_t *ret_len, int *ret_state, int *ret_error);

/* Who may read and write it, and the folders on the way. */
void file_check_mode(struct place *, const char *path);

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

/* A word that both ways take alike: what hardly anybody means by it. test is one member of it. */
void unusual_check(
    struct place *, enum role, const struct test *, const char *word, size_t word_len);

/* False: it matches by something else than its address, too. */
bool range_of(const struct test *, struct range *ret);
bool range_is_within(const struct range *, const struct range *outer);
bool range_is_apart(const struct range *, const struct range *);
/* Is it within one of the networks that are nobody's on the Internet? */
void range_read_special(struct range ret[RANGE_SPECIALS]);
bool range_is_special(const struct range *, const struct range special[RANGE_SPECIALS]);

/* What the words of a list have to do with each other. */
enum { ORDER_MAX = 32 };
struct order {
	unsigned excepts; /* passed so far */
	bool has_name, has_other; /* words that need a name; that are no plain addresses */
	bool is_told;
	const char *name;
	size_t name_len;
	const char *address; /* the first address behind a name */
	size_t address_len;
	unsigned count;
	struct range ranges[ORDER_MAX]; /* before the first EXCEPT */
};
void order_word(struct order *, struct place *, const struct test *, const char *word, size_t len);
void order_rule(struct order *, struct place *, const struct rule *);

/* A rule; is_agreed: it stands so in each way that the table has. */
void overall_rule(struct place *, const struct rule *, bool is_agreed);
/* Is it so long that nobody has written it? */
bool overall_is_long(const char *bytes, size_t len);
/* What a table has as a whole. */
void overall_begin(struct place *, const char *bytes, size_t len);

/* What is wrong with a test: its LINT, or LINT_IDS if nothing is. Both are of the same member of
 * a word. */
enum lint_id kind_of(const struct test *classic, const struct test *plain);
/* Does it match nobody, whoever he is? */
bool kind_is_void(const struct test *);
/* "the network 10.0.0.0/8". */
void kind_describe(const struct test *, struct buf *);
/* The same meaning in words that both readings take alike; false: there are none. */
bool kind_mend(enum lint_id, const struct test *classic, const struct test *plain, struct buf *);

/* Would nothing change without these lines of a table? texts are what whole was made of. */
bool needless_is(const struct reach *whole, const struct reach_input texts[2], enum table,
    unsigned first, unsigned last);

/* A list that a word names. at points into place->text. */
void list_check(struct place *, const char *at, size_t len);

/* A field of the tail, as it stands in the line. */
struct field {
	const struct rule *rule;
	const char *start, *end; /* without the colons; start is the first byte that is not blank */
	const char *colon; /* before it */
	const struct option *option;
	bool follows_command; /* the field before takes a text, which may have had a colon */
};
const char *field_keyword_end(const struct field *);
/* Where its value begins. */
const char *field_value(const struct field *);

/* What an unknown option is, and what was meant by it. */
enum lint_id unknown_check(const struct field *, struct remark *);
/* Does a command end in a colon that was part of it? */
bool unknown_is_cut(const struct field *, struct remark *);

/* The options of a rule. */
void tail_check(struct place *, const struct rule *);
/* What does a rule come to? *ret_grants: in the way that counts of it, commands left aside. */
enum outcome tail_outcome(struct place *, const struct rule *, bool *ret_grants);
/* The same for a tail by itself, in both ways. */
enum outcome tail_outcome_of(struct place *, const char *tail, size_t len);

#endif
