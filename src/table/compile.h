/*
 * Making the image of a table or list, for processes that decide once.
 */
#ifndef TABLE_COMPILE_H
#define TABLE_COMPILE_H

#include <stdint.h>

#include "image/index.h"
#include "table/folder.h"
#include "table/image_file.h"
#include "table/named.h"
#include "table/whole.h"

enum table_outcome {
	TABLE_COMPILED,
	TABLE_CURRENT, /* the image is of this very text, and sound: nothing was done */
	TABLE_ABSENT, /* there is no table, and so no image */
	TABLE_SMALL, /* under IMAGE_FILE_FROM_BYTES: reading it is as fast */
	TABLE_FAILED, /* see fault */
};

struct table_compiled {
	enum table_outcome outcome;
	struct table_fault fault;
	bool removed; /* an earlier image, since none is due or possible */
	char image[IMAGE_FILE_PATH_MAX]; /* its path */
	uint64_t text_bytes, image_bytes;
	size_t rules; /* of a list: words */
	size_t lists; /* rules or words that name a list */
	size_t rows[INDEX_KEYS]; /* in the index */
};

/* What is done with a table. */
struct table_compile {
	struct image_owner owner;
	bool is_forced; /* even if the image is current */
	const struct progress *progress; /* may be NULL */
	struct named named; /* is told of the lists that it names */
};

/* Make the image in an open folder, or remove it if none is due. */
void table_compile(const struct table_compile *, const struct folder *, struct table_compiled *ret);

#endif
