/*
 * NAME     file - where rules and words are filed
 * PURPOSE  Says of every test which clients it can match, in addresses and names.
 * INVARIANTS  Never too little: a client is in no key of an item only if no test of it can match, ask or
 *          report anything for him. EXCEPT takes away, so what follows it is not looked at, but in a
 *          daemon list, whose findings are told whoever comes.
 *          The client's address is one that agrees (facts.h): his text is the canonical one, and has no
 *          scope.
 * SEE      policy/match.c, whose tests these are
 */
#include <string.h>

#include "base/bytes.h"
#include "base/str.h"
#include "image/index.h"
#include "image/keys.h"

enum {
	V4_BITS = 32,
	OCTET_BITS = 8,
};

static const struct index_daemons anybody = {.classes = {CLASS_ANY}, .count = 1};

/* An item on its way into the index. */
struct filing {
	struct index *index;
	uint32_t item;
	struct index_daemons daemons;
	bool is_unkeyed; /* some test can match anybody */
	bool has_name; /* some test can match a name */
};

static void
add(struct filing *filing, enum index_key kind, const unsigned char *key)
{
	struct index *index = filing->index;

	for (size_t i = 0; i < filing->daemons.count && !index->failed; i++)
		index->failed =
		    !rows_add(&index->rows[kind], key, filing->daemons.classes[i], filing->item);
}

/* ---- addresses ---- */

static void
add_net4(struct filing *filing, uint32_t net, unsigned bits)
{
	unsigned char key[NET4_KEY_BYTES];

	bytes_put32(key, net);
	key[4] = (unsigned char)bits;
	add(filing, INDEX_V4, key);
}

/* Of a mask with holes: up to the first. */
static void
add_masked(struct filing *filing, uint32_t net, uint32_t mask)
{
	unsigned bits = mask == UINT32_MAX ? V4_BITS : (unsigned)__builtin_clz(~mask);

	add_net4(filing, bits > 0 ? net & UINT32_MAX << (V4_BITS - bits) : 0, bits);
}

static void
add_net6(struct filing *filing, const struct net6 *net)
{
	unsigned char key[NET6_KEY_BYTES] = {0};
	unsigned whole = net->len_bits / OCTET_BITS, rest = net->len_bits % OCTET_BITS;

	memcpy(key, net->addr.bytes, whole);
	if (rest > 0)
		key[whole] = net->addr.bytes[whole] & (unsigned char)(0xff00 >> rest);
	key[NET6_KEY_BYTES - 1] = net->len_bits;
	add(filing, INDEX_V6, key);
}

/* The octets that a text begins with, each with its dot: at most three, as more is no beginning of a
 * quad. The number of bytes they take. */
static size_t
read_octets(const char *text, size_t len, uint32_t *ret_net, unsigned *ret_bits)
{
	size_t at = 0;

	*ret_net = 0;
	*ret_bits = 0;
	while (*ret_bits < V4_BITS - OCTET_BITS) {
		unsigned long octet;
		size_t end = at;

		while (end < len && str_is_digit(text[end]))
			end++;
		if (end == at || end == len || text[end] != '.' ||
		    (text[at] == '0' && end - at > 1) ||
		    !str_number(text + at, end - at, 255, &octet))
			break;
		*ret_bits += OCTET_BITS;
		*ret_net |= (uint32_t)octet << (V4_BITS - *ret_bits);
		at = end + 1;
	}
	return at;
}

/* "10.1." and "10.1.*": the network of the octets that stand there. A glob without one is anybody's. */
static void
file_numeric(struct filing *filing, const struct test *test)
{
	uint32_t net;
	unsigned bits;
	size_t taken = read_octets(test->text, test->len, &net, &bits);

	if (test->kind == TEST_GLOB && bits == 0)
		filing->is_unkeyed = true;
	else if (test->kind == TEST_GLOB || (bits > 0 && taken == test->len))
		add_net4(filing, net, bits);
}

/* ---- texts ---- */

/* Can a canonical address be, or end in, such a text, which is no quad? */
static bool
is_like_address(const struct test *test)
{
	return memchr(test->text, ':', test->len) != NULL ||
	    memchr(test->text, '%', test->len) != NULL ||
	    (test->kind == TEST_SUFFIX && str_consists_of(test->text, test->len, "0123456789."));
}

static void
file_text(struct filing *filing, const struct test *test)
{
	unsigned char key[NAME_KEY_BYTES];

	if (is_like_address(test)) {
		filing->is_unkeyed = true;
	} else if ((test->flags & TEST_NAME) != 0) {
		name_key(test->text, test->len, key);
		add(filing, INDEX_NAME, key);
		filing->index->name_shapes |= name_shape(test->text, test->len);
		filing->has_name = true;
	}
}

/* ---- a host's test ---- */

static void
file_test(struct filing *filing, const struct test *test)
{
	switch ((enum test_kind)test->kind) {
	case TEST_ADDR4:
	case TEST_NET4:
		add_masked(filing, test->v4.net, test->v4.mask);
		break;
	case TEST_NET6:
		add_net6(filing, test->v6);
		break;
	case TEST_SUFFIX:
	case TEST_EXACT:
		file_text(filing, test);
		break;
	case TEST_PREFIX:
	case TEST_GLOB:
		if ((test->flags & TEST_NAME) != 0 || memchr(test->text, ':', test->len) != NULL)
			filing->is_unkeyed = true;
		else
			file_numeric(filing, test);
		break;
	case TEST_VOID:
		filing->is_unkeyed |= test->diag != DIAG_NONE; /* it has something to say */
		break;
	case TEST_EXCEPT:
		break;
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
		filing->is_unkeyed = true;
		break;
	}
}

struct mark {
	size_t counts[INDEX_KEYS];
};

static struct mark
mark(const struct index *index)
{
	struct mark mark;

	for (unsigned i = 0; i < INDEX_KEYS; i++)
		mark.counts[i] = index->rows[i].count;
	return mark;
}

/* Its keys are of no use if it is shown to everybody. */
static void
close_filing(struct filing *filing, const struct mark *before)
{
	if (!filing->is_unkeyed) {
		if (filing->has_name)
			add(filing, INDEX_PENDING, NULL);
		return;
	}
	for (unsigned i = 0; i < INDEX_KEYS; i++)
		filing->index->rows[i].count = before->counts[i];
	add(filing, INDEX_ALWAYS, NULL);
}

/* ---- daemons ---- */

/* A list may be missing, or have something wrong in it. */
static bool
has_say(const struct test *test)
{
	return test->kind == TEST_LIST || (test->kind == TEST_VOID && test->diag != DIAG_NONE);
}

static void
add_class(struct index_daemons *ret, const struct test *test)
{
	bool is_named = test->kind == TEST_EXACT && test->subject == SUBJECT_DAEMON;
	uint16_t class = is_named ? class_of(test->text, test->len) : CLASS_ANY;

	if (test->kind == TEST_VOID)
		return;
	for (size_t i = 0; i < ret->count; i++)
		if (ret->classes[i] == class || ret->classes[i] == CLASS_ANY)
			return;
	if (class == CLASS_ANY || ret->count == INDEX_DAEMONS_MAX)
		*ret = anybody;
	else
		ret->classes[ret->count++] = class;
}

bool
index_daemons(struct index_daemons *ret, const struct list *daemons)
{
	struct list_cursor cursor;
	const struct test *test;
	bool is_excepted = false;

	ret->count = 0;
	list_cursor_init(&cursor, daemons);
	while ((test = list_cursor_next(&cursor, false)) != NULL) {
		if (has_say(test) || ((test->flags & TEST_AND) != 0 && has_say(test + 1)))
			return false;
		is_excepted |= test->kind == TEST_EXCEPT;
		if (!is_excepted)
			add_class(ret, test);
	}
	return true;
}

static void
file_under_all(struct filing *filing)
{
	filing->daemons = anybody;
	add(filing, INDEX_ALWAYS, NULL);
}

/* ---- rules and words ---- */

void
index_add_rule(struct index *index, uint32_t item, const struct rule *rule)
{
	struct filing filing = {.index = index, .item = item};
	struct mark before = mark(index);
	struct list_cursor cursor;
	const struct test *test;

	if (rule->code != DIAG_NONE || !index_daemons(&filing.daemons, &rule->daemons)) {
		file_under_all(&filing);
		return;
	}
	list_cursor_init(&cursor, &rule->clients);
	while ((test = list_cursor_next(&cursor, false)) != NULL && test->kind != TEST_EXCEPT)
		file_test(&filing, test);
	close_filing(&filing, &before);
}

void
index_add_net4(struct index *index, uint32_t item, const struct index_daemons *daemons,
    uint32_t net, uint32_t mask)
{
	struct filing filing = {.index = index, .item = item, .daemons = *daemons};

	add_masked(&filing, net, mask);
}

void
index_add_net6(
    struct index *index, uint32_t item, const struct index_daemons *daemons, const struct net6 *net)
{
	struct filing filing = {.index = index, .item = item, .daemons = *daemons};

	add_net6(&filing, net);
}

void
index_add_test(struct index *index, uint32_t item, const struct test *test)
{
	struct filing filing = {.index = index, .item = item, .daemons = anybody};
	struct mark before = mark(index);

	file_test(&filing, test);
	close_filing(&filing, &before);
}
