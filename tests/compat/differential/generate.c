/*
 * NAME     generate - random policies
 * PURPOSE  Words come first, and leave the facts that requests are drawn from (facts.c). Then the
 *          text is spoilt a little: odd bytes, joined lines, missing newlines, lines at the limit.
 * INVARIANTS  A policy follows from its seed and number alone.
 * LIMITS   LINE_MAX of the original, 2047 bytes with the newline, is met from both sides.
 * SEE      hosts_access(5), hosts_options(5)
 */
#include "generate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "facts.h"
#include "random.h"
#include "words.h"

enum {
	ORIGINAL_LINE_MAX = 2047,
	TEXT_MAX = 64 << 10, /* of a table: five lines at the limit, and what spoils them */
	LISTS_MAX = POLICY_FILES - 1, /* one is a banner */
	SUBSETS = 1 << 9,
};

struct maker {
	struct random random;
	struct policy *policy;
	struct facts facts;
};

static bool
chance(struct maker *maker, unsigned percent)
{
	return random_chance(&maker->random, percent);
}

static unsigned
below(struct maker *maker, unsigned count)
{
	return random_below(&maker->random, count);
}

static struct blob
finish(struct maker *maker, struct buf *text)
{
	struct blob blob = {arena_copy(maker->facts.arena, text->bytes, text->len), text->len};

	if (blob.bytes == NULL || text->failed)
		abort(); /* a policy that is not as its number says would be worse than none */
	buf_release(text);
	return blob;
}

static void
begin(struct buf *text)
{
	buf_init(text, NULL, 0, TEXT_MAX);
	buf_add(text, "", 0);
	buf_reserve(text, 256);
}

/* ---- spoiling ---- */

#define JUNK(text)                                                                                 \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}

static const struct {
	const char *bytes;
	size_t len;
} junk[] = {JUNK("\0"), JUNK("\v"), JUNK("\f"), JUNK("\r"), JUNK("#"), JUNK("\\"), JUNK("\\\n"),
    JUNK("\n"), JUNK(" "), JUNK(","), JUNK(":"), JUNK("["), JUNK("]"), JUNK("@"), JUNK("/"),
    JUNK("*"), JUNK("?"), JUNK("."), JUNK("0"), JUNK("9"), JUNK("a"), JUNK("L"), JUNK("%"),
    JUNK("\t"), JUNK("\xef\xbb\xbf"), JUNK("\xa0"), JUNK("="), JUNK("+"), JUNK("-"),
    JUNK(" EXCEPT "), JUNK("ALL"), JUNK("\\\r\n"), JUNK("\0\n"), JUNK("\x01"), JUNK("\x7f"),
    JUNK("\x1b[")};

/* Put bytes in the place of `gone` others. */
static void
splice(struct buf *text, size_t at, size_t gone, const char *bytes, size_t len)
{
	if (gone > text->len - at)
		gone = text->len - at;
	if (!buf_reserve(text, len))
		abort();
	memmove(text->bytes + at + len, text->bytes + at + gone, text->len - at - gone);
	memcpy(text->bytes + at, bytes, len);
	text->len = text->len + len - gone;
	text->bytes[text->len] = '\0';
}

static void
spoil(struct maker *maker, struct buf *text, unsigned percent)
{
	static const unsigned char gone[] = {0, 0, 1, 1, 2};

	while (chance(maker, percent)) {
		unsigned which = below(maker, sizeof junk / sizeof *junk);

		splice(text, below(maker, (unsigned)text->len + 1), PICK(&maker->random, gone),
		    junk[which].bytes, junk[which].len);
	}
}

/* ---- lists ---- */

static void
separate(struct maker *maker, struct buf *text)
{
	buf_add_str(text, chance(maker, 55) ? " " : PICK(&maker->random, words_separators));
}

/* A new list file, named onto out. The name is taken before its words, which may be lists too. */
static void
list_file(struct maker *maker, struct buf *out)
{
	static const char *const glue[] = {
	    " ", "\n", "\n", ",", "\r\n", "\v", "\t", " EXCEPT ", "\n#", " "};
	static const char *const names[LISTS_MAX] = {"l0", "l1", "l2", "l3", "l4", "l5", "l6"};
	size_t which = maker->policy->file_count++;
	const char *between = PICK(&maker->random, glue);
	struct buf text;

	begin(&text);
	for (unsigned n = below(maker, 5); n > 0; n--) {
		facts_host_word(&maker->facts, &text);
		buf_add_str(&text, between);
	}
	if (chance(maker, 20) && maker->policy->file_count < LISTS_MAX)
		list_file(maker, &text);
	if (chance(maker, 60))
		buf_add_char(&text, '\n');
	spoil(maker, &text, 10);
	maker->policy->files[which] = (struct policy_file){names[which], finish(maker, &text)};
	buf_add_str(out, "@V@/");
	buf_add_str(out, names[which]);
	if (chance(maker, 5))
		buf_add_str(out, "/x");
}

static void
host(struct maker *maker, struct buf *text)
{
	if (chance(maker, 5) && maker->policy->file_count < LISTS_MAX)
		list_file(maker, text);
	else
		facts_host_word(&maker->facts, text);
}

static void
client(struct maker *maker, struct buf *text)
{
	if (chance(maker, 12)) {
		facts_user_word(&maker->facts, text);
		buf_add_char(text, '@');
	}
	host(maker, text);
}

static void
daemon_item(struct maker *maker, struct buf *text)
{
	if (chance(maker, 20)) {
		buf_add_str(text, "ALL");
		return;
	}
	facts_daemon_word(&maker->facts, text);
	if (chance(maker, 10)) {
		buf_add_char(text, '@');
		host(maker, text);
	}
}

typedef void item(struct maker *, struct buf *);

static void
items(struct maker *maker, struct buf *text, item *make, unsigned count)
{
	for (; count > 0; count--) {
		make(maker, text);
		separate(maker, text);
	}
}

static void
list(struct maker *maker, struct buf *text, item *make)
{
	static const unsigned char counts[] = {1, 1, 1, 2, 2, 3, 4}, excepted[] = {0, 1, 1, 1, 2};

	if (make == daemon_item && chance(maker, 35)) {
		buf_add_str(text, "ALL");
		return;
	}
	if (!chance(maker, 3))
		items(maker, text, make, PICK(&maker->random, counts));
	while (chance(maker, 22)) {
		buf_add_str(text, chance(maker, 85) ? "EXCEPT" : "eXcePt");
		separate(maker, text);
		items(maker, text, make, PICK(&maker->random, excepted));
	}
}

/* ---- rules ---- */

static void
colon(struct maker *maker, struct buf *text)
{
	static const char *const colons[] = {":", ": ", " : "};

	buf_add_str(text, PICK(&maker->random, colons));
}

static const char *
option(struct maker *maker)
{
	switch (below(maker, 400)) {
	case 0:
		return PICK(&maker->random, words_aclexec);
	case 1:
	case 2:
	case 3:
	case 4:
	case 5:
		return PICK(&maker->random, words_identities);
	default:
		return PICK(&maker->random, words_options);
	}
}

static void
rule(struct maker *maker, struct buf *text)
{
	list(maker, text, daemon_item);
	colon(maker, text);
	list(maker, text, client);
	while (chance(maker, 33)) {
		colon(maker, text);
		buf_add_str(text, option(maker));
	}
	if (chance(maker, 5))
		buf_add_str(text, chance(maker, 50) ? "\r" : " ");
	buf_add_char(text, '\n');
}

/* Stretched to a length around the limit, in one piece or in several. */
static void
stretch(struct maker *maker, struct buf *text, size_t from)
{
	size_t want = ORIGINAL_LINE_MAX - 2 + below(maker, 6), at;

	while (text->len > from && strchr("\r\n", text->bytes[text->len - 1]) != NULL)
		text->len--;
	at = text->len;
	buf_add_char(text, ' ');
	while (text->len - from < want - 1)
		buf_add_char(text, 'x');
	if (chance(maker, 50) && text->len > at)
		splice(text, at + below(maker, (unsigned)(text->len - at)), 2 * below(maker, 2),
		    "\\\n", 2);
	buf_add_char(text, '\n');
}

static void
line(struct maker *maker, struct buf *text)
{
	static const char *const before[] = {"#", "  #", "# x \\\n#", "\xef\xbb\xbf", "# "};
	static const char *const instead[] = {
	    "\n", " \n", "\\\n", "\\\n\n", "no colon\n", ":\n", "::\n", ": ALL\n", "ALL:\n"};
	size_t from = text->len;
	unsigned kind = below(maker, 100);

	if (kind < 4)
		buf_add_str(text, PICK(&maker->random, before));
	else if (kind < 7)
		buf_add_str(text, PICK(&maker->random, instead));
	if (kind < 4 || kind >= 7)
		rule(maker, text);
	if (kind >= 97)
		stretch(maker, text, from);
}

static struct blob
table(struct maker *maker)
{
	static const unsigned char counts[] = {1, 1, 2, 2, 3, 3, 5};
	static const char *const no_directives[] = {
	    "#!tcpwrap moderns\n", "#!tcpwrap Classic\n", "#!tcpwrap\n", " #!tcpwrap modern\n"};
	struct buf text;

	begin(&text);
	if (chance(maker, 1))
		buf_add_str(&text, PICK(&maker->random, no_directives));
	for (unsigned n = PICK(&maker->random, counts); n > 0; n--)
		line(maker, &text);
	if (chance(maker, 4) && text.len > 0)
		text.len--;
	spoil(maker, &text, 18);
	return finish(maker, &text);
}

static struct blob
all_closed(void)
{
	static const char text[] = "ALL: ALL\n";

	return (struct blob){text, sizeof text - 1};
}

/* Who gets past a closed door, who is kept out of an open house, or anything. */
static void
tables(struct maker *maker)
{
	struct policy *policy = maker->policy;
	unsigned kind = below(maker, 100);

	policy->allow = (struct blob){NULL, 0};
	if (kind >= 75 || kind < 45)
		policy->allow = table(maker);
	else if (chance(maker, 50))
		policy->allow = (struct blob){"", 0};
	policy->deny = kind < 45 ? all_closed() : table(maker);
}

/* ---- requests ---- */

static const char *
odd_or(struct maker *maker, const struct pool *pool)
{
	static const char *const odd[] = {"unknown", "paranoid", "", "UNKNOWN", "::ffff:10.1.2.3"};

	return chance(maker, 5) ? PICK(&maker->random, odd) : facts_pick(&maker->facts, pool);
}

static const char *
socket_end(struct maker *maker)
{
	static const unsigned families[] = {2, 2, 2, 10, 10, 1};
	static const unsigned ports[] = {22, 22, 0, 65535, 40000};
	char text[160];

	snprintf(text, sizeof text, "%u %u %.100s", PICK(&maker->random, families),
	    PICK(&maker->random, ports), facts_pick(&maker->facts, &maker->facts.addrs));
	return arena_copy(maker->facts.arena, text, strlen(text));
}

/* subset: a bit for each field, of the lowest key first. */
static void
request(struct maker *maker, struct query *query, unsigned subset)
{
	struct facts *facts = &maker->facts;

	memset(query, 0, sizeof *query);
	query->fields[ABI_FILE] = "200"; /* EFFECTS_FD */
	query->fields[ABI_DAEMON] = facts_pick(facts, &facts->daemons);
	query->fields[ABI_USER] = odd_or(maker, &facts->users);
	query->fields[ABI_CLIENT_NAME] = odd_or(maker, &facts->names);
	query->fields[ABI_CLIENT_ADDR] = odd_or(maker, &facts->addrs);
	query->fields[ABI_CLIENT_SIN] = socket_end(maker);
	query->fields[ABI_SERVER_NAME] = odd_or(maker, &facts->names);
	query->fields[ABI_SERVER_ADDR] = odd_or(maker, &facts->addrs);
	query->fields[ABI_SERVER_SIN] = socket_end(maker);
	for (int key = ABI_FILE; key < WRAP_FIELDS; key++)
		if (!(subset >> (key - ABI_FILE) & 1))
			query->fields[key] = NULL;
	/* A lookup gives no address: such a name would be paranoid. */
	if (query->fields[ABI_CLIENT_NAME] == NULL && chance(maker, 60)) {
		query->told_name = facts_pick(facts, &facts->names);
		if (strstr(query->told_name, "::") != NULL)
			query->told_name = "paranoid";
	}
	if (query->fields[ABI_USER] == NULL && chance(maker, 60))
		query->told_user = facts_pick(facts, &facts->users);
	if (chance(maker, 4))
		query->resident = chance(maker, 50) ? "1" : "-5";
}

static unsigned
usual_subset(struct maker *maker)
{
	unsigned subset = 1u << (ABI_DAEMON - 1) | 1u << (ABI_CLIENT_ADDR - 1);

	if (chance(maker, 70))
		subset |= 1u << (ABI_CLIENT_NAME - 1);
	if (chance(maker, 40))
		subset |= 1u << (ABI_USER - 1);
	if (chance(maker, 25))
		subset |= 1u << (ABI_SERVER_NAME - 1) | 1u << (ABI_SERVER_ADDR - 1);
	if (chance(maker, 40))
		subset |= 1u << (ABI_CLIENT_SIN - 1) | 1u << (ABI_SERVER_SIN - 1);
	if (chance(maker, 50))
		subset |= 1u << (ABI_FILE - 1);
	return subset;
}

static void
requests(struct maker *maker)
{
	struct policy *policy = maker->policy;
	uint64_t turn = policy->number * (GENERATE_REQUESTS / 2);

	policy->request_count = GENERATE_REQUESTS;
	policy->requests =
	    arena_alloc(maker->facts.arena, GENERATE_REQUESTS * sizeof *policy->requests);
	if (policy->requests == NULL)
		abort();
	for (unsigned i = 0; i < GENERATE_REQUESTS; i++)
		request(maker, &policy->requests[i],
		    i % 2 == 0 ? usual_subset(maker) : (unsigned)((turn + i / 2) % SUBSETS));
}

static void
banner(struct maker *maker)
{
	static const char *const banners[] = {"hello %c\n", "220 %d %a\nbye", "\n", "", "%n %z\n"};
	const char *text = PICK(&maker->random, banners);

	maker->policy->files[maker->policy->file_count++] =
	    (struct policy_file){"b/d", {text, strlen(text)}};
}

void
generate_policy(struct policy *policy, uint64_t seed, uint64_t number, struct arena *arena)
{
	struct maker maker = {.random = random_of(seed, number), .policy = policy};

	*policy = (struct policy){.number = number, .repeat = 1};
	maker.facts.random = &maker.random;
	maker.facts.arena = arena;
	facts_start(&maker.facts);
	policy->verbose = chance(&maker, 80) ? 2 : (int)below(&maker, 2);
	policy->is_fresh = chance(&maker, 5);
	tables(&maker);
	if (policy_has(policy, "banners"))
		banner(&maker);
	policy_look(policy);
	requests(&maker);
}
