/*
 * The mark that our programs and libraries carry in an ELF note: by it, and not by a name that anybody
 * may use, a file is known to be ours, and of which version.
 */
#ifndef BASE_MARK_H
#define BASE_MARK_H

#include <stdint.h>

#define MARK_OWNER "tcpwrap"

enum {
	MARK_HEAD_BYTES = 12, /* three numbers: sizes of owner and text, kind */
	MARK_OWNER_BYTES = 8, /* filled up to four */
	MARK_KIND = 1,
	MARK_TEXT_BYTES = 32, /* "libwrap 0.1.0", NULs behind it */
};

/* As it stands in the file: elf(5), Notes. */
struct mark {
	uint32_t owner_size, text_size, kind;
	char owner[MARK_OWNER_BYTES];
	char text[MARK_TEXT_BYTES];
};

#endif
