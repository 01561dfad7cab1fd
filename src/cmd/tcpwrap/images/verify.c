/*
 * NAME     verify - tcpwrap verify
 * PURPOSE  Proves an image: page by page, row by row, and address by address beside what its table says.
 * INVARIANTS  "Proved" is said only if nothing was left out.
 * SEE      tcpwrap-verify(1), image/proof.h, image/scrub.h
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cmd/tcpwrap/command.h"
#include "cmd/tcpwrap/images/images.h"
#include "cmd/tcpwrap/show.h"
#include "image/image.h"
#include "image/proof.h"
#include "image/scrub.h"
#include "policy/filelist.h"
#include "tool/end.h"

enum { EXIT_PROVED, EXIT_DIFFERS, JSON_VERSION = 1, DETAIL_MAX = 256 };

static const struct flag table[] = {
#define FLAG(letter, name, argument, member, help)                                                 \
	{letter, name, argument, offsetof(struct images, member), help},
#include "cmd/tcpwrap/images/verify.def"
#undef FLAG
};

static const struct flags flags = {
    .program = "tcpwrap verify",
    .usage = "[option ...] [FILE ...]",
    .hints = "tcpwrap verify --help says more\n",
    .about =
        "Prove that the image of a table shows each client's address the rules that concern\n"
        "it, and no others: another way than that by which images are made and read, at every\n"
        "address where that changes. Without a FILE: /etc/hosts.allow and /etc/hosts.deny.\n",
    .statuses = "Exit status: 0 each image is proved, or none is due; 1 one is damaged or says\n"
                "something else than its table; 2 one is missing or of an earlier text, something\n"
                "cannot be read, bad usage.\n",
    .flags = table,
    .count = sizeof table / sizeof *table,
    .usage_status = EXIT_TROUBLE,
};

/* What came of it, and as which it is told. */
enum judgement { PROVED, NOT_DUE, DIFFERS, DAMAGED, MISSING, STALE, UNTRUSTED, UNREADABLE };

static const struct {
	const char *name, *remedy;
	int status;
} verdicts[] = {
    [PROVED] = {"proved", "", EXIT_PROVED},
    [NOT_DUE] = {"not-due", "", EXIT_PROVED},
    [DIFFERS] = {"differs", "remove the image, and report this: it is a mistake in tcpwrap",
        EXIT_DIFFERS},
    [DAMAGED] = {"damaged", "run tcpwrap compile; until then the table is read as text",
        EXIT_DIFFERS},
    [MISSING] = {"missing", "run tcpwrap compile; until then the table is read as text",
        EXIT_TROUBLE},
    [STALE] = {"stale", "run tcpwrap compile; until then the table is read as text", EXIT_TROUBLE},
    [UNTRUSTED] = {"untrusted", "run tcpwrap compile; until then the table is read as text",
        EXIT_DIFFERS},
    [UNREADABLE] = {"unreadable", "", EXIT_TROUBLE},
};

struct verifying {
	struct images *images;
	const char *table;
	bool is_list, is_named; /* as in struct images_file */
	struct bar bar;
	struct progress progress;
	struct whole whole;
	struct image *image;
	unsigned char *pages; /* of the image */
	struct owed *owed;
	struct proof *proof;
	uint32_t item;
	uint64_t error_at; /* as image_facts */
	size_t rules;
	enum judgement verdict;
	struct table_fault fault;
	char detail[DETAIL_MAX];
};

/* False, with a verdict. A number of 0 is left out. */
static bool
find(struct verifying *verifying, enum judgement verdict, const char *detail, unsigned long number)
{
	verifying->verdict = verdict;
	snprintf(verifying->detail, sizeof verifying->detail, "%s%.0lu", detail, number);
	return false;
}

static bool
no_memory(struct verifying *verifying)
{
	verifying->verdict = UNREADABLE;
	return table_fault(&verifying->fault, TABLE_CANNOT_MEMORY, 0);
}

/* ---- the table ---- */

static void
take_place(struct verifying *verifying, const struct line *line)
{
	if (line->begin != NULL)
		verifying->item = (uint32_t)(line->begin - verifying->whole.bytes);
	if (line->fault == LINE_INCOMPLETE)
		verifying->error_at = verifying->item;
}

static bool
owe_rules(void *ctx, const struct line *line, const struct rule *rules, unsigned count,
    struct lines *behind)
{
	struct verifying *verifying = ctx;
	bool is_added = true;

	(void)behind; /* each is looked at for itself */
	take_place(verifying, line);
	verifying->rules += count;
	for (unsigned i = 0; i < count && is_added; i++)
		is_added = owed_add(verifying->owed, verifying->item, &rules[i]);
	return is_added;
}

static bool
blame_rules(void *ctx, const struct line *line, const struct rule *rules, unsigned count,
    struct lines *behind)
{
	struct verifying *verifying = ctx;

	(void)behind; /* each is looked at for itself */
	take_place(verifying, line);
	for (unsigned i = 0; i < count; i++)
		proof_blame(verifying->proof, verifying->item, line->number, &rules[i]);
	return true;
}

/* Hand over each test of a list. False from take: out of memory. */
static bool
take_words(struct verifying *verifying,
    bool (*take)(struct verifying *, uint32_t item, unsigned line, const struct test *))
{
	const struct whole *whole = &verifying->whole;
	struct word_reader reader = {.bytes = NULL};
	struct pattern pattern;
	struct word word;
	unsigned line = 1;
	size_t at = 0;

	words_feed(&reader, whole->bytes, whole->size, true);
	while (words_next(&reader, &word) == WORDS_WORD) {
		for (; at < reader.chunk; at++)
			line += whole->bytes[at] == '\n';
		pattern_read(&pattern, ROLE_FILE, word.ways, word.text, word.len);
		for (unsigned i = 0; i < pattern.count; i++)
			if (!take(verifying, words_item(&reader), line, &pattern.tests[i]))
				return table_fault(&verifying->fault, TABLE_CANNOT_MEMORY, 0);
		verifying->rules++;
	}
	return true;
}

static bool
owe_test(struct verifying *verifying, uint32_t item, unsigned line, const struct test *test)
{
	(void)line;
	return owed_add_test(verifying->owed, item, test);
}

static bool
blame_test(struct verifying *verifying, uint32_t item, unsigned line, const struct test *test)
{
	proof_blame_test(verifying->proof, item, line, test);
	return true;
}

static bool
read_table(struct verifying *verifying)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		return no_memory(verifying);
	verifying->owed = owed_new(seed);
	if (verifying->owed == NULL)
		return no_memory(verifying);
	verifying->error_at = UINT64_MAX;
	verifying->verdict = UNREADABLE;
	if (verifying->is_list)
		return take_words(verifying, owe_test);
	return whole_lines(
	    &verifying->whole, &verifying->progress, verifying, owe_rules, &verifying->fault);
}

/* ---- the image, by itself and beside the text ---- */

static bool
check_pages(struct verifying *verifying)
{
	struct image *image = verifying->image;
	uint32_t page;
	size_t row;

	switch (scrub_load(image, &verifying->pages, &page)) {
	case SCRUB_SOUND:
		break;
	case SCRUB_DAMAGED:
		return find(verifying, DAMAGED, "a check sum does not hold, in page ", page + 1UL);
	case SCRUB_NO_MEMORY:
		return no_memory(verifying);
	}
	for (unsigned key = 0; key < INDEX_KEYS; key++)
		if (!scrub_rows(image, (enum index_key)key, &row))
			return find(verifying, DAMAGED, "rows are out of order, at row ",
			    image->failed ? 0 : (unsigned long)row + 1);
	return true;
}

static bool
check_newlines(struct verifying *verifying)
{
	const struct whole *whole = &verifying->whole;
	uint32_t count = 0;

	if (verifying->is_list)
		return true;
	for (size_t at = 0; at < whole->size; at++) {
		if (at % IMAGE_PIECE_BYTES == 0 && image_newlines(verifying->image, at) != count)
			return find(verifying, DIFFERS, "lines are counted wrong, before line ",
			    count + 1UL);
		count += whole->bytes[at] == '\n';
	}
	return true;
}

static bool
check_facts(struct verifying *verifying)
{
	const struct image_facts *facts = &verifying->image->facts;

	if (facts->mode != verifying->whole.mode)
		return find(verifying, DIFFERS, "it is read in another way", 0);
	if (facts->error_at != verifying->error_at)
		return find(verifying, DIFFERS, "the classic reading ends in another place", 0);
	return true;
}

static void
show_step(void *ctx, size_t done, size_t all)
{
	bar_step(ctx, "proving", done, all);
}

/* The first difference, as the one to look at. */
static bool
tell_difference(struct verifying *verifying)
{
	const struct proof *proof = verifying->proof;
	const struct proof_difference *first = &proof->differences[0];
	const struct owed_daemon *daemon = &verifying->owed->daemons[first->class];
	char address[ADDR_TEXT_MAX];

	verifying->verdict = DIFFERS;
	if (proof->difference_count == 0)
		return find(verifying, DIFFERS, "it has other rows than the table makes", 0);
	proof_address(first, address);
	verifying->fault.line = first->line;
	snprintf(verifying->detail, sizeof verifying->detail,
	    "%s, asking for %.*s, is owed %lu rules and shown %lu; %zu places like that", address,
	    first->class == 0 ? 16 : (int)(daemon->len < 64 ? daemon->len : 64),
	    first->class == 0 ? "any other daemon" : daemon->name, (unsigned long)first->owed,
	    (unsigned long)first->shown, proof->difference_count);
	return false;
}

static bool
prove(struct verifying *verifying)
{
	struct proof *proof = calloc(1, sizeof *proof);

	if (proof == NULL)
		return no_memory(verifying);
	verifying->proof = proof;
	proof->owed = verifying->owed;
	proof->index = &verifying->image->index;
	proof->step = show_step;
	proof->ctx = &verifying->bar;
	switch (proof_run(proof)) {
	case PROOF_HOLDS:
		verifying->verdict = PROVED;
		return true;
	case PROOF_NO_MEMORY:
		return no_memory(verifying);
	case PROOF_DAMAGED:
		return find(verifying, DAMAGED, "a search in it comes to no end", 0);
	case PROOF_DIFFERS:
		break;
	}
	if (verifying->is_list)
		take_words(verifying, blame_test);
	else
		whole_lines(&verifying->whole, &verifying->progress, verifying, blame_rules,
		    &verifying->fault);
	return tell_difference(verifying);
}

/* ---- a table and its image ---- */

static bool
open_image(struct verifying *verifying, int *ret_fd)
{
	const struct image_owner owner = {
	    verifying->images->folder, verifying->table, verifying->is_list};
	const struct whole *whole = &verifying->whole;

	verifying->image = malloc(sizeof *verifying->image);
	if (verifying->image == NULL)
		return no_memory(verifying);
	switch (image_file_open(&owner, &whole->stamp, verifying->image, ret_fd)) {
	case IMAGE_FILE_READY:
		return true;
	case IMAGE_FILE_NONE:
		return find(verifying, MISSING, "there is no image", 0);
	case IMAGE_FILE_STALE:
		return find(verifying, STALE, "the table was changed since its image was made", 0);
	case IMAGE_FILE_BAD:
		break;
	}
	return find(verifying, UNTRUSTED,
	    "the image is not root's alone, is damaged, or of another version", 0);
}

static void
verify(struct verifying *verifying)
{
	const struct named named = images_named(verifying->images);
	struct whole *whole = &verifying->whole;
	size_t count;
	int fd;

	verifying->verdict = UNREADABLE;
	if (!whole_open(whole, verifying->table, &verifying->fault) ||
	    (whole->fd >= 0 &&
	        (!whole_read(whole, &verifying->progress, &verifying->fault) ||
	            !named_tell(&named, whole, verifying->is_list, &count, &verifying->fault))))
		return;
	if (whole->fd < 0 || whole->size < IMAGE_FILE_FROM_BYTES) {
		verifying->verdict = NOT_DUE;
		return;
	}
	if (!open_image(verifying, &fd))
		return;
	if (read_table(verifying) && check_pages(verifying) && check_facts(verifying) &&
	    check_newlines(verifying))
		prove(verifying);
	close(fd);
}

static void
release(struct verifying *verifying)
{
	whole_release(&verifying->whole);
	owed_free(verifying->owed);
	free(verifying->proof);
	free(verifying->image);
	free(verifying->pages);
}

/* ---- telling ---- */

static void
complain(const struct verifying *verifying)
{
	const char *name = verifying->images->command;

	if (verifying->fault.problem != TABLE_FINE) {
		images_complain(verifying->images->command, verifying->table, &verifying->fault);
		return;
	}
	fprintf(stderr, "%s: ", name);
	images_print_path(stderr, verifying->table);
	if (verifying->fault.line > 0)
		fprintf(stderr, ":%u", verifying->fault.line);
	fputs(": error: ", stderr);
	images_print_path(stderr, verifying->detail);
	fprintf(stderr, "\n\tremedy: %s\n", verdicts[verifying->verdict].remedy);
}

static void
show(const struct verifying *verifying)
{
	const struct proof *proof = verifying->proof;

	if (verifying->verdict != PROVED && verifying->verdict != NOT_DUE)
		complain(verifying);
	else if (!verifying->images->is_quiet &&
	    !(verifying->verdict == NOT_DUE && verifying->is_named)) {
		images_print_path(stdout, verifying->table);
		if (verifying->verdict == NOT_DUE)
			puts(": it needs no image");
		else
			printf(": proved: %zu %s, %zu networks, %zu questions%s\n",
			    verifying->rules, verifying->is_list ? "words" : "rules",
			    proof->networks, proof->walks,
			    proof->of_all_daemons
			        ? ""
			        : "; each daemon at the networks of its own rules");
	}
}

static void
show_json(const struct verifying *verifying, bool is_first)
{
	const struct proof *proof = verifying->proof;

	printf("%s\n{\"verdict\":\"%s\",\"list\":%s", is_first ? "" : ",",
	    verdicts[verifying->verdict].name, verifying->is_list ? "true" : "false");
	json_text("file", verifying->table);
	json_text("detail", verifying->detail);
	printf(",\"line\":%u,\"rules\":%zu,\"networks\":%zu,\"questions\":%zu,\"all_daemons\":%s",
	    verifying->fault.line, verifying->rules, proof != NULL ? proof->networks : 0,
	    proof != NULL ? proof->walks : 0,
	    proof != NULL && proof->of_all_daemons ? "true" : "false");
	images_print_fault(&verifying->fault);
	putchar('}');
}

/* ---- the command ---- */

/* The worst that was found: what differs is worse than what could not be looked at. */
static int
worse(int a, int b)
{
	if (a == EXIT_DIFFERS || b == EXIT_DIFFERS)
		return EXIT_DIFFERS;
	return a > b ? a : b;
}

static int
verify_all(struct images *images)
{
	int status = EXIT_PROVED;

	if (images->is_json)
		printf("{\"version\":%d,\"tables\":[", JSON_VERSION);
	/* There may be more of them behind each. */
	for (size_t i = 0; i < images->count; i++) {
		struct verifying verifying = {.images = images,
		    .table = images->files[i].path,
		    .is_list = images->files[i].is_list,
		    .is_named = images->files[i].is_named,
		    .whole = {.fd = -1}};

		bar_begin(&verifying.bar, images->is_quiet, verifying.table);
		verifying.progress = (struct progress){&verifying.bar, bar_step};
		verify(&verifying);
		bar_end(&verifying.bar);
		if (images->is_json)
			show_json(&verifying, i == 0);
		else
			show(&verifying);
		status = worse(status, verdicts[verifying.verdict].status);
		release(&verifying);
	}
	if (images->is_json)
		puts("\n]}");
	return status;
}

int
command_verify(int argc, char **argv)
{
	struct images images;
	int status;

	if (!images_parse(&images, &flags, argc, argv))
		return EXIT_TROUBLE;
	status = verify_all(&images);
	images_release(&images);
	return end_status(flags.program, status, EXIT_TROUBLE);
}
