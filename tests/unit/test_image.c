/*
 * Decisions by an index are those without: policies and requests made by chance in a small universe, and
 * tables on disk that are kept while they are read.
 *
 * usage: test_image [WHOLE POLICIES [SEED]]: so many policies with every address, name, user and daemon, and so
 * many with every address, from another seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ask_index.h"
#include "in_folder.h"
#include "policies.h"
#include "table/table.h"

#ifdef __SANITIZE_THREAD__ /* of one thread it has nothing to say, and takes its time */
static unsigned whole = 0, policies = 200;
#else
static unsigned whole = 0, policies = 800;
#endif
enum { TABLES = 120 }; /* pairs of them, on disk */
static uint64_t first_seed = 1;

/* By enum table. */
static struct policy texts[2];

/* What has been seen, so that nothing passes because nothing happens. */
static struct {
	unsigned long requests, ruled[2], faults, reports, spared, images;
} seen;

static void
sow(uint64_t seed)
{
	chance_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	for (unsigned i = 0; i < 8; i++)
		chance(2);
}

static void
ask_texts(const struct ask *question, struct answer *ret)
{
	ask(question, texts[0].text, texts[0].len, texts[1].text, texts[1].len, ret);
}

static bool
keep_texts(struct indexed *ret)
{
	const char *const bytes[2] = {texts[0].text, texts[1].text};
	const size_t lens[2] = {texts[0].len, texts[1].len};
	enum diag_code code;

	if (!indexed_init(ret, bytes, lens, &code))
		return false;
	assert_true(indexed_keep_lists(ret, policy_lists, COUNT(policy_lists)));
	assert_true(indexed_write(ret));
	return true;
}

/* No look-up gives a name with a colon. Where an image says late that it cannot tell, the rules that have
 * passed without a name pass again. */
static bool
looks_up_address(const struct ask *question)
{
	return question->name_is_late && question->name != NULL &&
	    strchr(question->name, ':') != NULL;
}

/* By what is kept, and by its image. *ret is the answer that differs, or by what is kept. */
static const char *
ask_both(const struct indexed *indexed, const struct ask *question, const struct answer *without,
    struct answer *ret)
{
	struct answer image;
	const char *what;
	bool was_shown;

	indexed_ask(indexed, question, ret);
	what = indexed_difference(without, ret);
	if (what != NULL)
		return what;
	/* Commands that are asked again may say something else here. */
	was_shown = indexed_ask_images(indexed, question, &image);
	seen.images += was_shown;
	if (was_shown)
		what = indexed_difference(without, &image);
	else if (image.commands_asked == 0 && !looks_up_address(question))
		what = indexed_decisions_differ(without, &image);
	if (what != NULL)
		*ret = image;
	return what;
}

/* ---- a case that fails ---- */

static const char *
difference(const struct ask *question)
{
	struct answer without, with;
	struct indexed indexed;
	const char *ret;

	if (!keep_texts(&indexed))
		return "it is not kept";
	ask_texts(question, &without);
	ret = ask_both(&indexed, question, &without, &with);
	indexed_release(&indexed);
	return ret;
}

/* Cut len bytes out if that leaves a difference. */
static bool
cut(struct policy *policy, size_t at, size_t len, const struct ask *question)
{
	struct policy before = *policy;

	memmove(policy->text + at, policy->text + at + len, policy->len - at - len);
	policy->len -= len;
	if (difference(question) != NULL)
		return true;
	*policy = before;
	return false;
}

/* Drop lines, and then bytes, as long as one can be dropped. */
static void
shrink(const struct ask *question)
{
	bool more = true;

	while (more) {
		more = false;
		for (unsigned t = 0; t < 2; t++) {
			for (size_t at = texts[t].len; at-- > 0;) {
				const char *from = texts[t].text + at;
				const char *newline = memchr(from, '\n', texts[t].len - at);
				size_t len = newline != NULL ? (size_t)(newline - from) + 1
				                             : texts[t].len - at;

				more = cut(&texts[t], at, len, question) ||
				    (texts[t].len < 400 && cut(&texts[t], at, 1, question)) || more;
			}
		}
	}
}

static void
print_text(const char *name, const struct policy *policy)
{
	print_error("%s \"", name);
	for (size_t i = 0; i < policy->len; i++) {
		unsigned char byte = (unsigned char)policy->text[i];

		if (byte == '\n')
			print_error("\\n");
		else if (byte < ' ' || byte > '~' || byte == '"' || byte == '\\')
			print_error("\\x%02x", byte);
		else
			print_error("%c", byte);
	}
	print_error("\"\n");
}

static void
print_answer(const char *name, const struct answer *answer)
{
	print_error("%s: verdict %d, %u names, %u users, %u commands asked\n", name,
	    (int)answer->verdict, answer->names_asked, answer->users_asked, answer->commands_asked);
	for (unsigned r = 0; r < READINGS; r++) {
		const struct decision *d = &answer->decisions[r];

		print_error("  reading %u: verdict %d by %d, table %d line %u, way %d, tail %zu\n",
		    r, (int)d->verdict, (int)d->by, (int)d->table, d->line, (int)d->way,
		    d->has_tail ? d->tail_len : 0);
	}
	for (size_t i = 0; i < answer->report_count; i++)
		print_error("  line %u: %s %s\n", answer->reports[i].line,
		    diag_name(answer->reports[i].code), answer->reports[i].arg);
}

static void
print_request(const struct ask *q)
{
#define OR_NONE(text) ((text) != NULL ? (text) : "-")
	print_error("daemon %s address %s name %.60s user %s server %s %s port %d%s%s%s%s%s\n",
	    OR_NONE(q->daemon), OR_NONE(q->addr), OR_NONE(q->name), OR_NONE(q->user),
	    OR_NONE(q->server_addr), OR_NONE(q->server_name), q->server_port,
	    q->name_fails ? ", name fails" : "", q->user_fails ? ", user fails" : "",
	    q->daemon_fails ? ", daemon fails" : "", q->name_is_late ? ", late" : "",
	    q->name_is_spelled ? ", spelled" : "");
}

static void
give_up(uint64_t seed, const struct ask *question, const char *what)
{
	struct answer without, with;
	struct indexed indexed;

	print_error("%s differs, seed %llu\n", what, (unsigned long long)seed);
	shrink(question);
	ask_texts(question, &without);
	print_request(question);
	print_text("allow", &texts[TABLE_ALLOW]);
	print_text("deny ", &texts[TABLE_DENY]);
	print_text("many ", &policy_many);
	print_answer("without", &without);
	if (keep_texts(&indexed)) {
		ask_both(&indexed, question, &without, &with);
		indexed_release(&indexed);
		print_answer("with", &with);
	}
	fail();
}

/* ---- the universe ---- */

static void
count(const struct answer *without, const struct answer *with)
{
	seen.requests++;
	seen.faults += without->by.by == BY_FAULT;
	seen.reports += without->report_count;
	if (without->names_asked > with->names_asked)
		seen.spared += without->names_asked - with->names_asked;
	if (without->by.by == BY_RULE)
		seen.ruled[without->by.verdict == VERDICT_GRANT]++;
}

static void
compare(uint64_t seed, const struct indexed *indexed, const struct ask *question)
{
	struct answer without, with;
	const char *what;

	ask_texts(question, &without);
	what = ask_both(indexed, question, &without, &with);
	if (what != NULL)
		give_up(seed, question, what);
	count(&without, &with);
}

static void
choose_texts(uint64_t seed, unsigned lines_max, struct indexed *ret)
{
	static const struct ask nobody = {.daemon = "d"};

	sow(seed);
	choose_list();
	choose_policy(&texts[TABLE_ALLOW], lines_max);
	choose_policy(&texts[TABLE_DENY], lines_max);
	if (!keep_texts(ret))
		give_up(seed, &nobody, "being kept");
}

/* Every address, each with another request around it. */
static void
test_addresses(void **state)
{
	(void)state;
	for (uint64_t seed = first_seed; seed < first_seed + policies; seed++) {
		struct indexed indexed;
		struct ask question;

		choose_texts(seed, seed % 16 == 0 ? 100 : 6, &indexed);
		for (unsigned a = 0; a < ADDRESSES; a++) {
			choose_request(&question);
			question.addr = address_number(a);
			compare(seed, &indexed, &question);
		}
		indexed_release(&indexed);
	}
	assert_true(seen.ruled[0] > seen.requests / 50 && seen.ruled[1] > seen.requests / 50);
	assert_true(seen.faults > 0 && seen.reports > seen.requests / 50);
	assert_true(seen.spared > seen.requests / 50 && seen.images > seen.requests / 2);
}

/* IPv6 networks of every length, the longest first, which are filed without being parsed; and for each the address
 * that leaves it at its last bit but is in those behind it. */
static void
test_networks(void **state)
{
	static const uint8_t host[] = {0x20, 0x01, 0x0d, 0xb8, 0xa5, 0x5a, 0xff, 0, 0, 0xff, 0x12,
	    0x34, 0x80, 0x01, 0x55, 0xaa};
	char text[ADDR_TEXT_MAX];
	struct policy *table = &texts[TABLE_DENY];
	struct ask question = {.daemon = "d", .addr = text};
	struct indexed indexed;

	(void)state;
	texts[TABLE_ALLOW].len = table->len = 0;
	addr_format_v6(host, text);
	for (unsigned bits = ADDR_BITS; bits > 0; bits--)
		table->len += (size_t)snprintf(table->text + table->len,
		    sizeof table->text - table->len, "d: [%s]/%u\n", text, bits);
	assert_true(table->len < sizeof table->text);
	assert_true(keep_texts(&indexed));
	for (unsigned bit = 0; bit < ADDR_BITS; bit++) {
		uint8_t client[sizeof host];

		memcpy(client, host, sizeof client);
		client[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		addr_format_v6(client, text);
		compare(0, &indexed, &question);
	}
	indexed_release(&indexed);
}

/* A line that is no rule begins as others do: it says nothing about whose those are. */
static void
test_finding(void **state)
{
	static const char text[] = "#!tcpwrap modern\nd: 9.9.9.9\nd: [9.9.9.8\nd: 10.1.2.3\n"
	                           "d: 9.9.9.7\nd: 9.9.9.6\nd: 9.9.9.5\nd: 9.9.9.4\nd: 9.9.9.3\n"
	                           "d: 9.9.9.2\nd: 9.9.9.1\nd: 9.9.9.0\n";
	struct ask question = {.daemon = "d", .addr = "10.1.2.3"};
	struct policy *table = &texts[TABLE_DENY];
	struct indexed indexed;

	(void)state;
	texts[TABLE_ALLOW].len = 0;
	table->len = sizeof text - 1;
	memcpy(table->text, text, table->len);
	assert_true(keep_texts(&indexed));
	compare(0, &indexed, &question);
	indexed_release(&indexed);
}

/* Names and daemons with one address and user, or with all of them. */
static void
ask_about(uint64_t seed, const struct indexed *indexed, struct ask *question, bool all)
{
	for (size_t n = 0; n < COUNT(client_names); n++) {
		for (size_t d = 0; d < COUNT(daemons); d++) {
			question->name = client_names[n];
			question->daemon = daemons[d];
			for (size_t u = 0; all && u + 1 < COUNT(client_users); u++) {
				question->user = client_users[u];
				compare(seed, indexed, question);
			}
			question->user = client_users[COUNT(client_users) - 1];
			compare(seed, indexed, question);
		}
	}
}

static void
test_names(void **state)
{
	uint64_t begin = first_seed + policies;

	(void)state;
	for (uint64_t seed = begin; seed < begin + policies / 10; seed++) {
		struct indexed indexed;
		struct ask question;

		choose_texts(seed, 8, &indexed);
		choose_request(&question);
		question.addr = address_number(roll(ADDRESSES));
		ask_about(seed, &indexed, &question, false);
		indexed_release(&indexed);
	}
}

static void
test_whole(void **state)
{
	uint64_t begin = first_seed + 2 * policies;

	(void)state;
	for (uint64_t seed = begin; seed < begin + whole; seed++) {
		struct indexed indexed;
		struct ask question;

		choose_texts(seed, 10, &indexed);
		for (unsigned a = 0; a < ADDRESSES; a++) {
			choose_request(&question);
			question.addr = address_number(a);
			ask_about(seed, &indexed, &question, true);
		}
		indexed_release(&indexed);
	}
}

/* ---- tables on disk ---- */

static void
choose_tables(unsigned number)
{
	sow(first_seed * TABLES + number);
	choose_list();
	choose_policy(&texts[TABLE_ALLOW], 12);
	choose_policy(&texts[TABLE_DENY], 12);
}

static const char *
table_path(unsigned number, enum table table)
{
	static char paths[2][128];

	snprintf(paths[table], sizeof *paths, "%s/%c%u", folder, table == TABLE_ALLOW ? 'a' : 'd',
	    number);
	return paths[table];
}

static void
write_table(const char *path, const struct policy *policy)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, policy->text, policy->len), policy->len);
	close(fd);
	age(path);
}

static void
show_tables(struct pass *pass, const void *arg)
{
	const unsigned *number = arg;

	table_decide(pass, table_path(*number, TABLE_ALLOW), table_path(*number, TABLE_DENY));
}

/* By who may not read. */
static void
show_kept(struct pass *pass, const void *arg)
{
	const unsigned *number = arg;
	struct table_kept kept = {.left = 1 << 20};

	table_decide_kept(
	    pass, table_path(*number, TABLE_ALLOW), table_path(*number, TABLE_DENY), &kept);
	assert_false(kept.must_read);
	assert_false(kept.is_long);
}

/* From text at first; then, while it is read, its beginning or all of it is kept. */
static void
ask_tables(unsigned number)
{
	enum { REQUESTS = 24 };
	struct answer without, with;
	struct ask question;
	const char *what;

	choose_tables(number);
	for (unsigned i = 0; i < REQUESTS; i++) {
		bool is_last = i >= REQUESTS - 8;

		choose_request(&question);
		question.addr = address_number(roll(ADDRESSES));
		if (is_last)
			assert_true(table_keep(table_path(number, TABLE_ALLOW)) &&
			    table_keep(table_path(number, TABLE_DENY)));
		ask_texts(&question, &without);
		ask_with(&question, is_last ? show_kept : show_tables, &number, &with);
		what = indexed_difference(&without, &with);
		if (what == NULL)
			continue;
		print_error("%s of tables %u differs at request %u\n", what, number, i);
		print_request(&question);
		print_text("allow", &texts[TABLE_ALLOW]);
		print_text("deny ", &texts[TABLE_DENY]);
		print_answer("without", &without);
		print_answer("with", &with);
		fail();
	}
}

static void
test_tables(void **state)
{
	(void)state;
	for (unsigned number = 0; number < TABLES; number++) {
		choose_tables(number);
		write_table(table_path(number, TABLE_ALLOW), &texts[TABLE_ALLOW]);
		write_table(table_path(number, TABLE_DENY), &texts[TABLE_DENY]);
	}
	pause_ms(60); /* what is younger is not kept */
	for (unsigned number = 0; number < TABLES; number++)
		ask_tables(number);
}

static int
unlink_tables(void **state)
{
	for (unsigned number = 0; number < TABLES; number++) {
		unlink(table_path(number, TABLE_ALLOW));
		unlink(table_path(number, TABLE_DENY));
	}
	return teardown(state);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_networks),
	    cmocka_unit_test(test_finding),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test_setup_teardown(test_tables, setup, unlink_tables),
	};
	const struct CMUnitTest more[] = {cmocka_unit_test(test_whole)};

	if (argc > 2) {
		whole = (unsigned)strtoul(argv[1], NULL, 10);
		policies = (unsigned)strtoul(argv[2], NULL, 10);
	}
	if (argc > 3)
		first_seed = strtoull(argv[3], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL) +
	    (whole > 0 ? cmocka_run_group_tests(more, NULL, NULL) : 0);
}
