/*
 * NAME     physical - lines as they stand in the file
 * INVARIANTS  Linear for numbers that rise, and for a step back.
 */
#include <string.h>

#include "lint/inside.h"

void
physical_init(struct physical *text, const char *bytes, size_t len)
{
	*text = (struct physical){.bytes = bytes, .len = len};
}

static void
step(struct physical *text)
{
	const char *from = text->bytes + text->next;
	const char *newline = memchr(from, '\n', text->len - text->next);

	text->at = text->next;
	text->next = newline != NULL ? (size_t)(newline - text->bytes) + 1 : text->len;
	text->line++;
}

static void
step_back(struct physical *text)
{
	const char *newline;

	text->next = text->at;
	newline = text->at > 1 ? memrchr(text->bytes, '\n', text->at - 1) : NULL;
	text->at = newline != NULL ? (size_t)(newline - text->bytes) + 1 : 0;
	text->line--;
}

const char *
physical_line(struct physical *text, unsigned line, size_t *ret_len)
{
	if (line < 1)
		line = 1;
	while (text->line > line)
		step_back(text);
	while (text->line < line && (text->line == 0 || text->next < text->len))
		step(text);
	*ret_len = text->next - text->at;
	if (*ret_len > 0 && text->bytes[text->next - 1] == '\n')
		--*ret_len;
	return text->bytes + text->at;
}

static bool
goes_on(const char *line, size_t len, enum way way)
{
	return len > 0 &&
	    (line[len - 1] == '\\' || (way == WAY_CLASSIC && memchr(line, '\0', len) != NULL));
}

unsigned
physical_first(struct physical *text, unsigned line, enum way way)
{
	while (line > 1) {
		size_t len;
		const char *before = physical_line(text, line - 1, &len);

		if (!goes_on(before, len, way))
			break;
		line--;
	}
	return line;
}

bool
physical_has_nul(struct physical *text, unsigned first, unsigned last)
{
	for (unsigned line = first; line <= last; line++) {
		size_t len;
		const char *bytes = physical_line(text, line, &len);

		if (memchr(bytes, '\0', len) != NULL)
			return true;
	}
	return false;
}
