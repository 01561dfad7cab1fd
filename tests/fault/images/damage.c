/*
 * NAME     damage - decisions beside an image that is not whole
 * PURPOSE  damage TABLE IMAGE QUESTIONS cut STEP | flip FROM STEP | forge FROM STEP [LIST]
 *          cut: the image ends at each multiple of STEP. flip: each STEP-th bit is another one. forge: the
 *          same, and the page's check sum is made to fit. Each time the questions (DAEMON ADDRESS NAME a
 *          line) are asked about the table as a hosts.deny. LIST: it is the image of that list.
 * INVARIANTS  The answers are those of the text, whatever was cut or flipped. What is forged may say anything:
 *          it has to come to an end; and that some answers are others shows that the image is asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ask.h"
#include "base/bytes.h"
#include "image/pages.h"
#include "table/store.h"
#include "table/table.h"

enum { QUESTIONS_MAX = 16, WORD_MAX = 64, SHOWN_MAX = 10 };

static struct question {
	char daemon[WORD_MAX], addr[WORD_MAX], name[WORD_MAX];
	struct answer want;
} questions[QUESTIONS_MAX];
static size_t question_count;
static const char *table, *image, *list;
static unsigned long wrong, cases;
static bool is_forged;

static void
show(struct pass *pass, const void *unused)
{
	(void)unused;
	table_decide(pass, "/nonexistent/hosts.allow", table);
	/* As if this process had just begun. */
	store_note_read(table, NULL);
	if (list != NULL)
		store_note_read(list, NULL);
}

static void
put(const struct question *question, struct answer *ret)
{
	static const struct facts_ops lists = {.list_open = table_list_open,
	    .list_read = table_list_read,
	    .list_close = table_list_close};
	const struct ask ask_it = {.list_ops = &lists,
	    .daemon = question->daemon,
	    .addr = question->addr,
	    .name = strcmp(question->name, "-") == 0 ? NULL : question->name};

	ask_with(&ask_it, show, NULL, ret);
}

/* Is each answer that of the text? */
static void
compare(const char *what, unsigned long where)
{
	cases++;
	for (size_t i = 0; i < question_count; i++) {
		const struct question *question = &questions[i];
		struct answer got;

		put(question, &got);
		if (got.verdict == question->want.verdict &&
		    got.by.line == question->want.by.line &&
		    memcmp(got.readings, question->want.readings, sizeof got.readings) == 0)
			continue;
		if (wrong++ < SHOWN_MAX && !is_forged)
			printf("%s %lu: %s %s: line %u, not %u\n", what, where, question->daemon,
			    question->addr, got.by.line, question->want.by.line);
	}
}

static void
fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

static void
write_at(int fd, const void *bytes, size_t len, off_t at)
{
	if (pwrite(fd, bytes, len, at) != (ssize_t)len)
		fail("write");
}

static void
cut(int fd, const unsigned char *bytes, size_t size, unsigned long step)
{
	for (size_t len = 0; len < size; len += step) {
		if (ftruncate(fd, (off_t)len) != 0)
			fail("ftruncate");
		compare("cut at", len);
		write_at(fd, bytes, size, 0);
	}
}

static void
flip(int fd, const unsigned char *bytes, size_t size, unsigned long from, unsigned long step)
{
	for (size_t bit = from; bit < size * 8; bit += step) {
		unsigned char other = bytes[bit / 8] ^ (unsigned char)(1 << bit % 8);

		write_at(fd, &other, 1, (off_t)(bit / 8));
		compare("bit", bit);
		write_at(fd, &bytes[bit / 8], 1, (off_t)(bit / 8));
	}
}

static void
forge(int fd, const unsigned char *bytes, size_t size, unsigned long from, unsigned long step)
{
	is_forged = true;
	for (size_t bit = from; bit < size * 8; bit += step) {
		size_t number = bit / 8 / IMAGE_PAGE_BYTES, at = number * IMAGE_PAGE_BYTES;
		unsigned char page[IMAGE_PAGE_BYTES];

		memcpy(page, bytes + at, sizeof page);
		page[bit / 8 - at] ^= (unsigned char)(1 << bit % 8);
		bytes_put64(page + IMAGE_ROOM_BYTES, page_sum(page, (uint32_t)number));
		write_at(fd, page, sizeof page, (off_t)at);
		compare("forged bit", bit);
		write_at(fd, bytes + at, sizeof page, (off_t)at);
	}
}

/* Answers of the text, without the image. */
static void
ask_text(const char *path)
{
	FILE *file = fopen(path, "re");
	char aside[4096];
	struct question *question = questions;

	snprintf(aside, sizeof aside, "%s.aside", image);
	if (file == NULL || rename(image, aside) != 0)
		fail(path);
	while (question_count < QUESTIONS_MAX &&
	    fscanf(file, "%63s %63s %63s", question->daemon, question->addr, question->name) == 3) {
		put(question++, &questions[question_count].want);
		question_count++;
	}
	fclose(file);
	if (rename(aside, image) != 0)
		fail(aside);
}

int
main(int argc, char **argv)
{
	unsigned char *bytes = NULL;
	unsigned long from, step;
	struct stat st;
	int fd;

	if (argc < 6)
		return 2;
	table = argv[1];
	image = argv[2];
	list = argc > 7 ? argv[7] : NULL;
	ask_text(argv[3]);
	fd = open(image, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || (bytes = malloc((size_t)st.st_size)) == NULL ||
	    pread(fd, bytes, (size_t)st.st_size, 0) != st.st_size)
		fail(image);
	from = strtoul(argv[5], NULL, 10);
	step = argc > 6 ? strtoul(argv[6], NULL, 10) : 1;
	compare("whole", 0);
	if (strcmp(argv[4], "cut") == 0)
		cut(fd, bytes, (size_t)st.st_size, from);
	else if (strcmp(argv[4], "flip") == 0)
		flip(fd, bytes, (size_t)st.st_size, from, step);
	else
		forge(fd, bytes, (size_t)st.st_size, from, step);
	compare("whole again", 0);
	printf("%lu cases, %zu questions, %lu wrong\n", cases, question_count, wrong);
	free(bytes);
	close(fd);
	return wrong == 0 || is_forged ? 0 : 1;
}
