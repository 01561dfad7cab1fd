/* Lines that are passed over: which ones, and that judging them comes to nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ask.h"
#include "chance.h"
#include "policy/skim.h"

enum { LINE_MAX_BYTES = 64, PADDING = 160, LINES = 400000 };

static const struct person {
	const char *addr, *name; /* NULL: not known yet */
} persons[] = {{"10.1.2.3", NULL}, {"192.0.2.255", "Www.A.example"}, {"2001:db8::1", "unknown"},
    {"10.1.2.3", "a.example"}, {"10.1.2.3", "localhost"}, {"10.1.2.3", "::ffff:10.1.2.3"},
    {"10.1.2.3", "a.example."}};

/* Known by a line of the table, as the table layer makes it known. */
static struct skim
learned(const char *text)
{
	struct skim skim = {.len = 0};
	struct rule rules[RULES_MAX];
	struct lines lines;
	struct line line;

	lines_init(&lines);
	lines_feed(&lines, text, strlen(text), true);
	assert_int_equal(lines_next(&lines, &line), LINES_LINE);
	skim_learn(&skim, &line, rules, rule_read(rules, &line));
	lines_release(&lines);
	return skim;
}

/* The facts live as long as the test. */
static bool
known(struct skim_client *client, const struct person *person)
{
	static struct addr_fact addr;
	static struct name_fact name;
	const struct facts nothing = {.ops = NULL};

	assert_true(addr_fact_init(&addr, person->addr, &nothing));
	if (person->name == NULL)
		return skim_client_init(client, &addr, NULL);
	name = (struct name_fact){strcmp(person->name, "unknown") == 0 ? NAME_UNKNOWN : NAME_KNOWN,
	    person->name, strlen(person->name)};
	return skim_client_init(client, &addr, &name);
}

/* Is the line passed over, with enough behind it? In a block of its own size, so that a look beyond it is
 * seen by a sanitizer. */
static bool
is_passed(const struct skim *skim, const struct person *person, const char *line, size_t len)
{
	struct skim_client client;
	char *bytes = malloc(len + PADDING);
	size_t passed;
	unsigned count;

	assert_true(known(&client, person));
	assert_non_null(bytes);
	memcpy(bytes, line, len);
	memset(bytes + len, '#', PADDING);
	count = skim_pass(skim, &client, bytes, len + PADDING, &passed);
	assert_int_equal(passed, count > 0 ? len : 0);
	assert_true(count <= 1);
	free(bytes);
	return count == 1;
}

static const struct {
	const char *line;
	bool passes;
} cases[] = {
    {"d: 10.1.2.4\n", true},
    {"d: 10.1.2.3\n", false},
    {"d: 10.1.2.30\r\n", true},
    {"d: 10.1.2.4, 10.1.2.5 10.1.2.6 ,\n", true},
    {"d: 10.1.2.4, 10.1.2.3\n", false},
    {"d: 10.1.3.0/24\n", true},
    {"d: 10.1.2.0/24\n", false},
    {"d: 10.1.3.1/24\n", false},
    {"d: 11.0.0.0/8\n", true},
    {"d: 0.0.0.0/0\n", false},
    {"d: 10.1.3.0/255.255.255.0\n", true},
    {"d: 10.1.2.0/255.255.255.0\n", false},
    {"d: 10.1.3.0/255.0.255.0\n", false},
    {"d: 10.1.3.4/255.255.255.255\n", false},
    {"d: 10.1.3.4/32\n", true},
    {"d: 10.1.3.4/33\n", false},
    {"d: 10.1.3.0/024\n", false},
    {"d: 10.1.2.4 : severity warn\n", false},
    {"d: 10.1.2.4: allow\n", false},
    {"d: 10.1.2.04\n", false},
    {"d: 10.1.2.256\n", false},
    {"d: 10.1.2\n", false},
    {"d: 10.1.2.\n", false},
    {"d: 10.1.2.4.5\n", false},
    {"d: 10.1.2.4x\n", false},
    {"d: 10.1.2.4 EXCEPT 10.1.2.5\n", false},
    {"d: 10.1.2.4\\\n", false},
    {"d: .example\n", false},
    {"d:  10.1.2.4\n", false},
    {"D: 10.1.2.4\n", false},
};

static void
test_form(void **state)
{
	struct skim skim = learned("d: 9.9.9.9 : severity warn\n");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *line = cases[i].line;
		bool passes = is_passed(&skim, &persons[0], line, strlen(line));

		if (passes != cases[i].passes)
			print_error("%s", line);
		assert_int_equal(passes, cases[i].passes);
	}
}

/* Lines that say what others of their kind must be asked about. */
static void
test_not_learned(void **state)
{
	static const char *const lines[] = {"d@10.9.9.9: 10.1.2.3\n", "22: 10.1.2.3\n",
	    "@d: 10.1.2.3\n", "/d: 10.1.2.3\n", "d*: 10.1.2.3\n", "[::1]: 10.1.2.3\n",
	    "d: example\n", "d: ALL\n", "d:\n", "d\n", "d: 10.1.2.3\\\n, 10.1.2.4\n",
	    "d 10.1.2.3\n"};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		if (learned(lines[i]).len != 0)
			print_error("%s", lines[i]);
		assert_int_equal(learned(lines[i]).len, 0);
	}
	assert_int_not_equal(learned("sshd, in.ftpd EXCEPT x_y-1: 10.1.2.3\n").len, 0);
}

static void
test_long_line(void **state)
{
	struct skim skim = learned("d: 9.9.9.9\n");
	char line[LINES_CLASSIC_MAX + 2];

	(void)state;
	memset(line, ' ', sizeof line);
	memcpy(line, "d: 9.9.9.9", 10);
	line[LINES_CLASSIC_MAX - 1] = '\n';
	assert_true(is_passed(&skim, &persons[0], line, LINES_CLASSIC_MAX));
	line[LINES_CLASSIC_MAX - 1] = ' ';
	line[LINES_CLASSIC_MAX] = '\n';
	assert_false(is_passed(&skim, &persons[0], line, LINES_CLASSIC_MAX + 1));
}

/* The end of the bytes is nobody's business, wherever it is. */
static void
test_end(void **state)
{
	static const char text[] =
	    "d: 10.1.2.4/255.255.255.0, 10.1.2.5\nd: .b.example\nd: 10.1.2.6\n";
	struct skim skim = learned("d: 9.9.9.9\n");
	struct skim_client client;

	(void)state;
	assert_true(known(&client, &persons[1]));
	for (size_t len = 0; len < 4 * sizeof text; len++) {
		char *bytes = malloc(len + 1);
		size_t passed;

		assert_non_null(bytes);
		for (size_t i = 0; i < len; i++)
			bytes[i] = text[i % (sizeof text - 1)];
		skim_pass(&skim, &client, bytes, len, &passed);
		assert_true(passed <= len);
		assert_true(skim_words(&client, bytes, 0, len) <= len);
		assert_true(skim_words(&client, bytes, len / 2, len) <= len);
		free(bytes);
	}
}

/* A word near the form, with a blank behind it. Returns its length. */
static size_t
make_word(char *word)
{
	static const char *const numbers[][2] = {{"10.1.2.", ""}, {"10.1.", ".3"},
	    {"10.1.2.0/", ""}, {"10.0.0.0/", ""}, {"10.1.2.3/255.255.255.", ""},
	    {"10.1.0.0/255.255.", ".0"}, {"", ".1.2.3"}, {"192.0.2.", ""}, {"", ".0.0.0/8"},
	    {"0.0.0.0/", ""}, {".b", ".example"}, {"www.a", ".example"}};
	static const char *const names[] = {".a.example", ".example", "www.a.example", "a.example",
	    ".ww.a.example", "ww.A.example", ".exampl", "unknown.x", ".unknown", "a.", "LOCAL",
	    "KNOWN", "UNKNOWN", ".", "a", "A.EXAMPLE", ".Example", "a.example."};
	const char *const *number = numbers[chance(sizeof numbers / sizeof *numbers)];

	if (chance(4) == 0)
		return (size_t)snprintf(
		    word, LINE_MAX_BYTES, "%s ", names[chance(sizeof names / sizeof *names)]);
	return (size_t)snprintf(word, LINE_MAX_BYTES, "%s%u%s ", number[0],
	    (unsigned)chance(chance(2) ? 34 : 260), number[1]);
}

static size_t
make_line(char *line)
{
	static const char bytes[] = "0123456789./:,@ \t\r\\#[]*ALEXPT\0\n.0";
	size_t len = (size_t)snprintf(line, LINE_MAX_BYTES, "d: ");

	for (unsigned count = 1 + (unsigned)chance(2); count > 0; count--)
		len += make_word(line + len);
	line[len - 1] = '\n';
	if (chance(2))
		line[chance(len)] = bytes[chance(sizeof bytes - 1)];
	if (line[len - 1] != '\n' || memchr(line, '\n', len - 1) != NULL)
		return 0;
	return len;
}

static void
test_agrees_with_judging(void **state)
{
	struct skim skim = learned("d: 9.9.9.9\n");
	static struct answer answer;
	char line[3 * LINE_MAX_BYTES];
	unsigned passed = 0;

	(void)state;
	for (unsigned i = 0; i < LINES; i++) {
		const struct person *person = &persons[i % (sizeof persons / sizeof *persons)];
		struct ask question = {
		    .daemon = "d", .addr = person->addr, .name = person->name, .user = "u"};
		size_t len = make_line(line);

		if (len == 0 || !is_passed(&skim, person, line, len))
			continue;
		passed++;
		ask(&question, NULL, 0, line, len, &answer);
		if (answer.by.by != BY_NO_MATCH || answer.report_count != 0)
			print_error("%s", line);
		assert_int_equal(answer.by.by, BY_NO_MATCH);
		assert_int_equal(answer.readings[READING_CLASSIC], VERDICT_GRANT);
		assert_int_equal(answer.readings[READING_PLAIN], VERDICT_GRANT);
		assert_int_equal(answer.report_count + answer.users_asked, 0);
		assert_true(person->name != NULL || answer.names_asked == 0);
	}
	assert_true(passed > LINES / 20);
}

/* Words of a list are passed over as they are read; the same ones in a line are not. */
static void
test_lists(void **state)
{
	static struct answer in_line, in_list;
	char line[3 * LINE_MAX_BYTES], text[sizeof line + PADDING];

	(void)state;
	for (unsigned i = 0; i < LINES / 4; i++) {
		const struct person *person = &persons[i % (sizeof persons / sizeof *persons)];
		struct ask_list list = {.path = "/list", .text = text, .status = LIST_OK};
		struct ask question = {.daemon = "d",
		    .addr = person->addr,
		    .name = person->name,
		    .lists = &list,
		    .list_count = 1};
		size_t len = (size_t)snprintf(line, sizeof line, "d: 9.9.9.9 ");

		for (unsigned word = 0; word < 3; word++)
			len += make_word(line + len);
		line[len - 1] = '\n';
		memcpy(text, line + 3, len - 3);
		for (size_t at = 0; at < len - 3; at++)
			text[at] = text[at] == ' ' ? '\n' : text[at];
		memset(text + len - 3, '\n', PADDING);
		list.len = len - 3 + PADDING;
		ask(&question, NULL, 0, line, len, &in_line);
		ask(&question, NULL, 0, "d: /list\n", 9, &in_list);
		if (in_line.verdict != in_list.verdict)
			print_error("%s %s", person->addr, line);
		assert_memory_equal(in_line.readings, in_list.readings, sizeof in_list.readings);
		/* Who is known need not be asked for. */
		assert_true(in_list.names_asked <= in_line.names_asked);
		assert_int_equal(in_line.report_count, in_list.report_count);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_form),
	    cmocka_unit_test(test_not_learned),
	    cmocka_unit_test(test_long_line),
	    cmocka_unit_test(test_end),
	    cmocka_unit_test(test_agrees_with_judging),
	    cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests_name("skim", tests, NULL, NULL);
}
