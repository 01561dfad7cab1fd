/*
 * The words of a long list, as an index names them.
 */
#ifndef TABLE_WORDS_H
#define TABLE_WORDS_H

#include "table/store.h"
#include "table/window.h"

#define WORDS_TEXT_MAX (UINT32_MAX / 2)

/* Of a generation: its owner. */
extern const struct words_index words_of_text;

/* Of a file that has an image. Not to be moved. */
struct words_file {
	struct words words;
	struct image image; /* to be opened before the rest is made ready */
	struct window window;
	char storage[WINDOW_BYTES + 1];
};

void words_file_init(struct words_file *, int fd);

#endif
