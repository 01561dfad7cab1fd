/* Logical lines: continuations, limits, NUL, BOM, directives, both ways, in pieces of any size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/lines.h"

struct seen {
	char text[4096];
	size_t len;
};

/* "NUMBER WAYS FAULT TEXT|" a line, ending in the status. */
static void
divide(const char *text, size_t len, size_t piece, struct seen *seen)
{
	static const char *const faults[] = {"", "!incomplete", "!nul", "!directive"};
	size_t fed = piece < len ? piece : len, dropped = 0;
	enum lines_status status;
	struct lines lines;
	struct line line;

	seen->len = 0;
	lines_init(&lines);
	lines_feed(&lines, text, fed, fed == len);
	while ((status = lines_next(&lines, &line)) == LINES_LINE || status == LINES_MORE) {
		if (status == LINES_MORE) {
			dropped += lines_consumed(&lines);
			fed = len - fed < piece ? len : fed + piece;
			lines_feed(&lines, text + dropped, fed - dropped, fed == len);
			continue;
		}
		seen->len += (size_t)snprintf(seen->text + seen->len, sizeof seen->text - seen->len,
		    "%u%s%s %.*s|", line.number,
		    line.ways == WAY_BOTH          ? ""
		        : line.ways == WAY_CLASSIC ? "c"
		                                   : "p",
		    faults[line.fault], line.len > 40 ? 40 : (int)line.len, line.text);
		assert_true(seen->len < sizeof seen->text);
	}
	snprintf(seen->text + seen->len, sizeof seen->text - seen->len, "%s",
	    status == LINES_END ? "" : "too long");
	lines_release(&lines);
}

static const struct {
	const char *name, *text;
	size_t len;
	const char *want;
} cases[] = {
#define CASE(name, text, want)                                                                     \
	{                                                                                          \
		name, text, sizeof(text) - 1, want                                                 \
	}
    CASE("empty", "", ""),
    CASE("one", "a: b\n", "1 a: b|"),
    CASE("blank and comment lines say nothing", "\n \t\r\n# c\na\n", "4 a|"),
    CASE("continued", "a:\\\n b\n", "2c a: b|2p a: b|"),
    CASE("continued inside a word", "10.1.\\\n2.3\nx\n", "2c 10.1.2.3|2p 10.1.2.3|3 x|"),
    CASE("two backslashes continue", "a \\\\\nb\n", "2c a \\b|2p a \\b|"),
    CASE("backslash CR does not", "a\\\r\nb\n", "1 a\\\r|2 b|"),
    CASE("a comment continues the classic way only", "# x\\\na\n", "2p a|"),
    CASE("a comment inside a list ends the line, plain", "d: a # x \\\nb\n",
        "2c d: a # x b|1p d: a |2p b|"),
    CASE("no comment in a tail", "d: a: x # y \\\nb\n", "2c d: a: x # y b|2p d: a: x # y b|"),
    CASE("a word's middle is no comment", "d: a#\\\nb\n", "2c d: a#b|2p d: a#b|"),
    CASE("no last newline", "a\nb", "1 a|1c!incomplete b|2p b|"),
    CASE("a backslash is last", "a\\\n", "1c!incomplete a|1p a|"),
    CASE("a NUL glues, the classic way", "a\0x\nb\n", "2c ab|1p!nul a|2p b|"),
    CASE("a BOM is skipped, plain",
        "\xef\xbb\xbf"
        "a\n",
        "1c \xef\xbb\xbf"
        "a|1p a|"),
    CASE("modern", "#!tcpwrap modern\na\nb", "2p a|3p b|"),
    CASE("modern, CR", "#!tcpwrap  modern \r\na\n", "2p a|"),
    CASE("classic", "#!tcpwrap classic\na\\\nb\n# x\\\nc\n", "3c ab|"),
    CASE("classic ends in error", "#!tcpwrap classic\na\nb", "2c a|2c!incomplete b|"),
    CASE("an unknown word is no directive", "#!tcpwrap strict\na\n",
        "1!directive #!tcpwrap strict|2 a|"),
    CASE("none without a word", "#!tcpwrap\na\n", "1!directive #!tcpwrap|2 a|"),
    CASE("none with a backslash", "#!tcpwrap modern\\\na\nb\n",
        "1!directive #!tcpwrap modern\\|2p a|3 b|"),
    CASE("none behind a BOM", "\xef\xbb\xbf#!tcpwrap modern\na\n",
        "1!directive #!tcpwrap modern|1c \xef\xbb\xbf#!tcpwrap modern|2 a|"),
    CASE("none on line 2", "a\n#!tcpwrap modern\nb", "1 a|2c!incomplete b|3p b|"),
};

static void
test_cases(void **state)
{
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t piece = 1; piece < 40; piece++) {
			divide(cases[i].text, cases[i].len, piece, &seen);
			if (strcmp(seen.text, cases[i].want) != 0)
				print_error("%s, pieces of %zu\n", cases[i].name, piece);
			assert_string_equal(seen.text, cases[i].want);
		}
	}
}

/* A line of len bytes, its newline included, at each limit. */
static void
limit(size_t len, const char *directive, const char *want_end)
{
	size_t skip = strlen(directive);
	char *text = malloc(skip + len + 8);
	struct seen seen;

	assert_non_null(text);
	memcpy(text, directive, skip);
	memset(text + skip, 'x', len);
	memcpy(text + skip + len - 1, "\nz\n", 3);
	divide(text, skip + len + 2, 70000, &seen);
	assert_true(strlen(seen.text) >= strlen(want_end));
	assert_string_equal(seen.text + strlen(seen.text) - strlen(want_end), want_end);
	free(text);
}

static void
test_limits(void **state)
{
	(void)state;
	limit(LINES_CLASSIC_MAX - 1, "#!tcpwrap classic\n", "3c z|");
	limit(LINES_CLASSIC_MAX, "#!tcpwrap classic\n", "3c z|");
	limit(LINES_CLASSIC_MAX + 1, "#!tcpwrap classic\n",
	    "1c!incomplete xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx|");
	limit(LINES_CLASSIC_MAX, "", "2 z|");
	limit(LINES_CLASSIC_MAX + 1, "", "2p z|");
	limit(LINES_MAX, "#!tcpwrap modern\n", "3p z|");
	limit(LINES_MAX + 2, "#!tcpwrap modern\n", "too long");
	limit(LINES_MAX + 2, "", "too long");
}

/* Nothing but continuations takes no room in a joined line; it must end all the same. */
static void
test_endless_continuation(void **state)
{
	size_t len = 4 << 20;
	char *text = malloc(len);
	struct seen seen;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < len; i += 2)
		memcpy(text + i, "\\\n", 2);
	divide(text, len, 65536, &seen);
	assert_string_equal(seen.text, "too long");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_endless_continuation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
