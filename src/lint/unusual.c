/*
 * NAME     unusual - words that both ways take alike, and hardly anybody means
 * PURPOSE  Names that are none, addresses that are one's own, wildcards and daemons in the wrong place.
 * INVARIANTS  A word is told once, by what is most wrong with it.
 */
#include <string.h>

#include "base/str.h"
#include "lint/inside.h"
#include "policy/option.h"

enum { MENDED_MAX = 512 };

struct word_at {
	const char *at;
	size_t len;
	enum role role;
	const struct test *test; /* the member of it that is looked at */
};

static struct remark
remark_on(const struct word_at *word, enum lint_id id)
{
	return (struct remark){
	    .id = id, .at = word->at, .subject = word->at, .subject_len = word->len};
}

static bool
is_test(const struct test *test, const char *text)
{
	return str_is(test->text, test->len, text);
}

/* Does it make the rule keep out whom it matches, on purpose? */
static bool
keeps_out(const struct place *place)
{
	return !place->grants && !place->is_bad && !place->is_excepted;
}

/* True once a table. */
static bool
is_first(struct place *place, enum lint_id id)
{
	if (place->overall == NULL || place->overall->told[id])
		return false;
	place->overall->told[id] = true;
	return true;
}

/* ---- bytes ---- */

static bool
is_name_byte(char c)
{
	return str_is_digit(c) || (str_lower(c) >= 'a' && str_lower(c) <= 'z') ||
	    (c != '\0' && strchr(".-_*?", c) != NULL);
}

/* What text processors and web pages put in the place of ASCII. */
static const char *const typed[][2] = {
    {"\xc2\xa0", " "}, /* blanks */
    {"\xe2\x80\xaf", " "},
    {"\xe3\x80\x80", " "},
    {"\xe2\x80\x8b", ""}, /* of no width */
    {"\xe2\x81\xa0", ""},
    {"\xef\xbb\xbf", ""},
    {"\xc2\xad", ""},
    {"\xe2\x80\x98", ""}, /* quotes */
    {"\xe2\x80\x99", ""},
    {"\xe2\x80\x9a", ""},
    {"\xe2\x80\x9c", ""},
    {"\xe2\x80\x9d", ""},
    {"\xe2\x80\x9e", ""},
    {"\xc2\xab", ""},
    {"\xc2\xbb", ""},
    {"\"", ""},
    {"'", ""},
    {"`", ""},
    {"\xe2\x80\x90", "-"}, /* dashes */
    {"\xe2\x80\x91", "-"},
    {"\xe2\x80\x92", "-"},
    {"\xe2\x80\x93", "-"},
    {"\xe2\x80\x94", "-"},
    {"\xe2\x88\x92", "-"},
    {"\xef\xbc\x9a", ":"},
    {"\xe2\x80\xa6", "..."},
};

/* Append the word as it was meant. False: there is nothing of that in it. */
static bool
type_anew(const char *text, size_t len, struct buf *buf)
{
	bool found = false;
	size_t at = 0;

	while (at < len) {
		const char *by = NULL;
		size_t taken = 1;

		for (size_t i = 0; by == NULL && i < sizeof typed / sizeof *typed; i++) {
			size_t form = strlen(typed[i][0]);

			if (len - at >= form && memcmp(text + at, typed[i][0], form) == 0) {
				by = typed[i][1];
				taken = form;
			}
		}
		if (by != NULL)
			buf_add_str(buf, by);
		else
			buf_add_char(buf, text[at]);
		found = found || by != NULL;
		at += taken;
	}
	return found;
}

static bool
is_plain(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && (unsigned char)text[at] < 0x80 && text[at] != '"' && text[at] != '\'' &&
	    text[at] != '`')
		at++;
	return at == len;
}

static bool
check_typography(struct place *place, const struct word_at *word)
{
	struct remark remark = remark_on(word, LINT_TYPOGRAPHY);
	char storage[MENDED_MAX + 1];
	struct buf by;
	bool found;

	if (is_plain(word->at, word->len))
		return false;
	buf_init(&by, storage, sizeof storage, MENDED_MAX);
	found = type_anew(word->at, word->len, &by);
	if (found && !by.failed && by.len > 0) {
		remark.cut = word->at;
		remark.cut_len = word->len;
		remark.by = by.bytes;
		remark.by_len = by.len;
	}
	remark.relation = RELATION_DEAD;
	if (found)
		tell(place, &remark);
	buf_release(&by);
	return found;
}

/* ---- names ---- */

static enum lint_id
odd_name(const struct word_at *word)
{
	const struct test *test = word->test;
	bool is_odd = str_consists_of(test->text, test->len, "-_.");

	if (word->role == ROLE_FILE && is_test(test, "EXCEPT"))
		return LINT_LIST_EXCEPT;
	for (size_t i = 0; i < test->len; i++)
		is_odd = is_odd || !is_name_byte(test->text[i]);
	if (is_odd)
		return LINT_ODD_NAME;
	return test->kind == TEST_PREFIX ? LINT_NAME_DOT : LINT_IDS;
}

static bool
is_dashes(const char *from, const char *end)
{
	return end > from && str_consists_of(from, (size_t)(end - from), "-_.");
}

/* The only byte because of which it is odd; NULL: there is more to it. */
static const char *
find_semicolon(const struct word_at *word)
{
	const char *found = NULL, *end = word->at + word->len;

	for (const char *at = word->at; at < end; at++) {
		if (is_name_byte(*at))
			continue;
		if (*at != ';' || found != NULL)
			return NULL;
		found = at;
	}
	if (found != NULL && (is_dashes(word->at, found) || is_dashes(found + 1, end)))
		return NULL;
	return found;
}

static void
tell_odd(struct place *place, const struct word_at *word, enum lint_id id)
{
	const char *semicolon = find_semicolon(word);
	struct remark remark = remark_on(word, id);

	if (id == LINT_ODD_NAME && semicolon != NULL)
		tell_mend(&remark, semicolon, semicolon + 1, " ");
	tell(place, &remark);
}

static bool
is_one_of(const struct test *test, const char *const words[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_test(test, words[i]))
			return true;
	}
	return false;
}

static bool
is_option(const struct test *test)
{
	for (unsigned i = 0; i < OPTION_IDS; i++) {
		if (is_test(test, option_specs[i].keyword))
			return true;
	}
	return false;
}

/* "example.org", unless ".example.org" stands beside it. */
static bool
is_bare_domain(const struct place *place, const struct test *test)
{
	const char *dot = memchr(test->text, '.', test->len), *word;
	size_t at = 0, len;

	if (dot == NULL || !pattern_is_name(test->text, test->len) || place->list == NULL ||
	    memchr(dot + 1, '.', (size_t)(test->text + test->len - dot - 1)) != NULL)
		return false;
	while (list_next_word(place->list, &at, &word, &len)) {
		if (len == test->len + 1 && word[0] == '.' &&
		    str_eq_nocase(word + 1, len - 1, test->text, test->len))
			return false;
	}
	return true;
}

/* A name, as a whole, that is a word of another kind to whoever wrote it; LINT_IDS: it is none. */
static enum lint_id
misplaced(const struct place *place, const struct word_at *word)
{
	static const char *const everybody[] = {
	    "any", "anybody", "anyone", "everybody", "everyone", "everything", "world"};
	static const char *const here[] = {"localhost", "localhost.localdomain", "ip6-localhost",
	    "ip6-loopback", "localhost6", "localhost4"};
	const struct test *test = word->test;

	if (test->kind != TEST_EXACT)
		return LINT_IDS;
	if (is_one_of(test, here, sizeof here / sizeof *here))
		return LINT_LOCALHOST_NAME;
	if (is_bare_domain(place, test))
		return LINT_DOMAIN_BARE;
	if (word->role != ROLE_CLIENTS)
		return LINT_IDS;
	if (is_option(test))
		return LINT_OPTION_AS_CLIENT;
	return is_one_of(test, everybody, sizeof everybody / sizeof *everybody) ? LINT_ANY_WORD
	                                                                        : LINT_IDS;
}

static bool
is_first_word(const struct list *list, const char *word)
{
	const char *first;
	size_t at = 0, len;

	return list == NULL || !list_next_word(list, &at, &first, &len) || first == word;
}

static void
tell_misplaced(struct place *place, const struct word_at *word, enum lint_id id)
{
	struct remark remark = remark_on(word, id);
	const char *from = word->test->text, *to = from + word->test->len;

	if (word->role == ROLE_CLIENTS && id == LINT_LOCALHOST_NAME &&
	    !(word->test->flags & TEST_AND))
		tell_mend(&remark, from, to, "127.0.0.1 [::1]");
	else if (id == LINT_OPTION_AS_CLIENT && !is_first_word(place->list, from))
		tell_mend(&remark, from, from, ": ");
	else if (id == LINT_ANY_WORD)
		tell_mend(&remark, from, to, "ALL");
	remark.relation = id == LINT_ANY_WORD ? RELATION_DEAD : RELATION_SAME;
	tell(place, &remark);
}

static void
check_name(struct place *place, const struct word_at *word)
{
	struct remark remark = remark_on(word, LINT_NAME_DENIED);
	enum lint_id id = odd_name(word);

	if (id < LINT_IDS) {
		tell_odd(place, word, id);
		return;
	}
	id = misplaced(place, word);
	if (id < LINT_IDS)
		tell_misplaced(place, word, id);
	if ((id == LINT_IDS || id == LINT_DOMAIN_BARE) && word->role != ROLE_DAEMONS &&
	    keeps_out(place) && is_first(place, LINT_NAME_DENIED))
		tell(place, &remark);
}

/* ---- addresses ---- */

static bool
is_own(const struct lint *lint, const struct range *range)
{
	for (size_t i = 0; i < lint->own_count; i++) {
		if (memcmp(range->low, lint->own[i].bytes, sizeof range->low) == 0)
			return true;
	}
	return false;
}

/* The host of an IPv6 address has a /64 of them. */
static void
tell_single(struct place *place, const struct word_at *word)
{
	struct remark remark = remark_on(word, LINT_BAN_128);
	char text[ADDR_TEXT_MAX], storage[ADDR_TEXT_MAX + 8];
	uint8_t bytes[16] = {0};
	struct buf by;

	memcpy(bytes, word->test->v6->addr.bytes, sizeof bytes / 2);
	buf_init(&by, storage, sizeof storage, sizeof storage - 1);
	buf_add_char(&by, '[');
	buf_add(&by, text, addr_format_v6(bytes, text));
	buf_add_str(&by, "]/64");
	if (word->role == ROLE_CLIENTS)
		tell_mend(&remark, word->test->text, word->test->text + word->test->len, by.bytes);
	tell(place, &remark);
	buf_release(&by);
}

static void
check_address(struct place *place, const struct word_at *word)
{
	struct remark remark = remark_on(word, LINT_PRIVATE_NET);
	bool is_single, is_special;
	struct range range;

	if (word->role == ROLE_DAEMONS || !keeps_out(place) || place->overall == NULL ||
	    !range_of(word->test, &range))
		return;
	is_single = memcmp(range.low, range.high, sizeof range.low) == 0;
	is_special = range_is_special(&range, place->overall->special);
	if (is_single && is_own(place->lint, &range)) {
		remark.id = LINT_OWN_ADDRESS;
		tell(place, &remark);
	} else if (place->is_feed && is_special) {
		tell(place, &remark);
	} else if (is_single && word->test->kind == TEST_NET6 && !is_special) {
		tell_single(place, word);
	}
}

/* ---- daemons ---- */

static const char *
meant_daemon(const struct test *test)
{
	static const char *const misnomers[][2] = {
#define MISNOMER(word, daemon) {word, daemon},
#include "daemons.def"
#undef MISNOMER
	};

	for (size_t i = 0; i < sizeof misnomers / sizeof *misnomers; i++) {
		if (is_test(test, misnomers[i][0]))
			return misnomers[i][1];
	}
	return NULL;
}

static bool
is_address(const struct test *test)
{
	return memchr(test->text, '.', test->len) != NULL &&
	    str_consists_of(test->text, test->len, "0123456789./");
}

static bool
is_no_port(const struct test *test)
{
	unsigned long port;

	return str_number(test->text, test->len, INT32_MAX, &port);
}

/* Told once, whatever the number of rules. */
static enum lint_id
ask_host(const struct lint *lint, const struct test *test)
{
	enum lint_daemon answer;

	if (lint->daemon == NULL)
		return LINT_IDS;
	answer = lint->daemon(lint->daemon_ctx, test->text, test->len);
	if (answer == LINT_ASKS_NOBODY)
		return LINT_DAEMON_UNKNOWN;
	return answer == LINT_ASKS_NOT ? LINT_DAEMON_DEAF : LINT_IDS;
}

static void
check_daemon(struct place *place, const struct word_at *word)
{
	struct remark remark = remark_on(word, LINT_IDS);
	const struct test *test = word->test;
	const char *meant = test->kind == TEST_EXACT ? meant_daemon(test) : NULL;

	remark.relation = RELATION_DEAD;
	if (is_address(test) || test->kind == TEST_SUFFIX || test->text[0] == '@') {
		remark.id = LINT_ADDRESS_DAEMON;
	} else if (test->kind != TEST_EXACT) {
		return;
	} else if (is_no_port(test)) {
		remark.id = LINT_PORT_RANGE;
		remark.relation = RELATION_SAME;
	} else if (is_test(test, "LOCAL") || is_test(test, "PARANOID")) {
		remark.id = LINT_WILDCARD_DAEMON;
	} else if (meant != NULL) {
		remark.id = LINT_SERVICE_NAME;
		if (*meant != '\0')
			tell_mend(&remark, test->text, test->text + test->len, meant);
	} else {
		remark.id = ask_host(place->lint, test);
		remark.relation = RELATION_SAME;
	}
	if (remark.id < LINT_IDS)
		tell(place, &remark);
}

void
unusual_check(
    struct place *place, enum role role, const struct test *test, const char *at, size_t len)
{
	const struct word_at word = {at, len, role, test};
	bool is_text = test->kind == TEST_EXACT || test->kind == TEST_PREFIX ||
	    test->kind == TEST_SUFFIX || test->kind == TEST_GLOB;

	if (is_text && test->len > 0 && check_typography(place, &word))
		return;
	if (is_text && test->subject == SUBJECT_HOST && test->flags & TEST_NAME)
		check_name(place, &word);
	else if (is_text && test->subject == SUBJECT_DAEMON && test->len > 0)
		check_daemon(place, &word);
	else if (test->subject == SUBJECT_HOST)
		check_address(place, &word);
}
