/* Tables that are kept, without memory: nobody is admitted whom they refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ask.h"
#include "failing_alloc.h"
#include "in_folder.h"
#include "table/table.h"

static const struct facts_ops file_lists = {
    .list_open = table_list_open, .list_read = table_list_read, .list_close = table_list_close};

static void
show_files(struct pass *pass, const void *arg)
{
	const char *const *paths = arg;

	table_decide(pass, paths[0], paths[1]);
}

/* The first rules are kept, as one of them decided, and for somebody else the text is read again: without memory to keep
 * it, too, no rule behind the first ones is taken for one of them. Lines before are passed over, or are two rules. */
static void
test_kept_beginning(void **state)
{
	struct ask first = {.list_ops = &file_lists, .daemon = "d", .addr = "10.1.2.3"},
	           second = first;
	const char *paths[] = {allow, deny};
	unsigned long failures = 1;
	struct answer answer;

	(void)state;
	second.addr = "10.1.2.4";
	for (long n = 0; failures > 0; n++) {
		put(allow, "");
		put(deny,
		    "d: 9.9.9.9\nd: 9.9.9.8\nd: 2001:db8::1\nd: 9.9.9.7\nd: 10.1.2.3\n"
		    "d: 10.1.2.4\nd: 9.9.9.6\nd: 9.9.9.5\nd: 9.9.9.4\nd: 9.9.9.3\nd: 9.9.9.2\n");
		pause_ms(60);
		for (int i = 0; i < 2; i++)
			ask_with(&first, show_files, paths, &answer);
		assert_int_equal(answer.by.line, 5);
		alloc_fail_after(n);
		ask_with(&second, show_files, paths, &answer);
		failures = alloc_fail_never();
		assert_int_equal(answer.verdict, VERDICT_REFUSE);
		assert_int_equal(answer.by.line, answer.by.by == BY_RULE ? 6 : 0);
	}
}

/* Lines that are joined need memory, also those of a text that is kept: without it nobody is admitted whom a rule behind
 * them refuses, whether the index names what is shown to him, or all is. */
static void
test_kept_joined(void **state)
{
	static const char *const addrs[] = {"10.1.2.3", "010.1.2.3"};
	struct ask nobody = {.list_ops = &file_lists, .daemon = "d", .addr = "10.1.2.9"};
	const char *paths[] = {allow, deny};
	struct answer answer;
	char text[2048] = "", *end = text;

	(void)state;
	for (unsigned i = 0; i < 70; i++)
		end += snprintf(end, 32, "d: 9.9.9.%u\n", i);
	snprintf(end, 64, "d: 9.9.9.9 \\\n\tLOCAL\nd: 10.1.2.3 010.1.2.3\n");
	put(allow, "");
	put(deny, text);
	pause_ms(60);
	for (int i = 0; i < 2; i++)
		ask_with(&nobody, show_files, paths, &answer);
	for (size_t i = 0; i < sizeof addrs / sizeof *addrs; i++) {
		struct ask question = {.list_ops = &file_lists, .daemon = "d", .addr = addrs[i]};
		unsigned long failures = 1;

		for (long n = 0; failures > 0; n++) {
			alloc_fail_after(n);
			ask_with(&question, show_files, paths, &answer);
			failures = alloc_fail_never();
			assert_int_equal(answer.verdict, VERDICT_REFUSE);
			assert_int_equal(answer.by.by, failures > 0 ? BY_FAULT : BY_RULE);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kept_beginning),
	    cmocka_unit_test(test_kept_joined),
	};

	return cmocka_run_group_tests_name("table_memory", tests, setup, teardown);
}
