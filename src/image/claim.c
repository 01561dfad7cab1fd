/*
 * NAME     claim - who has to be shown a rule
 * PURPOSE  A client who can match one of its tests, or make it ask or say something. What can be told from
 *          his address alone is his network; of all else it is everybody, or whoever has a name.
 * INVARIANTS  None of file.c's code, so that a mistake in it does not prove itself. What both have to
 *          agree on is what the index may leave open: a mask with holes is the network before the
 *          first of them, a pattern with stars the octets before them, many daemons are any.
 * SEE      file.c, proof.c
 */
#include "image/claim.h"

#include <string.h>

#include "base/str.h"
#include "image/keys.h"

enum reach { NOBODY, NETWORK, NAMED, EVERYBODY };

/* Which clients one test can reach. */
struct span {
	enum reach reach;
	enum index_key key; /* of NETWORK */
	struct place place;
	unsigned bits;
};

struct place
place_mask(unsigned bits)
{
	struct place mask = {0, 0};

	if (bits > 64)
		mask.low = UINT64_MAX << (128 - bits);
	if (bits > 0)
		mask.high = bits >= 64 ? UINT64_MAX : UINT64_MAX << (64 - bits);
	return mask;
}

static struct span
span_v4(uint32_t net, unsigned bits)
{
	struct place whole = {(uint64_t)net << 32, 0};

	return (struct span){NETWORK, INDEX_V4, place_and(whole, place_mask(bits)), bits};
}

/* A mask's ones, up to the first zero. */
static unsigned
count_ones(uint32_t mask)
{
	return mask == UINT32_MAX ? 32 : (unsigned)__builtin_clz(~mask);
}

static struct span
span_v6(const struct net6 *net)
{
	struct place whole = {0, 0};

	for (unsigned i = 0; i < 8; i++) {
		whole.high = whole.high << 8 | net->addr.bytes[i];
		whole.low = whole.low << 8 | net->addr.bytes[8 + i];
	}
	return (struct span){
	    NETWORK, INDEX_V6, place_and(whole, place_mask(net->len_bits)), net->len_bits};
}

/* "10.1." or "10.1.*": up to three numbers as addresses have them, each with its dot. */
static struct span
span_dotted(const struct test *test)
{
	const char *at = test->text, *end = at + test->len;
	uint32_t net = 0;
	unsigned count = 0;

	while (count < 3) {
		const char *dot = memchr(at, '.', (size_t)(end - at));
		unsigned long number;

		if (dot == NULL || !str_number(at, (size_t)(dot - at), 255, &number) ||
		    (dot - at > 1 && *at == '0'))
			break;
		net = net << 8 | (uint32_t)number;
		count++;
		at = dot + 1;
	}
	if (test->kind == TEST_GLOB && count == 0)
		return (struct span){.reach = EVERYBODY};
	if (count == 0 || (test->kind == TEST_PREFIX && at != end))
		return (struct span){.reach = NOBODY};
	return span_v4(net << (32 - 8 * count), 8 * count);
}

static bool
has(const struct test *test, char c)
{
	return memchr(test->text, c, test->len) != NULL;
}

/* The text of an address may be this, or end in it: it is not looked at closer. */
static bool
is_of_addresses(const struct test *test)
{
	size_t others = 0;

	for (size_t i = 0; i < test->len; i++)
		others += test->text[i] != '.' && !str_is_digit(test->text[i]);
	return has(test, ':') || has(test, '%') || (test->kind == TEST_SUFFIX && others == 0);
}

static struct span
span_text(const struct test *test)
{
	bool is_named = (test->flags & TEST_NAME) != 0;

	if (test->kind == TEST_PREFIX || test->kind == TEST_GLOB)
		return is_named || has(test, ':') ? (struct span){.reach = EVERYBODY}
		                                  : span_dotted(test);
	if (is_of_addresses(test))
		return (struct span){.reach = EVERYBODY};
	return (struct span){.reach = is_named ? NAMED : NOBODY};
}

static struct span
span_of(const struct test *test)
{
	switch ((enum test_kind)test->kind) {
	case TEST_ADDR4:
	case TEST_NET4:
		return span_v4(test->v4.net, count_ones(test->v4.mask));
	case TEST_NET6:
		return span_v6(test->v6);
	case TEST_SUFFIX:
	case TEST_EXACT:
	case TEST_PREFIX:
	case TEST_GLOB:
		return span_text(test);
	case TEST_VOID:
		return (struct span){.reach = test->diag != DIAG_NONE ? EVERYBODY : NOBODY};
	case TEST_EXCEPT:
		return (struct span){.reach = NOBODY};
	case TEST_ALL:
	case TEST_KNOWN:
	case TEST_NETGROUP:
	case TEST_LIST:
	case TEST_HOST_KNOWN:
	case TEST_LOCAL:
	case TEST_NAME_UNKNOWN:
	case TEST_NAME_PARANOID:
	case TEST_PORT:
	case TEST_KINDS:
		break;
	}
	return (struct span){.reach = EVERYBODY};
}

/* ---- daemons ---- */

struct daemons {
	struct {
		uint16_t class;
		const char *name;
		size_t len;
	} of[INDEX_DAEMONS_MAX];
	size_t count;
	bool are_any;
	bool say_something; /* whatever the daemon */
};

/* Of a daemon list: also a list that may have one. */
static bool
is_finding(const struct test *test)
{
	return test->kind == TEST_LIST || (test->kind == TEST_VOID && test->diag != DIAG_NONE);
}

static void
add_daemon(struct daemons *daemons, const struct test *test)
{
	uint16_t class;

	if (test->kind == TEST_VOID)
		return;
	if (test->kind != TEST_EXACT || test->subject != SUBJECT_DAEMON) {
		daemons->are_any = true;
		return;
	}
	class = class_of(test->text, test->len);
	for (size_t i = 0; i < daemons->count; i++)
		if (daemons->of[i].class == class)
			return;
	if (daemons->count == INDEX_DAEMONS_MAX) {
		daemons->are_any = true;
		return;
	}
	daemons->of[daemons->count].class = class;
	daemons->of[daemons->count].name = test->text;
	daemons->of[daemons->count++].len = test->len;
}

static void
read_daemons(struct daemons *daemons, const struct list *list)
{
	struct list_cursor cursor;
	const struct test *test;
	bool is_excepted = false;

	*daemons = (struct daemons){.count = 0};
	list_cursor_init(&cursor, list);
	while ((test = list_cursor_next(&cursor, false)) != NULL) {
		daemons->say_something |= is_finding(test);
		daemons->say_something |= (test->flags & TEST_AND) != 0 && is_finding(&test[1]);
		is_excepted |= test->kind == TEST_EXCEPT;
		if (!is_excepted)
			add_daemon(daemons, test);
	}
}

/* ---- a rule ---- */

struct claiming {
	const struct daemons *daemons;
	void *ctx;
	bool (*take)(void *ctx, const struct claim *);
};

/* The same for each of its daemons. */
static bool
claim(const struct claiming *claiming, struct claim what)
{
	const struct daemons *daemons = claiming->daemons;
	bool goes_on = true;

	what.class = CLASS_ANY;
	if (daemons->are_any)
		return claiming->take(claiming->ctx, &what);
	for (size_t i = 0; i < daemons->count && goes_on; i++) {
		what.class = daemons->of[i].class;
		what.daemon = daemons->of[i].name;
		what.daemon_len = daemons->of[i].len;
		goes_on = claiming->take(claiming->ctx, &what);
	}
	return goes_on;
}

static enum reach
widest(const struct list *clients)
{
	struct list_cursor cursor;
	const struct test *test;
	enum reach widest = NOBODY;

	list_cursor_init(&cursor, clients);
	while ((test = list_cursor_next(&cursor, false)) != NULL && test->kind != TEST_EXCEPT) {
		enum reach reach = span_of(test).reach;

		if (reach > widest)
			widest = reach;
	}
	return widest;
}

static bool
claim_clients(const struct claiming *claiming, const struct list *clients)
{
	enum reach all = widest(clients);
	struct list_cursor cursor;
	const struct test *test;
	bool goes_on = true;

	if (all == EVERYBODY)
		return claim(claiming, (struct claim){.key = INDEX_ALWAYS});
	list_cursor_init(&cursor, clients);
	while (goes_on && (test = list_cursor_next(&cursor, false)) != NULL &&
	    test->kind != TEST_EXCEPT) {
		struct span span = span_of(test);

		if (span.reach == NETWORK)
			goes_on = claim(claiming,
			    (struct claim){
			        .key = span.key, .place = span.place, .bits = span.bits});
		else if (span.reach == NAMED)
			goes_on = claim(claiming, (struct claim){.key = INDEX_NAME});
	}
	if (goes_on && all == NAMED)
		goes_on = claim(claiming, (struct claim){.key = INDEX_PENDING});
	return goes_on;
}

bool
claim_rule(const struct rule *rule, void *ctx, bool (*take)(void *ctx, const struct claim *))
{
	struct daemons daemons = {.are_any = true};
	struct claiming claiming = {&daemons, ctx, take};

	if (rule->code == DIAG_NONE)
		read_daemons(&daemons, &rule->daemons);
	if (daemons.say_something)
		daemons = (struct daemons){.are_any = true, .say_something = true};
	if (daemons.say_something || rule->code != DIAG_NONE)
		return claim(&claiming, (struct claim){.key = INDEX_ALWAYS});
	return claim_clients(&claiming, &rule->clients);
}

bool
claim_test(const struct test *test, void *ctx, bool (*take)(void *ctx, const struct claim *))
{
	const struct daemons anybody = {.are_any = true};
	const struct claiming claiming = {&anybody, ctx, take};
	const struct list alone = {.tests = test, .count = 1};

	return claim_clients(&claiming, &alone);
}
