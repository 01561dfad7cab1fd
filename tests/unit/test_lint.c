/*
 * NAME     test_lint - findings in tables, as values
 * PURPOSE  What tests/golden/0002-lint.py cannot ask for: netgroups, limits, exact places in the
 *          text, memory that runs out. The cases of the findings themselves are there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "lint/inside.h"

/* The findings of a text, as "ID first-line:column" for each. */
struct heard {
	char text[4096];
	size_t len;
	size_t shown, mended; /* bytes of the last finding; mended SIZE_MAX: none */
	const char *group; /* the netgroup that has an entry for any host */
};

static void
hear(void *ctx, const struct finding *finding)
{
	struct heard *heard = ctx;
	int len =
	    snprintf(heard->text + heard->len, sizeof heard->text - heard->len, "%s %u-%u:%zu|",
	        lint_specs[finding->id].name, finding->first_line, finding->line, finding->column);

	assert_true(finding->first_line <= finding->line);
	assert_true(finding->column <= finding->len + 1);
	heard->shown = finding->len;
	heard->mended = finding->mended != NULL ? finding->mended_len : SIZE_MAX;
	heard->len += len > 0 && heard->len + (size_t)len < sizeof heard->text ? (size_t)len : 0;
}

static int
netgroup(void *ctx, const char *group, const char *host)
{
	struct heard *heard = ctx;

	return heard->group != NULL && strcmp(group, heard->group) == 0 &&
	    strcmp(host, "unknown") == 0;
}

static const char *
look(struct heard *heard, enum table table, const char *text, size_t len)
{
	struct lint lint = {.ctx = heard, .take = hear, .netgroup = netgroup};

	heard->len = 0;
	heard->text[0] = '\0';
	assert_int_equal(lint_text(&lint, table, "T", text, len), LINT_DONE);
	lint_release(&lint);
	return heard->text;
}

static void
test_places(void **state)
{
	static const char *const cases[][2] = {
	    {"", ""},
	    {"a: b\n\n# c\n", ""},
	    {"# c\n\na: 10.1.2.3/8\n", "HOST-BITS 3-3:4|"},
	    {"a: b \\\n10.1.2.3/8\n", "HOST-BITS 1-2:6|NAME-FIRST 1-2:6|"},
	    {"a: b \\\n c \\\n 10.1.2.3/8\na: 10.1.2.3/8\n",
	        "HOST-BITS 1-3:10|NAME-FIRST 1-3:10|HOST-BITS 4-4:4|"},
	    {"a: b # \\\n c: d\n", "TRAILING-COMMENT 1-1:6|CONTINUED-COMMENT 1-1:8|"},
	    {"# x \\\n# y \\\na: b\nc\n", "CONTINUED-COMMENT 2-2:5|NO-COLON 4-4:0|"},
	    {"a: b: severity warn: nosuch\n", "SEVERITY-NEW 1-1:7|OPTION-UNKNOWN 1-1:22|"},
	    {"a: b: spawn x \\: y: deny:\n", "OPTION-NOT-LAST 1-1:21|"},
	    {"a: b\nx: y", "NO-FINAL-NEWLINE 2-2:0|"},
	    {"a: b\nx: 10.1.2.3/8", "NO-FINAL-NEWLINE 2-2:0|"},
	    {"a: EXCEPT b EXCEPT\n", "EXCEPT-FIRST 1-1:4|EXCEPT-LAST 1-1:13|"},
	};
	struct heard heard = {.group = NULL};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(
		    look(&heard, TABLE_ALLOW, cases[i][0], strlen(cases[i][0])), cases[i][1]);
}

/* LINT_NAMELESS_MEMBER */
static void
test_netgroup(void **state)
{
	struct heard heard = {.group = "any"};

	(void)state;
	assert_string_equal(
	    look(&heard, TABLE_ALLOW, "a: @any @some\n", 14), "NAMELESS-MEMBER 1-1:4|");
	heard.group = "some";
	assert_string_equal(
	    look(&heard, TABLE_DENY, "a: @any @some\n", 14), "NAMELESS-MEMBER 1-1:9|");
	heard.group = NULL;
	assert_string_equal(look(&heard, TABLE_DENY, "a: @any @some\n", 14), "");
}

static void
test_line_limits(void **state)
{
	static const struct {
		size_t len; /* without the newline */
		const char *want;
	} cases[] = {
	    {LINES_CLASSIC_MAX - 1, ""},
	    {LINES_CLASSIC_MAX, "LONG-LINE 1-1:0|"},
	    {LINES_CLASSIC_MAX + 1, "LONG-LINE 1-1:0|"},
	    {LINES_MAX - 1, "LONG-LINE 1-1:0|"},
	    {LINES_MAX + 1, "LONG-LINE 1-1:0|LINE-OVER-LIMIT 1-1:0|"},
	};
	struct heard heard = {.group = NULL};
	char *text = malloc(LINES_MAX + 2);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		memset(text, 'b', cases[i].len);
		memcpy(text, "a: ", 3);
		text[cases[i].len] = '\n';
		assert_string_equal(
		    look(&heard, TABLE_ALLOW, text, cases[i].len + 1), cases[i].want);
	}
	free(text);
}

static void
test_shown_limit(void **state)
{
	static const char head[] = "#!tcpwrap modern\na: 10.1 ";
	struct heard heard = {.group = NULL};
	char *text = malloc(2 * LINT_LINE_MAX);

	(void)state;
	assert_non_null(text);
	for (size_t len = LINT_LINE_MAX - 1; len <= LINT_LINE_MAX + 1; len++) {
		size_t before = (size_t)(strchr(head, '\n') + 1 - head);

		memcpy(text, head, sizeof head - 1);
		memset(text + sizeof head - 1, 'b', 2 * LINT_LINE_MAX - sizeof head);
		text[before + len] = '\n';
		assert_string_equal(
		    look(&heard, TABLE_ALLOW, text, before + len + 1), "BAD-ADDRESS 2-2:4|");
		assert_int_equal(heard.shown, len < LINT_LINE_MAX ? len : LINT_LINE_MAX);
		assert_int_equal(heard.mended, len <= LINT_LINE_MAX ? len + 1 : SIZE_MAX);
	}
	free(text);
}

/* ---- lists ---- */

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* A chain of lists; the last names nothing more. */
static void
chain(const char *dir, unsigned depth)
{
	char path[256], next[256];

	for (unsigned i = 1; i <= depth; i++) {
		snprintf(path, sizeof path, "%s/%u", dir, i);
		snprintf(next, sizeof next, "%s/%u\n", dir, i + 1);
		write_file(path, i < depth ? next : "10.0.0.1\n");
	}
}

static void
unchain(const char *dir, unsigned depth)
{
	char path[256];

	for (unsigned i = 1; i <= depth; i++) {
		snprintf(path, sizeof path, "%s/%u", dir, i);
		assert_int_equal(unlink(path), 0);
	}
}

static void
test_lists_deep(void **state)
{
	char dir[] = "/tmp/test_lint.XXXXXX", text[256];
	struct heard heard = {.group = NULL};

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(text, sizeof text, "a: %s/1\n", dir);
	chain(dir, MATCH_LISTS_DEEP);
	assert_string_equal(look(&heard, TABLE_ALLOW, text, strlen(text)), "");
	chain(dir, MATCH_LISTS_DEEP + 1);
	assert_string_equal(look(&heard, TABLE_ALLOW, text, strlen(text)), "LIST-DEEP 1-1:1|");
	unchain(dir, MATCH_LISTS_DEEP + 1);
	assert_int_equal(rmdir(dir), 0);
}

/* A list is told once for each thing that is made of it, however many rules name it. */
static void
test_list_once(void **state)
{
	char path[] = "/tmp/test_lint.XXXXXX", text[512];
	struct heard heard = {.group = NULL};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0 && fchmod(fd, 0644) == 0 && close(fd) == 0);
	write_file(path, "b\n10.1.2.3/8\n");
	snprintf(text, sizeof text, "a: %s %s\nb: %s\n", path, path, path);
	assert_string_equal(look(&heard, TABLE_ALLOW, text, strlen(text)), "HOST-BITS 2-2:1|");
	snprintf(text, sizeof text, "a: %s EXCEPT %s\n", path, path);
	assert_string_equal(
	    look(&heard, TABLE_ALLOW, text, strlen(text)), "HOST-BITS 2-2:1|HOST-BITS 2-2:1|");
	assert_int_equal(unlink(path), 0);
}

/* ---- ranges ---- */

/* A word's range ends where it does: an address further, and it is another one. */
static void
test_ranges(void **state)
{
	static const struct {
		const char *word, *low, *high; /* NULL: it has none */
	} cases[] = {
	    {"10.1.2.3", "10.1.2.3", "10.1.2.3"},
	    {"10.", "10.0.0.0", "10.255.255.255"},
	    {"192.168.1.", "192.168.1.0", "192.168.1.255"},
	    {"10.0.0.0/9", "10.0.0.0", "10.127.255.255"},
	    {"10.0.0.0/255.0.255.0", NULL, NULL},
	    {"[2001:db8::]/33", "2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"},
	    {"[::1]", "::1", "::1"},
	    {"300.", NULL, NULL},
	    {"www.", NULL, NULL},
	    {"ALL", NULL, NULL},
	    {"root@10.0.0.1", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pattern pattern;
		struct range range;
		struct addr addr;
		const char *scope;
		size_t len;

		pattern_read(
		    &pattern, ROLE_CLIENTS, WAY_PLAIN, cases[i].word, strlen(cases[i].word));
		assert_int_equal(range_of(&pattern.tests[0], &range), cases[i].low != NULL);
		if (cases[i].low == NULL)
			continue;
		assert_true(addr_parse(cases[i].low, strlen(cases[i].low), &addr, &scope, &len));
		assert_memory_equal(range.low, addr.bytes, 16);
		assert_true(addr_parse(cases[i].high, strlen(cases[i].high), &addr, &scope, &len));
		assert_memory_equal(range.high, addr.bytes, 16);
	}
}

static bool
is_special(const char *word)
{
	struct range special[RANGE_SPECIALS];
	struct pattern pattern;
	struct range range;

	pattern_read(&pattern, ROLE_CLIENTS, WAY_PLAIN, word, strlen(word));
	assert_true(range_of(&pattern.tests[0], &range));
	range_read_special(special);
	return range_is_special(&range, special);
}

static void
test_special(void **state)
{
	static const char *const inside[] = {"10.0.0.0/8", "10.255.255.255", "172.16.0.0",
	    "172.31.255.255", "192.168.0.0/16", "127.", "0.0.0.0", "100.127.255.255", "[fe80::1]",
	    "[fd00::]/8", "[::1]"};
	static const char *const outside[] = {"11.0.0.0", "9.255.255.255", "172.15.255.255",
	    "172.32.0.0", "192.168.0.0/15", "128.0.0.0", "100.128.0.0", "[fec0::1]", "[::2]",
	    "[2001:db8::1]"};

	(void)state;
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
		assert_true(is_special(inside[i]));
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
		assert_false(is_special(outside[i]));
}

static void
test_seen(void **state)
{
	struct seen seen = {.entries = NULL};
	size_t first;

	(void)state;
	for (size_t i = 0; i < 5000; i++) {
		assert_true(seen_add(&seen, i * UINT64_C(0x9e3779b97f4a7c15), i, &first));
		/* 0 stands for an empty place, and is counted as 1. */
		assert_int_equal(first, i);
	}
	for (size_t i = 0; i < 5000; i++) {
		assert_true(seen_add(&seen, i * UINT64_C(0x9e3779b97f4a7c15), 9999, &first));
		assert_int_equal(first, i);
	}
	seen_release(&seen);
}

/* ---- memory ---- */

/* Each allocation fails once: said, or not needed. */
static void
test_no_memory(void **state)
{
	static const char text[] =
	    "a: b \\\n 10.1.2.3/8\nc: ::1 2001:db8::/32\nALL: /etc/passwd\nd: e # f\n"
	    "g: h: spawn %z %z %z 0123456789012345678901234567890123456789012345678901234567890123"
	    "456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
	    "890123456789012345678901234567890123456789012345678901234567890123456789012345678901"
	    "2345678901234567890123456789012345678901234567890123456789: setenv A=b\n";
	struct heard heard = {.group = NULL};
	enum lint_status status = LINT_NO_MEMORY;
	long count = 0;

	(void)state;
	while (status == LINT_NO_MEMORY) {
		struct lint lint = {.ctx = &heard, .take = hear};

		heard.len = 0;
		alloc_fail_after(count);
		status = lint_text(&lint, TABLE_ALLOW, "T", text, sizeof text - 1);
		assert_int_equal(status == LINT_NO_MEMORY, alloc_fail_never() > 0);
		lint_release(&lint);
		assert_true(count++ < 1000);
	}
	assert_true(count > 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_netgroup),
	    cmocka_unit_test(test_line_limits),
	    cmocka_unit_test(test_shown_limit),
	    cmocka_unit_test(test_lists_deep),
	    cmocka_unit_test(test_list_once),
	    cmocka_unit_test(test_ranges),
	    cmocka_unit_test(test_special),
	    cmocka_unit_test(test_seen),
	    cmocka_unit_test(test_no_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
