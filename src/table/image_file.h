/*
 * Images of tables and lists: where they are, and when they are to be believed.
 */
#ifndef TABLE_IMAGE_FILE_H
#define TABLE_IMAGE_FILE_H

#include "image/image.h"
#include "table/stamp.h"

#define IMAGE_FOLDER "/var/lib/tcpwrap"

enum {
	IMAGE_FILE_PATH_MAX = 4096,
	/* A smaller table is read sooner than an image is opened. */
	IMAGE_FILE_FROM_BYTES = 16384,
};

/* Whose image: a file may serve as a table and as a list, and has one of each then. */
struct image_owner {
	const char *folder; /* of images */
	const char *path; /* absolute */
	bool is_list;
};

/* A number made of the owner's path, in that folder. False: the path is not absolute, or too long. */
bool image_file_path(const struct image_owner *, char ret[IMAGE_FILE_PATH_MAX]);

/* What tells a text from another one. */
void image_file_stamp(const struct stamp *, uint64_t ret[IMAGE_STAMP_WORDS]);

enum image_file_state {
	IMAGE_FILE_READY,
	IMAGE_FILE_NONE,
	IMAGE_FILE_STALE, /* of another text */
	IMAGE_FILE_BAD, /* not root's, or others can write to it; or damaged */
};

/* *ret_fd is open only if IMAGE_FILE_READY; it is image->fd, and the caller's to close. */
enum image_file_state image_file_open(
    const struct image_owner *, const struct stamp *, struct image *, int *ret_fd);

#endif
