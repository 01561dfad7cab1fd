/*
 * NAME     word - the words of a rule
 * PURPOSE  What a word is tested for the classic and the plain way, in tests as the engine makes
 *          them; and words that both ways take alike, and hardly anybody means.
 * INVARIANTS  Two readings of a word are the same only if their tests are, or both match nobody. A
 *          word is told once, with what is most wrong with it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lint/inside.h"

enum { MEANING_MAX = 128, MENDED_MAX = 512, GROUP_MAX = 1024 };

/* A word, as tests of both ways: one or two each. */
struct taken {
	struct pattern pattern;
	const struct test *classic, *plain;
	const char *at;
	size_t len;
	enum role role;
	ways which;
};

static void
take(struct taken *taken, enum role role, ways which, const char *at, size_t len)
{
	struct pattern *pattern = &taken->pattern;
	unsigned second = 0;

	pattern_read(pattern, role, WAY_BOTH, at, len);
	while (second < pattern->count && pattern->tests[second].ways == WAY_CLASSIC)
		second++;
	taken->classic = pattern->tests;
	taken->plain = &pattern->tests[second == pattern->count ? 0 : second];
	taken->role = role;
	taken->which = which;
	taken->at = at;
	taken->len = len;
}

/* ---- the two readings of a word ---- */

static bool
is_void(const struct test *test)
{
	return kind_is_void(test) || (test->flags & TEST_AND && kind_is_void(test + 1));
}

/* One way alone counts: then there is no difference, but the word may match nobody. */
static enum relation
relation_of(const struct taken *taken)
{
	bool classic = is_void(taken->classic), plain = is_void(taken->plain);

	if (taken->which == WAY_CLASSIC)
		plain = classic;
	else if (taken->which == WAY_PLAIN)
		classic = plain;
	if (classic)
		return plain ? RELATION_DEAD : RELATION_NARROWER;
	return plain ? RELATION_WIDER : RELATION_EITHER;
}

static void
tell_kind(struct place *place, const struct taken *taken, enum lint_id id, unsigned member)
{
	const struct test *classic = taken->classic + member, *plain = taken->plain + member;
	char classic_text[MEANING_MAX + 1], plain_text[MEANING_MAX + 1], by_text[MENDED_MAX + 1];
	struct buf classic_buf, plain_buf, by;
	struct remark remark = {.id = id,
	    .at = taken->plain[0].flags & TEST_AND ? plain->text : taken->at,
	    .subject = taken->at,
	    .subject_len = taken->len,
	    .relation = relation_of(taken)};

	remark.differs = taken->which == WAY_BOTH && remark.relation != RELATION_DEAD &&
	    lint_specs[id].severity != LINT_NOTE;
	buf_init(&classic_buf, classic_text, sizeof classic_text, MEANING_MAX);
	buf_init(&plain_buf, plain_text, sizeof plain_text, MEANING_MAX);
	buf_init(&by, by_text, sizeof by_text, MENDED_MAX);
	kind_describe(classic, &classic_buf);
	kind_describe(plain, &plain_buf);
	remark.debian = classic_text;
	remark.plain = plain_text;
	if (kind_mend(id, classic, plain, &by) && !by.failed) {
		remark.cut = plain->text;
		remark.cut_len = plain->len;
		remark.by = by.bytes;
		remark.by_len = by.len;
		/* "10.**" matches addresses only when it is mended, and more than a star's worth of names now. */
		remark.is_doubtful = id == LINT_GLOB_STARS && by.bytes[by.len - 1] != '*';
	}
	tell(place, &remark);
	buf_release(&by);
}

/* The first member that the readings take differently, or that nobody can match. */
static bool
check_readings(struct place *place, const struct taken *taken)
{
	enum relation relation = relation_of(taken);
	unsigned members = taken->plain[0].flags & TEST_AND ? 2 : 1;

	if (taken->which != WAY_BOTH && relation != RELATION_DEAD)
		return false;
	for (unsigned i = 0; i < members; i++) {
		enum lint_id id = kind_of(taken->classic + i, taken->plain + i);

		if (id < LINT_IDS) {
			tell_kind(place, taken, id, i);
			return true;
		}
	}
	return false;
}

/* ---- tests that are the same, but of different facts ---- */

/* The classic way spells the lack of a name as a text, which a pattern may match. Every address has
 * two characters at least, and then matches "*" before a name is looked at. */
static bool
matches_nameless(const struct test *test)
{
	static const char *const states[] = {"unknown", "paranoid"};
	size_t wild = 0;

	while (wild < test->len && (test->text[wild] == '*' || test->text[wild] == '?'))
		wild++;
	if (wild == test->len && wild <= 3 && memchr(test->text, '*', wild) != NULL)
		return false;
	return str_glob(test->text, test->len, states[0], strlen(states[0])) ||
	    str_glob(test->text, test->len, states[1], strlen(states[1]));
}

/* It asks netgroups about that text, too; that counts if the group has an entry for any host. */
static bool
has_nameless(const struct lint *lint, const struct test *test)
{
	char group[GROUP_MAX];

	if (lint->netgroup == NULL || test->len >= sizeof group)
		return false;
	memcpy(group, test->text, test->len);
	group[test->len] = '\0';
	return lint->netgroup(lint->ctx, group, "unknown") > 0 ||
	    lint->netgroup(lint->ctx, group, "paranoid") > 0;
}

static bool
holds_mapped(const struct net6 *net)
{
	static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff};
	struct addr addr = addr_from_v6(mapped, 0);

	return net->len_bits <= ADDR_V4_PREFIX_BITS &&
	    addr_has_prefix(&addr, &net->addr, net->len_bits);
}

static enum lint_id
differing_facts(const struct place *place, const struct test *test)
{
	switch ((int)test->kind) {
	case TEST_GLOB:
		return test->flags & TEST_NAME && matches_nameless(test) ? LINT_NAMELESS_GLOB
		                                                         : LINT_IDS;
	case TEST_NETGROUP:
		return has_nameless(place->lint, test) ? LINT_NAMELESS_MEMBER : LINT_IDS;
	case TEST_NET6:
		if (test->v6->scope_len > 0)
			return LINT_SCOPE;
		return holds_mapped(test->v6) ? LINT_IPV6_ALL : LINT_IDS;
	case TEST_PORT:
		return LINT_PORT;
	default:
		return LINT_IDS;
	}
}

static void
tell_facts(struct place *place, const struct taken *taken, enum lint_id id)
{
	struct remark remark = {.id = id,
	    .at = taken->at,
	    .subject = taken->at,
	    .subject_len = taken->len,
	    .relation = RELATION_EITHER,
	    .differs = lint_specs[id].severity != LINT_NOTE};

	tell(place, &remark);
}

/* A member that both ways take alike. */
static void
check_agreed(struct place *place, const struct taken *taken, const struct test *test)
{
	enum lint_id id = LINT_IDS;

	if (taken->which == WAY_BOTH)
		id = differing_facts(place, test);
	if (id < LINT_IDS) {
		tell_facts(place, taken, id);
		return;
	}
	unusual_check(place, taken->role, test, taken->at, taken->len);
}

static void
check_word(struct place *place, const struct taken *taken)
{
	const struct test *counts = taken->which == WAY_CLASSIC ? taken->classic : taken->plain;
	unsigned members = counts[0].flags & TEST_AND ? 2 : 1;
	bool told = check_readings(place, taken);

	for (unsigned i = 0; i < members; i++) {
		if (counts[i].kind == TEST_LIST && counts[i].subject == SUBJECT_HOST)
			list_check(place, counts[i].text, counts[i].len);
		else if (!told)
			check_agreed(place, taken, &counts[i]);
	}
}

void
word_check(struct place *place, enum role role, ways which, const char *at, size_t len)
{
	struct taken taken;

	take(&taken, role, which, at, len);
	check_word(place, &taken);
}

/* ---- lists ---- */

static void
tell_shape(struct place *place, const struct list *list, enum lint_id id, const char *at)
{
	struct remark remark = {.id = id, .at = at};

	remark.subject = list->role == ROLE_DAEMONS ? "daemon" : "client";
	remark.subject_len = strlen(remark.subject);
	tell(place, &remark);
}

static void
check_member(struct place *place, const struct list *list, ways which, struct order *order,
    const char *word, size_t len)
{
	struct taken taken;

	take(&taken, list->role, which, word, len);
	check_word(place, &taken);
	order_word(order, place, which == WAY_CLASSIC ? taken.classic : taken.plain, word, len);
}

/* "A EXCEPT B EXCEPT C" is A and not (B and not C): behind each EXCEPT, a word does the opposite. */
static void
check_list(struct place *place, const struct list *list, ways which, struct order *order)
{
	size_t at = 0, len;
	unsigned words = 0;
	const char *word, *except = NULL;

	place->list = list;
	while (list_next_word(list, &at, &word, &len)) {
		bool is_except = str_is(word, len, "EXCEPT");

		if (is_except && words == 0 && except == NULL)
			tell_shape(place, list, LINT_EXCEPT_FIRST, word);
		if (is_except)
			place->is_excepted = !place->is_excepted;
		else
			check_member(place, list, which, order, word, len);
		order->excepts += is_except;
		except = is_except ? word : NULL;
		words++;
	}
	place->list = NULL;
	place->is_excepted = false;
	if (words == 0)
		tell_shape(place, list, LINT_EMPTY_LIST, NULL);
	else if (except != NULL && words > 1)
		tell_shape(place, list, LINT_EXCEPT_LAST, except);
}

void
word_check_rule(struct place *place, const struct rule *rule, ways which)
{
	struct order daemons = {.excepts = 0}, clients = {.excepts = 0};

	check_list(place, &rule->daemons, which, &daemons);
	check_list(place, &rule->clients, which, &clients);
	order_rule(&clients, place, rule);
}
