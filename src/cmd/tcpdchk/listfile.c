/*
 * NAME     listfile - files that stand for hosts
 * PURPOSE  Their words are checked in their own place, as if they stood in the rule.
 * LIMITS   Those of the library: MATCH_LISTS_DEEP, MATCH_LISTS_ALL for a rule.
 */
#define INET6

#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <tcpd.h>

#include "cmd/tcpdchk/check.h"
#include "event/log.h"
#include "policy/filelist.h"
#include "services/text.h"
#include "table/stamp.h"

enum { LIST_BYTES_MAX = 256 << 20 };

static void
tell_path(struct check *check, enum diag_code code, int error, const char *path)
{
	struct diag diag = {.error = error, .file = check->file, .line = check->line};

	diag_set(&diag, code, path, strlen(path));
	event_diag(&diag);
}

static unsigned
count_lines(const char *from, const char *to)
{
	unsigned count = 0;

	while (from < to)
		count += *from++ == '\n';
	return count;
}

static void
check_words(struct check *check, const char *path, const char *bytes, size_t len)
{
	struct word_reader reader = {.bytes = NULL};
	const char *counted = bytes;
	enum words_status status;
	struct pattern pattern;
	struct word word;

	check_place(check, path, 1);
	words_feed(&reader, bytes, len, true);
	while ((status = words_next(&reader, &word)) == WORDS_WORD) {
		/* What the two ways divide differently is looked at as the classic one has it. */
		if ((word.ways & WAY_CLASSIC) == 0)
			continue;
		check_place(check, path, check->line + count_lines(counted, word.text));
		counted = word.text;
		pattern_read(&pattern, ROLE_FILE, word.ways, word.text, word.len);
		word_check_host(check, &pattern.tests[0], false);
	}
	if (status != WORDS_END)
		tell_path(check, DIAG_LIST_LONG_WORD, 0, path);
}

static void
check_file(struct check *check, const char *path)
{
	const char *fault;
	struct buf text;

	buf_init(&text, NULL, 0, LIST_BYTES_MAX);
	fault = text_read(path, &text);
	if (fault == NULL)
		check_words(check, path, text.bytes, text.len);
	else
		tell_path(check, DIAG_LIST_UNREADABLE, errno, path);
	buf_release(&text);
}

void
listfile_check(struct check *check, const char *path)
{
	const char *file = check->file;
	unsigned line = check->line;
	struct stamp stamp;
	int error;

	if (check->depth == MATCH_LISTS_DEEP || check->lists == MATCH_LISTS_ALL) {
		tell_path(check, DIAG_LIST_TOO_DEEP, 0, path);
		return;
	}
	check->depth++;
	check->lists++;
	switch (stamp_path(path, &stamp, &error)) {
	case FILE_ABSENT:
		tell_path(check, DIAG_LIST_ABSENT, error, path);
		break;
	case FILE_BAD:
		tell_path(
		    check, error != 0 ? DIAG_LIST_UNREADABLE : DIAG_LIST_NOT_REGULAR, error, path);
		break;
	case FILE_READY:
		check_file(check, path);
		break;
	}
	check->depth--;
	check_place(check, file, line);
}
