/* An index: items in their order, each once; no more than can match, nor less; the deepest nests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "image/image.h"
#include "image/index.h"
#include "policies.h"
#include "policy/filelist.h"
#include "policy/match.h"

static const struct facts_ops no_ops;
static const struct facts nothing = {.ops = &no_ops};

static void
add_line(struct index *index, uint32_t item, const char *text)
{
	struct line line = {
	    .text = text, .len = strlen(text), .number = item + 1, .ways = WAY_BOTH};
	struct rule rules[RULES_MAX];
	unsigned count = rule_read(rules, &line);

	for (unsigned i = 0; i < count; i++)
		index_add_rule(index, item, &rules[i]);
}

static struct addr_fact
address(const char *text)
{
	struct addr_fact fact;

	assert_true(addr_fact_init(&fact, text, &nothing));
	return fact;
}

static struct name_fact
name(const char *text)
{
	return (struct name_fact){NAME_KNOWN, text, strlen(text)};
}

struct walk {
	uint32_t items[2048];
	size_t count, runs_max;
	bool all;
};

/* Walk an index to its end; known is the name from item name_from on. */
static struct walk
walk(const struct index *index, const char *client, const char *daemon,
    const struct name_fact *known, uint32_t name_from)
{
	struct addr_fact fact = address(client);
	struct walk ret = {.count = 0};
	struct index_cursor cursor;
	enum index_step step;
	uint32_t item = 0;

	index_begin(&cursor, index, &fact, daemon, strlen(daemon));
	for (;;) {
		step = index_next(&cursor, item >= name_from ? known : NULL, &item);
		if (cursor.run_count > ret.runs_max)
			ret.runs_max = cursor.run_count;
		assert_true(cursor.run_count <= INDEX_RUNS_MAX);
		if (step != INDEX_ITEM)
			break;
		assert_true(ret.count == 0 || ret.items[ret.count - 1] < item);
		ret.items[ret.count++] = item;
	}
	ret.all = step == INDEX_ALL;
	return ret;
}

static void
assert_walk(const struct walk *walk, const char *want)
{
	char text[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < walk->count; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%u ", walk->items[i]);
	if (walk->all)
		snprintf(text + len, sizeof text - len, "all");
	assert_string_equal(text, want);
}

/* ---- what is named ---- */

static const char *const lines[] = {
    /* 0 */ "d: 10.0.0.0/8",
    /* 1 */ "e: 10.0.0.0/8",
    /* 2 */ "ALL: 10.0.0.5",
    /* 3 */ "d: 10.0.0.5 10.0. [2001:db8::]/32",
    /* 4 */ "d: .example.com",
    /* 5 */ "d: web.example.com, 192.0.2.1",
    /* 6 */ "e: .example.com",
    /* 7 */ "ALL: LOCAL",
    /* 8 */ "no colon",
    /* 9 */ "d: 10.0.0.0/255.0.0.255",
    /* 10 */ "d, e: [::1]",
    /* 11 */ "d: EXCEPT ALL",
    /* 12 */ "d: 10.0.0.5/8",
    /* 13 */ "x@10.0.0.0/33: 192.0.2.9",
    /* 14 */ "x: 10.0.0.0/33",
    /* 15 */ "x1 x2 x3 x4 x5 x6 x7 x8 x9 x10 x11 x12 x13 x14 x15 x16 x17: 10.0.0.7",
    /* 16 */ "g: 172.16.0.0/28",
    /* 17 */ "g: 172.16.0.0/27",
    /* 18 */ "g: [fe80::]/123",
    /* 19 */ "g: 10.0.1. 172.16.",
};

static void
test_named(void **state)
{
	static const struct {
		const char *client, *daemon, *name, *want;
	} cases[] = {
	    {"10.0.0.5", "d", NULL, "0 2 3 4 5 7 8 9 12 13 "},
	    {"10.0.0.5", "D", "a.b", "0 2 3 7 8 9 12 13 "},
	    {"10.0.0.5", "d", "WEB.example.com", "0 2 3 4 5 7 8 9 12 13 "},
	    {"10.0.0.5", "d", "web.example.com.", "0 2 3 4 5 7 8 9 12 13 "},
	    {"10.0.0.5", "d", "example.com", "0 2 3 7 8 9 12 13 "},
	    {"10.0.0.5", "f", "web.example.com", "2 7 8 13 "},
	    {"10.0.0.7", "f", "web.example.com", "7 8 13 15 "},
	    {"192.0.2.1", "d", "web.example.org", "5 7 8 13 "},
	    {"192.0.2.1", "x", NULL, "7 8 13 14 "},
	    {"2001:db8::1", "d", "x", "3 7 8 13 "},
	    {"::1", "e", "x", "7 8 10 13 "},
	    {"::2", "e", NULL, "6 7 8 13 "},
	    {"172.16.0.15", "g", "x", "7 8 13 16 17 19 "},
	    {"172.16.0.16", "g", "x", "7 8 13 17 19 "},
	    {"172.16.0.32", "g", "x", "7 8 13 19 "},
	    {"172.17.0.1", "g", "x", "7 8 13 "},
	    {"fe80::1f", "g", "x", "7 8 13 18 "},
	    {"fe80::20", "g", "x", "7 8 13 "},
	    {"::2", "e", "::3", "all"},
	    {"010.0.0.5", "d", "x", "all"},
	    {"unknown", "d", "x", "all"},
	    {"255.255.255.255", "d", "x", "all"},
	};
	struct index index;

	(void)state;
	index_init(&index);
	for (uint32_t i = 0; i < COUNT(lines); i++)
		add_line(&index, i, lines[i]);
	assert_true(index_finish(&index));
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct name_fact fact = name(cases[i].name != NULL ? cases[i].name : "");
		struct walk seen = walk(&index, cases[i].client, cases[i].daemon,
		    cases[i].name != NULL ? &fact : NULL, 0);

		assert_walk(&seen, cases[i].want);
	}
	index_release(&index);
}

/* A name that becomes known on the way leaves out what it does not match, from there on. */
static void
test_late(void **state)
{
	struct name_fact other = name("a.b"), odd = name("a.b:c");
	struct index index;
	struct walk seen;

	(void)state;
	index_init(&index);
	for (uint32_t i = 0; i < 10; i++)
		add_line(&index, i, i == 7 ? "d: 10.0.0.5" : "d: .example.com");
	assert_true(index_finish(&index));
	seen = walk(&index, "10.0.0.5", "d", &other, 3);
	assert_walk(&seen, "0 1 2 3 7 ");
	seen = walk(&index, "10.0.0.5", "d", &odd, 3);
	assert_walk(&seen, "0 1 2 3 all");
	index_release(&index);
}

static void
test_empty(void **state)
{
	struct name_fact known = name("a.b");
	struct index index;
	struct walk seen;

	(void)state;
	index_init(&index);
	assert_true(index_finish(&index));
	seen = walk(&index, "10.0.0.5", "d", NULL, 0);
	assert_walk(&seen, "");
	seen = walk(&index, "::1", "d", &known, 0);
	assert_walk(&seen, "");
	index_release(&index);
}

/* ---- the deepest nests ---- */

static uint32_t
add_for_both(struct index *index, uint32_t item, const char *client)
{
	char text[4096];

	snprintf(text, sizeof text, "d: %s", client);
	add_line(index, item, text);
	snprintf(text, sizeof text, "ALL: %s", client);
	add_line(index, item + 1, text);
	return item + 2;
}

/* Every network that an address is in, as written for both families. */
static uint32_t
add_nets(struct index *index, const char *client, unsigned bits_max)
{
	struct addr_fact fact = address(client);
	uint32_t item = 0;

	for (unsigned bits = 0; bits <= bits_max; bits++) {
		unsigned from = ADDR_BITS - bits_max;
		struct addr net = fact.addr;
		char text[ADDR_TEXT_MAX], word[ADDR_TEXT_MAX + 8];

		for (unsigned bit = from + bits; bit < ADDR_BITS; bit++)
			net.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
		addr_format(&net, text);
		snprintf(word, sizeof word, bits_max == 32 ? "%s/%u" : "[%s]/%u", text, bits);
		item = add_for_both(index, item, word);
	}
	return item;
}

/* All that a name ends in, in its two spellings, and the name. */
static uint32_t
add_suffixes(struct index *index, uint32_t item, const char *text, const char *spelled)
{
	for (size_t i = 0; spelled[i] != '\0'; i++)
		if (i == 0 || spelled[i] == '.')
			item = add_for_both(index, item, spelled + i);
	for (size_t i = 0; text[i] != '\0'; i++)
		if (i == 0 || text[i] == '.')
			item = add_for_both(index, item, text + i);
	return item;
}

static void
nest(const char *client, unsigned bits_max, size_t labels)
{
	char text[600] = "", spelled[602];
	struct name_fact fact;
	struct index index;
	struct walk seen;
	uint32_t items;

	for (size_t i = 0; i < labels; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%c", i > 0 ? "." : "",
		    (char)('a' + i % 26));
	snprintf(spelled, sizeof spelled, "%s.", text);
	fact = name(spelled);
	index_init(&index);
	items = add_suffixes(&index, add_nets(&index, client, bits_max), text, spelled);
	items = add_for_both(&index, items, "LOCAL");
	assert_true(index_finish(&index));
	seen = walk(&index, client, "d", &fact, 0);
	if (labels < INDEX_LABELS_MAX) {
		assert_int_equal(seen.count, items);
		assert_false(seen.all);
		/* Networks; the name and its suffixes in two spellings, "." in one; what always is. */
		assert_true(seen.runs_max >= 2 * (bits_max + 1 + 2 * labels - 1 + 1));
	} else {
		assert_true(seen.all && seen.count == 0);
	}
	seen = walk(&index, client, "d", NULL, 0);
	assert_int_equal(seen.count, items);
	index_release(&index);
}

static void
test_nests(void **state)
{
	(void)state;
	nest("10.0.0.5", 32, 1);
	nest("10.0.0.5", 32, INDEX_LABELS_MAX - 1);
	nest("255.255.255.254", 32, INDEX_LABELS_MAX);
	nest("2001:db8:5555:aaaa:1234:5678:9abc:def1", ADDR_BITS, 1);
	nest("2001:db8:5555:aaaa:1234:5678:9abc:def1", ADDR_BITS, INDEX_LABELS_MAX - 1);
	nest("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ADDR_BITS, INDEX_LABELS_MAX - 1);
	nest("2001:db8::1", ADDR_BITS, INDEX_LABELS_MAX);
	nest("2001:db8::1", ADDR_BITS, INDEX_LABELS_MAX + 1);
}

/* ---- words of lists ---- */

struct asked {
	struct addr_fact addr;
	struct name_fact name;
	bool is_late; /* the name is not known before it is asked for */
	unsigned names, reports;
};

static const struct addr_fact *
give_addr(void *ctx, enum end end)
{
	(void)end;
	return &((struct asked *)ctx)->addr;
}

static const struct name_fact *
give_name(void *ctx, enum end end)
{
	struct asked *asked = ctx;

	(void)end;
	asked->names++;
	return &asked->name;
}

static const struct name_fact *
give_known_name(void *ctx, enum end end)
{
	struct asked *asked = ctx;

	(void)end;
	return asked->is_late ? NULL : &asked->name;
}

static const char *
give_daemon(void *ctx)
{
	(void)ctx;
	return "d";
}

static int
give_no_scope(void *ctx, const char *text, size_t len, const struct addr *addr, uint32_t *ret)
{
	(void)ctx;
	(void)text;
	(void)len;
	(void)addr;
	*ret = 3;
	return 1;
}

static int
give_netgroup(void *ctx, const char *group, const char *host)
{
	(void)ctx;
	(void)group;
	(void)host;
	return 1;
}

static enum list_status
give_no_list(void *ctx, const char *path, struct list_source **ret_source,
    const struct words **ret_words, int *ret_error)
{
	(void)ctx;
	(void)path;
	(void)ret_source;
	*ret_words = NULL;
	*ret_error = 2;
	return LIST_BAD;
}

static void
note_report(void *ctx, const struct diag *diag)
{
	(void)diag;
	((struct asked *)ctx)->reports++;
}

static const struct facts_ops asking_ops = {.addr = give_addr,
    .name = give_name,
    .known_name = give_known_name,
    .daemon = give_daemon,
    .netgroup = give_netgroup,
    .scope = give_no_scope,
    .list_open = give_no_list,
    .report = note_report};

/* Does the word match, report anything, or ask for a name that is not known? */
static bool
matters(const struct words *words, size_t word, struct asked *asked)
{
	const struct facts facts = {.ops = &asking_ops, .ctx = asked};
	struct matcher matcher;
	matchset found;

	asked->names = asked->reports = 0;
	matcher_init(&matcher, &facts);
	found = pattern_match(&matcher, &words->tests[word], MATCH_ALL);
	return found != MATCH_NONE || asked->reports > 0 || (asked->is_late && asked->names > 0);
}

static void
compare_words(const struct words *words, const struct index *index, const char *client,
    const char *known, bool is_late)
{
	const struct facts facts = {.ops = &asking_ops};
	struct asked asked = {.name = name(known), .is_late = is_late};
	struct index_cursor cursor;
	enum index_step step;
	size_t next = 0;
	uint32_t item;

	assert_true(addr_fact_init(&asked.addr, client, &facts));
	index_begin(&cursor, index, &asked.addr, "", 0);
	while ((step = index_next(&cursor, is_late ? NULL : &asked.name, &item)) == INDEX_ITEM) {
		for (; next < item; next++)
			assert_false(matters(words, next, &asked));
		next++;
	}
	for (; step == INDEX_END && next < words->count; next++)
		assert_false(matters(words, next, &asked));
}

static void
keep_list(struct policy *text)
{
	text->len = 0;
	for (unsigned i = 0; i < 40; i++) {
		say_host(text);
		say(text, "%s", roll(4) == 0 ? "," : "\n");
	}
}

static void
test_words(void **state)
{
	static struct policy text;

	(void)state;
	for (unsigned tries = 0; tries < 60; tries++) {
		struct arena arena = {.max_bytes = 0};
		struct words words;
		struct index index;

		keep_list(&text);
		assert_int_equal(words_keep(&words, &arena, text.text, text.len), 0);
		index_init(&index);
		for (uint32_t i = 0; i < words.count; i++)
			index_add_test(&index, i, &words.tests[i]);
		assert_true(index_finish(&index));
		for (unsigned a = 1; a < ADDRESSES; a++) {
			for (unsigned n = 1; n < COUNT(client_names); n += 1 + roll(5))
				compare_words(
				    &words, &index, address_number(a), client_names[n], n % 2 == 0);
		}
		index_release(&index);
		arena_release(&arena);
	}
}

/* ---- memory ---- */

static void
test_memory(void **state)
{
	unsigned long failures = 1;

	(void)state;
	for (long n = 0; failures > 0; n++) {
		struct index index;
		bool is_made;

		alloc_fail_after(n);
		index_init(&index);
		for (uint32_t i = 0; i < 1000; i++)
			add_line(&index, i, lines[i % COUNT(lines)]);
		is_made = index_finish(&index);
		failures = alloc_fail_never();
		/* To trim a row may fail. */
		assert_true(is_made || failures > 0);
		if (is_made)
			assert_int_equal(walk(&index, "10.0.0.7", "f", NULL, 0).count, 4 * 50);
		index_release(&index);
	}
}

/* As no writer makes it: more networks around each other than there are lengths. */
static void
test_endless_nest(void **state)
{
	enum { NETS = INDEX_RUNS_MAX + 10 };
	static uint32_t parents[NETS];
	struct addr_fact fact = address("0.0.0.0");
	struct index_cursor cursor;
	struct index index;
	uint32_t item;

	(void)state;
	index_init(&index);
	for (uint32_t i = 0; i < NETS; i++) {
		/* Neighbours differ, so each is alone. */
		const unsigned char key[] = {0, 0, 0, 0, (unsigned char)(i % 2)};

		parents[i] = i - 1;
		assert_true(rows_add(&index.rows[INDEX_V4], key, 0, i));
	}
	index.parents[INDEX_V4] = parents;
	index_begin(&cursor, &index, &fact, "d", 1);
	assert_int_equal(index_next(&cursor, NULL, &item), INDEX_ALL);
	assert_int_equal(cursor.from, 0);
	index.parents[INDEX_V4] = NULL;
	index_release(&index);
}

/* Of so many rows, whose keys have so many values a byte: few values, and pages begin alike. */
static void
fill_rows(struct index *index, size_t rows_each, unsigned values)
{
	index_init(index);
	for (unsigned key = 0; key < INDEX_KEYS; key++) {
		for (uint32_t i = 0; i < rows_each; i++) {
			unsigned char bytes[ROW_KEY_MAX];

			for (size_t b = 0; b < sizeof bytes; b++)
				bytes[b] = (unsigned char)chance(values);
			assert_true(rows_add(
			    &index->rows[key], bytes, (uint16_t)chance(values * values), i));
		}
	}
	assert_true(index_finish(index));
}

/* Around a row, or anywhere. */
static void
compare_searches(const struct rows *kept, const struct rows *paged)
{
	size_t width = rows_width(kept);

	for (unsigned tries = 0; tries < 500; tries++) {
		unsigned char bytes[ROW_KEY_MAX + ROW_CLASS_BYTES + ROW_ITEM_BYTES] = {0};
		size_t len = chance((unsigned)width + 1);

		if (kept->count > 0)
			memcpy(bytes, rows_at(kept, chance((unsigned)kept->count)), width);
		if (chance(2) == 0)
			bytes[chance((unsigned)width)] ^= (unsigned char)chance(256);
		for (unsigned or_equal = 0; or_equal < 2; or_equal++)
			assert_int_equal(rows_below(paged, bytes, len, or_equal != 0),
			    rows_below(kept, bytes, len, or_equal != 0));
	}
	for (size_t row = 0; row < kept->count; row += 1 + chance(97))
		assert_memory_equal(rows_at(kept, row), rows_at(paged, row), width);
}

/* A search in pages ends where one in memory does. */
static void
test_pages(void **state)
{
	static const size_t sizes[] = {0, 1, 60, 300, 3000, 60000};
	static const unsigned values[] = {1, 2, 5, 256};
	const struct image_facts facts = {.error_at = UINT64_MAX, .is_list = true};

	(void)state;
	for (size_t s = 0; s < COUNT(sizes); s++) {
		for (size_t v = 0; v < COUNT(values); v++) {
			int fd = memfd_create("image", MFD_CLOEXEC);
			struct index index;
			struct image image;

			fill_rows(&index, sizes[s], values[v]);
			assert_true(fd >= 0 && image_write(fd, &index, &facts));
			assert_true(image_read(&image, fd));
			for (unsigned key = 0; key < INDEX_KEYS; key++)
				compare_searches(&index.rows[key], &image.index.rows[key]);
			assert_false(image_has_failed(&image));
			index_release(&index);
			close(fd);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_named),
	    cmocka_unit_test(test_late),
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_nests),
	    cmocka_unit_test(test_endless_nest),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_pages),
	    cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
