/*
 * NAME     word - the words of a list, compared
 * PURPOSE  What a word is tested for the classic and the plain way, in tests as the engine makes
 *          them; and the files and netgroups that words name.
 * INVARIANTS  Two readings of a word are the same only if their tests are, or both match nobody.
 *          Passed over are differences that need a host whose name in the DNS is "unknown" or
 *          "paranoid", or ends in two dots: any word about names would have to be told.
 * LIMITS   MATCH_LISTS_DEEP and MATCH_LISTS_ALL, as for a decision.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cmd/tables/check.h"
#include "policy/filelist.h"
#include "policy/lexer.h"
#include "policy/match.h"
#include "table/stamp.h"

enum { DESCRIPTION_MAX = 256, MESSAGE_MAX = 1024, GROUP_MAX = 1024 };

/* Lists that were looked at already, by any rule of either table. */
struct checked_lists {
	unsigned depth, count;
	struct checked_list {
		char *path;
		enum lines_mode mode; /* of the table that named it */
		bool open; /* being looked at: who names it now closes a circle */
	} seen[MATCH_LISTS_ALL];
};

static void check_file(struct check *, const struct test *);

/* ---- saying what a word is tested for ---- */

static const char *const meanings[TEST_KINDS] = {
    [TEST_VOID] = "nobody",
    [TEST_EXCEPT] = "EXCEPT",
    [TEST_ALL] = "all",
    [TEST_KNOWN] = "known ones",
    [TEST_GLOB] = "texts like it",
    [TEST_SUFFIX] = "texts that end so",
    [TEST_PREFIX] = "texts that begin so",
    [TEST_EXACT] = "that very text",
    [TEST_ADDR4] = "that address",
    [TEST_NET4] = "the network ",
    [TEST_NET6] = "the network ",
    [TEST_NETGROUP] = "the netgroup",
    [TEST_LIST] = "the list",
    [TEST_HOST_KNOWN] = "known hosts",
    [TEST_LOCAL] = "local hosts",
    [TEST_NAME_UNKNOWN] = "hosts without name or address",
    [TEST_NAME_PARANOID] = "hosts with a doubtful name",
    [TEST_PORT] = "the server's port",
};

static void
add_meaning(struct buf *buf, const struct test *test)
{
	char text[INET6_ADDRSTRLEN];
	struct in_addr part;

	buf_add_str(buf, meanings[test->kind]);
	if (test->kind == TEST_NET4) {
		part.s_addr = htonl(test->v4.net);
		buf_add_str(buf, inet_ntop(AF_INET, &part, text, sizeof text));
		part.s_addr = htonl(test->v4.mask);
		buf_add_str(buf, "/");
		buf_add_str(buf, inet_ntop(AF_INET, &part, text, sizeof text));
	} else if (test->kind == TEST_NET6) {
		buf_add_str(buf, inet_ntop(AF_INET6, test->v6->addr.bytes, text, sizeof text));
		buf_add_str(buf, "/");
		buf_add_number(buf, test->v6->len_bits);
	} else if (test->kind == TEST_PORT) {
		buf_add_str(buf, " ");
		buf_add_number(buf, test->port);
	} else if (test->subject == SUBJECT_HOST && test->flags & TEST_NAME) {
		buf_add_str(buf, ", in an address or a name");
	}
	if (test->flags & TEST_AND) {
		buf_add_str(buf, " and ");
		add_meaning(buf, test + 1);
	}
}

/* ---- comparing ---- */

static unsigned
count_classic(const struct pattern *pattern)
{
	unsigned count = 0;

	while (count < pattern->count && pattern->tests[count].ways == WAY_CLASSIC)
		count++;
	return count;
}

static bool
is_state(const struct test *classic, const struct test *plain)
{
	return classic->kind == TEST_EXACT && !(classic->flags & TEST_AND) &&
	    (plain->kind == TEST_NAME_UNKNOWN || plain->kind == TEST_NAME_PARANOID);
}

/* Digits and dots that are no address, and not looked for in names, are no client's address. */
static bool
is_nobody(const struct test *test)
{
	return test->kind == TEST_VOID ||
	    (test->kind == TEST_EXACT && test->subject == SUBJECT_HOST &&
	        !(test->flags & TEST_NAME));
}

/* Does a test, or one that must match too, match nobody? */
static bool
is_void(const struct test *test)
{
	return is_nobody(test) || (test->flags & TEST_AND && is_nobody(test + 1));
}

static void
compare(struct check *check, const struct pattern *pattern, const char *word)
{
	unsigned second = count_classic(pattern);
	const struct test *classic = &pattern->tests[0], *plain = &pattern->tests[second];
	char storage[MESSAGE_MAX];
	struct buf buf;

	if (second == 0 || second == pattern->count || is_state(classic, plain) ||
	    (is_void(classic) && is_void(plain)))
		return;
	buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
	buf_add_str(&buf, "the readings differ; classic: ");
	add_meaning(&buf, classic);
	buf_add_str(&buf, "; plain: ");
	add_meaning(&buf, plain);
	finding(check, STOP, word, buf.bytes, diag_remedy(DIAG_READINGS_DIFFER));
	buf_release(&buf);
}

/* ---- tests that are the same, but of different facts ---- */

/* The classic way spells the lack of a name as a text, which a pattern may match. Every address has
 * two characters at least, and then matches "*" before a name is looked at. */
static bool
matches_nameless(const struct test *test)
{
	static const char *const states[] = {"unknown", "paranoid"};
	size_t wild = 0;

	while (wild < test->len && (test->text[wild] == '*' || test->text[wild] == '?'))
		wild++;
	if (wild == test->len && wild <= 3 && memchr(test->text, '*', wild) != NULL)
		return false;
	return str_glob(test->text, test->len, states[0], strlen(states[0])) ||
	    str_glob(test->text, test->len, states[1], strlen(states[1]));
}

/* It asks netgroups about that text, too; that counts if the group has an entry for any host. */
static bool
has_nameless(const struct test *test)
{
	char group[GROUP_MAX];

	if (test->len >= sizeof group)
		return false;
	memcpy(group, test->text, test->len);
	group[test->len] = '\0';
	return innetgr(group, "unknown", NULL, NULL) || innetgr(group, "paranoid", NULL, NULL);
}

static void
check_facts(struct check *check, const struct test *test)
{
	bool matches = false;

	if (check->mode != LINES_TWO_WAYS)
		return;
	if (test->kind == TEST_GLOB)
		matches = (test->flags & TEST_NAME) != 0 && matches_nameless(test);
	else if (test->kind == TEST_NETGROUP)
		matches = has_nameless(test);
	if (matches)
		finding(check, STOP, test->text,
		    "the readings differ; classic: hosts without a name, too; plain: not those",
		    diag_remedy(DIAG_READINGS_DIFFER));
	if (test->kind == TEST_NET6 && test->v6->scope_len > 0)
		finding(check, STOP, test->text,
		    "the readings differ; classic: on any interface; plain: on that interface",
		    diag_remedy(DIAG_READINGS_DIFFER));
}

static void
check_test(struct check *check, const struct test *test)
{
	if (test->kind == TEST_VOID && test->ways & WAY_PLAIN && test->diag != DIAG_NONE)
		finding_code(
		    check, NOTE, test->text, (enum diag_code)test->diag, test->text, test->len);
	else if (test->kind == TEST_LIST && test->subject == SUBJECT_HOST)
		check_file(check, test);
	else if (test->subject == SUBJECT_HOST)
		check_facts(check, test);
}

static void
check_pattern(struct check *check, const struct pattern *pattern, const char *word)
{
	unsigned second = count_classic(pattern), first = second < pattern->count ? second : 0;

	if (check->mode == LINES_TWO_WAYS)
		compare(check, pattern, word);
	/* What one way alone sees has been told as a difference. */
	for (unsigned i = first; i < pattern->count; i++)
		check_test(check, &pattern->tests[i]);
}

void
word_check_list(struct check *check, const struct list *list)
{
	struct list_cursor cursor;

	list_cursor_init(&cursor, list);
	while (list_next_of_text(&cursor, false) != NULL) {
		const char *word = list->text + cursor.at;

		while (word > list->text && !lexer_is_separator(word[-1]))
			word--;
		check_pattern(check, &cursor.pattern, word);
		cursor.next = cursor.pattern.count;
	}
}

/* ---- files named by words ---- */

void
word_lists_release(struct check *check)
{
	for (unsigned i = 0; check->lists != NULL && i < check->lists->count; i++)
		free(check->lists->seen[i].path);
	free(check->lists);
	check->lists = NULL;
}

static const struct checked_list *
find_checked(const struct check *check, const char *path)
{
	const struct checked_lists *lists = check->lists;

	for (unsigned i = 0; i < lists->count; i++) {
		if (lists->seen[i].mode == check->mode && strcmp(lists->seen[i].path, path) == 0)
			return &lists->seen[i];
	}
	return NULL;
}

static unsigned
count_lines(const char *from, const char *to)
{
	unsigned count = 0;

	while (from < to)
		count += *from++ == '\n';
	return count;
}

/* A word that one way alone has: told once a line, since one comment is many of them. */
static void
tell_divided(struct check *check, const struct word *word, unsigned *told_line)
{
	if (*told_line == check->line)
		return;
	*told_line = check->line;
	finding(check, STOP, NULL,
	    word->ways == WAY_CLASSIC ? "the readings differ; classic: a word; plain: none"
	                              : "the readings differ; classic: no word; plain: a word",
	    "divide the words of a list by blanks or line ends, and take comments out");
}

/* The words of a list's bytes. */
static void
check_words(struct check *check, const char *bytes, size_t len)
{
	struct word_reader reader = {.bytes = NULL};
	bool two_ways = check->mode == LINES_TWO_WAYS;
	ways want = two_ways ? WAY_BOTH : check->mode == LINES_CLASSIC ? WAY_CLASSIC : WAY_PLAIN;
	const char *counted = bytes;
	enum words_status status;
	struct pattern pattern;
	struct word word;
	unsigned told_line = 0;

	check->line = 1;
	words_feed(&reader, bytes, len, true);
	while ((status = words_next(&reader, &word)) == WORDS_WORD) {
		if ((word.ways & want) == 0)
			continue;
		check->line += count_lines(counted, word.text);
		counted = word.text;
		check->text = word.text;
		check->len = word.len;
		if (two_ways && word.ways != WAY_BOTH) {
			tell_divided(check, &word, &told_line);
			continue;
		}
		pattern_read(&pattern, ROLE_FILE, want, word.text, word.len);
		check_pattern(check, &pattern, word.text);
	}
	if (status != WORDS_END)
		finding_code(check, STOP, NULL, DIAG_LIST_LONG_WORD, "", 0);
}

/* Look at a list as a file of its own, then go on with the line that named it. */
static void
check_readable(struct check *check, const char *path)
{
	struct check line = *check;
	int state, error;
	size_t len;
	char *bytes = text_read(path, &len, &state, &error);

	if (bytes == NULL && state == FILE_ABSENT)
		finding_file(check, DIAG_LIST_ABSENT, path, error);
	else if (bytes == NULL)
		finding_file(
		    check, error != 0 ? DIAG_LIST_UNREADABLE : DIAG_LIST_NOT_REGULAR, path, error);
	check->file = path;
	check->lists->depth++;
	if (bytes != NULL)
		check_words(check, bytes, len);
	check->lists->depth--;
	free(bytes);
	memcpy(line.counts, check->counts, sizeof line.counts);
	*check = line;
}

static void
check_new(struct check *check, char *path)
{
	struct checked_lists *lists = check->lists;
	struct checked_list *list;

	if (lists->count == MATCH_LISTS_ALL || lists->depth == MATCH_LISTS_DEEP) {
		finding_code(check, STOP, NULL, DIAG_LIST_TOO_DEEP, path, strlen(path));
		free(path);
		return;
	}
	list = &lists->seen[lists->count++];
	*list = (struct checked_list){.path = path, .mode = check->mode, .open = true};
	check_readable(check, path);
	list->open = false;
}

static void
check_file(struct check *check, const struct test *test)
{
	const struct checked_list *seen;
	char *path = strndup(test->text, test->len);

	if (check->lists == NULL)
		check->lists = calloc(1, sizeof *check->lists);
	if (path == NULL || check->lists == NULL) {
		finding_code(check, STOP, NULL, DIAG_NO_MEMORY, "", 0);
		free(path);
		return;
	}
	seen = find_checked(check, path);
	if (seen == NULL) {
		check_new(check, path);
		return;
	}
	if (seen->open)
		finding_code(check, STOP, NULL, DIAG_LIST_TOO_DEEP, path, strlen(path));
	free(path);
}
