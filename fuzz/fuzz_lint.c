/*
 * Fuzz target: two tables and a list, cut from the input at lines of "--".
 *
 * Beside crashes it checks that places lie in the text, that a mended line is rid of its finding, and
 * that nothing is kept silent: if no finding differs from Debian's library, no ordinary client may
 * get another verdict than by the classic reading alone. A mended line that is called safe lets nobody in, in
 * either reading.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ask.h"
#include "base/str.h"
#include "lint/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
	enum table table;
	const char *bytes;
	size_t len;
};

/* What is heard of one table: the finding to be mended, and whether there is another in its place. */
struct heard {
	struct text text;
	bool differs;
	enum lint_id id; /* LINT_IDS: the first that has a mended line */
	unsigned line, first_line;
	size_t column;
	bool is_again; /* it is heard once more */
	bool wants_safe; /* the first that is called safe, instead */
	char *mended;
	size_t mended_len;
};

static void
check_texts(const struct finding *finding)
{
	const char *texts[] = {
	    finding->message, finding->debian, finding->plain, finding->effect, finding->remedy};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		for (const char *c = texts[i]; *c != '\0'; c++) {
			if (*c < 0x20 || *c > 0x7e)
				abort();
		}
	}
}

static void
hear(void *ctx, const struct finding *finding)
{
	struct heard *heard = ctx;

	if (finding->first_line > finding->line ||
	    (finding->column > finding->len + 1 && finding->len < LINT_LINE_MAX) ||
	    (finding->text == NULL && finding->column > 0))
		abort();
	check_texts(finding);
	heard->differs = heard->differs || finding->differs;
	if (heard->id == finding->id && heard->first_line == finding->first_line &&
	    heard->column == finding->column)
		heard->is_again = true;
	if (finding->is_safe && finding->mended == NULL)
		abort();
	if (heard->id == LINT_IDS && finding->mended != NULL &&
	    (!heard->wants_safe || finding->is_safe)) {
		heard->id = finding->id;
		heard->column = finding->column;
		heard->line = finding->line;
		heard->first_line = finding->first_line;
		heard->mended = malloc(finding->mended_len + 1);
		if (heard->mended == NULL)
			abort();
		memcpy(heard->mended, finding->mended, finding->mended_len);
		heard->mended_len = finding->mended_len;
	}
}

static void
look(struct heard *heard, const struct text *text)
{
	struct lint lint = {.ctx = heard, .take = hear, .is_text_only = true};

	heard->text = *text;
	if (lint_text(&lint, text->table, "T", text->bytes, text->len) != LINT_DONE)
		abort();
	lint_release(&lint);
}

/* Behind so many newlines. */
static size_t
line_start(const struct text *text, unsigned newlines)
{
	size_t at = 0;

	while (newlines > 0 && at < text->len)
		newlines -= text->bytes[at++] == '\n';
	return at;
}

/* The text with the mended line in its place, to be freed; an empty one is taken out. */
static struct text
mend(const struct heard *heard)
{
	const struct text *text = &heard->text;
	size_t from = line_start(text, heard->first_line - 1), to = line_start(text, heard->line);
	char *bytes = malloc(text->len + heard->mended_len + 1);
	struct text mended = {text->table, bytes, from};

	if (bytes == NULL)
		abort();
	memcpy(bytes, text->bytes, from);
	memcpy(bytes + mended.len, heard->mended, heard->mended_len);
	mended.len += heard->mended_len;
	if (heard->mended_len > 0)
		bytes[mended.len++] = '\n';
	memcpy(bytes + mended.len, text->bytes + to, text->len - to);
	mended.len += text->len - to;
	return mended;
}

/* Then there is no such finding there. */
static void
check_mended(const struct heard *heard)
{
	struct heard again = {
	    .id = heard->id, .first_line = heard->first_line, .column = heard->column};
	struct text mended = mend(heard);

	look(&again, &mended);
	if (again.is_again && heard->mended_len > 0)
		abort();
	free((char *)(uintptr_t)mended.bytes);
}

/* Clients as a socket and a name service make them. */
static void
check_silence(const struct text texts[2])
{
	static const char *const daemons[] = {"d", "sshd"};
	static const char *const clients[][2] = {{"10.1.2.3", NULL}, {"1.2.3.4", "h.example.org"},
	    {"::1", "localhost"}, {"fe80::1", "paranoid"}, {"255.255.255.255", "a"}};

	for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
		struct ask question = {.daemon = daemons[i % 2],
		    .addr = clients[i][0],
		    .name = clients[i][1],
		    .server_port = 22};
		struct answer answer;

		ask(&question, texts[0].bytes, texts[0].len, texts[1].bytes, texts[1].len, &answer);
		if (answer.verdict != answer.readings[READING_CLASSIC])
			abort();
	}
}

/* ---- mends that are called safe ---- */

enum { WORDS_MAX = 12, WORD_MAX = 64 };

/* Words of the text, as clients: those whom its rules are about. */
struct words {
	char text[WORDS_MAX][WORD_MAX + 1];
	size_t count;
};

static void
find_words(struct words *words, const struct text *text)
{
	static const char stops[] = " \t\r\n,:/#@[]";
	size_t at = 0;

	words->count = 0;
	while (at < text->len && words->count < WORDS_MAX) {
		size_t len = 0;
		char *word = words->text[words->count];

		while (at + len < text->len && len < WORD_MAX && text->bytes[at + len] != '\0' &&
		    strchr(stops, text->bytes[at + len]) == NULL)
			len++;
		memcpy(word, text->bytes + at, len);
		word[len] = '\0';
		words->count += len > 0;
		at += len + 1;
	}
}

/* For a client and a daemon, in each reading. */
static void
compare(const struct ask *question, const struct text *before, const struct text *after,
    const struct text *other)
{
	const struct text *old[2] = {before, other}, *new[2] = {after, other};
	bool is_deny = before->table == TABLE_DENY;
	struct answer was, is;

	ask(question, old[is_deny]->bytes, old[is_deny]->len, old[!is_deny]->bytes,
	    old[!is_deny]->len, &was);
	ask(question, new[is_deny]->bytes, new[is_deny]->len, new[!is_deny]->bytes,
	    new[!is_deny]->len, &is);
	for (int i = 0; i < READINGS; i++) {
		if (is.readings[i] > was.readings[i])
			abort();
	}
}

static void
check_safe(const struct text texts[2], enum table table)
{
	static const char *const clients[] = {
	    "10.1.2.3", "1.2.3.4", "192.168.1.9", "::1", "2001:db8::1", "10.0.0.9", "203.0.113.9"};
	static char noes[OPTION_COMMANDS_MAX + 1];
	struct heard heard = {.id = LINT_IDS, .wants_safe = true};
	struct words words;
	struct text after;

	look(&heard, &texts[table]);
	if (heard.mended == NULL)
		return;
	memset(noes, 'f', OPTION_COMMANDS_MAX);
	after = mend(&heard);
	find_words(&words, &texts[table]);
	/* No program is called so: without its byte order mark a table loses that name. */
	if (words.count > 0 && strncmp(words.text[0], "\xef\xbb\xbf", 3) == 0)
		memmove(words.text[0], words.text[0] + 3, WORD_MAX - 2);
	for (size_t i = 0; i < words.count + sizeof clients / sizeof *clients; i++) {
		bool is_word = i < words.count;
		const char *client = is_word ? words.text[i] : clients[i - words.count];
		struct addr addr;
		const char *scope;
		size_t scope_len;
		bool is_addr = addr_parse(client, strlen(client), &addr, &scope, &scope_len);
		struct ask question = {
		    .daemon = i % 2 == 0 || words.count == 0 ? "d" : words.text[0],
		    .addr = is_addr && scope_len == 0 ? client : "10.0.2.1",
		    .name = is_addr ? "h.example.org" : client,
		    .commands = i % 3 == 0 ? noes : NULL,
		    .server_port = 22};

		compare(&question, &texts[table], &after, &texts[1 - table]);
	}
	free((char *)(uintptr_t)after.bytes);
	free(heard.mended);
}

/* ---- a list ---- */

/* A file in memory that holds these bytes, but for words that name files. */
static int
list_file(const struct text *list)
{
	static int fd = -1;
	char *bytes = malloc(list->len + 1), before = ' ';

	if (fd < 0)
		fd = memfd_create("list", MFD_CLOEXEC);
	if (fd < 0 || bytes == NULL)
		abort();
	for (size_t i = 0; i < list->len; i++) {
		bool names_file = list->bytes[i] == '/' && (before == ',' || str_is_space(before));

		bytes[i] = names_file ? '.' : list->bytes[i];
		before = list->bytes[i];
	}
	if (ftruncate(fd, 0) < 0 || pwrite(fd, bytes, list->len, 0) != (ssize_t)list->len)
		abort();
	free(bytes);
	return fd;
}

static void
check_list(const struct text *list)
{
	struct heard heard = {.id = LINT_IDS};
	struct lint lint = {.ctx = &heard, .take = hear};
	char rule[64];
	int len = snprintf(rule, sizeof rule, "ALL: /proc/self/fd/%d\n", list_file(list));

	if (lint_text(&lint, list->table, "T", rule, (size_t)len) != LINT_DONE)
		abort();
	lint_release(&lint);
	free(heard.mended);
}

/* ---- the input ---- */

/* Cut the next part off. */
static struct text
take_part(enum table table, const char **bytes, size_t *len)
{
	static const char mark[] = "\n--\n";
	const char *cut = *len > 0 ? memmem(*bytes, *len, mark, sizeof mark - 1) : NULL;
	struct text part = {table, *bytes, cut != NULL ? (size_t)(cut - *bytes) + 1 : *len};
	size_t taken = cut != NULL ? part.len + sizeof mark - 2 : *len;

	*bytes += taken;
	*len -= taken;
	return part;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct text texts[2], list;
	bool differs = false;

	texts[0] = take_part(TABLE_ALLOW, &bytes, &size);
	texts[1] = take_part(TABLE_DENY, &bytes, &size);
	list = take_part(TABLE_DENY, &bytes, &size);
	for (int i = 0; i < 2; i++) {
		struct heard heard = {.id = LINT_IDS};

		look(&heard, &texts[i]);
		differs = differs || heard.differs;
		if (heard.mended != NULL)
			check_mended(&heard);
		free(heard.mended);
		check_safe(texts, (enum table)i);
	}
	if (!differs)
		check_silence(texts);
	check_list(&list);
	return 0;
}
