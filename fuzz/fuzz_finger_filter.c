/*
 * NAME     fuzz_finger_filter - any bytes as the answer of a finger server
 * PURPOSE  What comes out is harmless and complete: printable text in bounded lines that begin with a
 *          space, out of which the answer can be read back; in however many pieces it came.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cmd/safe_finger/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
check(bool truth)
{
	if (!truth)
		abort();
}

static struct buf
text_of(const char *answer, size_t first, size_t len)
{
	struct filter filter = {0};
	struct buf out;
	bool is_whole;

	buf_init(&out, NULL, 0, len * FILTER_GROWTH + FILTER_NOTE_MAX);
	is_whole = filter_add(&filter, answer, first, &out) &&
	    filter_add(&filter, answer + first, len - first, &out) && filter_end(&filter, &out);
	check(!out.failed && is_whole == !filter.is_cut);
	check(is_whole || len > FILTER_INPUT_MAX);
	return out;
}

static void
check_lines(const struct buf *text)
{
	size_t column = 0;

	for (size_t i = 0; i < text->len; i++) {
		char c = text->bytes[i];

		check((c >= ' ' && c <= '~') || str_is_space(c));
		check(column > 0 || c == ' ' || c == '\n');
		column = c == '\n' ? 0 : column + 1;
		check(column <= FILTER_COLUMNS + FILTER_GROWTH);
	}
}

/* One byte of the answer, read at *at. */
static char
read_back(const struct buf *text, size_t *at)
{
	const char *from = text->bytes + *at;

	if (*from != '\\' || from[1] == '\\') {
		*at += *from == '\\' ? 2 : 1;
		return *from;
	}
	*at += 4;
	return (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
}

static void
check_complete(const struct buf *text, const char *answer, size_t len)
{
	size_t at = 0, i = 0;
	bool is_start = true;

	while (i < len) {
		if (answer[i] == '\r' && i + 1 < len && answer[i + 1] == '\n')
			i++;
		if (at + 1 < text->len && text->bytes[at] == '\\' && text->bytes[at + 1] == '\n') {
			at += 2;
			is_start = true;
		}
		check(at < text->len);
		if (is_start && answer[i] != '\n')
			check(text->bytes[at++] == ' ');
		check(read_back(text, &at) == answer[i]);
		is_start = answer[i++] == '\n';
	}
	check(at == text->len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *answer = (const char *)bytes;
	struct buf whole = text_of(answer, len, len);
	struct buf pieces = text_of(answer, len > 0 ? bytes[0] % (len + 1) : 0, len);

	check(whole.len == pieces.len);
	if (whole.len > 0)
		check(memcmp(whole.bytes, pieces.bytes, whole.len) == 0);
	check_lines(&whole);
	if (len <= FILTER_INPUT_MAX)
		check_complete(&whole, answer, len);
	buf_release(&whole);
	buf_release(&pieces);
	return 0;
}
