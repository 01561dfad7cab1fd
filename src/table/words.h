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
	struct window window;
	/* The text, when a word is to be read. -1: it is not, or no longer, what the image was made of. */
	int (*open)(void *ctx);
	void *ctx;
	struct image image; /* to be opened before the rest is made ready */
	char storage[WINDOW_BYTES + 1];
};

void words_file_init(struct words_file *, int (*open)(void *ctx), void *ctx);

#endif
