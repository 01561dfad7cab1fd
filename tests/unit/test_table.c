/* Tables on disk: freshness, torn files, generations that are kept, faults that refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>

#include "ask.h"
#include "in_folder.h"
#include "table/stamp.h"
#include "table/store.h"
#include "table/table.h"

static const struct facts_ops file_lists = {
    .list_open = table_list_open, .list_read = table_list_read, .list_close = table_list_close};

static void
show_files(struct pass *pass, const void *arg)
{
	const char *const *paths = arg;

	table_decide(pass, paths[0], paths[1]);
}

static enum verdict
decide_paths(const char *allow_path, const char *deny_path, struct answer *answer)
{
	struct ask question = {.list_ops = &file_lists, .daemon = "d", .addr = "10.1.2.3"};
	const char *paths[] = {allow_path, deny_path};

	errno = ENXIO;
	ask_with(&question, show_files, paths, answer);
	assert_int_equal(errno, ENXIO);
	return answer->verdict;
}

static enum verdict
decide(void)
{
	struct answer answer;

	return decide_paths(allow, deny, &answer);
}

/* read() calls of this process so far, the one that asks included. */
static unsigned long
reads(void)
{
	char text[512], *at;
	int fd = open("/proc/self/io", O_RDONLY);
	ssize_t len = read(fd, text, sizeof text - 1);

	close(fd);
	if (len <= 0)
		return 0;
	text[len] = '\0';
	at = strstr(text, "syscr: ");
	return at != NULL ? strtoul(at + 7, NULL, 10) : 0;
}

static void
test_faults(void **state)
{
	char fifo[128], loop[128], under[160];
	unsigned before = open_descriptors();
	struct answer answer;
	struct {
		const char *path;
		enum verdict want;
		enum diag_code code;
	} cases[] = {
	    {"/nonexistent/hosts", VERDICT_GRANT, DIAG_NONE},
	    {"/dev/null", VERDICT_GRANT, DIAG_NONE},
	    {folder, VERDICT_REFUSE, DIAG_TABLE_NOT_REGULAR},
	    {"/dev/zero", VERDICT_REFUSE, DIAG_TABLE_NOT_REGULAR},
	    {fifo, VERDICT_REFUSE, DIAG_TABLE_NOT_REGULAR},
	    {loop, VERDICT_REFUSE, DIAG_CANNOT_OPEN},
	    {under, VERDICT_REFUSE, DIAG_CANNOT_OPEN},
	};

	(void)state;
	snprintf(fifo, sizeof fifo, "%s/fifo", folder);
	snprintf(loop, sizeof loop, "%s/loop", folder);
	put(allow, "");
	age(allow);
	snprintf(under, sizeof under, "%s/x", allow);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(symlink(loop, loop), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double start = now_ms();

		assert_int_equal(decide_paths(cases[i].path, "/dev/null", &answer), cases[i].want);
		assert_int_equal(decide_paths("/dev/null", cases[i].path, &answer), cases[i].want);
		assert_int_equal(answer.report_count, cases[i].code != DIAG_NONE);
		if (answer.report_count > 0)
			assert_int_equal(answer.reports[0].code, cases[i].code);
		assert_true(now_ms() - start < 1000);
	}
	unlink(fifo);
	unlink(loop);
	assert_int_equal(open_descriptors(), before);
}

/* A sparse file of a terabyte has no end that anybody would live to see. */
static void
test_huge(void **state)
{
	struct answer answer;
	double start = now_ms();
	int fd = open(deny, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	(void)state;
	if (ftruncate(fd, (off_t)1 << 40) != 0) {
		close(fd);
		unlink(deny);
		skip();
	}
	close(fd);
	age(deny);
	assert_int_equal(decide_paths("/dev/null", deny, &answer), VERDICT_REFUSE);
	assert_int_equal(answer.reports[answer.report_count - 1].code, DIAG_LINE_OVER_LIMIT);
	assert_true(now_ms() - start < 1000);
}

/* Every way of saving takes effect at the next decision. */
static void
test_saving(void **state)
{
	char other[160];

	(void)state;
	snprintf(other, sizeof other, "%s.new", deny);
	put(allow, "");
	age(allow);
	for (int i = 0; i < 12; i++) {
		put(deny, "ALL: ALL\n");
		assert_int_equal(decide(), VERDICT_REFUSE);
		if (i % 2 != 0)
			pause_ms(120); /* now it may be kept */
		for (int n = 0; n < 3; n++)
			assert_int_equal(decide(), VERDICT_REFUSE);
		put(deny, "ALL: 9.9\n"); /* the same size */
		assert_int_equal(decide(), VERDICT_GRANT);
		put(other, "ALL: 10.1.2.3\n");
		assert_int_equal(rename(other, deny), 0);
		assert_int_equal(decide(), VERDICT_REFUSE);
		unlink(deny);
		assert_int_equal(decide(), VERDICT_GRANT);
	}
}

/* Once a settled table has been read to its end twice, nothing is read any more. */
static void
test_kept(void **state)
{
	unsigned long before, after;

	(void)state;
	put(allow, "x: ALL\n");
	put(list, "9.9.9.9\n10.1.2.4\n");
	put(deny, "y: ALL\nd: 8.8.8.8 /dev/null\n");
	pause_ms(120);
	for (int i = 0; i < 3; i++)
		assert_int_equal(decide(), VERDICT_GRANT);
	before = reads();
	for (int i = 0; i < 100; i++)
		assert_int_equal(decide(), VERDICT_GRANT);
	after = reads();
	if (after != 0)
		assert_int_equal(after - before, 1);
	age(deny); /* touched: ctime moved, so it is read again */
	before = reads();
	assert_int_equal(decide(), VERDICT_GRANT);
	if (after != 0)
		assert_true(reads() - before > 1);
}

static void
test_kept_lists(void **state)
{
	unsigned long before, after;
	char text[256];

	(void)state;
	put(allow, "");
	snprintf(text, sizeof text, "d: %s\n", list);
	put(deny, text);
	put(list, "9.9.9.9\n10.1.2.4\n");
	pause_ms(1100);
	for (int i = 0; i < 3; i++)
		assert_int_equal(decide(), VERDICT_GRANT);
	before = reads();
	for (int i = 0; i < 100; i++)
		assert_int_equal(decide(), VERDICT_GRANT);
	after = reads();
	if (after != 0)
		assert_int_equal(after - before, 1);
	put(list, "9.9.9.9\n10.1.2.3\n");
	assert_int_equal(decide(), VERDICT_REFUSE);
	unlink(list);
	assert_int_equal(decide(), VERDICT_GRANT);
}

/* A table that is cut and not yet written again: a process that knows nothing of it waits a moment,
 * and takes what there is in the end. */
static void
test_torn(void **state)
{
	struct answer answer;
	double start;
	char fresh[160];

	(void)state;
	snprintf(fresh, sizeof fresh, "%s/fresh", folder);
	put(fresh, "");
	start = now_ms();
	assert_int_equal(decide_paths("/dev/null", fresh, &answer), VERDICT_GRANT);
	unlink(fresh);
	assert_true(now_ms() - start > 20);
	assert_true(now_ms() - start < 500);
}

/* A process that has kept the old text goes by that for a second. */
static void
test_torn_known(void **state)
{
	struct answer answer;
	double start;

	(void)state;
	put(deny, "x: y\n10: 10.\nd: ALL EXCEPT 10.1.2.4\n");
	put(allow, "x: y\n");
	pause_ms(120);
	/* A decision that no rule of the table makes reads it to its end. */
	for (int i = 0; i < 3; i++) {
		struct ask stranger = {.list_ops = &file_lists, .daemon = "z", .addr = "10.1.2.3"};
		const char *paths[] = {allow, deny};

		ask_with(&stranger, show_files, paths, &answer);
		assert_int_equal(answer.verdict, VERDICT_GRANT);
	}
	put(deny, "");
	start = now_ms();
	assert_int_equal(decide_paths(allow, deny, &answer), VERDICT_REFUSE);
	assert_true(now_ms() - start < 20);
	pause_ms(1100);
	assert_int_equal(decide_paths(allow, deny, &answer), VERDICT_GRANT);
}

/* ---- saving while others decide ---- */

struct writer {
	const char *path;
	int method;
	volatile int stop;
	int longest_ms; /* that the file was cut, and not written again */
};

static void *
rewrite(void *arg)
{
	static const char *const texts[] = {"ALL: ALL\n", "#\nALL: ALL\n"};
	struct writer *writer = arg;
	char other[160];

	snprintf(other, sizeof other, "%s.new", writer->path);
	for (unsigned i = 0; !__atomic_load_n(&writer->stop, __ATOMIC_RELAXED); i++) {
		const char *text = texts[i % 2];
		const char *path = writer->method == 0 ? other : writer->path;
		double start = now_ms();
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644), took_ms;

		if (writer->method == 2)
			pause_ms(2); /* what the original was caught by */
		if (write(fd, text, strlen(text)) < 0)
			abort();
		close(fd);
		took_ms = (int)(now_ms() - start);
		if (took_ms > __atomic_load_n(&writer->longest_ms, __ATOMIC_RELAXED))
			__atomic_store_n(&writer->longest_ms, took_ms, __ATOMIC_RELAXED);
		if (writer->method == 0)
			rename(other, writer->path);
		pause_ms(i % 7);
	}
	return NULL;
}

/* A writer that pauses for longer than anybody waits cannot be told from one that is done. This one
 * does not mean to, but other tests may have the processors. */
static void
assert_paused(const struct writer *writer)
{
	pause_ms(200); /* until it is done with that write, too */
	assert_int_not_equal(writer->method, 0);
	assert_in_range(
	    __atomic_load_n(&writer->longest_ms, __ATOMIC_RELAXED), STAMP_YOUNG_MS - 10, 60000);
}

static void
test_saved_meanwhile(void **state)
{
	(void)state;
	for (int method = 0; method < 3; method++) {
		struct writer writer = {.path = deny, .method = method};
		double start;
		unsigned asked = 0;
		pthread_t thread;

		put(allow, "");
		age(allow);
		put(deny, "ALL: ALL\n");
		pause_ms(60);
		assert_int_equal(decide(), VERDICT_REFUSE);
		assert_int_equal(pthread_create(&thread, NULL, rewrite, &writer), 0);
		for (start = now_ms(); now_ms() - start < 1500; asked++) {
			if (decide() != VERDICT_REFUSE)
				assert_paused(&writer);
		}
		__atomic_store_n(&writer.stop, 1, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
		assert_true(asked > 20);
	}
}

/* As if somebody saved the table while a list is looked up. */
static enum list_status
save_meanwhile(void *ctx, const char *path, struct list_source **ret_source,
    const struct words **ret_words, int *ret_error)
{
	(void)ctx;
	(void)path;
	(void)ret_source;
	(void)ret_words;
	(void)ret_error;
	put(allow, "d: ALL: severity info\n");
	return LIST_MISSING;
}

/* A text that is no longer there runs no command. */
static void
test_commands_of_lost_text(void **state)
{
	static const struct facts_ops ops = {.list_open = save_meanwhile};
	struct ask question = {.list_ops = &ops, .daemon = "d", .addr = "10.1.2.3", .commands = ""};
	const char *paths[] = {allow, deny};
	struct answer answer;

	(void)state;
	put(deny, "ALL: ALL\n");
	put(allow, "d: /edit\nd: ALL: aclexec rm -rf /tmp/a/b\n");
	age(allow);
	ask_with(&question, show_files, paths, &answer);
	assert_int_equal(answer.verdict, VERDICT_GRANT);
	assert_int_equal(answer.commands_asked, 0);
}

/* Whoever decides by an image reads the text when that would have cost as much; a new text begins anew. */
static void
test_image_uses(void **state)
{
	const struct stamp text = {.dev = 1, .ino = 1, .size = 160000},
	                   other = {.dev = 1, .ino = 2, .size = 160000};
	const char *path = "/nonexistent/with-image";

	(void)state;
	for (unsigned i = 0; i < 99; i++)
		store_note_image(path, &text);
	assert_false(store_was_read(path, &text));
	store_note_image(path, &other);
	store_note_image(path, &text);
	assert_false(store_was_read(path, &text));
	for (unsigned i = 0; i < 98; i++)
		store_note_image(path, &text);
	assert_false(store_was_read(path, &text));
	store_note_image(path, &text);
	assert_true(store_was_read(path, &text));
	assert_false(store_was_read(path, &other));
}

static void
test_stamps(void **state)
{
	struct stamp one, two;
	int error;

	(void)state;
	put(deny, "x\n");
	assert_int_equal(stamp_path(deny, &one, &error), FILE_READY);
	assert_false(stamp_is_settled(&one));
	pause_ms(60);
	assert_true(stamp_is_settled(&one));
	put(deny, "y\n");
	assert_int_equal(stamp_path(deny, &two, &error), FILE_READY);
	assert_false(stamp_eq(&one, &two));
	two = one;
	two.mtime.tv_sec += 1000000;
	assert_true(stamp_age_ms(&two) == INT64_MAX);
	assert_true(stamp_is_settled(&two));
	two.mtime.tv_sec = two.ctime.tv_sec = time(NULL);
	two.mtime.tv_nsec = two.ctime.tv_nsec = 0;
	assert_false(stamp_is_settled(&two));
}

/* ---- texts in place of files ---- */

static void
show_texts(struct pass *pass, const void *arg)
{
	static const char *const names[] = {"the text", "the other"};

	table_decide_texts(pass, names, arg);
}

static enum verdict
decide_texts(const char *allow_text, const char *deny_text, struct answer *answer)
{
	struct ask question = {.list_ops = &file_lists, .daemon = "d", .addr = "10.1.2.3"};
	const char *const both[] = {allow_text, deny_text};
	const struct generation *texts[2];
	struct generation *parsed[2];
	enum diag_code code;

	for (unsigned t = 0; t < 2; t++) {
		texts[t] = parsed[t] = table_text(both[t], strlen(both[t]), &code);
		assert_non_null(parsed[t]);
	}
	errno = ENXIO;
	ask_with(&question, show_texts, texts, answer);
	assert_int_equal(errno, ENXIO);
	for (unsigned t = 0; t < 2; t++)
		generation_release(parsed[t]);
	return answer->verdict;
}

/* A text is taken as the file that has it. */
static void
test_texts(void **state)
{
	static const struct {
		const char *allow, *deny;
		enum verdict want;
		unsigned line;
	} cases[] = {
	    {"", "", VERDICT_GRANT, 0},
	    {"d: 10.1.2.3\n", "ALL: ALL\n", VERDICT_GRANT, 1},
	    {"d: \\\n10.1.2.3\n", "ALL: ALL\n", VERDICT_GRANT, 2},
	    {"x: ALL\n\n# \nd: 10.1.2.3: deny\n", "", VERDICT_REFUSE, 4},
	    {"d: ALL", "ALL: ALL\n", VERDICT_REFUSE, 1}, /* no newline */
	    {"d: ALL", "", VERDICT_GRANT, 0},
	    {"", "ALL: ALL", VERDICT_REFUSE, 0},
	    {"#!tcpwrap modern\nd: ALL", "ALL: ALL\n", VERDICT_GRANT, 2},
	    {"#!tcpwrap modern\nd: 10.9.9.9/8\n", "ALL: ALL\n", VERDICT_GRANT, 2},
	    {"d: 10.9.9.9/8\n", "ALL: ALL\n", VERDICT_REFUSE, 1},
	    {"", "d: /nonexistent/list 10.\n", VERDICT_REFUSE, 1},
	};
	struct answer by_text, by_file;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		put(allow, cases[i].allow);
		put(deny, cases[i].deny);
		age(allow);
		age(deny);
		assert_int_equal(
		    decide_texts(cases[i].allow, cases[i].deny, &by_text), cases[i].want);
		assert_int_equal(decide_paths(allow, deny, &by_file), cases[i].want);
		assert_int_equal(by_text.by.by, by_file.by.by);
		assert_int_equal(by_text.by.line, by_file.by.line);
		assert_int_equal(by_text.by.line, cases[i].line);
		assert_int_equal(by_text.report_count, by_file.report_count);
	}
}

static void
test_long_text(void **state)
{
	size_t len = LINES_MAX + 1;
	char *text = malloc(len);
	enum diag_code code = DIAG_NONE;
	struct generation *parsed;

	(void)state;
	memset(text, 'x', len);
	memcpy(text, "d:", 2);
	assert_null(table_text(text, len, &code));
	assert_int_equal(code, DIAG_LINE_OVER_LIMIT);
	text[LINES_MAX - 1] = '\n';
	parsed = table_text(text, LINES_MAX, &code);
	assert_non_null(parsed);
	generation_release(parsed);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_huge),
	    cmocka_unit_test(test_saving),
	    cmocka_unit_test(test_kept),
	    cmocka_unit_test(test_kept_lists),
	    cmocka_unit_test(test_torn),
	    cmocka_unit_test(test_torn_known),
	    cmocka_unit_test(test_saved_meanwhile),
	    cmocka_unit_test(test_commands_of_lost_text),
	    cmocka_unit_test(test_stamps),
	    cmocka_unit_test(test_image_uses),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_long_text),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
