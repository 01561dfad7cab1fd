/* Decisions that may not read: what is kept decides, what is not kept is named, reading ahead keeps it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "ask.h"
#include "in_folder.h"
#include "table/stamp.h"
#include "table/table.h"

static struct table_kept kept;

static enum list_status
list_open(void *ctx, const char *path, struct list_source **ret_source,
    const struct words **ret_words, int *ret_error)
{
	(void)ctx;
	return table_list_kept(&kept, path, ret_source, ret_words, ret_error);
}

static const struct facts_ops kept_lists = {
    .list_open = list_open, .list_read = table_list_read, .list_close = table_list_close};

static void
show_kept(struct pass *pass, const void *arg)
{
	(void)arg;
	table_decide_kept(pass, allow, deny, &kept);
}

static void
show_read(struct pass *pass, const void *arg)
{
	(void)arg;
	table_decide(pass, allow, deny);
}

enum { MOST = 10 };

/* -2: there is too much to look at; -1: something has to be read. */
static int
decide(void)
{
	struct ask question = {.list_ops = &kept_lists, .daemon = "d", .addr = "10.1.2.3"};
	struct answer answer;

	memset(&kept, 0, sizeof kept);
	kept.left = MOST;
	errno = ENXIO;
	ask_with(&question, show_kept, NULL, &answer);
	assert_int_equal(errno, ENXIO);
	if (kept.is_long)
		return -2;
	return kept.must_read ? -1 : (int)answer.verdict;
}

static void
assert_must_read(const char *path, bool is_list)
{
	assert_int_equal(decide(), -1);
	assert_string_equal(kept.path, path);
	assert_int_equal(kept.is_list, is_list);
}

static void
test_tables(void **state)
{
	unsigned before = open_descriptors();

	(void)state;
	assert_int_equal(decide(), VERDICT_GRANT); /* there are none */
	put(deny, "d: 10.\n");
	put(allow, "x: ALL\n");
	assert_must_read(allow, false);
	assert_true(table_keep(allow));
	assert_must_read(deny, false);
	assert_true(table_keep(deny));
	assert_int_equal(decide(), VERDICT_REFUSE);
	assert_false(kept.is_private);
	put(allow, "d: ALL\n");
	assert_must_read(allow, false);
	assert_true(table_keep(allow));
	assert_int_equal(decide(), VERDICT_GRANT);
	assert_int_equal(open_descriptors(), before);
}

/* A table of which only the first rules are kept, as one of them decided, has to be read to its end. */
static void
test_beginning(void **state)
{
	static const struct facts_ops files = {.list_open = table_list_open,
	    .list_read = table_list_read,
	    .list_close = table_list_close};
	struct ask question = {.list_ops = &files, .daemon = "d", .addr = "10.1.2.3"};
	struct answer answer;

	(void)state;
	put(allow, "d: ALL\nlast: ALL\n");
	put(deny, "");
	pause_ms(60);
	for (int i = 0; i < 3; i++)
		ask_with(&question, show_read, NULL, &answer);
	assert_int_equal(answer.verdict, VERDICT_GRANT);
	assert_must_read(allow, false);
}

/* Where the first table decides, the second one is as if it were not there. */
static void
test_first_decides(void **state)
{
	(void)state;
	put(allow, "d: ALL\n");
	put(deny, "ALL: ALL\n");
	assert_true(table_keep(allow));
	assert_int_equal(decide(), VERDICT_GRANT);
	assert_int_equal(chmod(deny, 0600), 0);
	assert_int_equal(decide(), VERDICT_GRANT);
	assert_false(kept.is_private);
	assert_int_equal(chmod(deny, 0644), 0);
}

/* So many rules and words, and no more; where a rule decides before, it does not matter what is behind. */
static void
test_long(void **state)
{
	char text[4096] = "", *end = text;

	(void)state;
	for (unsigned i = 0; i < MOST - 1; i++)
		end += sprintf(end, "e: 10.1.2.%u\n", i);
	put(allow, text);
	put(deny, "d: 10.\n");
	assert_true(table_keep(allow) && table_keep(deny));
	assert_int_equal(decide(), VERDICT_REFUSE);
	put(deny, "e: ALL\nd: 10.\n");
	assert_true(table_keep(deny));
	assert_int_equal(decide(), -2);
	sprintf(end, "d: ALL\nd: 10.\nx: ALL\n");
	put(allow, text);
	assert_true(table_keep(allow));
	assert_int_equal(decide(), VERDICT_GRANT);
	snprintf(text, sizeof text, "d: %s\n", list);
	put(allow, "#\n");
	put(deny, text);
	put(list, "1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 10.1.2.3\n");
	assert_true(table_keep(allow) && table_keep(deny) && table_list_keep(list));
	assert_int_equal(decide(), VERDICT_REFUSE);
	put(list, "1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5 10.1.2.3 7 8 9 10 11\n");
	assert_true(table_list_keep(list));
	assert_int_equal(decide(), -2);
	unlink(list);
}

/* An index names a few words of a long list, if it can tell about the client. */
static void
test_long_list(void **state)
{
	struct ask question = {.list_ops = &kept_lists, .daemon = "d", .addr = "10.1.2.3"};
	char text[8192] = "", *end = text;
	struct answer answer;

	(void)state;
	for (unsigned i = 0; i < 300; i++)
		end += sprintf(end, "10.1.%u.%u\n", i % 100, i / 100);
	put(list, text);
	snprintf(text, sizeof text, "d: %s\n", list);
	put(deny, text);
	put(allow, "#\n");
	assert_true(table_keep(allow) && table_keep(deny) && table_list_keep(list));
	for (unsigned i = 0; i < 2; i++) {
		question.addr = i == 0 ? "10.1.2.2" : "fe80::1%lo";
		kept = (struct table_kept){.left = 100};
		ask_with(&question, show_kept, NULL, &answer);
		assert_int_equal(kept.is_long, i == 1);
		assert_false(kept.must_read);
		assert_int_equal(answer.verdict, VERDICT_REFUSE);
	}
	kept = (struct table_kept){.left = 400};
	ask_with(&question, show_kept, NULL, &answer);
	assert_false(kept.is_long);
	assert_int_equal(answer.verdict, VERDICT_GRANT);
}

static void
test_absent(void **state)
{
	(void)state;
	put(allow, "#\n");
	unlink(deny);
	assert_true(table_keep(allow));
	assert_true(table_keep(deny));
	assert_int_equal(decide(), VERDICT_GRANT);
	put(deny, "ALL: ALL\n");
	assert_must_read(deny, false);
	assert_true(table_keep(deny));
	assert_int_equal(decide(), VERDICT_REFUSE);
	unlink(deny);
	assert_int_equal(decide(), VERDICT_GRANT);
}

static void
test_lists(void **state)
{
	char text[256];

	(void)state;
	put(allow, "#\n");
	snprintf(text, sizeof text, "d: %s\n", list);
	put(deny, text);
	put(list, "10.1.2.4\n");
	assert_true(table_keep(allow) && table_keep(deny));
	assert_must_read(list, true);
	assert_true(table_list_keep(list));
	assert_int_equal(decide(), VERDICT_GRANT);
	put(list, "10.1.2.3\n");
	assert_must_read(list, true);
	assert_true(table_list_keep(list));
	assert_int_equal(decide(), VERDICT_REFUSE);
	put(list, "#\n");
	assert_true(table_list_keep(list));
	assert_int_equal(decide(), VERDICT_GRANT);
	unlink(list);
	assert_true(table_list_keep(list));
	assert_int_equal(decide(), VERDICT_GRANT);
}

/* What others may not read is said to be so. */
static void
test_private(void **state)
{
	(void)state;
	put(allow, "d: ALL\n");
	put(deny, "#\n");
	assert_int_equal(chmod(allow, 0600), 0);
	assert_true(table_keep(allow) && table_keep(deny));
	assert_int_equal(decide(), VERDICT_GRANT);
	assert_true(kept.is_private);
	assert_int_equal(chmod(allow, 0644), 0);
	assert_must_read(allow, false);
}

/* What cannot be had is not kept, in bounded time, and stays to be read by whoever decides. */
static void
test_faults(void **state)
{
	double start = now_ms();
	char under[160];

	(void)state;
	put(allow, "e: ALL\n");
	put(deny, "ALL: ALL\n");
	snprintf(under, sizeof under, "%s/x", allow);
	assert_false(table_keep(folder));
	assert_false(table_list_keep(folder));
	assert_false(table_keep(under));
	assert_false(table_list_keep(under));
	assert_true(now_ms() - start < 1000);
	unlink(deny);
	assert_int_equal(mkdir(deny, 0755), 0);
	assert_true(table_keep(allow));
	assert_must_read(deny, false);
	rmdir(deny);
}

/* A text that is half written never takes the place of the one that is known. */
static void
test_torn(void **state)
{
	(void)state;
	put(allow, "#\n");
	put(deny, "ALL: ALL\n");
	assert_true(table_keep(allow) && table_keep(deny));
	assert_int_equal(decide(), VERDICT_REFUSE);
	put(deny, "ALL: 9.9.9.9"); /* no newline yet */
	assert_false(table_keep(deny));
	assert_must_read(deny, false);
	put(deny, "ALL: 9.9.9.9\n");
	assert_true(table_keep(deny));
	assert_int_equal(decide(), VERDICT_GRANT);
}

/* A list that is a table elsewhere, and the other way round: each is what it is read as. */
static void
test_two_uses(void **state)
{
	char text[256];

	(void)state;
	put(deny, "d: 10.1.2.3\n");
	snprintf(text, sizeof text, "d: ALL EXCEPT %s\n", deny);
	put(allow, text);
	assert_true(table_keep(allow) && table_keep(deny));
	assert_must_read(deny, true);
	assert_true(table_list_keep(deny));
	assert_must_read(deny, false);
	unlink(deny);
	put(allow, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tables),
	    cmocka_unit_test(test_beginning),
	    cmocka_unit_test(test_first_decides),
	    cmocka_unit_test(test_long),
	    cmocka_unit_test(test_long_list),
	    cmocka_unit_test(test_absent),
	    cmocka_unit_test(test_lists),
	    cmocka_unit_test(test_private),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_torn),
	    cmocka_unit_test(test_two_uses),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
