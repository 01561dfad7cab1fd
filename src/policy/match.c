/*
 * NAME     match - tests against facts
 * PURPOSE  What each kind of test asks of a request, the classic way (Debian's text) and the plain
 *          way (typed values); and how EXCEPT combines the answers.
 * INVARIANTS  Facts are asked for only when a test needs them. What cannot be found out is
 *          TRI_UNKNOWN, never "no". No recursion.
 * SEE      way.h for the algebra; hosts_access(5) for the language.
 */
#include "policy/match.h"

#include <string.h>

#include "base/str.h"
#include "policy/classic.h"

/* innetgr wants a string; a longer group name is in no database. */
enum { NETGROUP_MAX = 1024 };

struct text {
	const char *bytes;
	size_t len;
};

static enum tri
tri_of(bool yes)
{
	return yes ? TRI_YES : TRI_NO;
}

static enum tri
fail(struct matcher *matcher)
{
	matcher->failed = true;
	return TRI_UNKNOWN;
}

/* NULL: a resource ran out. */
static const struct addr_fact *
addr_of(struct matcher *matcher)
{
	const struct addr_fact **cached = &matcher->addrs[matcher->end];

	if (*cached == NULL)
		*cached = matcher->facts->ops->addr(matcher->facts->ctx, matcher->end);
	return *cached;
}

/* ---- texts ---- */

static bool
matches_text(const struct test *test, struct text s)
{
	const char *t = test->text;
	size_t len = test->len;

	switch (test->kind) {
	case TEST_ALL:
		return true;
	case TEST_KNOWN:
		return !str_is(s.bytes, s.len, "unknown");
	case TEST_GLOB:
		/* Then they may as well match without the last byte. */
		if (test->flags & TEST_STARS)
			return s.len > 0 && str_glob(t, len, s.bytes, s.len - 1);
		return str_glob(t, len, s.bytes, s.len);
	case TEST_SUFFIX:
		return s.len > len && str_eq_nocase(t, len, s.bytes + s.len - len, len);
	case TEST_PREFIX:
		return s.len >= len && str_eq_nocase(t, len, s.bytes, len);
	default:
		return str_eq_nocase(t, len, s.bytes, s.len);
	}
}

/* The classic way takes "::ffff:1.2.3.4" for its quad, whatever the text is about. */
static struct text
classic_text(const char *text)
{
	static const char mapped[] = "::ffff:";
	struct text s = {text, strlen(text)};
	size_t skip = sizeof mapped - 1;
	uint32_t quad;

	if (s.len > skip && str_eq_nocase(text, skip, mapped, skip) &&
	    classic_quad(text + skip, s.len - skip, &quad))
		return (struct text){text + skip, s.len - skip};
	return s;
}

static struct text
addr_text(const struct addr_fact *fact, enum way way)
{
	if (way == WAY_PLAIN && fact->typed)
		return (struct text){fact->canonical, fact->canonical_len};
	return (struct text){fact->text, fact->len};
}

/* The plain way's name: a final dot says nothing. False: there is none. */
static bool
plain_name(const struct name_fact *name, struct text *ret)
{
	*ret = (struct text){name->text, name->len};
	if (ret->len > 1 && ret->bytes[ret->len - 1] == '.')
		ret->len--;
	return name->state == NAME_KNOWN;
}

static enum tri
host_text(struct matcher *matcher, const struct test *test, enum way way)
{
	const struct facts *facts = matcher->facts;
	const struct addr_fact *addr = addr_of(matcher);
	const struct name_fact *name;
	struct text s;

	if (addr == NULL)
		return fail(matcher);
	if (matches_text(test, addr_text(addr, way)))
		return TRI_YES;
	if (!(test->flags & TEST_NAME))
		return TRI_NO;
	name = facts->ops->name(facts->ctx, matcher->end);
	if (name == NULL)
		return fail(matcher);
	if (way == WAY_CLASSIC)
		return tri_of(matches_text(test, classic_text(name->text)));
	return tri_of(plain_name(name, &s) && matches_text(test, s));
}

/* The daemon or the user. NULL: a resource ran out. */
static const char *
subject_text(struct matcher *matcher, const struct test *test)
{
	const struct facts *facts = matcher->facts;

	return test->subject == SUBJECT_DAEMON ? matcher->daemon : facts->ops->user(facts->ctx);
}

static enum tri
test_text(struct matcher *matcher, const struct test *test, enum way way)
{
	const char *text;

	if (test->subject == SUBJECT_HOST)
		return host_text(matcher, test, way);
	text = subject_text(matcher, test);
	if (text == NULL)
		return fail(matcher);
	return tri_of(matches_text(
	    test, way == WAY_CLASSIC ? classic_text(text) : (struct text){text, strlen(text)}));
}

/* ---- addresses ---- */

static bool
fact_v4(const struct addr_fact *fact, enum way way, uint32_t *ret)
{
	if (way == WAY_CLASSIC && !fact->agrees)
		return classic_quad(fact->text, fact->len, ret);
	*ret = fact->v4;
	return fact->is_v4;
}

static enum tri
test_addr4(struct matcher *matcher, const struct test *test, enum way way)
{
	const struct addr_fact *fact = addr_of(matcher);

	if (fact == NULL)
		return fail(matcher);
	/* A quad without leading zeros has one spelling, so equal text is equal value. */
	return tri_of(matches_text(test, addr_text(fact, way)));
}

static enum tri
test_net4(struct matcher *matcher, const struct test *test, enum way way)
{
	const struct addr_fact *fact = matcher->facts->ops->addr(matcher->facts->ctx, matcher->end);
	uint32_t bits;

	if (fact == NULL)
		return fail(matcher);
	return tri_of(fact_v4(fact, way, &bits) && (bits & test->v4.mask) == test->v4.net);
}

/* False: it is no interface, or that could not be found out. */
static bool
find_scope(
    struct matcher *matcher, const char *text, size_t len, const struct addr *addr, uint32_t *ret)
{
	const struct facts *facts = matcher->facts;
	int found = facts->ops->scope(facts->ctx, text, len, addr, ret);

	matcher->failed = matcher->failed || found < 0;
	return found > 0;
}

/* Is this address in the network? The classic way wants the scope to be one, and asks no more. */
static bool
in_net6(struct matcher *matcher, const struct net6 *net, const struct addr *addr, enum way way)
{
	uint32_t scope = 0;

	if (net->scope_len > 0 &&
	    !find_scope(matcher, net->scope, net->scope_len, &net->addr, &scope))
		return false;
	if (way == WAY_PLAIN && net->scope_len > 0 && scope != addr->scope)
		return false;
	return addr_has_prefix(addr, &net->addr, net->len_bits);
}

/* The same of a text, as the classic way reads it: any spelling, mapped ones as IPv6. */
static bool
text_in_net6(struct matcher *matcher, const struct net6 *net, struct text s)
{
	struct addr addr;
	const char *scope;
	size_t scope_len;

	if (!addr_parse_v6(s.bytes, s.len, &addr, &scope, &scope_len) ||
	    (scope_len > 0 && !find_scope(matcher, scope, scope_len, &addr, &addr.scope)))
		return false;
	return in_net6(matcher, net, &addr, WAY_CLASSIC);
}

/* The classic way's brackets mean an address whatever they stand for, a daemon's name too. */
static enum tri
text_as_net6(struct matcher *matcher, const struct test *test)
{
	const char *text = subject_text(matcher, test);

	if (text == NULL)
		return fail(matcher);
	return tri_of(text_in_net6(matcher, test->v6, classic_text(text)));
}

static enum tri
test_net6(struct matcher *matcher, const struct test *test, enum way way)
{
	const struct facts *facts = matcher->facts;
	const struct addr_fact *fact;
	const struct name_fact *name;
	bool yes;

	if (test->subject != SUBJECT_HOST)
		return text_as_net6(matcher, test);
	fact = addr_of(matcher);
	if (fact == NULL)
		return fail(matcher);
	if (way == WAY_CLASSIC && !fact->agrees)
		yes = text_in_net6(matcher, test->v6, (struct text){fact->text, fact->len});
	else
		yes = fact->typed && !fact->is_v4 && in_net6(matcher, test->v6, &fact->addr, way);
	if (yes || way == WAY_PLAIN || !(test->flags & TEST_NAME_SEEN))
		return tri_of(yes);
	/* A caller may have put an address where the name belongs; a lookup never gives one. */
	name = facts->ops->known_name(facts->ctx, matcher->end);
	return tri_of(name != NULL && text_in_net6(matcher, test->v6, classic_text(name->text)));
}

/* ---- names ---- */

static enum tri
test_netgroup(struct matcher *matcher, const struct test *test, enum way way)
{
	const struct facts *facts = matcher->facts;
	const struct name_fact *name = facts->ops->name(facts->ctx, matcher->end);
	char group[NETGROUP_MAX];
	int answer;

	if (name == NULL)
		return fail(matcher);
	if (test->len >= sizeof group || (way == WAY_PLAIN && name->state != NAME_KNOWN))
		return TRI_NO;
	memcpy(group, test->text, test->len);
	group[test->len] = '\0';
	answer = facts->ops->netgroup(facts->ctx, group, name->text);
	return answer < 0 ? fail(matcher) : tri_of(answer > 0);
}

static enum tri
test_host_known(struct matcher *matcher, const struct test *test, enum way way)
{
	const struct facts *facts = matcher->facts;
	const struct addr_fact *addr = addr_of(matcher);
	const struct name_fact *name = facts->ops->name(facts->ctx, matcher->end);

	(void)test;
	if (addr == NULL || name == NULL)
		return fail(matcher);
	if (way == WAY_PLAIN)
		return tri_of(!addr->unknown && name->state == NAME_KNOWN);
	return tri_of(!addr->unknown && !str_is(name->text, name->len, "unknown") &&
	    !str_is(name->text, name->len, "paranoid"));
}

static enum tri
test_local(struct matcher *matcher, const struct test *test, enum way way)
{
	const struct facts *facts = matcher->facts;
	const struct name_fact *name = facts->ops->name(facts->ctx, matcher->end);
	struct text s;

	(void)test;
	if (name == NULL)
		return fail(matcher);
	if (way == WAY_PLAIN)
		return tri_of(plain_name(name, &s) && memchr(s.bytes, '.', s.len) == NULL);
	return tri_of(memchr(name->text, '.', name->len) == NULL &&
	    !str_is(name->text, name->len, "unknown") &&
	    !str_is(name->text, name->len, "paranoid"));
}

static enum tri
test_name_unknown(struct matcher *matcher, const struct test *test, enum way way)
{
	const struct facts *facts = matcher->facts;
	const struct addr_fact *addr = addr_of(matcher);
	const struct name_fact *name;

	(void)test;
	(void)way;
	if (addr == NULL)
		return fail(matcher);
	if (addr->unknown)
		return TRI_YES;
	name = facts->ops->name(facts->ctx, matcher->end);
	return name == NULL ? fail(matcher) : tri_of(name->state == NAME_UNKNOWN);
}

static enum tri
test_name_paranoid(struct matcher *matcher, const struct test *test, enum way way)
{
	const struct facts *facts = matcher->facts;
	const struct name_fact *name = facts->ops->name(facts->ctx, matcher->end);

	(void)test;
	(void)way;
	return name == NULL ? fail(matcher) : tri_of(name->state == NAME_PARANOID);
}

static enum tri
test_port(struct matcher *matcher, const struct test *test, enum way way)
{
	const struct facts *facts = matcher->facts;

	return tri_of(facts->ops->server_port(facts->ctx, way) == (int)test->port);
}

static enum tri
test_void(struct matcher *matcher, const struct test *test, enum way way)
{
	if (way == WAY_PLAIN && test->diag != DIAG_NONE) {
		diag_set(&matcher->place, (enum diag_code)test->diag, test->text, test->len);
		matcher->facts->ops->report(matcher->facts->ctx, &matcher->place);
	}
	return TRI_NO;
}

/* ---- one idea of a test: a handler a kind ---- */

typedef enum tri test_handler(struct matcher *, const struct test *, enum way);

static test_handler *const handlers[TEST_KINDS] = {
    [TEST_VOID] = test_void,
    [TEST_EXCEPT] = test_void,
    [TEST_ALL] = test_text,
    [TEST_KNOWN] = test_text,
    [TEST_GLOB] = test_text,
    [TEST_SUFFIX] = test_text,
    [TEST_PREFIX] = test_text,
    [TEST_EXACT] = test_text,
    [TEST_ADDR4] = test_addr4,
    [TEST_NET4] = test_net4,
    [TEST_NET6] = test_net6,
    [TEST_NETGROUP] = test_netgroup,
    [TEST_LIST] = NULL, /* answers for both ways at once: filelist_match */
    [TEST_HOST_KNOWN] = test_host_known,
    [TEST_LOCAL] = test_local,
    [TEST_NAME_UNKNOWN] = test_name_unknown,
    [TEST_NAME_PARANOID] = test_name_paranoid,
    [TEST_PORT] = test_port,
};

/* Where both ways see the same facts, one comparison fills both bits. Nearly every test of nearly
 * every table ends here: a daemon's name, ALL, an IPv4 address or network. */
static bool
answer_at_once(struct matcher *matcher, const struct test *test, bool *ret)
{
	const struct addr_fact *fact;

	if (test->subject == SUBJECT_DAEMON && matcher->daemon_agrees && test->kind >= TEST_ALL &&
	    test->kind <= TEST_EXACT) {
		*ret = matches_text(test, (struct text){matcher->daemon, matcher->daemon_len});
		return true;
	}
	/* A user whom anybody may be is looked up all the same: who writes ALL@ wants him in the log. */
	if (test->kind == TEST_ALL && test->subject != SUBJECT_USER) {
		*ret = true;
		return true;
	}
	if (test->kind != TEST_ADDR4 && test->kind != TEST_NET4)
		return false;
	fact = addr_of(matcher);
	if (fact == NULL || !fact->agrees)
		return false;
	*ret = fact->is_v4 && (fact->v4 & test->v4.mask) == test->v4.net;
	return true;
}

static matchset
one_test(struct matcher *matcher, const struct test *test, ways want)
{
	test_handler *handler = handlers[test->kind];
	matchset ret = MATCH_NONE;
	bool yes;

	if (answer_at_once(matcher, test, &yes))
		return yes ? match_of_ways(want) : MATCH_NONE;
	if (handler == NULL)
		return filelist_match(matcher, test, want);
	if (want & WAY_CLASSIC)
		ret |= match_from_tri(handler(matcher, test, WAY_CLASSIC), WAY_CLASSIC);
	if (want & WAY_PLAIN)
		ret |= match_from_tri(handler(matcher, test, WAY_PLAIN), WAY_PLAIN);
	return ret;
}

void
matcher_init(struct matcher *matcher, const struct facts *facts)
{
	*matcher = (struct matcher){.facts = facts};
	matcher->daemon = facts->ops->daemon(facts->ctx);
	matcher->failed = matcher->daemon == NULL;
	if (matcher->failed)
		matcher->daemon = "";
	matcher->daemon_len = strlen(matcher->daemon);
	matcher->daemon_agrees = classic_text(matcher->daemon).bytes == matcher->daemon;
}

matchset
pattern_match(struct matcher *matcher, const struct test *test, matchset want)
{
	ways both = match_ways(want) & test->ways;
	matchset ret = both == 0 ? MATCH_NONE : one_test(matcher, test, both);

	if (ret != MATCH_NONE && test->flags & TEST_AND)
		ret &= one_test(matcher, test + 1, match_ways(ret));
	return ret;
}

/*
 * "A EXCEPT B EXCEPT C" is A and not (B and not C): the sets between the EXCEPTs are tried from the
 * left, and the first that does not match decides, by whether its place is odd. So each bit of the
 * answer is settled at the first segment that lacks it. Under an odd number of nots what may match
 * and what certainly matches change places.
 */
matchset
list_match(struct matcher *matcher, const struct list *list, matchset want)
{
	struct list_cursor cursor;
	const struct test *test;
	matchset open = want & match_of_ways(list->ways), seen = 0, ret = 0;
	bool odd = false;

	list_cursor_init(&cursor, list);
	while (open != 0 && (test = list_cursor_next(&cursor, seen == open)) != NULL) {
		matchset missing = open & (matchset)~seen, found;

		if (test->kind == TEST_EXCEPT) {
			if (odd)
				ret |= missing;
			open = seen;
			seen = 0;
			odd = !odd;
			continue;
		}
		found = pattern_match(matcher, test, missing);
		seen |= missing & (odd ? match_turn(found) : found);
		if (matcher->failed)
			return MATCH_NONE;
	}
	return ret | (odd ? open & (matchset)~seen : seen);
}
