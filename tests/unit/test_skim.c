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
#include "policy/filelist.h"
#include "policy/skim.h"

enum { LINE_MAX_BYTES = 64, PADDING = 160, SHORT = 64, LINES = 400000 };

static const struct person {
	const char *addr, *name; /* NULL: not known yet */
} persons[] = {{"10.1.2.3", NULL}, {"192.0.2.255", "Www.A.example"}, {"2001:db8::1", "unknown"},
    {"10.1.2.3", "a.example"}, {"10.1.2.3", "localhost"}, {"10.1.2.3", "::ffff:10.1.2.3"},
    {"10.1.2.3", "a.example."}, {"2001:db8::1", NULL}, {"10.1.2.3", "2001:db8::1"},
    {"10.1.2.3", "fd00"}, {"2001:db8::1", "www.a.example"}, {"fd00::1", "2001:db8::2"},
    {"::1", "localhost"}};

/* Known by a line of the table, as the table layer makes it known. */
static struct skim
learned_for(const char *daemon, const char *text)
{
	struct skim skim = {.daemon = daemon, .daemon_len = daemon != NULL ? strlen(daemon) : 0};
	struct rule rules[RULES_MAX];
	struct lines lines;
	struct line line;

	lines_init(&lines);
	lines_feed(&lines, text, strlen(text), true);
	while (lines_next(&lines, &line) == LINES_LINE) {
		unsigned count = rule_read(rules, &line);

		skim_learn(&skim, &line, rules, count);
	}
	lines_release(&lines);
	return skim;
}

static struct skim
learned(const char *text)
{
	return learned_for("d", text);
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
	struct skim_run run;

	assert_true(known(&client, person));
	assert_non_null(bytes);
	memcpy(bytes, line, len);
	memset(bytes + len, '#', PADDING);
	run = skim_pass(skim, &client, bytes, len + PADDING);
	assert_int_equal(run.len, run.lines > 0 ? len : 0);
	assert_true(run.lines <= 1);
	free(bytes);
	return run.lines == 1;
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
    {"d: 10.1.2.4 : severity warn\n", true},
    {"d: 10.1.2.4: allow : spawn [ # ]\n", true},
    {"d: 10.1.2.3: allow\n", false},
    {"d: 10.1.2.4:allow\n", false},
    {"d: 10.1.2.4 : spawn a\\\n", false},
    {"d: 10.1.2.4 ::1\n", true}, /* a client the plain way, options the classic way */
    {"d: 10.1.2.4 :::1\n", false},
    {"d: 10.1.2.04\n", false},
    {"d: 10.1.2.256\n", false},
    {"d: 10.1.2\n", false},
    {"d: 10.1.2.\n", false},
    {"d: 10.1.2.4.5\n", false},
    {"d: 10.1.2.4x\n", false},
    {"d: 10.1.2.4 EXCEPT 10.1.2.5\n", true},
    {"d: 10.1.2.4 except 10.1.2.3, /list : severity warn\n", true},
    {"d: 10.1.2.3 EXCEPT 10.1.2.5\n", false},
    {"d: 10.1.2.4 EXCEPT [::1]\n", false},
    {"d: 10.1.2.4 EXCEPT 2001:db8::1\n", false},
    {"d: 10.1.2.4 EXCEPT 10.1.2.5 #\n", false},
    {"d: 10.1.2.4 EXCEPTED\n", false},
    {"d: 10.1.2.4 EXCEPT a\\\n", false},
    {"d: [2001:db8::2]\n", true},
    {"d: [2001:DB8:0:00:000:0000:0:2]/128, [::]/1\n", true},
    {"d: [fe80::]/10 : severity warn\n", true},
    {"d: [::ffff:10.1.2.4]\n", false},
    {"d: [::ffff:a01:204]\n", false},
    {"d: [::ffff:a01:204]/64\n", false},
    {"d: [fe80::1%lo]\n", false},
    {"d: [2001:db8::/32]\n", false},
    {"d: [2001:db8::]/0\n", false},
    {"d: [2001:db8::]/032\n", false},
    {"d: [2001:db8::]/129\n", false},
    {"d: [2001:db8::2\n", false},
    {"d: [2001:db8::2]]\n", false},
    {"d: [2001:db8:::2]\n", false},
    {"d: [2001::db8::2]\n", false},
    {"d: [2001:db8]\n", false},
    {"d: [1:2:3:4:5:6:7:8]\n", true},
    {"d: [1:2:3:4:5:6:7:]\n", false},
    {"d: [1:2:3:4:5:6:7:8:]\n", false},
    {"d: [1:2:3:4:5:6:7::]\n", true},
    {"d: [1:2:3:4:5:6:7:8::]\n", false},
    {"d: [1:2:3:4:5:6:7:8:9]\n", false},
    {"d: [1:2:3:4:5:6:7:8::9]\n", false},
    {"d: [1::2:3:4:5:6:7:8:9]\n", false},
    {"d: [20010:db8::2]\n", false},
    {"d: [:1::2]\n", false},
    {"d: 2001:db8::2\n", true},
    {"d: 2001:db8::/32 10.1.2.4\n", true},
    {"d: 2001:db8::2 10.1.2.3\n", false},
    {"d: ::1\n", true},
    {"d: ::\n", true},
    {"d: fd00::1\n", false}, /* the classic way asks for the name */
    {"d: 2001:db8::2:\n", false},
    {"d: 2001:db8::2]\n", false},
    {"d: 2001:db8::/32: allow\n", false},
    {"e: ALL : severity warn\n", true},
    {"e: ALL, x@y : spawn # [\n", false},
    {"e: /list EXCEPT 10.1.2.3\n", true},
    {"e: [::1\n", false},
    {"e: ALL #\n", false},
    {"e: ALL\\\n", false},
    {"e: ::1\n", false},
    {"d: 10.1.2.4\\\n", false},
    {"d: .example\n", false},
    {"d:  10.1.2.4\n", false},
    {"D: 10.1.2.4\n", false},
};

static void
test_form(void **state)
{
	struct skim skim = learned("d: 9.9.9.9 : severity warn\ne: 9.9.9.9\n");

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
	    "@d: 10.1.2.3\n", "/d: 10.1.2.3\n", "d*: 10.1.2.3\n", "[::1]: 10.1.2.3\n", "d:\n",
	    "d\n", "d: 10.1.2.3\\\n, 10.1.2.4\n", "d 10.1.2.3\n"};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		if (learned(lines[i]).count != 0)
			print_error("%s", lines[i]);
		assert_int_equal(learned(lines[i]).count, 0);
	}
	assert_int_not_equal(learned("sshd, in.ftpd EXCEPT x_y-1: 10.1.2.3\n").count, 0);
}

/* Whether lines are for others is a matter of their daemons. */
static void
test_others(void **state)
{
	static const struct {
		const char *line, *daemon;
		bool is_others;
	} lists[] = {{"e: ALL\n", "d", true}, {"e, dd d-: ALL\n", "d", true},
	    {"unknown.x: ALL\n", "d", true}, {"d: ALL\n", "d", false}, {"e, D: ALL\n", "d", false},
	    {"ALL: ALL\n", "d", false}, {"all: ALL\n", "d", false}, {"e known: ALL\n", "d", false},
	    {"e EXCEPT d: ALL\n", "d", false}, {"in.: ALL\n", "in.ftpd", false},
	    {"in: ALL\n", "in.ftpd", true}};

	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct skim skim = learned_for(lists[i].daemon, lists[i].line);

		assert_int_equal(skim.count, 1);
		if (skim.forms[0].is_others != lists[i].is_others)
			print_error("%s", lists[i].line);
		assert_int_equal(skim.forms[0].is_others, lists[i].is_others);
	}
	assert_false(learned_for(NULL, "e: ALL\n").forms[0].is_others);
}

/* More forms than there is room for: the oldest goes. */
static void
test_forms(void **state)
{
	struct skim skim = learned_for(NULL, "a: 9.9.9.9\nb: 9.9.9.9\nc: 9.9.9.9\nd: 9.9.9.9\n");
	struct skim more =
	    learned_for(NULL, "a: 9.9.9.9\nb: 9.9.9.9\nc: 9.9.9.9\nd: 9.9.9.9\ne: 9.9.9.9\n");

	(void)state;
	for (char daemon = 'a'; daemon <= 'e'; daemon++) {
		char line[] = "x: 10.1.2.4\n";

		line[0] = daemon;
		assert_int_equal(is_passed(&skim, &persons[0], line, strlen(line)), daemon != 'e');
		assert_int_equal(is_passed(&more, &persons[0], line, strlen(line)), daemon != 'a');
	}
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

/* A list with a longer word cannot be read, whatever the word is: nobody passes over what is wrong with it. */
static void
test_long_word(void **state)
{
	static const char first[] = "9.9.9.9\n"; /* from then on the address is known */
	static char text[sizeof first + WORDS_MAX + PADDING];
	static struct answer answer;

	(void)state;
	for (size_t len = WORDS_MAX; len <= WORDS_MAX + 1; len++) {
		struct ask_list list = {
		    .path = "/list", .text = text, .len = sizeof text, .status = LIST_OK};
		struct ask question = {.daemon = "d",
		    .addr = "10.1.2.3",
		    .name = "a.example",
		    .lists = &list,
		    .list_count = 1};

		memset(text, '\n', sizeof text);
		memcpy(text, first, sizeof first - 1);
		memset(text + sizeof first - 1, 'x', len);
		text[sizeof first] = '.';
		ask(&question, NULL, 0, "d: /list\n", 9, &answer);
		assert_int_equal(answer.by.by, len > WORDS_MAX ? BY_FAULT : BY_NO_MATCH);
		assert_int_equal(answer.report_count, len > WORDS_MAX ? 2 : 0);
	}
}

/* The end of the bytes is nobody's business, wherever it is. */
static void
test_end(void **state)
{
	static const char text[] = "d: 10.1.2.4/255.255.255.0, 10.1.2.5\nd: .b.example\nd: "
	                           "10.1.2.6\nd: [2001:db8::]/32 EXCEPT b\n"
	                           "d: 2001:db8:1:2:3:4:5:6/128 : severity warn\n";
	struct skim skim = learned("d: 9.9.9.9\n");
	struct skim_client client;

	(void)state;
	assert_true(known(&client, &persons[1]));
	for (size_t len = 0; len < 4 * sizeof text; len++) {
		char *bytes = malloc(len + 1);

		assert_non_null(bytes);
		for (size_t i = 0; i < len; i++)
			bytes[i] = text[i % (sizeof text - 1)];
		assert_true(skim_pass(&skim, &client, bytes, len).len <= len);
		assert_true(skim_words(&client, bytes, 0, len) <= len);
		assert_true(skim_words(&client, bytes, len / 2, len) <= len);
		free(bytes);
	}
}

/* The same of IPv6: groups near those of persons, in brackets or not. */
static size_t
make_word6(char *word)
{
	static const char *const groups[] = {"2001", "db8", "DB8", "0", "1", "ffff", "fd00", "2",
	    "", "0001", "00001", "10.1.2.3", "g", "", "a01", "203"};
	static const char *const ends[] = {
	    "", "/32", "/128", "/0", "/127", "/64", "/129", "/033", "%lo"};
	static const char *const wholes[] = {"2001:db8::1", "2001:db8::", "::", "::1",
	    "2001:db8::2", "::ffff:10.1.2.3", "fd00::1", "2001:db8:0:0:0:0:0:1", "1:2:3:4:5:6:7:8",
	    "::ffff:a01:203"};
	bool in_brackets = chance(2);
	size_t len = (size_t)snprintf(word, LINE_MAX_BYTES, "%s", in_brackets ? "[" : "");

	if (chance(2))
		len += (size_t)snprintf(word + len, LINE_MAX_BYTES, "%s",
		    wholes[chance(sizeof wholes / sizeof *wholes)]);
	else
		for (unsigned count = 2 + (unsigned)chance(7); count > 0; count--)
			len += (size_t)snprintf(word + len, LINE_MAX_BYTES, "%s%s",
			    groups[chance(sizeof groups / sizeof *groups)], count > 1 ? ":" : "");
	return len +
	    (size_t)snprintf(word + len, LINE_MAX_BYTES, "%s%s ", in_brackets ? "]" : "",
	        chance(2) ? "" : ends[chance(sizeof ends / sizeof *ends)]);
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

	if (chance(3) == 0)
		return make_word6(word);
	if (chance(4) == 0)
		return (size_t)snprintf(
		    word, LINE_MAX_BYTES, "%s ", names[chance(sizeof names / sizeof *names)]);
	return (size_t)snprintf(word, LINE_MAX_BYTES, "%s%u%s ", number[0],
	    (unsigned)chance(chance(2) ? 34 : 260), number[1]);
}

static size_t
make_line(char *line)
{
	static const char bytes[] = "0123456789./:,@ \t\r\\#[]*ALEXPT\0\n.0af%:";
	static const char *const tails[] = {": severity warn ", "EXCEPT 10.1.2.3 ", ":", ": ",
	    "except x ", ": spawn # [ ", "EXCEPT [::1] ", ": allow", "#", "EXCEPT 2001:db8::1 ",
	    "EXCEPT"};
	size_t len = (size_t)snprintf(line, LINE_MAX_BYTES, "%s", chance(8) ? "d: " : "sshd, e: ");

	for (unsigned count = 1 + (unsigned)chance(2); count > 0; count--)
		len += make_word(line + len);
	if (chance(4) == 0)
		len += (size_t)snprintf(
		    line + len, LINE_MAX_BYTES, "%s ", tails[chance(sizeof tails / sizeof *tails)]);
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
	struct skim skim = learned("d: 9.9.9.9\nsshd, e: 9.9.9.9\n");
	static struct answer answer;
	char line[8 * LINE_MAX_BYTES];
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

/* Words of a list are passed over as they are read, but for those near its end: so a short list without anything
 * behind it is judged word by word. */
static void
test_lists(void **state)
{
	static struct answer judged, passed;
	char text[8 * LINE_MAX_BYTES + PADDING];
	unsigned compared = 0;

	(void)state;
	for (unsigned i = 0; i < LINES / 4; i++) {
		const struct person *person = &persons[i % (sizeof persons / sizeof *persons)];
		struct ask_list list = {.path = "/list", .text = text, .status = LIST_OK};
		struct ask question = {.daemon = "d",
		    .addr = person->addr,
		    .name = person->name,
		    .name_is_late = person->name == NULL,
		    .lists = &list,
		    .list_count = 1};
		size_t len = (size_t)snprintf(text, sizeof text, "9.9.9.9 ");

		for (unsigned word = 0; word < 3; word++)
			len += make_word(text + len);
		if (len >= SHORT)
			continue;
		compared++;
		for (size_t at = 0; at < len; at++)
			text[at] = text[at] == ' ' ? '\n' : text[at];
		memset(text + len, '\n', PADDING);
		list.len = len;
		ask(&question, NULL, 0, "d: /list\n", 9, &judged);
		list.len = len + PADDING;
		ask(&question, NULL, 0, "d: /list\n", 9, &passed);
		if (judged.verdict != passed.verdict)
			print_error("%s %s", person->addr, text);
		assert_memory_equal(judged.readings, passed.readings, sizeof passed.readings);
		assert_int_equal(passed.names_looked_up, judged.names_looked_up);
		assert_int_equal(passed.report_count, judged.report_count);
	}
	assert_true(compared > LINES / 40);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_form),
	    cmocka_unit_test(test_not_learned),
	    cmocka_unit_test(test_others),
	    cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_long_line),
	    cmocka_unit_test(test_long_word),
	    cmocka_unit_test(test_end),
	    cmocka_unit_test(test_agrees_with_judging),
	    cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests_name("skim", tests, NULL, NULL);
}
