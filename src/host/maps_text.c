/*
 * NAME     maps_text - files that a process has mapped
 * INVARIANTS  Total, and linear in the line.
 * SEE      proc(5), /proc/pid/maps
 */
#include "host/maps_text.h"

#include <string.h>

/* range, rights, offset, device, inode: then the path, which may have blanks. */
enum { FIELDS_BEFORE = 5 };

bool
maps_text_line(const char *text, size_t len, struct maps_line *ret)
{
	static const char deleted[] = " (deleted)";
	const size_t tail = sizeof deleted - 1;
	size_t at = 0;

	ret->range = text;
	for (unsigned i = 0; i < FIELDS_BEFORE; i++) {
		while (at < len && text[at] != ' ')
			at++;
		if (i == 0)
			ret->range_len = at;
		while (at < len && text[at] == ' ')
			at++;
	}
	if (at == len || text[at] != '/')
		return false;
	ret->path = text + at;
	ret->path_len = len - at;
	ret->is_deleted = ret->path_len > tail && memcmp(text + len - tail, deleted, tail) == 0;
	if (ret->is_deleted)
		ret->path_len -= tail;
	return true;
}
