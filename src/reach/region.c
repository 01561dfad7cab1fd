/*
 * NAME     region - where a test may change its answer
 * PURPOSE  Spans that cover every address for which a host's test can match by address alone. What it is
 *          within a span is the engine's to say: policy/match.c.
 * INVARIANTS  Never too little. A span that is sure is uniform, but for borders that are the same for
 *          every test (pieces.c). An IPv6 address on a link has its interface in its text, which is not
 *          known: there, patterns of text are not sure.
 * LIMITS   REACH_WORD_MAX spans a test; REGION_STEPS; GLOB_MAX.
 */
#include "reach/region.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "reach/reach.h"

enum {
	V4_BITS = 32,
	GROUP_BITS = 16,
	GROUPS = 8,
	QUADS = 4,
	OCTETS = 256,
	KNOWN = 4,
	GLOB_MAX = 63, /* states are bits of a word */
	COMPATIBLE_BITS = 96, /* ::1.2.3.4 is written with dots, too */
	LINK_BITS = 10,
};

static const struct point link_net = {UINT64_C(0xfe80) << 48, 0};

void
spans_add(struct spans *spans, struct point first, struct point last, bool is_sure)
{
	if (spans->count == spans->size) {
		size_t size = spans->size == 0 ? 16 : spans->size * 2;
		struct span *items = realloc(spans->items, size * sizeof *items);

		if (items == NULL) {
			spans->failed = true;
			return;
		}
		spans->items = items;
		spans->size = size;
	}
	spans->items[spans->count++] = (struct span){first, last, is_sure};
}

static void
add_net(struct spans *spans, struct point p, unsigned bits, bool is_sure)
{
	spans_add(spans, point_net_first(p, bits), point_net_last(p, bits), is_sure);
}

static void
add_v6(struct spans *spans, bool is_sure)
{
	spans_add(spans, point_first, point_before(point_of_v4(0)), is_sure);
	spans_add(spans, point_next(point_of_v4(UINT32_MAX)), point_last, is_sure);
}

/* ---- networks ---- */

/* Each setting of the mask's holes is a network of its own. */
static void
add_masked(struct spans *spans, uint32_t net, uint32_t mask)
{
	unsigned tail = mask == 0 ? V4_BITS : (unsigned)__builtin_ctz(mask);
	uint32_t behind = tail == V4_BITS ? UINT32_MAX : (UINT32_C(1) << tail) - 1;
	uint32_t holes = ~mask & ~behind, at = 0;

	if (__builtin_popcount(holes) > __builtin_ctz(REACH_WORD_MAX)) {
		spans_add(spans, point_of_v4(net), point_of_v4(net | ~mask), false);
		return;
	}
	do {
		spans_add(spans, point_of_v4(net | at), point_of_v4(net | at | behind), true);
		at = ((at | ~holes) + 1) & holes;
	} while (at != 0);
}

/* ---- texts of IPv4 addresses ---- */

/* A pattern of '*' and '?' as states: bit i is set where its first i bytes are used up. */
struct glob {
	char text[GLOB_MAX + 1];
	unsigned len;
	uint64_t stars; /* where a star stands */
	uint64_t open; /* whatever follows, if it is one byte at least, matches */
};

/* What comes of each octet from some states. */
struct step {
	uint64_t states, next[OCTETS]; /* states 0: not known yet */
	uint64_t ends[OCTETS / 64]; /* those of next in which the whole pattern is used up */
};

/* Of one of the four octets: the states that were asked about last. */
struct level {
	struct step steps[KNOWN];
	unsigned next_step;
	uint64_t barren[KNOWN]; /* states that nothing came of */
	unsigned next_barren;
};

struct search {
	const struct glob *glob;
	struct spans *spans;
	size_t base; /* the spans from there on are its own */
	size_t found; /* addresses and networks */
	struct level levels[QUADS];
};

/* Stars stand for nothing, too. */
static uint64_t
past_stars(const struct glob *glob, uint64_t states)
{
	uint64_t more;

	while ((more = (states & glob->stars) << 1 & ~states) != 0)
		states |= more;
	return states;
}

static uint64_t
take(const struct glob *glob, uint64_t states, char c)
{
	uint64_t ret = states & glob->stars;

	for (uint64_t left = states & ~glob->stars; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);

		if (i < glob->len && (glob->text[i] == '?' || glob->text[i] == c))
			ret |= UINT64_C(2) << i;
	}
	return past_stars(glob, ret);
}

static uint64_t
take_octet(const struct glob *glob, uint64_t states, unsigned octet)
{
	if (octet >= 100)
		states = take(glob, states, (char)('0' + octet / 100));
	if (octet >= 10)
		states = take(glob, states, (char)('0' + octet / 10 % 10));
	return take(glob, states, (char)('0' + octet % 10));
}

/* Add a network of IPv4, to the span before if it goes on there. False: it is too much. */
static bool
add_found(struct search *search, uint32_t net, uint32_t behind)
{
	struct spans *spans = search->spans;
	struct point first = point_of_v4(net), last = point_of_v4(net | behind);
	struct span *before = spans->count > search->base ? &spans->items[spans->count - 1] : NULL;

	search->found++;
	if (before != NULL && point_eq(point_next(before->last), first)) {
		before->last = last;
		return true;
	}
	if (spans->count - search->base == REACH_WORD_MAX)
		return false;
	spans_add(spans, first, last, true);
	return !spans->failed;
}

/* NULL: it is too much. */
static const struct step *
learn(struct search *search, unsigned depth, uint64_t states)
{
	const struct glob *glob = search->glob;
	struct level *level = &search->levels[depth];
	struct step *step;

	for (unsigned i = 0; i < KNOWN; i++)
		if (level->steps[i].states == states)
			return &level->steps[i];
	if (search->spans->steps_left < OCTETS)
		return NULL;
	search->spans->steps_left -= OCTETS;
	step = &level->steps[level->next_step++ % KNOWN];
	step->states = states;
	memset(step->ends, 0, sizeof step->ends);
	for (unsigned octet = 0; octet < OCTETS; octet++) {
		uint64_t now = take_octet(glob, states, octet);

		step->next[octet] = depth < QUADS - 1 && now != 0 ? take(glob, now, '.') : now;
		step->ends[octet / 64] |= (now >> glob->len & 1) << octet % 64;
	}
	return step;
}

static bool
find_last(struct search *search, uint32_t net, uint64_t states)
{
	const struct step *step = learn(search, QUADS - 1, states);

	if (step == NULL || search->spans->steps_left == 0)
		return false;
	search->spans->steps_left--;
	for (unsigned i = 0; i < OCTETS / 64; i++)
		for (uint64_t left = step->ends[i]; left != 0; left &= left - 1)
			if (!add_found(search, net | (64 * i + (unsigned)__builtin_ctzll(left)), 0))
				return false;
	return true;
}

static bool
is_barren(const struct level *level, uint64_t states)
{
	for (unsigned i = 0; i < KNOWN; i++)
		if (level->barren[i] == states)
			return true;
	return false;
}

/* The octets from number depth on; four levels deep. False: it is too much. */
static bool
find_octets(struct search *search, unsigned depth, uint32_t net, uint64_t states)
{
	unsigned shift = V4_BITS - 8 * (depth + 1);
	struct level *level = &search->levels[depth];
	size_t found = search->found;
	const struct step *step;

	if (depth == QUADS - 1)
		return find_last(search, net, states);
	if (is_barren(level, states))
		return true;
	/* It stays as it is meanwhile: nothing else asks of this octet. */
	step = learn(search, depth, states);
	for (unsigned octet = 0; octet < OCTETS && step != NULL; octet++) {
		uint32_t here = net | octet << shift;
		uint64_t now = step->next[octet];

		if ((now & search->glob->open) != 0) {
			if (!add_found(search, here, (UINT32_C(1) << shift) - 1))
				return false;
		} else if (now != 0 && !find_octets(search, depth + 1, here, now)) {
			return false;
		}
	}
	if (step != NULL && search->found == found)
		level->barren[level->next_barren++ % KNOWN] = states;
	return step != NULL;
}

/* What the test matches, as a pattern of the whole text. False: it is too long. */
static bool
make_glob(const struct test *test, struct glob *ret)
{
	const char *before = test->kind == TEST_SUFFIX ? "?*" : "";
	const char *behind = test->kind == TEST_PREFIX ? "*"
	    : (test->flags & TEST_STARS) != 0          ? "?"
	                                               : "";
	size_t first = strlen(before), last = strlen(behind);

	if (first + test->len + last > GLOB_MAX)
		return false;
	memset(ret, 0, sizeof *ret);
	memcpy(ret->text, before, first);
	memcpy(ret->text + first, test->text, test->len);
	memcpy(ret->text + first + test->len, behind, last);
	ret->len = (unsigned)(first + test->len + last);
	for (unsigned i = 0; i < ret->len; i++)
		ret->stars |= (uint64_t)(ret->text[i] == '*') << i;
	for (unsigned i = ret->len, asks = 0; i-- > 0;) {
		asks += ret->text[i] == '?';
		if ((ret->text[i] != '*' && ret->text[i] != '?') || asks > 1)
			break;
		ret->open |= (ret->stars >> i & 1) << i;
	}
	return true;
}

static void
add_v4_texts(struct spans *spans, const struct test *test)
{
	size_t before = spans->count;
	struct search search = {.spans = spans, .base = before};
	struct glob glob;

	search.glob = &glob;
	if (make_glob(test, &glob) && find_octets(&search, 0, 0, past_stars(&glob, 1)))
		return;
	spans->count = before;
	spans_add(spans, point_of_v4(0), point_of_v4(UINT32_MAX), false);
}

/* ---- texts of IPv6 addresses ---- */

/* "2001:db8:*": whole groups that are not zero, and a star. 0: it is something else. */
static unsigned
whole_groups(const struct test *test, uint8_t ret[16])
{
	unsigned count = 0;
	size_t at = 0;

	memset(ret, 0, 16);
	while (at < test->len && test->text[at] != '*' && count < GROUPS - 1) {
		char group[sizeof "0::" + 4] = {0};
		const char *colon = memchr(test->text + at, ':', test->len - at), *scope;
		size_t len = colon != NULL ? (size_t)(colon - test->text) - at : 0, scope_len;
		struct addr addr;

		if (len == 0 || len > 4 || test->text[at] == '0')
			return 0;
		memcpy(group, "0::", 3);
		memcpy(group + 3, test->text + at, len);
		if (!addr_parse_v6(group, len + 3, &addr, &scope, &scope_len) || scope_len > 0)
			return 0;
		memcpy(ret + (size_t)2 * count++, addr.bytes + 14, 2);
		at += len + 1;
	}
	return at + 1 == test->len && test->text[at] == '*' ? count : 0;
}

/* A text without wildcards. */
static void
add_v6_text(struct spans *spans, const struct test *test)
{
	const char *scope;
	size_t scope_len;
	struct addr addr;
	struct point p;
	bool is_on_link;

	if (!addr_parse_v6(test->text, test->len, &addr, &scope, &scope_len))
		return;
	p = point_of_addr(&addr);
	is_on_link = point_eq(point_net_first(p, LINK_BITS), link_net);
	if (is_on_link || scope_len == 0)
		spans_add(spans, p, p, !is_on_link);
}

/* Every IPv6 text has a colon, none has a dot before one, and letters behind f are interfaces'. */
static void
add_v6_texts(struct spans *spans, const struct test *test)
{
	size_t literal = 0;
	uint8_t bytes[16];
	unsigned groups = whole_groups(test, bytes);
	struct addr addr = addr_from_v6(bytes, 0);

	if (test->kind == TEST_EXACT) {
		add_v6_text(spans, test);
		return;
	}
	if (groups > 0) {
		add_net(spans, point_of_addr(&addr), groups * GROUP_BITS, true);
		return;
	}
	while (test->kind != TEST_SUFFIX && literal < test->len && test->text[literal] != '*' &&
	    test->text[literal] != '?')
		literal++;
	if (literal > 0 && memchr(test->text, '.', literal) != NULL &&
	    memchr(test->text, ':', literal) == NULL)
		return;
	if (str_consists_of(test->text, test->len, "0123456789abcdefABCDEF:*?")) {
		add_v6(spans, false);
		return;
	}
	add_net(spans, link_net, LINK_BITS, false);
	if (str_consists_of(test->text, test->len, "0123456789abcdefABCDEF:.*?"))
		add_net(spans, point_first, COMPATIBLE_BITS, false);
}

static bool
is_only_stars(const struct test *test)
{
	return test->kind == TEST_GLOB && test->len > 0 &&
	    str_consists_of(test->text, test->len, "*");
}

static void
add_texts(struct spans *spans, const struct test *test)
{
	if (is_only_stars(test)) {
		spans_add(spans, point_first, point_last, true);
		return;
	}
	if (str_consists_of(test->text, test->len, "0123456789.*?"))
		add_v4_texts(spans, test);
	add_v6_texts(spans, test);
}

/* ---- all of them ---- */

void
region_add(struct spans *spans, const struct test *test)
{
	struct point p;

	switch ((enum test_kind)test->kind) {
	case TEST_ALL:
		spans_add(spans, point_first, point_last, true);
		break;
	case TEST_ADDR4:
		p = point_of_v4(test->v4.net);
		spans_add(spans, p, p, true);
		break;
	case TEST_NET4:
		add_masked(spans, test->v4.net, test->v4.mask);
		break;
	case TEST_NET6:
		/* Which interface a scope is, and whether the client is on it, is not known. */
		add_net(spans, point_of_addr(&test->v6->addr), test->v6->len_bits,
		    test->v6->scope_len == 0);
		break;
	case TEST_KNOWN:
	case TEST_GLOB:
	case TEST_SUFFIX:
	case TEST_PREFIX:
	case TEST_EXACT:
		add_texts(spans, test);
		break;
	case TEST_VOID:
	case TEST_EXCEPT:
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
}
