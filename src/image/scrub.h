/*
 * Is an image whole? Looks at every page and every row, which nobody does who decides.
 */
#ifndef IMAGE_SCRUB_H
#define IMAGE_SCRUB_H

#include "image/image.h"

enum scrub_status {
	SCRUB_SOUND,
	SCRUB_DAMAGED, /* a page has not the check sum that it should have, or is not there */
	SCRUB_NO_MEMORY,
};

/* Look at every page. *ret_page: the first that is damaged. */
enum scrub_status scrub_pages(const struct image *, uint32_t *ret_page);

/* The same, and keep all of them in memory, where the image has them from then on: for who goes through all of it.
 * *ret_all is to be freed after the last use of the image. */
enum scrub_status scrub_load(struct image *, unsigned char **ret_all, uint32_t *ret_page);

/* Do rows ascend, and do the levels above them say where they are? False: *ret_row is where not; a page
 * that is damaged is image_has_failed. */
bool scrub_rows(struct image *, enum index_key, size_t *ret_row);

#endif
